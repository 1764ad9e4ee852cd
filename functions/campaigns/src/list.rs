//! `GET /campaigns`: all of them, the newest first.

use crate::views::CampaignRow;
use contract::fields::{CursorText, Limit, Sort, limit};
use domain::campaign::{Campaign, CampaignStatus, Stats};
use domain::search::Search;
use domain::{Permission, Row};
use edge::application::CampaignFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::query! {
    /// Filters of the list.
    pub struct ListCampaigns {
        /// Words of the name, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        pub status: Option<CampaignStatus>,
        /// Not together with `q`.
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/campaigns", "list_campaigns")
        .needs(Permission::CampaignsRead)
        .about("Campaigns", "List or search campaigns")
        .fails(&[Code::Throttled])
        .touches(&[Action::Query, Action::QueryTable, Action::BatchGet, Action::Count])
        .load(load)
        .handle(handle)
}

type Found = Page<(Row<Campaign>, Stats)>;

async fn load(context: Context<Authorized, (), ListCampaigns>) -> Result<Found, Rejection> {
    let query = &*context.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::sorted_search().into());
    }
    let filter = CampaignFilter { status: query.status, search: query.q.clone(), ascending: query.sort == Some(Sort::Oldest) };
    let page = context.list(&filter, limit(query.limit)).await?;
    let stats = context.app.stats_of(&page.items).await?;
    Ok(Page { items: page.items.into_iter().zip(stats).collect(), next: page.next, scanned_to: page.scanned_to })
}

async fn handle(request: Request<Authorized, (), ListCampaigns>, page: Found) -> Result<PageOf<CampaignRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), |(campaign, stats)| CampaignRow::new(campaign, stats)))
}
