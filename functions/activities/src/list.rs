//! `GET /activities`: the timeline of a lead or of a customer, which includes that of the leads it
//! was; or what somebody wrote, as far as it is about leads and customers inside reach.

use crate::views::ActivityRow;
use api::call::PageOf;
use api::fields::{CursorText, Limit, PersonFilter, limit};
use api::{Action, Call, Problem, Route, Scoped, Seen, Stop};
use domain::activity::{Activity, ActivityType};
use domain::time::Edge;
use domain::{CustomerId, Entity, FieldError, LeadId, PartyId, Permission, Reach, Record, Scope, UserId};
use store::records::{author_plan, children_plan};
use store::{Page, Parent, Plan};

domain::choice! {
    /// The order of the list.
    pub enum Sort {
        /// Latest first.
        Latest = "-occurredAt",
        /// Earliest first.
        Earliest = "occurredAt",
    }
}

domain::query! {
    /// Whose activities: exactly one of leadId, customerId and createdBy; and filters.
    pub struct ListActivities {
        pub lead_id: Option<LeadId>,
        /// The activities of the leads that became this customer are among them.
        pub customer_id: Option<CustomerId>,
        /// The id of a user, or `me`.
        pub created_by: Option<PersonFilter>,
        pub r#type: Option<ActivityType>,
        /// On this date or later, or at this time or later.
        pub from: Option<Edge>,
        /// Up to this date, or before this time.
        pub to: Option<Edge>,
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/activities", "list_activities")
        .needs(Permission::ActivitiesRead)
        .about("Activities", "List the activities of a lead, a customer or an author")
        .touches(&[Action::Get, Action::Query, Action::BatchGet])
        .load(load)
        .handle(handle)
}

/// Whose activities are asked for.
enum Whose {
    Of(PartyId),
    By(UserId),
}

fn whose(query: &ListActivities, scope: &Scope) -> Result<Whose, Problem> {
    match (query.lead_id, query.customer_id, query.created_by) {
        (Some(lead), None, None) => Ok(Whose::Of(PartyId::Lead(lead))),
        (None, Some(customer), None) => Ok(Whose::Of(PartyId::Customer(customer))),
        (None, None, Some(author)) => Ok(Whose::By(author.person(scope))),
        (None, None, None) => Err(Problem::field("?leadId", "required", "is required, or customerId or createdBy")),
        (lead, customer, author) => {
            let given = [("?leadId", lead.is_some()), ("?customerId", customer.is_some()), ("?createdBy", author.is_some())];
            let conflict = |at: &str| FieldError::new(at, "conflict", "give exactly one of leadId, customerId and createdBy");
            Err(Problem::fields(given.into_iter().filter(|(_, given)| *given).map(|(at, _)| conflict(at)).collect()))
        }
    }
}

async fn load(seen: Seen<Scoped, (), ListActivities>) -> Result<Page<Record<Activity>>, Stop> {
    let query = &*seen.query;
    let (scope, zone, store) = (&seen.who.scope, &seen.app.config.zone, &seen.app.store);
    let narrowed = |plan: Plan, residual: bool| Plan {
        ascending: query.sort == Some(Sort::Earliest),
        from: query.from.and_then(|edge| edge.from(zone)).map(|time| time.to_string()),
        until: query.to.and_then(|edge| edge.until(zone)).map(|time| time.to_string()),
        residual: query.r#type.is_some() || residual,
        ..plan
    };
    let keep = |activity: &Record<Activity>| query.r#type.is_none_or(|wanted| activity.data.kind == wanted);
    let binding = seen.binding();
    let paging = seen.paging(limit(query.limit), &binding);
    match whose(query, scope)? {
        Whose::By(author) if scope.reach == Reach::All => Ok(store.list(&narrowed(author_plan(author), false), paging, keep).await?),
        Whose::By(author) => {
            let plan = narrowed(author_plan(author), true);
            let page = async { Ok(store.list_of_author(&plan, paging, scope, keep).await?) };
            seen.of_person(Some(author), page).await
        }
        Whose::Of(id) => {
            let plan = narrowed(children_plan(&[Parent::Party(id)], Activity::KIND), false);
            // A filter without an index reads a hundred rows; not twice for a customer that was a lead.
            let at_once = id.lead().is_some() || !plan.residual;
            let own = async {
                match at_once {
                    true => Ok::<_, Stop>(Some(store.list(&plan, paging, keep).await?)),
                    false => Ok(None),
                }
            };
            let (party, own) = tokio::try_join!(seen.party(id), own)?;
            // A customer that was a lead names it; only then its timeline is read with the lead's.
            let leads = party.customer.filter(|_| id.customer().is_some()).map(|customer| customer.data.lead_ids).unwrap_or_default();
            if let Some(own) = own.filter(|_| leads.is_empty()) {
                return Ok(own);
            }
            let leads = leads.into_iter().map(|lead| Parent::Party(PartyId::Lead(lead)));
            let parents: Vec<Parent> = std::iter::once(Parent::Party(id)).chain(leads).collect();
            Ok(store.list(&narrowed(children_plan(&parents, Activity::KIND), false), paging, keep).await?)
        }
    }
}

async fn handle(call: Call<Scoped, (), ListActivities>, page: Page<Record<Activity>>) -> Result<PageOf<ActivityRow>, Stop> {
    Ok(PageOf::of(page, limit(call.query.limit), ActivityRow::from))
}
