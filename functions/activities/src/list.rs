//! `GET /activities`: the timeline of a lead or of a customer, which includes that of the leads it
//! was; or what somebody wrote, as far as it is about leads and customers inside reach.

use crate::views::ActivityRow;
use contract::FieldError;
use contract::fields::{CursorText, Limit, PersonFilter, limit};
use domain::activity::{Activity, ActivityType};
use domain::time::DateBound;
use domain::{CustomerId, LeadId, PartyId, Permission, Row, Scope};
use edge::application::{ActivityFilter, Whose};
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::choice! {
    /// The order of the list.
    pub enum ActivitySort {
        /// Latest first.
        Latest = "-occurredAt",
        /// Earliest first.
        Earliest = "occurredAt",
    }
}

contract::query! {
    /// Whose activities: exactly one of leadId, customerId and createdBy; and filters.
    pub struct ListActivities {
        pub lead_id: Option<LeadId>,
        /// The activities of the leads that became this customer are among them, some seconds after the conversion.
        pub customer_id: Option<CustomerId>,
        /// The id of a user, or `me`.
        pub created_by: Option<PersonFilter>,
        pub r#type: Option<ActivityType>,
        /// On this date or later, or at this time or later.
        pub from: Option<DateBound>,
        /// Up to this date, or before this time; not before `from`.
        pub to: Option<DateBound>,
        pub sort: Option<ActivitySort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/activities", "list_activities")
        .needs(Permission::ActivitiesRead)
        .about("Activities", "List the activities of a lead, a customer or an author")
        .fails(&[Code::NotFound])
        .touches(&[Action::Get, Action::Query, Action::BatchGet])
        .load(load)
        .handle(handle)
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

async fn load(context: Context<Authorized, (), ListActivities>) -> Result<Page<Row<Activity>>, Rejection> {
    let query = &*context.query;
    let zone = &context.app.config.zone;
    let backwards = Problem::backwards((query.from, "from"), (query.to, "to"), &context.app);
    let whose = whose(query, context.scope());
    Problem::all([whose.as_ref().err().cloned(), backwards])?;
    let filter = ActivityFilter {
        whose: whose?,
        kind: query.r#type,
        from: query.from.map(|bound| bound.from(zone)),
        until: query.to.and_then(|bound| bound.until(zone)),
        ascending: query.sort == Some(ActivitySort::Earliest),
    };
    let binding = context.binding();
    Ok(context.app.list_activities(context.scope(), &filter, context.paging(limit(query.limit), &binding)).await?)
}

async fn handle(request: Request<Authorized, (), ListActivities>, page: Page<Row<Activity>>) -> Result<PageOf<ActivityRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), ActivityRow::new))
}
