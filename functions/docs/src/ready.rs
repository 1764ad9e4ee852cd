//! `GET /health/ready`: whether the table and the queues answer; which of them, only for callers who
//! may look at the machinery.

use domain::Permission;
use edge::{Action, Answer, App, Authenticated, Rejection, Request, Resource, Route};
use std::fmt::Display;
use std::time::Duration;

/// How long a component may take.
const PATIENCE: Duration = Duration::from_secs(2);

contract::answer! {
    /// One thing the API needs.
    pub struct ComponentOut {
        /// `table` or `queues`.
        pub name: &'static str,
        /// `up` or `down`.
        pub state: &'static str,
        /// What was found.
        pub detail: Option<String>,
    }
}

contract::answer! {
    /// Whether requests can be served.
    pub struct ReadyOut {
        /// `ok` or `unavailable`.
        pub status: &'static str,
        /// Part by part; null without the permission `jobs:read`.
        pub components: Option<Vec<ComponentOut>>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/health/ready", "ready")
        .optional()
        .before_password_change()
        .also(503)
        .about("Operations", "Whether requests can be served: 200, or 503 with the same body")
        .touches(&[Action::Get])
        .uses(&[Resource::QueueDepths])
        .handle(handle)
}

async fn handle(request: Request<Option<Authenticated>>) -> Result<Answer<ReadyOut>, Rejection> {
    let (table, queues) = tokio::join!(table(&request.app), queues(&request.app));
    let components: Vec<ComponentOut> = std::iter::once(table).chain(queues).collect();
    let ready = components.iter().all(|component| component.state == "up");
    let may_look = request.who.as_ref().is_some_and(|signed| signed.caller.scope(Permission::JobsRead).is_some());
    let (status, code) = if ready { ("ok", 200) } else { ("unavailable", 503) };
    Ok(Answer::ok(ReadyOut { status, components: may_look.then_some(components) }).status(code))
}

async fn table(app: &App) -> ComponentOut {
    component("table", tokio::time::timeout(PATIENCE, app.ping()).await.map(|found| found.map(|()| None)))
}

/// The queues, where this process was given any.
async fn queues(app: &App) -> Option<ComponentOut> {
    let queues = app.queues().ok()?;
    let depths = tokio::time::timeout(PATIENCE, queues.depths()).await;
    let detail = |depths: Vec<messaging::Depth>| {
        let lines: Vec<String> = depths.iter().map(|of| format!("{}: {} waiting, {} dead", of.queue.name(), of.depth, of.dead)).collect();
        Some(lines.join("; ")).filter(|text| !text.is_empty())
    };
    Some(component("queues", depths.map(|found| found.map(detail))))
}

/// A component by how its call ended: in time or not, well or not.
fn component<E: Display>(name: &'static str, ended: Result<Result<Option<String>, E>, tokio::time::error::Elapsed>) -> ComponentOut {
    match ended {
        Ok(Ok(detail)) => ComponentOut { name, state: "up", detail },
        Ok(Err(cause)) => {
            edge::application::log::fault("ready", &cause.to_string());
            ComponentOut { name, state: "down", detail: Some("does not answer".to_owned()) }
        }
        Err(_) => ComponentOut { name, state: "down", detail: Some(format!("no answer within {} s", PATIENCE.as_secs())) },
    }
}
