//! `POST /orders/{id}/transactions`: records a payment of an order, or a refund of what was paid.

use crate::views::TransactionOut;
use contract::Sent;
use domain::money::Paid;
use domain::order::Order;
use domain::transaction::{self, ExternalRef, NewTransaction, PaymentMethod, TransactionStatus, TransactionType};
use domain::{OrderId, Permission, Time};
use edge::application::Checks;
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Json, Reached, Rejection, Request, Route, location};
use std::sync::Arc;

contract::body! {
    /// A payment or a refund; it is fixed when it is recorded.
    pub struct CreateTransaction {
        pub r#type: TransactionType,
        pub method: PaymentMethod,
        /// How much, minor units of the order's currency; a payment goes up to the total, a refund up to what was paid.
        pub amount_minor: Paid,
        /// SUCCEEDED when not given; what failed counts for nothing.
        pub status: Option<TransactionStatus>,
        pub external_ref: Option<ExternalRef>,
        /// Now when not given; at most five minutes ahead.
        pub occurred_at: Option<Time>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/orders/{id}/transactions", "create_transaction")
        .needs(Permission::TransactionsCreate)
        .about("Orders", "Record a payment or a refund")
        .status(201)
        .fails(&[Code::NotFound, Code::Duplicate, Code::LimitReached, Code::OrderCancelled])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (OrderId,)>, sent: Arc<Sent<CreateTransaction>>) -> Result<Reached<Order>, Rejection> {
    let (order, mut checks) = (context.open(context.path.0).await?, Checks::default());
    checks.note(transaction::occurred_fault(sent.occurred_at.flatten(), context.app.clock.now()));
    Ok(checks.give(Some(order))?)
}

type CreateRequest = Request<Authorized, (OrderId,), (), Json<CreateTransaction>>;

async fn handle(request: CreateRequest, order: Reached<Order>) -> Result<Answer<TransactionOut>, Rejection> {
    let body = &request.body.0;
    request
        .decide(order, |order, act| {
            let new = NewTransaction {
                kind: body.r#type,
                method: body.method,
                amount: body.amount_minor,
                status: body.status.unwrap_or(TransactionStatus::Succeeded),
                external_ref: body.external_ref.clone(),
                occurred_at: body.occurred_at,
            };
            let (transaction, paid, event) = transaction::record(act, order, &order.about(), new)?;
            let mut change = Change::new();
            change.pay(order, &paid, &transaction, &event);
            // It is read with its order.
            let (place, version) = (location::<Order>("orders", order.id), transaction.version);
            Ok(Decision::Commit(change, Answer::created(TransactionOut::new(transaction.row), place).version(version)))
        })
        .await
}
