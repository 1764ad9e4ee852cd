//! `GET /promotions`: all of them, the newest first.

use crate::views::PromotionRow;
use contract::fields::{CursorText, Limit, limit};
use domain::promotion::{Promotion, PromotionStatus, Trigger, Uses};
use domain::search::Search;
use domain::{Permission, Row};
use edge::application::PromotionFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::choice! {
    /// The order of the list.
    pub enum PromotionSort {
        /// Newest first.
        Newest = "-createdAt",
        /// Oldest first.
        Oldest = "createdAt",
    }
}

contract::query! {
    /// Filters of the list.
    pub struct ListPromotions {
        /// Words of the name or the code, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        pub status: Option<PromotionStatus>,
        pub trigger: Option<Trigger>,
        /// Not together with `q`.
        pub sort: Option<PromotionSort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/promotions", "list_promotions")
        .needs(Permission::PromotionsRead)
        .about("Promotions", "List or search promotions")
        .fails(&[Code::Throttled])
        .touches(&[Action::Query, Action::QueryTable, Action::BatchGet, Action::Count])
        .load(load)
        .handle(handle)
}

type Found = Page<(Row<Promotion>, Uses)>;

async fn load(context: Context<Authorized, (), ListPromotions>) -> Result<Found, Rejection> {
    let query = &*context.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::sorted_search().into());
    }
    let filter = PromotionFilter {
        status: query.status,
        trigger: query.trigger,
        search: query.q.clone(),
        ascending: query.sort == Some(PromotionSort::Oldest),
    };
    let page = context.list(&filter, limit(query.limit)).await?;
    let uses = context.app.uses_of(&page.items).await?;
    Ok(Page { items: page.items.into_iter().zip(uses).collect(), next: page.next, scanned_to: page.scanned_to })
}

async fn handle(request: Request<Authorized, (), ListPromotions>, page: Found) -> Result<PageOf<PromotionRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), |(promotion, uses)| PromotionRow::new(promotion, uses)))
}
