//! `GET /follow-ups`: those of the people inside reach, or all of a lead or customer inside reach.

use crate::views::FollowUpOut;
use api::call::PageOf;
use api::fields::{CursorText, DueSort, Limit, PersonFilter, limit};
use api::{Action, Call, Problem, Route, Scoped, Seen, Stop};
use domain::follow_up::{FollowUp, FollowUpStatus};
use domain::time::Due;
use domain::{CustomerId, LeadId, PartyId, Permission, Record};
use store::{FollowUpFilter, Page, Parent};

domain::query! {
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
        .touches(&[Action::Get, Action::Query])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (), ListFollowUps>) -> Result<Page<Record<FollowUp>>, Stop> {
    let query = &*seen.query;
    let scope = &seen.who.scope;
    let party = match (query.lead_id, query.customer_id) {
        (Some(_), Some(_)) => return Err(Problem::field("?leadId", "conflict", "give leadId or customerId, not both").into()),
        (lead, customer) => PartyId::of(lead, customer),
    };
    let implied = query.due.is_some_and(Due::is_word).then_some(FollowUpStatus::Pending);
    if implied.is_some() && query.status.is_some_and(|status| Some(status) != implied) {
        return Err(Problem::field("?status", "conflict", "can only be PENDING together with due=overdue, today or soon").into());
    }
    let due = match query.due {
        Some(due) => Some(seen.due_range(due).await?),
        None => None,
    };
    let status = query.status.or(implied);
    let assignee = query.assignee_id.map(|person| person.person(scope));
    let filter = FollowUpFilter { party, assignee, status, due, descending: query.sort == Some(DueSort::Latest) };
    let keep = |follow_up: &Record<FollowUp>| {
        (party.is_some() || follow_up.inside(scope))
            && assignee.is_none_or(|wanted| follow_up.data.assignee_id == wanted)
            && status.is_none_or(|wanted| follow_up.data.status == wanted)
    };
    let binding = seen.binding();
    let paging = seen.paging(limit(query.limit), &binding);
    let plan = filter.plan(scope);
    let page = async { Ok(seen.app.store.list(&plan, paging, keep).await?) };
    match party {
        Some(party) => tokio::try_join!(seen.parent(Parent::Party(party)), page).map(|((), page)| page),
        None => seen.of_person(assignee, page).await,
    }
}

async fn handle(call: Call<Scoped, (), ListFollowUps>, page: Page<Record<FollowUp>>) -> Result<PageOf<FollowUpOut>, Stop> {
    let (now, zone) = (call.app.clock.now(), &call.app.config.zone);
    Ok(PageOf::of(page, limit(call.query.limit), |follow_up| FollowUpOut::row(follow_up, now, zone)))
}
