//! `GET /health/ready`: whether requests can be served; callers who may look at the machinery are told part by part, and the
//! services around the table and the queues are asked for them alone.

use domain::Permission;
use edge::{Action, Answer, App, Authenticated, Rejection, Request, Resource, Route};
use messaging::{Probe, Unwell};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::error::Elapsed;

/// How long a component may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The components without which the answer is 503. What cannot be published or sent waits, and every request is served.
const NEEDED: [&str; 2] = ["table", "queues"];

contract::answer! {
    /// One thing the CRM leans on.
    pub struct ComponentOut {
        /// `table`, `queues`, `bus`, `email` or `sms`. Without one of the first two the status is `unavailable`.
        pub name: &'static str,
        /// `up`, `down`, or `off` where the deployment has no use for it.
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
        .remark(
            "It goes by the table and the queues. With `jobs:read` the event bus, e-mail and SMS are asked too, without which the status is still \
             `ok`.",
        )
        .touches(&[Action::Get])
        .uses(&[Resource::QueueDepths, Resource::Probes])
        .handle(handle)
}

async fn handle(request: Request<Option<Authenticated>>) -> Result<Answer<ReadyOut>, Rejection> {
    let app = &request.app;
    let may_look = request.who.as_ref().is_some_and(|signed| signed.caller.scope(Permission::JobsRead).is_some());
    let asked = async { if may_look { around(app).await.to_vec() } else { Vec::new() } };
    let (table, queues, around) = tokio::join!(table(app), queues(app), asked);
    let components: Vec<ComponentOut> = std::iter::once(table).chain(queues).chain(around).collect();
    let ready = components.iter().all(|component| component.state != "down" || !NEEDED.contains(&component.name));
    let (status, code) = if ready { ("ok", 200) } else { ("unavailable", 503) };
    Ok(Answer::ok(ReadyOut { status, components: may_look.then_some(components) }).status(code))
}

async fn table(app: &App) -> ComponentOut {
    component("table", tokio::time::timeout(PATIENCE, app.ping()).await.map(|found| found.map(|()| None).map_err(unanswered)))
}

/// The queues, where this process was given any.
async fn queues(app: &App) -> Option<ComponentOut> {
    let queues = app.queues().ok()?;
    let depths = tokio::time::timeout(PATIENCE, queues.depths()).await;
    let detail = |depths: Vec<messaging::Depth>| {
        let lines: Vec<String> = depths.iter().map(|of| format!("{}: {} waiting, {} dead", of.queue.name(), of.depth, of.dead)).collect();
        Some(lines.join("; ")).filter(|text| !text.is_empty())
    };
    Some(component("queues", depths.map(|found| found.map(detail).map_err(unanswered))))
}

/// What is asked for who may look.
async fn around(app: &App) -> [ComponentOut; 3] {
    let probes = app.probes();
    let (bus, email, sms) = tokio::join!(
        probed("bus", probes.bus.as_ref(), "there is no bus in this process"),
        probed("email", probes.email.as_ref(), "without MAIL_FROM no mails are sent"),
        probed("sms", probes.sms.as_ref(), "there are no text messages in this process"),
    );
    [bus, email, sms]
}

async fn probed(name: &'static str, probe: Option<&Arc<dyn Probe>>, off: &str) -> ComponentOut {
    match probe {
        None => ComponentOut { name, state: "off", detail: Some(off.to_owned()) },
        Some(probe) => component(name, tokio::time::timeout(PATIENCE, probe.probe()).await),
    }
}

fn unanswered(error: impl Display) -> Unwell {
    Unwell::Silent(messaging::MessagingError(error.to_string()))
}

/// A component by how its call ended: in time or not, well or not. Why it is down is logged.
fn component(name: &'static str, ended: Result<Result<Option<String>, Unwell>, Elapsed>) -> ComponentOut {
    let (why, cause) = match ended {
        Ok(Ok(detail)) => return ComponentOut { name, state: "up", detail },
        Ok(Err(Unwell::Said(why))) => (why.clone(), why),
        Ok(Err(Unwell::Silent(cause))) => ("does not answer".to_owned(), cause.to_string()),
        Err(_) => {
            let late = format!("no answer within {} s", PATIENCE.as_secs());
            (late.clone(), late)
        }
    };
    edge::application::log::fault("ready", &format!("{name}: {cause}"));
    ComponentOut { name, state: "down", detail: Some(why) }
}
