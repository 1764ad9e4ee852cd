//! Orders: who may buy what at which price, and an order with its latest payments.

use crate::app::App;
use crate::decide::Change;
use crate::error::Error;
use crate::reach::{Purpose, Reached};
use crate::references::ABSENT;
use crate::subject::Subject;
use domain::customer::Customer;
use domain::customer_promotion::{CustomerPromotion, Offered};
use domain::event::{Act, Event};
use domain::order::{self, NewOrder, Order, OrderItem, Quantity};
use domain::overview::Sales;
use domain::product::Product;
use domain::promotion::{Occasion, PromotionCode};
use domain::purchase::{self, Bought, Moved, may_apply};
use domain::transaction::Transaction;
use domain::{CustomerId, Entity, OrderId, Parent, ProductId, Record, Refused, Row, Scope, Time};
use futures::future::try_join_all;
use std::collections::{BTreeMap, HashMap};
use store::records::children_plan;
use store::{Paging, SalesSeq};

/// How many of its latest transactions the page of an order shows.
pub const LATEST_TRANSACTIONS: usize = 20;

/// A customer who is to buy something, what the customer bought before, and the promotions that the order may use or bring.
#[derive(Debug, Clone, PartialEq)]
pub struct Buyer {
    customer: Record<Customer>,
    sales: Sales,
    seq: SalesSeq,
    /// Those that the order names, and those that may apply by themselves.
    promotions: Vec<Offered>,
    codes: Vec<PromotionCode>,
    scope: Scope,
}

impl Buyer {
    /// The customer.
    pub fn customer(&self) -> &Record<Customer> {
        &self.customer
    }

    /// The order of what the customer buys, with what becomes of promotions.
    pub fn buy(&self, act: &Act, new: NewOrder) -> Result<Bought, Refused> {
        purchase::buy(act, &self.customer, &self.sales, new, &self.promotions, &self.codes)
    }
}

impl App {
    /// The customer whom a new order names, if the scope reaches it, with the promotions of these codes and those that may apply by
    /// themselves.
    pub async fn buyer(&self, scope: &Scope, id: CustomerId, codes: &[PromotionCode]) -> Result<Buyer, Error> {
        let store = self.store();
        let (customer, (seq, sales), live, mut promotions) = tokio::try_join!(
            store.get_latest::<Customer>(id),
            store.latest_sales(id),
            store.live_promotions(Occasion::Order),
            store.promotions_named(codes)
        )?;
        let customer = customer.filter(|customer| customer.inside(scope)).ok_or_else(|| Error::reference("customerId", ABSENT))?;
        let act = self.act();
        // In the same order whenever they are read.
        promotions.sort_by_key(|promotion| promotion.id);
        promotions.extend(live.into_iter().filter(|live| !codes.contains(&live.data.code) && may_apply(&live.data, &act, &customer, &sales)));
        let promotions = try_join_all(promotions.into_iter().map(|promotion| store.offered(promotion, id))).await?;
        Ok(Buyer { customer, sales, seq, promotions, codes: codes.to_vec(), scope: scope.clone() })
    }

    /// What is wanted, at the prices as they are now; every line that is wrong is named.
    pub async fn priced(&self, wanted: &[(ProductId, Quantity)]) -> Result<Vec<OrderItem>, Error> {
        let mut ids: Vec<ProductId> = wanted.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let products = self.store().latest_of::<Product>(&ids).await?;
        let products: HashMap<ProductId, Row<Product>> = products.into_iter().map(|product| (product.id, product.row)).collect();
        let lines: Vec<_> = wanted.iter().map(|(id, quantity)| (*quantity, products.get(id))).collect();
        Ok(order::priced(&lines, self.config.currency)?)
    }

    /// The number of an order that is placed at a moment.
    pub async fn order_number(&self, placed_at: Time) -> Result<String, Error> {
        let zone = &self.config.zone;
        let n = self.store().next_order_number(order::year(placed_at, zone)).await?;
        Ok(order::number(placed_at, zone, n))
    }

    /// An order inside reach that is to be moved, with the promotions that go with it.
    pub async fn with_promotions(&self, order: Reached<Order>) -> Result<OrderWithPromotions, Error> {
        let held = self.store().latest_of(&order.text.promotions).await?;
        Ok(OrderWithPromotions { order, held })
    }

    /// An order inside reach with its latest transactions, the last one first, read at once.
    pub async fn reach_order_page(&self, scope: &Scope, id: OrderId, purpose: Purpose) -> Result<(Reached<Order>, Vec<Row<Transaction>>), Error> {
        let plan = children_plan(Parent::Order(id), Transaction::KIND);
        let paging = Paging { limit: LATEST_TRANSACTIONS, cursor: None, binding: "order" };
        let transactions = async { Ok(self.store().list::<Transaction>(&plan, paging, |_| true).await?) };
        let (order, page) = tokio::try_join!(self.reach::<Order>(scope, id, purpose), transactions)?;
        Ok((order, page.items))
    }
}

impl Change {
    /// A new order of a buyer. A customer whom it makes one is changed with it; any other has to be there and unarchived still.
    pub fn sell(&mut self, buyer: &Buyer, bought: &Bought, becomes: domain::owner::Change<Customer>) {
        self.create(&bought.order);
        self.event(&bought.event);
        self.promotions(&bought.moved);
        self.tx.after_sales(buyer.customer.id, buyer.seq);
        match becomes {
            Some((next, events)) => {
                self.tx.update(&buyer.customer, &next);
                self.events(&events);
            }
            None => self.tx.require_unarchived::<Customer>(buyer.customer.id),
        }
    }

    /// A payment or refund of an order, which shows how far it is paid.
    pub fn pay(&mut self, order: &Reached<Order>, paid: &Record<Order>, transaction: &Record<Transaction>, event: &Event) {
        self.create(transaction);
        self.event(event);
        if paid.derived == order.derived {
            self.tx.require_same::<Order>(order);
        } else {
            self.update(order, paid);
        }
    }
}

impl Subject for Buyer {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.buyer(&self.scope, self.customer.id, &self.codes).await
    }

    fn same(&self, other: &Self) -> bool {
        (self.customer.rev, self.seq, &self.promotions) == (other.customer.rev, other.seq, &other.promotions)
    }
}

/// An order inside reach with those of the customer's promotions that it used or made.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderWithPromotions {
    /// The order.
    pub order: Reached<Order>,
    held: Vec<Record<CustomerPromotion>>,
}

impl OrderWithPromotions {
    /// What becomes of the promotions where the order is cancelled.
    pub fn cancelled(&self, act: &Act) -> Vec<Moved> {
        purchase::cancelled(&self.held, self.order.id, act, &self.order.about())
    }
}

impl Subject for OrderWithPromotions {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        let held = async { Ok(app.store().latest_of(&self.order.text.promotions).await?) };
        let (order, held) = tokio::try_join!(self.order.reload(app), held)?;
        Ok(Self { order, held })
    }

    fn same(&self, other: &Self) -> bool {
        let revs = |held: &[Record<CustomerPromotion>]| held.iter().map(|held| (held.id, held.rev)).collect::<BTreeMap<_, _>>();
        self.order.same(&other.order) && revs(&self.held) == revs(&other.held)
    }

    fn version(&self) -> Option<u64> {
        self.order.version()
    }
}
