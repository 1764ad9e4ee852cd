//! `GET /admin/dead-letters`: what consumers gave up on, with its cause, and the depths of the queues.

use contract::Show;
use contract::fields::{CursorText, Limit, limit};
use contract::schema::explained;
use domain::dead_letter::shown;
use domain::text::{Form, Invalid, TextValue};
use domain::value::Text;
use domain::{ParkedId, Permission, Time};
use edge::application::{Parked, Which};
use edge::{Action, Authorized, Context, Page, PageOf, Problem, Rejection, Request, Resource, Route};
use messaging::{Queue, STREAM};
use serde_json::json;

/// A queue by its name, or the table's stream.
#[derive(Debug, Clone, Copy)]
pub struct QueueName(pub(crate) &'static str);

/// Every queue's name, and the stream's.
const NAMES: [&str; Queue::ALL.len() + 1] = {
    let mut names = [STREAM; Queue::ALL.len() + 1];
    let mut place = 0;
    while place < Queue::ALL.len() {
        names[place] = Queue::ALL[place].name();
        place += 1;
    }
    names
};

impl TextValue for QueueName {
    fn read(text: &str) -> Result<Self, Invalid> {
        let name = NAMES.into_iter().find(|name| *name == text);
        name.map(Self).ok_or_else(|| Invalid::new("enum", format!("must be one of {}", NAMES.join(", "))))
    }

    fn form() -> Form {
        Form { one_of: &NAMES, ..Form::default() }
    }
}

contract::text_values!(taken: QueueName);

contract::query! {
    /// Filters of the list.
    pub struct ListDeadLetters {
        /// Of this queue only.
        pub queue: Option<QueueName>,
        /// With this in their cause, whatever its case.
        pub cause: Option<Text<200>>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

contract::answer! {
    /// A message that was given up on.
    pub struct DeadLetter {
        pub id: ParkedId,
        pub queue: String,
        /// Why.
        pub cause: String,
        /// The message: its members, ids, times and kinds; every other text is `…`. At most 2,000 characters of it.
        pub body: String,
        /// How often it was tried.
        pub attempts: u32,
        pub failed_at: Time,
    }
}

contract::answer! {
    /// What waits in a queue.
    pub struct QueueDepth {
        pub name: String,
        /// Messages waiting or in flight.
        pub depth: u64,
        /// Failed messages: parked, or about to be.
        pub dead: u64,
    }
}

/// A parked message as it is shown.
pub fn letter(parked: Parked) -> DeadLetter {
    DeadLetter {
        id: parked.id,
        queue: parked.queue,
        cause: parked.cause,
        body: shown(&parked.body),
        attempts: parked.attempts,
        failed_at: parked.failed_at,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/admin/dead-letters", "list_dead_letters")
        .needs(Permission::DeadlettersRead)
        .about("Operations", "List failed messages and queue depths")
        .touches(&[Action::Query])
        .uses(&[Resource::QueueDepths])
        .meta(&[("queues", |components| explained(<Vec<QueueDepth>>::schema(components), "What waits in each queue."))])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListDeadLetters>) -> Result<Page<Parked>, Rejection> {
    let binding = context.binding();
    let which = Which { queue: context.query.queue.map(|QueueName(queue)| queue), cause: context.query.cause.as_ref().map(Text::as_str) };
    Ok(context.app.list_parked(which, context.paging(limit(context.query.limit), &binding)).await?)
}

async fn handle(request: Request<Authorized, (), ListDeadLetters>, page: Page<Parked>) -> Result<PageOf<DeadLetter>, Rejection> {
    let depths = request.app.queues().map_err(Problem::internal)?.depths().await.map_err(Problem::busy)?;
    let mut queues = Vec::new();
    for depth in depths {
        // Dead letters are parked within seconds; both count as dead.
        let parked = request.app.count_parked(depth.queue).await?;
        queues.push(QueueDepth { name: depth.queue.name().to_owned(), depth: depth.depth, dead: depth.dead + parked as u64 });
    }
    let mut page = PageOf::of(page, limit(request.query.limit), letter);
    page.meta.insert("queues".to_owned(), json!(queues));
    Ok(page)
}
