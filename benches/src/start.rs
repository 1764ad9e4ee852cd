//! Whether every function starts as Lambda starts it, polls, and answers the event sample of its own
//! (`events/`); and the baselines what they are measured with. It takes no figures, so the binaries may
//! be built in any way.

use crate::Failure;
use crate::binaries::{Bench, functions};
use futures::StreamExt;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// How many functions run side by side.
const TOGETHER: usize = 2;
/// What needs the secret or a queue, which nobody plays here: that it answers at all is enough.
const ELSEWHERE: [&str; 8] =
    ["refresh", "get_unsubscribe", "unsubscribe", "ready", "list_dead_letters", "redrive_dead_letters", "run_job", "bootstrap"];
/// What the bare handler can be.
const BARE: [&str; 3] = ["get_customer", "list_customers", "create_customer"];

/// Starts all binaries of a folder as all their handlers and says which failed; whether none did.
pub async fn check(binaries: &Path) -> Result<bool, Failure> {
    let bench = &Bench::open(binaries).await?;
    let functions = functions().into_iter().flat_map(|(binary, handlers)| handlers.into_iter().map(move |handler| (binary, handler)));
    let all: Vec<_> = functions.chain([("hello", "hello")]).chain(BARE.map(|handler| ("bare", handler))).collect();
    let started = futures::stream::iter(&all).map(|&(binary, handler)| async move {
        let outcome = answers(bench, binary, handler).await;
        outcome.inspect_err(|error| println!("{binary}, {handler}: {error}")).is_ok()
    });
    let outcomes: Vec<bool> = started.buffer_unordered(TOGETHER).collect().await;
    let failed = outcomes.iter().filter(|started| !**started).count();
    println!("{} functions started and answered, {failed} did not", all.len() - failed);
    Ok(failed == 0)
}

async fn answers(bench: &Bench<'_>, binary: &str, handler: &str) -> Result<(), Failure> {
    let mut function = bench.function(binary, handler).await?;
    match binary {
        "bare" => return function.call(&bench.event(handler, 1)).await,
        "hello" => return function.ask(&Value::Null).await?.response().map(drop),
        _ => {}
    }
    let mut event = sample(binary, handler)?;
    let signed_in = event["headers"].get("authorization").is_some();
    if signed_in {
        // A session of its own, since some of them end it.
        event["headers"]["authorization"] = format!("Bearer {}", bench.crm.admin().await?.token).into();
    }
    let answer = function.ask(&event).await?;
    if ELSEWHERE.contains(&handler) {
        return Ok(());
    }
    let answer = answer.response()?;
    match answer["statusCode"].as_u64() {
        // What the samples name is not there, so a refusal is as good an answer as a success.
        Some(status) if status < 500 && !(signed_in && status == 401) => Ok(()),
        None if workers::WORKERS.iter().any(|worker| worker.name == handler) => Ok(()),
        _ => Err(format!("answered {answer}").into()),
    }
}

/// The event sample of a function.
fn sample(binary: &str, handler: &str) -> Result<Value, Failure> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../events"));
    let is_worker = workers::WORKERS.iter().any(|worker| worker.name == handler);
    // What has no route of its own gets any request.
    let name = if handler == docs::unknown::NAME { "health" } else { handler };
    let file = folder.join(if is_worker { "workers" } else { binary }).join(name).with_extension("json");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}
