//! `/dev/events`: what happens behind the API, as it happens, and its buttons: dead letters are sent again and jobs are started by
//! the same functions as the API's own routes, with the system as who acts.

use super::{page, plain};
use crate::Embedded;
use admin::list_dead_letters::letter;
use admin::list_jobs::scheduled;
use application::{Error, NotSent, Paging, Which};
use domain::ParkedId;
use domain::job::{JobName, Span, Start};
use domain::text::TextValue;
use http::StatusCode;
use lambda_http::{Body, Response};
use messaging::{JOBS, Queue, SUBSCRIPTIONS};
use serde_json::{Value, json};

/// The page, whole: it asks its own origin and nothing else.
const PAGE: &str = include_str!("events.html");

/// Nothing from elsewhere, and nobody shows it in a frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How many dead letters are shown.
const LETTERS: usize = 50;

/// What was asked for and did not happen: the status, and why.
type Refusal = (StatusCode, String);

/// The answer to what is looked at behind `/dev/events`; `None` where there is nothing.
pub(super) async fn show(crm: &Embedded, rest: &str) -> Option<Response<Body>> {
    match rest {
        "" => Some(page("text/html; charset=utf-8", POLICY, PAGE.to_owned())),
        ".json" => Some(match state(crm).await {
            Ok(state) => page("application/json", "default-src 'none'", state.to_string()),
            Err((status, why)) => plain(status, &why),
        }),
        _ => None,
    }
}

/// The answer to a button of the page; `None` where there is no such button.
pub(super) async fn press(crm: &Embedded, rest: &str) -> Option<Response<Body>> {
    let parts: Vec<&str> = rest.split('/').skip(1).collect();
    let done = match parts.as_slice() {
        ["redrive"] => redrive_all(crm).await,
        ["redrive", id] => redrive(crm, ParkedId::read(id).ok()?).await,
        ["jobs", name, "run"] => start(crm, JobName::read(name).ok()?, false).await,
        ["jobs", name, "dry-run"] => start(crm, JobName::read(name).ok()?, true).await,
        _ => return None,
    };
    Some(match done {
        Ok(words) => plain(StatusCode::ACCEPTED, &words),
        Err((status, why)) => plain(status, &why),
    })
}

fn failed(error: impl std::fmt::Display) -> Refusal {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

async fn redrive(crm: &Embedded, id: ParkedId) -> Result<String, Refusal> {
    let parked = crm.app().parked(id).await.map_err(|error| match error {
        Error::NotFound => (StatusCode::NOT_FOUND, "It is not among the dead letters any more.".to_owned()),
        error => failed(error),
    })?;
    let queue = crm.app().redrive(&parked).await.map_err(|error| match error {
        NotSent::NoQueue(_) => (StatusCode::CONFLICT, format!("It cannot be sent again: {error}.")),
        error => failed(error),
    })?;
    Ok(format!("Sent again to {}.", queue.name()))
}

async fn redrive_all(crm: &Embedded) -> Result<String, Refusal> {
    crm.app().redrive_all(None, None, crm.app().clock.now()).await.map_err(failed)?;
    Ok("All are being sent again.".to_owned())
}

async fn start(crm: &Embedded, job: JobName, dry_run: bool) -> Result<String, Refusal> {
    let app = crm.app();
    let state = app.job(job).await.map_err(failed)?;
    let act = app.act();
    // What is about a time takes the last day.
    let span = job.is_of_a_time().then(|| Span { from: act.at.plus_seconds(-86_400), to: act.at });
    let of = if span.is_some() { " for the last day" } else { "" };
    match app.start_job(&act, &state, Start { span, dry_run, ..Start::scheduled(job) }).await.map_err(failed)? {
        Some(_) => Ok(format!("{job} was started{of}.")),
        None => Err((StatusCode::CONFLICT, format!("A run of {job} is under way."))),
    }
}

/// Everything that the page shows.
async fn state(crm: &Embedded) -> Result<Value, Refusal> {
    let app = crm.app();
    let depths = crm.queues.depths();
    let mut queues = Vec::new();
    for queue in Queue::ALL {
        let (depth, dead) = (depths.get(queue.name()).copied().unwrap_or_default(), depths.get(&queue.dead_name()).copied().unwrap_or_default());
        let parked = app.count_parked(queue).await.map_err(failed)?;
        queues.push(json!({
            "name": queue.name(),
            "waiting": depth.visible,
            "delayed": depth.delayed,
            "inFlight": depth.in_flight,
            "dead": parked + dead.visible + dead.in_flight + dead.delayed,
        }));
    }
    let paging = Paging { limit: LETTERS, cursor: None, binding: "dev" };
    let parked = app.list_parked(Which { queue: None, cause: None }, paging).await.map_err(failed)?;
    let more = parked.next.is_some();
    let letters: Vec<_> = parked.items.into_iter().map(letter).collect();
    let names: Vec<JobName> = JOBS.iter().map(|job| job.name).collect();
    let jobs = scheduled(app, app.latest_runs(&names).await.map_err(failed)?);
    let events: Vec<Value> = crm.bus.passed().into_iter().rev().map(passed).collect();
    Ok(json!({"queues": queues, "letters": letters, "moreLetters": more, "jobs": jobs, "events": events, "zone": app.config.zone.iana_name()}))
}

/// An event with the queues it went to.
fn passed(mut event: Value) -> Value {
    let goes = |subscription: &&messaging::Subscription| subscription.events.iter().any(|kind| event["detail-type"] == kind.as_str());
    let queues: Vec<&str> = SUBSCRIPTIONS.iter().filter(goes).map(|subscription| subscription.queue.name()).collect();
    json!({"queues": queues, "event": event["detail"].take()})
}

#[cfg(test)]
mod tests {
    use super::PAGE;

    #[test]
    fn it_takes_nothing_from_elsewhere_and_writes_no_markup() {
        for foreign in ["http:", "https:", "//cdn", "@import", "src=", "<link", "innerHTML", "insertAdjacentHTML"] {
            assert!(!PAGE.contains(foreign), "{foreign}");
        }
    }
}
