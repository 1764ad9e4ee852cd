//! `GET /orders`: those of the customers inside reach, or all of one of them.

use crate::views::OrderRow;
use contract::fields::{CursorText, Limit, limit};
use domain::order::{Order, OrderStatus, PaymentStatus};
use domain::time::DateBound;
use domain::{CustomerId, Permission, Row};
use edge::application::OrderFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::choice! {
    /// The order of the list.
    pub enum OrderSort {
        /// Latest first.
        Latest = "-placedAt",
        /// Earliest first.
        Earliest = "placedAt",
    }
}

contract::query! {
    /// Filters of the list.
    pub struct ListOrders {
        pub customer_id: Option<CustomerId>,
        pub status: Option<OrderStatus>,
        pub payment_status: Option<PaymentStatus>,
        /// Placed on this date or later, or at this time or later.
        pub from: Option<DateBound>,
        /// Placed up to this date, or before this time; not before `from`.
        pub to: Option<DateBound>,
        pub sort: Option<OrderSort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/orders", "list_orders")
        .needs(Permission::OrdersRead)
        .about("Orders", "List orders")
        .fails(&[Code::NotFound])
        .touches(&[Action::Get, Action::Query])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListOrders>) -> Result<Page<Row<Order>>, Rejection> {
    let (query, zone) = (&*context.query, &context.app.config.zone);
    Problem::all([Problem::backwards((query.from, "from"), (query.to, "to"), &context.app)])?;
    let filter = OrderFilter {
        customer: query.customer_id,
        status: query.status,
        payment: query.payment_status,
        from: query.from.map(|bound| bound.from(zone)),
        until: query.to.and_then(|bound| bound.until(zone)),
        ascending: query.sort == Some(OrderSort::Earliest),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListOrders>, page: Page<Row<Order>>) -> Result<PageOf<OrderRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), OrderRow::new))
}
