//! `GET /admin/dead-letters`: what consumers gave up on, with its cause, and the depths of the queues.

use api::call::PageOf;
use api::{Action, Call, Problem, Resource, Route, Scoped, Seen, Stop};
use domain::input::{Int, Invalid, Show, TextValue};
use domain::{ParkedId, Permission, Time};
use messaging::Queue;
use serde_json::{Value, json};
use store::{Page, Parked};

/// A queue by its name.
#[derive(Debug, Clone, Copy)]
pub struct QueueName(Queue);

impl TextValue for QueueName {
    fn read(text: &str) -> Result<Self, Invalid> {
        let names = Queue::ALL.map(Queue::name).join(", ");
        Queue::named(text).map(Self).ok_or_else(|| Invalid::new("enum", format!("must be one of {names}")))
    }

    fn text_schema() -> Value {
        json!({"type": "string", "enum": Queue::ALL.map(Queue::name)})
    }
}

domain::query! {
    /// Filters of the list.
    pub struct ListDeadLetters {
        /// Of this queue only.
        pub queue: Option<QueueName>,
        pub limit: Option<Int<1, 100>>,
        pub cursor: Option<domain::value::Text<1000>>,
    }
}

domain::answer! {
    /// A message that was given up on.
    pub struct DeadLetter {
        pub id: ParkedId,
        pub queue: String,
        /// Why.
        pub cause: String,
        /// How often it was tried.
        pub attempts: u32,
        pub failed_at: Time,
    }
}

domain::answer! {
    /// What waits in a queue.
    pub struct QueueDepth {
        pub name: String,
        /// Messages waiting or in flight.
        pub depth: u64,
        /// Failed messages: parked, or about to be.
        pub dead: u64,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/admin/dead-letters", "list_dead_letters")
        .needs(Permission::DeadlettersRead)
        .about("Operations", "List failed messages and queue depths")
        .touches(&[Action::Query])
        .uses(&[Resource::QueueDepths])
        .meta(&[("queues", <Vec<QueueDepth> as Show>::schema)])
        .load(load)
        .handle(handle)
}

fn limit(query: &ListDeadLetters) -> Option<usize> {
    query.limit.and_then(|limit| usize::try_from(limit.0).ok())
}

async fn load(seen: Seen<Scoped, (), ListDeadLetters>) -> Result<Page<Parked>, Stop> {
    let binding = seen.binding();
    let queue = seen.query.queue.map(|QueueName(queue)| queue.name());
    Ok(seen.app.store.list_parked(queue, seen.paging(limit(&seen.query), &binding)).await?)
}

async fn handle(call: Call<Scoped, (), ListDeadLetters>, page: Page<Parked>) -> Result<PageOf<DeadLetter>, Stop> {
    let depths = call.app.queues().map_err(Problem::internal)?.depths().await.map_err(Problem::busy)?;
    let mut queues = Vec::new();
    for depth in depths {
        // Dead letters are parked within seconds; both count as dead.
        let parked = call.app.store.count_parked(depth.queue.name()).await?;
        queues.push(QueueDepth { name: depth.queue.name().to_owned(), depth: depth.depth, dead: depth.dead + parked as u64 });
    }
    let show = |parked: Parked| DeadLetter {
        id: parked.id,
        queue: parked.queue,
        cause: parked.cause,
        attempts: parked.attempts,
        failed_at: parked.failed_at,
    };
    let mut page = PageOf::of(page, limit(&call.query), show);
    page.meta.insert("queues".to_owned(), json!(queues));
    Ok(page)
}
