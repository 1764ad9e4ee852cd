//! `PATCH /orders/{id}/status`: moves an order by the transition table. One that is called off leaves the customer's totals,
//! and gives promotions back.

use crate::views::OrderPage;
use domain::order::{self, OrderStatus};
use domain::transaction::Transaction;
use domain::{OrderId, Permission, Row};
use edge::application::OrderWithPromotions;
use edge::{Action, Answer, Authorized, Code, Context, Json, Purpose, Rejection, Request, Route};

contract::body! {
    /// Where the order goes.
    pub struct MoveOrder {
        /// PENDING to CONFIRMED, CONFIRMED to COMPLETED, both of them to CANCELLED.
        pub status: OrderStatus,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/orders/{id}/status", "set_order_status")
        .needs(Permission::OrdersUpdate)
        .about("Orders", "Move an order to another status")
        .fails(&[Code::OrderTransition, Code::RefundFirst])
        .touches(&[Action::Get, Action::BatchGet, Action::Query, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

type Found = (OrderWithPromotions, Vec<Row<Transaction>>);

async fn load(context: Context<Authorized, (OrderId,)>) -> Result<Found, Rejection> {
    let (order, payments) = context.app.reach_order_page(context.scope(), context.path.0, Purpose::Change).await?;
    Ok((context.app.with_promotions(order).await?, payments))
}

async fn handle(request: Request<Authorized, (OrderId,), (), Json<MoveOrder>>, (order, payments): Found) -> Result<Answer<OrderPage>, Rejection> {
    let to = request.body.0.status;
    request
        .decide(order, |found, act| {
            let order = &found.order;
            let outcome = order::set_status(order, act, &order.about(), to)?;
            let released = if to == OrderStatus::Cancelled { found.cancelled(act) } else { Vec::new() };
            let decision = edge::application::decide::changed(order, outcome).with(|change| change.promotions(&released));
            Ok(decision.map(|order| {
                let version = order.version;
                Answer::ok(OrderPage::new(order, payments.clone())).version(version)
            }))
        })
        .await
}
