//! `GET /customers`: the customers inside reach, narrowed by filters or searched by words.

use contract::fields::{CursorText, Limit, OwnerFilter, RecordSort, limit};
use contract::views::CustomerRow;
use domain::customer::{Customer, Engagement, LevelCode, Lifecycle};
use domain::search::Search;
use domain::time::DateBound;
use domain::{Permission, Row};
use edge::application::CustomerFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::query! {
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
        pub not_contacted_since: Option<DateBound>,
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
    Route::get("/customers", "list_customers")
        .needs(Permission::CustomersRead)
        .about("Customers", "List or search customers")
        .fails(&[Code::Throttled])
        .touches(&[Action::Get, Action::Query, Action::QueryTable, Action::BatchGet, Action::Count])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListCustomers>) -> Result<Page<Row<Customer>>, Rejection> {
    let query = &*context.query;
    let zone = &context.app.config.zone;
    let searched = (query.q.is_some() && query.sort.is_some()).then(Problem::sorted_search);
    let backwards = Problem::backwards((query.created_from, "createdFrom"), (query.created_to, "createdTo"), &context.app);
    Problem::all([searched, backwards])?;
    let filter = CustomerFilter {
        archived: query.archived.unwrap_or(false),
        engagement: query.engagement,
        lifecycle: query.lifecycle,
        level: query.level_code,
        owner: query.owner_id.map(|owner| owner.owner(context.scope())),
        not_contacted_since: query.not_contacted_since.map(|bound| bound.from(zone)),
        created_from: query.created_from.map(|bound| bound.from(zone)),
        created_until: query.created_to.and_then(|bound| bound.until(zone)),
        search: query.q.clone(),
        order: query.sort.and_then(RecordSort::order),
        ascending: query.sort.is_some_and(RecordSort::is_ascending),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListCustomers>, page: Page<Row<Customer>>) -> Result<PageOf<CustomerRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), CustomerRow::new))
}
