//! `GET /orders/{id}`: one order with its items, discounts and latest payments.

use crate::views::OrderPage;
use domain::order::Order;
use domain::transaction::Transaction;
use domain::{OrderId, Permission, Row};
use edge::{Action, Answer, Authorized, Context, Purpose, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/orders/{id}", "get_order")
        .needs(Permission::OrdersRead)
        .about("Orders", "Get an order with its items and latest payments")
        .touches(&[Action::Get, Action::Query])
        .load(load)
        .handle(handle)
}

type Found = (Reached<Order>, Vec<Row<Transaction>>);

async fn load(context: Context<Authorized, (OrderId,)>) -> Result<Found, Rejection> {
    Ok(context.app.reach_order_page(context.scope(), context.path.0, Purpose::Read).await?)
}

async fn handle(_: Request<Authorized, (OrderId,)>, (order, payments): Found) -> Result<Answer<OrderPage>, Rejection> {
    let version = order.version;
    Ok(Answer::ok(OrderPage::new(order.into_record(), payments)).version(version))
}
