//! `GET /leads`: the leads inside reach, narrowed by filters or searched by words.

use api::call::PageOf;
use api::fields::{CursorText, Limit, OwnerFilter, Sort, limit};
use api::views::LeadRow;
use api::{Action, Call, Problem, Route, Scoped, Seen, Stop};
use domain::lead::{Lead, LeadStatus};
use domain::search::Search;
use domain::time::Edge;
use domain::value::Text;
use domain::{Permission, Record};
use store::{LeadFilter, Page};

domain::query! {
    /// Filters of the list.
    pub struct ListLeads {
        /// Words of title, name, company, e-mail address or phone, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        pub status: Option<LeadStatus>,
        /// The id of a user, `me`, or `none` for leads without an owner.
        pub owner_id: Option<OwnerFilter>,
        /// Where it came from, exactly.
        pub source: Option<Text<50>>,
        /// Archived leads instead of live ones.
        pub archived: Option<bool>,
        /// Created on this date or later, or at this time or later.
        pub created_from: Option<Edge>,
        /// Created up to this date, or before this time.
        pub created_to: Option<Edge>,
        /// Not together with `q`.
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/leads", "list_leads")
        .needs(Permission::LeadsRead)
        .about("Leads", "List or search leads")
        .touches(&[Action::Get, Action::Query, Action::BatchGet])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (), ListLeads>) -> Result<Page<Record<Lead>>, Stop> {
    let query = &*seen.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::field("?sort", "conflict", "cannot be combined with q, which orders by word").into());
    }
    let (scope, zone) = (&seen.who.scope, &seen.app.config.zone);
    let (archived, owner) = (query.archived.unwrap_or(false), query.owner_id.map(|owner| owner.owner(scope)));
    let created_from = query.created_from.and_then(|edge| edge.from(zone));
    let created_until = query.created_to.and_then(|edge| edge.until(zone));
    let filter = LeadFilter {
        archived,
        status: query.status,
        owner,
        search: query.q.clone(),
        created_from,
        created_until,
        ascending: query.sort == Some(Sort::Oldest),
        residual: query.source.is_some(),
    };
    let keep = |lead: &Record<Lead>| {
        let data = &lead.data;
        lead.inside(scope)
            && data.archived_at.is_some() == archived
            && owner.is_none_or(|owner| data.owner_id == owner)
            && query.status.is_none_or(|wanted| data.status == wanted)
            && query.source.as_ref().is_none_or(|wanted| data.source.as_ref() == Some(wanted))
            && created_from.is_none_or(|from| lead.created_at >= from)
            && created_until.is_none_or(|until| lead.created_at < until)
    };
    let binding = seen.binding();
    let paging = seen.paging(limit(query.limit), &binding);
    let plan = filter.plan(scope);
    let page = async {
        Ok(match &query.q {
            Some(search) => seen.app.store.search(&plan, search, paging, keep).await?,
            None => seen.app.store.list(&plan, paging, keep).await?,
        })
    };
    seen.of_person(owner.flatten(), page).await
}

async fn handle(call: Call<Scoped, (), ListLeads>, page: Page<Record<Lead>>) -> Result<PageOf<LeadRow>, Stop> {
    Ok(PageOf::of(page, limit(call.query.limit), LeadRow::from))
}
