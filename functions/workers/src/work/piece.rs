//! A piece of larger work, as it travels: what is left of it goes on in the next one.

use crate::failure::{Failure, not, read};
use application::App;
use messaging::batch::Message;
use messaging::{Queue, Work};
use serde::{Deserialize, Serialize};

/// How often a piece of work may be handed on: at 300 records each more than a company has. One that goes on beyond goes in circles.
const MAX_HOPS: u32 = 10_000;

/// A piece of work, the request that it came of, and how many came before it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Piece {
    #[serde(flatten)]
    pub work: Work,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default)]
    hops: u32,
}

impl Piece {
    /// The piece of work of a message on this queue.
    pub(crate) fn of(message: &Message, queue: Queue) -> Result<Self, Failure> {
        let piece: Self = read("a piece of work", &message.body)?;
        if piece.work.queue() != queue {
            return Err(Failure::Nonsense(format!("not a piece of work for this queue, but for {}", piece.work.queue().name())));
        }
        if piece.hops >= MAX_HOPS {
            return Err(Failure::Nonsense(format!("it was handed on {MAX_HOPS} times and is not done")));
        }
        Ok(piece)
    }

    /// Sends what is left of it.
    pub(crate) async fn hand_on(&self, app: &App, rest: Option<Work>) -> Result<(), Failure> {
        match rest {
            Some(work) => put(app, work, self.hops + 1, 0).await,
            None => Ok(()),
        }
    }

    /// The same, to be seen after some seconds.
    pub(crate) async fn hand_on_later(&self, app: &App, work: Work, delay_seconds: u32) -> Result<(), Failure> {
        put(app, work, self.hops + 1, delay_seconds).await
    }
}

/// Sends a piece of work, to be seen after some seconds.
pub(crate) async fn send(app: &App, work: Work, delay_seconds: u32) -> Result<(), Failure> {
    put(app, work, 0, delay_seconds).await
}

async fn put(app: &App, work: Work, hops: u32, delay_seconds: u32) -> Result<(), Failure> {
    let queue = work.queue();
    let piece = Piece { work, request_id: application::log::request_id().map(|id| id.to_string()), hops };
    let body = serde_json::to_string(&piece).map_err(|error| not("a piece of work", &error))?;
    Ok(app.queues()?.send(queue, body, delay_seconds).await?)
}
