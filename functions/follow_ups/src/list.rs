//! `GET /follow-ups`: those of the people inside reach, or all of a lead or customer inside reach.

use crate::views::FollowUpRow;
use contract::fields::{CursorText, DueSort, Limit, PersonFilter, limit};
use domain::follow_up::{FollowUp, FollowUpStatus};
use domain::time::Due;
use domain::{CustomerId, LeadId, PartyId, Permission, Row};
use edge::application::FollowUpFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::query! {
    /// Filters of the list.
    pub struct ListFollowUps {
        pub lead_id: Option<LeadId>,
        pub customer_id: Option<CustomerId>,
        /// The id of a user, or `me`.
        pub assignee_id: Option<PersonFilter>,
        pub status: Option<FollowUpStatus>,
        /// `overdue`, `today` and `soon` mean pending ones; `before:` and `after:` leave the date itself out.
        pub due: Option<Due>,
        pub sort: Option<DueSort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/follow-ups", "list_follow_ups")
        .needs(Permission::FollowupsRead)
        .about("Follow-ups", "List follow-ups")
        .fails(&[Code::NotFound])
        .touches(&[Action::Get, Action::Query])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListFollowUps>) -> Result<Page<Row<FollowUp>>, Rejection> {
    let query = &*context.query;
    if query.lead_id.is_some() && query.customer_id.is_some() {
        return Err(Problem::field("?leadId", "conflict", "give leadId or customerId, not both").into());
    }
    let implied = query.due.is_some_and(Due::is_word).then_some(FollowUpStatus::Pending);
    if implied.is_some() && query.status.is_some_and(|status| Some(status) != implied) {
        return Err(Problem::field("?status", "conflict", "can only be PENDING together with due=overdue, today or soon").into());
    }
    let due = match query.due {
        Some(due) => Some(context.app.due_range(due).await?),
        None => None,
    };
    let filter = FollowUpFilter {
        party: PartyId::of(query.lead_id, query.customer_id),
        assignee: query.assignee_id.map(|person| person.person(context.scope())),
        status: query.status.or(implied),
        due,
        descending: query.sort == Some(DueSort::Latest),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListFollowUps>, page: Page<Row<FollowUp>>) -> Result<PageOf<FollowUpRow>, Rejection> {
    let (now, zone) = (request.app.clock.now(), &request.app.config.zone);
    Ok(PageOf::of(page, limit(request.query.limit), |follow_up| FollowUpRow::new(follow_up, now, zone)))
}
