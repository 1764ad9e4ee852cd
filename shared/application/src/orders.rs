//! Orders: who may buy what at which price, and an order with its latest payments.

use crate::app::App;
use crate::decide::Change;
use crate::error::Error;
use crate::reach::{Purpose, Reached};
use crate::references::ABSENT;
use crate::subject::Subject;
use domain::customer::Customer;
use domain::event::Event;
use domain::order::{self, Order, OrderItem, Quantity};
use domain::overview::Sales;
use domain::product::Product;
use domain::transaction::Transaction;
use domain::{CustomerId, Entity, OrderId, Parent, ProductId, Record, Row, Scope, Time};
use std::collections::HashMap;
use store::records::children_plan;
use store::{Paging, SalesSeq};

/// How many of its latest transactions the page of an order shows.
pub const LATEST_TRANSACTIONS: usize = 20;

/// A customer who is to buy something, and what the customer bought before.
#[derive(Debug, Clone, PartialEq)]
pub struct Buyer {
    customer: Record<Customer>,
    sales: Sales,
    seq: SalesSeq,
    scope: Scope,
}

impl Buyer {
    /// The customer.
    pub fn customer(&self) -> &Record<Customer> {
        &self.customer
    }

    /// What the customer bought before: it is still so when the order is written.
    pub fn sales(&self) -> &Sales {
        &self.sales
    }
}

impl App {
    /// The customer whom a new order names, if the scope reaches it.
    pub async fn buyer(&self, scope: &Scope, id: CustomerId) -> Result<Buyer, Error> {
        let store = self.store();
        let (customer, (seq, sales)) = tokio::try_join!(store.get_latest::<Customer>(id), store.latest_sales(id))?;
        let customer = customer.filter(|customer| customer.inside(scope)).ok_or_else(|| Error::reference("customerId", ABSENT))?;
        Ok(Buyer { customer, sales, seq, scope: scope.clone() })
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
    pub fn sell(&mut self, buyer: &Buyer, order: &Record<Order>, event: &Event, becomes: domain::owner::Change<Customer>) {
        self.create(order);
        self.event(event);
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
        app.buyer(&self.scope, self.customer.id).await
    }

    fn same(&self, other: &Self) -> bool {
        (self.customer.rev, self.seq) == (other.customer.rev, other.seq)
    }
}
