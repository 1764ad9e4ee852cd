//! `GET /transactions`: those of the customers inside reach, or all of an order or of one customer.

use crate::views::TransactionOut;
use contract::fields::{CursorText, Limit, limit};
use domain::time::DateBound;
use domain::transaction::{Transaction, TransactionStatus, TransactionType};
use domain::{CustomerId, OrderId, Permission, Row};
use edge::application::TransactionFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::choice! {
    /// The order of the list.
    pub enum TransactionSort {
        /// Latest first.
        Latest = "-occurredAt",
        /// Earliest first.
        Earliest = "occurredAt",
    }
}

contract::query! {
    /// Filters of the list.
    pub struct ListTransactions {
        pub order_id: Option<OrderId>,
        pub customer_id: Option<CustomerId>,
        pub r#type: Option<TransactionType>,
        pub status: Option<TransactionStatus>,
        /// On this date or later, or at this time or later.
        pub from: Option<DateBound>,
        /// Up to this date, or before this time; not before `from`.
        pub to: Option<DateBound>,
        pub sort: Option<TransactionSort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/transactions", "list_transactions")
        .needs(Permission::TransactionsRead)
        .about("Orders", "List payments and refunds")
        .fails(&[Code::NotFound])
        .touches(&[Action::Get, Action::Query])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListTransactions>) -> Result<Page<Row<Transaction>>, Rejection> {
    let (query, zone) = (&*context.query, &context.app.config.zone);
    Problem::all([Problem::backwards((query.from, "from"), (query.to, "to"), &context.app)])?;
    let filter = TransactionFilter {
        order: query.order_id,
        customer: query.customer_id,
        kind: query.r#type,
        status: query.status,
        from: query.from.map(|bound| bound.from(zone)),
        until: query.to.and_then(|bound| bound.until(zone)),
        ascending: query.sort == Some(TransactionSort::Earliest),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListTransactions>, page: Page<Row<Transaction>>) -> Result<PageOf<TransactionOut>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), TransactionOut::new))
}
