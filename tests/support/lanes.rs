//! Many seeds side by side, one lane for each processor.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::{Builder, Runtime};

/// A runtime of one thread whose time passes by itself when nobody has anything to do: what a lane runs a seed on.
#[must_use]
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

/// Runs every seed, each on one thread from its beginning to its end; the first failure stops the
/// rest. What a seed does may not depend on the others.
pub fn in_lanes(seeds: Range<u64>, run: impl Fn(u64) -> Result<(), String> + Sync) -> Result<(), String> {
    let next = AtomicU64::new(seeds.start);
    let lane = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds.end {
                return Ok(());
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| run(seed))).unwrap_or_else(|panic| Err(text(&*panic)));
            if let Err(failure) = outcome {
                next.store(seeds.end, Ordering::SeqCst);
                return Err(format!("seed {seed}: {failure}"));
            }
        }
    };
    let lanes = std::thread::available_parallelism().map_or(1, usize::from);
    let outcomes: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        running.into_iter().map(|lane| lane.join().unwrap_or_else(|panic| Err(text(&*panic)))).collect()
    });
    let failures: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n\n")) }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panicked".to_owned())
}
