//! `GET /customers/{id}/promotions`: the promotions that a customer has or had, the latest first.

use contract::fields::{CursorText, Limit, limit};
use contract::views::HeldPromotion;
use domain::customer_promotion::CustomerPromotion;
use domain::promotion::Promotion;
use domain::{CustomerId, Permission, Row};
use edge::application::HeldFilter;
use edge::{Action, Authorized, Context, Page, PageOf, Rejection, Request, Route};

contract::query! {
    /// Which of them.
    pub struct ListHeldPromotions {
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/customers/{id}/promotions", "list_held_promotions")
        .needs(Permission::CustomersRead)
        .about("Customers", "List the promotions of a customer")
        .touches(&[Action::Get, Action::Query, Action::BatchGet])
        .load(load)
        .handle(handle)
}

type Found = Page<(Row<CustomerPromotion>, Row<Promotion>)>;

async fn load(context: Context<Authorized, (CustomerId,), ListHeldPromotions>) -> Result<Found, Rejection> {
    let page = context.list(&HeldFilter(context.path.0), limit(context.query.limit)).await?;
    let promotions = context.app.promotions_of(&page.items).await?;
    let of = |held: Row<CustomerPromotion>| {
        let promotion = promotions.iter().find(|promotion| promotion.id == held.data.promotion_id)?.clone();
        Some((held, promotion))
    };
    Ok(Page { items: page.items.into_iter().filter_map(of).collect(), next: page.next, scanned_to: page.scanned_to })
}

type ListRequest = Request<Authorized, (CustomerId,), ListHeldPromotions>;

async fn handle(request: ListRequest, page: Found) -> Result<PageOf<HeldPromotion>, Rejection> {
    let now = request.app.clock.now();
    Ok(PageOf::of(page, limit(request.query.limit), |(held, promotion)| HeldPromotion::new(&held, &promotion, now)))
}
