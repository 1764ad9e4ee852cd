//! Where orders and their transactions stand, where their lists read, and what a customer bought in all.

use super::{BY_STATUS, LIVE, PLAIN, children, children_plan, either, owned_partitions, partitions, reached};
use crate::error::Error;
use crate::item::{CounterName, Item, Rollup, SaleCounter, Stored, Unique, bare, get_number, key_of, number, row_item, text};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{Filter, Plan};
use crate::table::{Store, call_error};
use crate::tx::{FailedCondition, Tx};
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue};
use domain::customer::Customer;
use domain::order::{Order, OrderStatus, PaymentStatus};
use domain::overview::{Counter, Sales};
use domain::text::TextValue;
use domain::transaction::{Transaction, TransactionStatus, TransactionType};
use domain::{CustomerId, Entity, OrderId, Parent, PartyId, Record, Row, Scope, Time};
use futures::FutureExt;

/// Among what the references of transactions are unique, with their method before them.
pub(crate) const TRANSACTION: &str = "TRANSACTION";

impl Stored for Order {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut partitions = owned_partitions(record, LIVE, None);
        let state = state(record.data.status, record.payment_status());
        let by_status = owned_partitions(record, LIVE, Some(&state)).split_off(partitions.len());
        partitions.extend(by_status);
        partitions.push(children(customer(record.data.customer_id), Self::KIND));
        IndexKeys { partitions, sort: keys::by_time(record.data.placed_at, record.id) }
    }

    /// Beside the customer, when something that counts was bought.
    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let key = keys::placed(record.data.customer_id, record.data.placed_at, record.id);
        Ok(record.data.status.counts().then(|| bare(&key, "PLACED")).into_iter().collect())
    }

    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        let data = &record.data;
        let counts = data.status.counts();
        let sales = |name, amount: i64| Rollup {
            key: keys::sales(data.customer_id),
            name: CounterName::Sales(name),
            amount: if counts { amount } else { 0 },
            guarded: false,
        };
        vec![
            Rollup::child(Customer::KIND, data.customer_id, Counter::Orders, true),
            sales(SaleCounter::Orders, 1),
            sales(SaleCounter::Spent, data.total_minor.get()),
        ]
    }
}

fn customer(id: CustomerId) -> Parent {
    Parent::Party(PartyId::Customer(id))
}

/// The state of orders of a status, paid so far.
fn state(status: OrderStatus, payment: PaymentStatus) -> String {
    format!("{}-{}", status.as_str(), payment.as_str())
}

/// What `GET /orders` asks for.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this status.
    pub status: Option<OrderStatus>,
    /// Paid so far.
    pub payment: Option<PaymentStatus>,
    /// Placed at this moment or later.
    pub from: Option<Time>,
    /// Placed before this moment.
    pub until: Option<Time>,
    /// Oldest first.
    pub ascending: bool,
}

impl OrderFilter {
    /// The states that pass; none where all do.
    fn states(&self) -> Vec<String> {
        either(self.status.as_slice(), OrderStatus::ALL, self.payment.as_slice(), PaymentStatus::ALL, state)
    }
}

/// Where the records of a kind stand that a scope reaches, in any of these states; all of them where none is named.
fn in_states(scope: &Scope, kind: &str, states: &[String]) -> Vec<(Index, String)> {
    let places = reached(scope);
    match states {
        [] => partitions(&places, kind, LIVE, PLAIN),
        states => states.iter().flat_map(|state| partitions(&places, kind, state, BY_STATUS)).collect(),
    }
}

impl Filter for OrderFilter {
    type Entity = Order;

    fn plan(&self, scope: &Scope) -> Plan {
        let (partitions, residual) = match self.customer {
            Some(id) => (children_plan(customer(id), Order::KIND).partitions, self.status.is_some() || self.payment.is_some()),
            None => (in_states(scope, Order::KIND, &self.states()), false),
        };
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        Plan { partitions, ascending: self.ascending, from: time(self.from), until: time(self.until), residual, ..Plan::default() }
    }

    fn matches(&self, order: &Row<Order>) -> bool {
        self.customer.is_none_or(|wanted| order.data.customer_id == wanted)
            && self.status.is_none_or(|wanted| order.data.status == wanted)
            && self.payment.is_none_or(|wanted| order.payment_status() == wanted)
    }

    fn parent(&self) -> Option<Parent> {
        self.customer.map(customer)
    }
}

impl Stored for Transaction {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let data = &record.data;
        let mut partitions = owned_partitions(record, LIVE, Some(&of_type(data.kind, data.status)));
        partitions.push(children(Parent::Order(data.order_id), Self::KIND));
        IndexKeys { partitions, sort: keys::by_time(data.occurred_at, record.id) }
    }

    /// A row for the customer's list.
    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let partitions = vec![children(customer(record.data.customer_id), Self::KIND)];
        Ok(vec![row_item(record, Customer::KIND, partitions, Self::index_keys(record).sort)?])
    }

    fn unique(row: &Row<Self>) -> Option<Unique> {
        let data = &row.data;
        let value = |reference| format!("{}#{reference}", data.method);
        data.external_ref.as_ref().map(|reference| Unique { space: TRANSACTION, value: value(reference), field: "externalRef" })
    }
}

/// The state of transactions of a type that went so.
fn of_type(kind: TransactionType, status: TransactionStatus) -> String {
    format!("{}-{}", kind.as_str(), status.as_str())
}

/// What `GET /transactions` asks for.
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    /// Of this order.
    pub order: Option<OrderId>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this type.
    pub kind: Option<TransactionType>,
    /// That went so.
    pub status: Option<TransactionStatus>,
    /// At this moment or later.
    pub from: Option<Time>,
    /// Before this moment.
    pub until: Option<Time>,
    /// Oldest first.
    pub ascending: bool,
}

impl TransactionFilter {
    /// The states that pass; none where all do.
    fn states(&self) -> Vec<String> {
        either(self.kind.as_slice(), TransactionType::ALL, self.status.as_slice(), TransactionStatus::ALL, of_type)
    }
}

impl Filter for TransactionFilter {
    type Entity = Transaction;

    fn plan(&self, scope: &Scope) -> Plan {
        let (partitions, residual) = match self.parent() {
            Some(parent) => {
                let both = self.order.is_some() && self.customer.is_some();
                (children_plan(parent, Transaction::KIND).partitions, both || self.kind.is_some() || self.status.is_some())
            }
            None => (in_states(scope, Transaction::KIND, &self.states()), false),
        };
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        Plan { partitions, ascending: self.ascending, from: time(self.from), until: time(self.until), residual, ..Plan::default() }
    }

    fn matches(&self, transaction: &Row<Transaction>) -> bool {
        let data = &transaction.data;
        self.order.is_none_or(|wanted| data.order_id == wanted)
            && self.customer.is_none_or(|wanted| data.customer_id == wanted)
            && self.kind.is_none_or(|wanted| data.kind == wanted)
            && self.status.is_none_or(|wanted| data.status == wanted)
    }

    fn parent(&self) -> Option<Parent> {
        self.order.map(Parent::Order).or(self.customer.map(customer))
    }
}

/// How many orders of a customer were placed or called off so far, whatever they are: the number by which they come one after
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SalesSeq(u64);

/// What a customer bought, with the number of its last change.
fn sales_of(totals: Option<&Item>, last: Option<&Item>) -> (SalesSeq, Sales) {
    let count = |name: SaleCounter| totals.and_then(|item| get_number(item, name.as_str())).unwrap_or(0);
    let last_order_at = last.and_then(|item| Time::read(key_of(item).sk.split('#').nth(1)?).ok());
    let seq = totals.and_then(|item| get_number(item, "seq")).unwrap_or(0);
    (SalesSeq(seq), Sales { orders: count(SaleCounter::Orders), spent_minor: count(SaleCounter::Spent), last_order_at })
}

impl Store {
    /// What a customer bought, strongly consistent, with the number of the last change. It is read first, so that a look that was overtaken is never
    /// written (`Tx::require_sales`).
    pub async fn latest_sales(&self, customer: impl std::fmt::Display) -> Result<(SalesSeq, Sales), Error> {
        let key = keys::sales(customer);
        let totals = self.get_item(&key, true).await?;
        let last = self.some_children(&key.pk, keys::PLACED_AT, false, 1, true).await?;
        Ok(sales_of(totals.as_ref(), last.first()))
    }

    /// The number of the next order of a year: each is given once, and one that is not used is left out.
    pub async fn next_order_number(&self, year: i16) -> Result<u64, Error> {
        let key = keys::numbers(Order::KIND, year);
        let _in_flight = self.meter.begin();
        let answer = self
            .client
            .update_item()
            .table_name(&*self.table)
            .key("pk", text(&*key.pk))
            .key("sk", text(&*key.sk))
            .update_expression("SET #type = :type ADD n :one")
            .expression_attribute_names("#type", "type")
            .expression_attribute_values(":type", text("NUMBERS"))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(call_error)?;
        self.meter.add(&answer.consumed_capacity, true);
        answer.attributes.as_ref().and_then(|item| get_number(item, "n")).ok_or_else(|| Error::Call("the counter of orders gave no number".into()))
    }
}

impl Tx {
    /// Requires that nothing was bought or called off since this was read; together with what the transaction adds itself.
    pub fn after_sales(&mut self, customer: CustomerId, seq: SalesSeq) {
        self.require_counted(&keys::sales(customer), seq.0);
    }

    /// The same for a transaction that adds nothing.
    pub(crate) fn require_sales(&mut self, customer: &Key, seq: SalesSeq) {
        match seq.0 {
            0 => self.require_absent(customer, FailedCondition::Stale),
            seq => self.require_seq(customer, seq),
        }
    }
}
