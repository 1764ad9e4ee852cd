//! `PATCH /orders/{id}/status`: moves an order by the transition table. One that is called off leaves the customer's totals.

use crate::views::OrderPage;
use domain::order::{self, Order, OrderStatus};
use domain::transaction::Transaction;
use domain::{OrderId, Permission, Row};
use edge::{Action, Answer, Authorized, Code, Context, Json, Purpose, Reached, Rejection, Request, Route};

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
        .touches(&[Action::Get, Action::Query, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Order>, Vec<Row<Transaction>>);

async fn load(context: Context<Authorized, (OrderId,)>) -> Result<Found, Rejection> {
    Ok(context.app.reach_order_page(context.scope(), context.path.0, Purpose::Change).await?)
}

async fn handle(request: Request<Authorized, (OrderId,), (), Json<MoveOrder>>, (order, payments): Found) -> Result<Answer<OrderPage>, Rejection> {
    let to = request.body.0.status;
    let decide = |order: &Reached<Order>, act: &_| Ok(order::set_status(order, act, &order.about(), to)?);
    request.change(order, decide, |_| {}, |order| OrderPage::new(order, payments.clone())).await
}
