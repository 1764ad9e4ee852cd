//! `GET /feed`: what happened lately, newest first, inside the caller's reach.

use contract::fields::{self, CursorText, Limit};
use contract::schema::Components;
use contract::{Errors, FieldError, Parse};
use domain::event::{EntityType, Event, EventKind};
use domain::value::Text;
use domain::{EventId, Permission, TeamId, Time, UserId};
use edge::application::{FeedOf, RecordId};
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};
use serde_json::{Map, Value, json};

/// How many events a page has where nobody says.
const FEW: usize = 10;

/// How many events a page may have.
#[derive(Debug, Clone, Copy)]
pub struct FeedLimit(usize);

impl Parse for FeedLimit {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        fields::limit(Limit::parse(value, errors)).map(Self)
    }

    fn parse_text(text: &str, errors: &mut Errors) -> Option<Self> {
        fields::limit(Limit::parse_text(text, errors)).map(Self)
    }

    fn schema(components: &mut Components) -> Value {
        let mut schema = Limit::schema(components);
        schema["default"] = json!(FEW);
        schema
    }
}

contract::query! {
    /// Of what, and which page.
    pub struct ListFeed {
        /// Only events of this kind of record.
        pub entity_type: Option<EntityType>,
        /// Only events of the record of this id, which needs `entityType` as well. It has to be inside reach now.
        pub entity_id: Option<Text<50>>,
        pub limit: Option<FeedLimit>,
        pub cursor: Option<CursorText>,
    }
}

contract::answer! {
    /// Something that happened.
    pub struct FeedEvent {
        pub id: EventId,
        /// What happened.
        pub r#type: EventKind,
        /// When it happened.
        pub at: Time,
        /// The user who did it; null where the system did.
        pub actor_id: Option<UserId>,
        /// The name of who did it.
        pub actor_name: String,
        /// The kind of record.
        pub entity_type: String,
        /// The record's id; a role's code for roles.
        pub entity_id: String,
        /// What the record was called then.
        pub entity_label: String,
        /// What happened, in a sentence.
        pub summary: String,
        /// The `old` and the `new` value of each field that changed, texts cut at 256 characters.
        pub changes: Map<String, Value>,
        /// The user who owned the record then; null where nobody did.
        pub owner_id: Option<UserId>,
        /// The team of the record then; null where there was none.
        pub team_id: Option<TeamId>,
    }
}

impl FeedEvent {
    pub(crate) fn new(event: Event) -> Self {
        Self {
            id: event.id,
            r#type: event.kind,
            at: event.at,
            actor_id: event.actor,
            actor_name: event.actor_name,
            entity_type: event.entity,
            entity_id: event.entity_id,
            entity_label: event.label,
            summary: event.summary,
            changes: event.changes,
            owner_id: event.owner,
            team_id: event.team,
        }
    }
}

pub(crate) fn route() -> Route {
    Route::get("/feed", "list_feed")
        .needs(Permission::FeedRead)
        .about("Dashboards", "List what happened in the last 90 days")
        .remark("Events are seen by whom the record's owner and team then let see them; those of one record by whom the record lets see it now.")
        .fails(&[Code::NotFound])
        .touches(&[Action::Get, Action::Query, Action::QueryTable])
        .load(load)
        .handle(handle)
}

/// Of what events are asked for.
fn of(query: &ListFeed) -> Result<FeedOf, Problem> {
    match (query.entity_type, &query.entity_id) {
        (None, None) => Ok(FeedOf::Everything),
        (Some(kind), None) => Ok(FeedOf::Kind(kind)),
        (None, Some(_)) => Err(Problem::field("?entityType", "required", "is required with entityId")),
        (Some(kind), Some(id)) => {
            let wrong = |invalid: domain::text::Invalid| Problem::fields(vec![FieldError::new("?entityId", invalid.rule, &invalid.message)]);
            RecordId::read(kind, id.as_str()).map(FeedOf::One).map_err(wrong)
        }
    }
}

fn limit(query: &ListFeed) -> Option<usize> {
    Some(query.limit.map_or(FEW, |FeedLimit(limit)| limit))
}

async fn load(context: Context<Authorized, (), ListFeed>) -> Result<Page<Event>, Rejection> {
    let of = of(&context.query)?;
    let binding = context.binding();
    Ok(context.app.list_feed(context.scope(), of, context.paging(limit(&context.query), &binding)).await?)
}

async fn handle(request: Request<Authorized, (), ListFeed>, page: Page<Event>) -> Result<PageOf<FeedEvent>, Rejection> {
    Ok(PageOf::of(page, limit(&request.query), FeedEvent::new))
}
