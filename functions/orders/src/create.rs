//! `POST /orders`: an order of a customer, at the prices as they are.

use crate::views::OrderPage;
use contract::{List, Sent};
use domain::discount::MAX_PROMOTIONS;
use domain::order::{self, MAX_ITEMS, NewOrder, OrderItem, OrderNote, OrderNumber, Quantity};
use domain::promotion::PromotionCode;
use domain::text::TextValue;
use domain::{CustomerId, Permission, ProductId, customer};
use edge::application::{Buyer, Checks};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Problem, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// A product in a new order.
    pub struct OrderLine {
        /// One that is sold.
        pub product_id: ProductId,
        pub quantity: Quantity,
    }
}

contract::body! {
    /// A new order.
    pub struct CreateOrder {
        /// One inside reach that is not archived.
        pub customer_id: CustomerId,
        /// What is bought, 1 to 100; a product that stands in several of them stays in several.
        pub items: List<OrderLine, MAX_ITEMS, 1>,
        /// The codes of promotions that the customer was given and the order is to use, each once; those that apply by themselves
        /// need none.
        pub promotion_codes: Option<List<PromotionCode, MAX_PROMOTIONS>>,
        pub note: Option<OrderNote>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/orders", "create_order")
        .needs(Permission::OrdersCreate)
        .about("Orders", "Place an order for a customer")
        .status(201)
        .fails(&[Code::CustomerArchived, Code::PromotionNotApplicable, Code::LimitReached])
        .touches(&[Action::Get, Action::BatchGet, Action::QueryTable, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Found = (Buyer, Vec<OrderItem>);

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateOrder>>) -> Result<Found, Rejection> {
    let (app, mut checks) = (&context.app, Checks::default());
    let codes = sent.promotion_codes.as_ref().and_then(Option::as_ref).map_or(&[][..], |codes| &codes.0);
    let buyer = async {
        match sent.customer_id {
            Some(id) => app.buyer(context.scope(), id, codes).await.map(Some),
            None => Ok(None),
        }
    };
    let wanted: Option<Vec<_>> = sent.items.as_ref().map(|items| items.0.iter().map(|line| (line.product_id, line.quantity)).collect());
    let items = async {
        match &wanted {
            Some(wanted) => app.priced(wanted).await.map(Some),
            None => Ok(None),
        }
    };
    let (buyer, items) = tokio::join!(buyer, items);
    let (buyer, items) = (checks.of(buyer)?.flatten(), checks.of(items)?.flatten());
    if let Some(items) = &items {
        checks.of(order::Totals::of(items, &[]))?;
    }
    Ok(checks.give(buyer.zip(items))?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateOrder>>, (buyer, items): Found) -> Result<Answer<OrderPage>, Rejection> {
    let (body, app) = (&request.body.0, &request.app);
    customer::check_unarchived(buyer.customer())?;
    // Before the transaction, in which it would hold up every other order of the year.
    let number = app.order_number(app.clock.now()).await?;
    let number = OrderNumber::read(&number).map_err(|invalid| Problem::internal(invalid.message))?;
    request
        .decide(buyer, |buyer, act| {
            let becomes = customer::buys(buyer.customer(), act)?;
            let (number, items, note) = (number.clone(), items.clone(), body.note.clone());
            let bought = buyer.buy(act, NewOrder { number, currency: app.config.currency, items, note })?;
            let mut change = Change::new();
            change.sell(buyer, &bought, becomes);
            Ok(Answer::creation(change, "orders", bought.order, |order| OrderPage::new(order, Vec::new())))
        })
        .await
}
