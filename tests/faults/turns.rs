//! Whose turn it is: a person and the workers go on one operation at a time, in an order that the seed
//! chooses. Nothing depends on threads, timers or the machine, so a seed gives the same order always.

use futures::future::{BoxFuture, LocalBoxFuture};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tests::random::Random;

/// Longer than anything waits before it tries again: who wakes first is for the seed to say, not for
/// the length of a pause.
const LONG: Duration = Duration::from_secs(60);

/// One turn of so many wakes somebody who rests.
const ODDS_OF_WAKING: usize = 4;

const AT_A_TURN: u8 = 1;
const AT_REST: u8 = 2;

/// Where those who want to go on stop and wait for their turn.
#[derive(Clone, Default)]
pub struct Turns(Arc<AtomicU8>);

/// How somebody goes on.
enum Going<'a> {
    /// At the next turn.
    Awake(LocalBoxFuture<'a, ()>),
    /// When others have done something.
    Resting(LocalBoxFuture<'a, ()>),
    /// When time has passed.
    Waiting(LocalBoxFuture<'a, ()>),
    Done,
}

impl Turns {
    /// Waits for the next turn.
    pub fn turn(&self) -> BoxFuture<'static, ()> {
        self.stop(AT_A_TURN)
    }

    /// Waits until others have done something, or nobody does anything.
    pub fn rest(&self) -> BoxFuture<'static, ()> {
        self.stop(AT_REST)
    }

    fn stop(&self, why: u8) -> BoxFuture<'static, ()> {
        let (place, mut stopped) = (self.0.clone(), false);
        Box::pin(poll_fn(move |context| {
            if stopped {
                return Poll::Ready(());
            }
            stopped = true;
            place.store(why, Ordering::SeqCst);
            // Where nobody gives turns, this one comes by itself.
            context.waker().wake_by_ref();
            Poll::Pending
        }))
    }

    /// Lets everybody go on, turn by turn, until all are done. Time passes when nobody else can.
    pub async fn take(&self, random: &mut Random, all: Vec<LocalBoxFuture<'_, ()>>) {
        let mut all: Vec<Going<'_>> = all.into_iter().map(Going::Awake).collect();
        while all.iter().any(|somebody| !matches!(somebody, Going::Done)) {
            tokio::task::unconstrained(poll_fn(|context| {
                self.round(random, &mut all, context);
                Poll::Ready(())
            }))
            .await;
            tokio::time::advance(LONG).await;
            all = all.into_iter().map(Going::woken).collect();
        }
    }

    /// Turns until nobody is awake.
    fn round(&self, random: &mut Random, all: &mut [Going<'_>], context: &mut Context<'_>) {
        loop {
            let awake: Vec<usize> = (0..all.len()).filter(|place| matches!(all[*place], Going::Awake(_))).collect();
            if awake.is_empty() {
                return;
            }
            let somebody = &mut all[*random.of(&awake)];
            let Going::Awake(mut future) = std::mem::replace(somebody, Going::Done) else { continue };
            self.0.store(0, Ordering::SeqCst);
            if future.as_mut().poll(context).is_ready() {
                continue;
            }
            match self.0.load(Ordering::SeqCst) {
                AT_A_TURN => *somebody = Going::Awake(future),
                AT_REST => {
                    *somebody = Going::Resting(future);
                    continue;
                }
                _ => *somebody = Going::Waiting(future),
            }
            for other in all.iter_mut() {
                if matches!(other, Going::Resting(_)) && random.below(ODDS_OF_WAKING) == 0 {
                    *other = std::mem::replace(other, Going::Done).woken();
                }
            }
        }
    }
}

impl Going<'_> {
    fn woken(self) -> Self {
        match self {
            Self::Awake(future) | Self::Resting(future) | Self::Waiting(future) => Self::Awake(future),
            Self::Done => Self::Done,
        }
    }
}
