//! `GET /customers`: the customers inside reach, narrowed by filters or searched by words.

use api::call::PageOf;
use api::fields::{CursorText, Limit, OwnerFilter, Sort, limit};
use api::views::CustomerRow;
use api::{Action, Call, Problem, Route, Scoped, Seen, Stop};
use domain::customer::{Customer, Engagement, LevelCode, Lifecycle};
use domain::search::Search;
use domain::time::Edge;
use domain::{Permission, Record, Time};
use store::{CustomerFilter, Page};

domain::query! {
    /// Filters of the list.
    pub struct ListCustomers {
        /// Words of name, company, e-mail address or phone, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        pub engagement: Option<Engagement>,
        pub lifecycle: Option<Lifecycle>,
        pub level_code: Option<LevelCode>,
        /// The id of a user, `me`, or `none` for customers without an owner.
        pub owner_id: Option<OwnerFilter>,
        /// Archived customers instead of live ones.
        pub archived: Option<bool>,
        /// Without a call, e-mail or meeting since this date or time.
        pub not_contacted_since: Option<Edge>,
        /// Not together with `q`.
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/customers", "list_customers")
        .needs(Permission::CustomersRead)
        .about("Customers", "List or search customers")
        .touches(&[Action::Get, Action::Query, Action::BatchGet])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (), ListCustomers>) -> Result<Page<Record<Customer>>, Stop> {
    let query = &*seen.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::field("?sort", "conflict", "cannot be combined with q, which orders by word").into());
    }
    let scope = &seen.who.scope;
    let zone = &seen.app.config.zone;
    let contact_limit: Option<Time> = query.not_contacted_since.and_then(|edge| edge.from(zone));
    let archived = query.archived.unwrap_or(false);
    let owner = query.owner_id.map(|owner| owner.owner(scope));
    let filter = CustomerFilter {
        archived,
        engagement: query.engagement,
        owner,
        search: query.q.clone(),
        ascending: query.sort == Some(Sort::Oldest),
        residual: query.lifecycle.is_some() || query.level_code.is_some() || contact_limit.is_some(),
    };
    let keep = |customer: &Record<Customer>| {
        let (data, kept) = (&customer.data, &customer.kept);
        customer.inside(scope)
            && data.archived_at.is_some() == archived
            && owner.is_none_or(|owner| data.owner_id == owner)
            && query.engagement.is_none_or(|wanted| data.engagement == wanted)
            && query.lifecycle.is_none_or(|wanted| data.lifecycle == wanted)
            && query.level_code.is_none_or(|wanted| kept.level_code.unwrap_or(LevelCode::Bronze) == wanted)
            && contact_limit.is_none_or(|limit| kept.last_contacted_at.is_none_or(|last| last < limit))
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

async fn handle(call: Call<Scoped, (), ListCustomers>, page: Page<Record<Customer>>) -> Result<PageOf<CustomerRow>, Stop> {
    Ok(PageOf::of(page, limit(call.query.limit), CustomerRow::from))
}
