//! `GET /activities`: the timeline of a lead or of a customer, which includes that of the leads it
//! was; or what somebody wrote, as far as it is about leads and customers inside reach.

use crate::views::ActivityRow;
use api::call::PageOf;
use api::fields::{CursorText, Limit, PersonFilter, limit};
use api::{Action, Call, Problem, Route, Scoped, Seen, Stop};
use domain::activity::{Activity, ActivityType};
use domain::time::Edge;
use domain::{CustomerId, Entity, FieldError, LeadId, PartyId, Permission, Reach, Record};
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

async fn load(seen: Seen<Scoped, (), ListActivities>) -> Result<Page<Record<Activity>>, Stop> {
    let query = &*seen.query;
    let (scope, zone) = (&seen.who.scope, &seen.app.config.zone);
    let plan = match (query.lead_id, query.customer_id, query.created_by) {
        (Some(lead), None, None) => timeline(&seen, PartyId::Lead(lead)).await?,
        (None, Some(customer), None) => timeline(&seen, PartyId::Customer(customer)).await?,
        (None, None, Some(author)) => author_plan(author.person(scope)),
        (None, None, None) => return Err(Problem::field("?leadId", "required", "is required, or customerId or createdBy").into()),
        (lead, customer, author) => {
            let given = [("?leadId", lead.is_some()), ("?customerId", customer.is_some()), ("?createdBy", author.is_some())];
            let conflict = |at: &str| FieldError::new(at, "conflict", "give exactly one of leadId, customerId and createdBy");
            return Err(Problem::fields(given.into_iter().filter(|(_, given)| *given).map(|(at, _)| conflict(at)).collect()).into());
        }
    };
    let by_author = query.created_by.is_some();
    let plan = Plan {
        ascending: query.sort == Some(Sort::Earliest),
        from: query.from.and_then(|edge| edge.from(zone)).map(|time| time.to_string()),
        until: query.to.and_then(|edge| edge.until(zone)).map(|time| time.to_string()),
        residual: query.r#type.is_some() || (by_author && scope.reach != Reach::All),
        ..plan
    };
    let keep = |activity: &Record<Activity>| query.r#type.is_none_or(|wanted| activity.data.kind == wanted);
    let binding = seen.binding();
    let paging = seen.paging(limit(query.limit), &binding);
    let store = &seen.app.store;
    if by_author && scope.reach != Reach::All {
        return Ok(store.list_of_author(&plan, paging, scope, keep).await?);
    }
    Ok(store.list(&plan, paging, keep).await?)
}

/// Where the timeline of a lead or customer stands. The parent is read for its reach anyway, and
/// tells which leads became the customer.
async fn timeline(seen: &Seen<Scoped, (), ListActivities>, id: PartyId) -> Result<Plan, Stop> {
    let party = seen.party(id).await?;
    let mut parents = vec![Parent::Party(id)];
    if let (PartyId::Customer(_), Some(customer)) = (id, &party.customer) {
        parents.extend(customer.data.lead_ids.iter().map(|lead| Parent::Party(PartyId::Lead(*lead))));
    }
    Ok(children_plan(&parents, Activity::KIND))
}

async fn handle(call: Call<Scoped, (), ListActivities>, page: Page<Record<Activity>>) -> Result<PageOf<ActivityRow>, Stop> {
    Ok(PageOf::of(page, limit(call.query.limit), ActivityRow::from))
}
