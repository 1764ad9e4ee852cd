//! `GET /leads`: the leads inside reach, narrowed by filters or searched by words.

use contract::fields::{CursorText, Limit, OwnerFilter, RecordSort, limit};
use contract::views::LeadRow;
use domain::lead::{Lead, LeadStatus};
use domain::search::Search;
use domain::time::DateBound;
use domain::value::Text;
use domain::{Permission, Row};
use edge::application::LeadFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::query! {
    /// Filters of the list.
    pub struct ListLeads {
        /// Words of title, name, company, e-mail address or phone, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        pub status: Option<LeadStatus>,
        /// The id of a user, `me`, or `none` for leads without an owner.
        pub owner_id: Option<OwnerFilter>,
        /// Where it came from; case, accents and the number of spaces do not count.
        pub source: Option<Text<50>>,
        /// Archived leads instead of live ones.
        pub archived: Option<bool>,
        /// Created on this date or later, or at this time or later.
        pub created_from: Option<DateBound>,
        /// Created up to this date, or before this time; not before `createdFrom`.
        pub created_to: Option<DateBound>,
        /// Not together with `q`.
        pub sort: Option<RecordSort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/leads", "list_leads")
        .needs(Permission::LeadsRead)
        .about("Leads", "List or search leads")
        .fails(&[Code::Throttled])
        .touches(&[Action::Get, Action::Query, Action::QueryTable, Action::BatchGet, Action::Count])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListLeads>) -> Result<Page<Row<Lead>>, Rejection> {
    let query = &*context.query;
    let zone = &context.app.config.zone;
    let searched = (query.q.is_some() && query.sort.is_some()).then(Problem::sorted_search);
    let backwards = Problem::backwards((query.created_from, "createdFrom"), (query.created_to, "createdTo"), &context.app);
    Problem::all([searched, backwards])?;
    let filter = LeadFilter {
        archived: query.archived.unwrap_or(false),
        status: query.status,
        owner: query.owner_id.map(|owner| owner.owner(context.scope())),
        source: query.source.clone(),
        search: query.q.clone(),
        created_from: query.created_from.map(|bound| bound.from(zone)),
        created_until: query.created_to.and_then(|bound| bound.until(zone)),
        order: query.sort.and_then(RecordSort::order),
        ascending: query.sort.is_some_and(RecordSort::is_ascending),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListLeads>, page: Page<Row<Lead>>) -> Result<PageOf<LeadRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), LeadRow::new))
}
