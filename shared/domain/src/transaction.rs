//! Transactions: payments of orders, and refunds of what was paid. They are fixed when they are recorded.

use crate::activity::About;
use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, OrderId, TeamId, TransactionId, UserId};
use crate::money::{Currency, Paid};
use crate::order::{Order, OrderStatus};
use crate::owner::{Change, Follower, Owned, Owner};
use crate::party::PartyId;
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{FieldFault, Refused};
use crate::time::Time;
use crate::value::Text;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How far ahead the clocks of others may be, seconds.
const AHEAD_SECONDS: i64 = 300;

/// How a payment is called where it was made: 1 to 128 characters.
pub type ExternalRef = Text<128>;

crate::choice! {
    /// Which way the money went.
    pub enum TransactionType {
        /// To us.
        Payment = "PAYMENT",
        /// Back.
        Refund = "REFUND",
    }
}

crate::choice! {
    /// How it was paid.
    pub enum PaymentMethod {
        /// Coins and notes.
        Cash = "CASH",
        /// A card.
        Card = "CARD",
        /// From an account.
        Transfer = "TRANSFER",
        /// In another way.
        Other = "OTHER",
    }
}

crate::choice! {
    /// Whether it went through.
    pub enum TransactionStatus {
        /// It did.
        Succeeded = "SUCCEEDED",
        /// It did not, and counts for nothing.
        Failed = "FAILED",
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction;

/// All of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionData {
    /// Of this order.
    pub order_id: OrderId,
    /// The order's customer.
    pub customer_id: CustomerId,
    /// Which way.
    #[serde(rename = "type")]
    pub kind: TransactionType,
    /// How.
    pub method: PaymentMethod,
    /// How much.
    pub amount_minor: Paid,
    /// The order's.
    pub currency: Currency,
    /// Whether it went through.
    pub status: TransactionStatus,
    /// How it is called elsewhere; unique for each method.
    pub external_ref: Option<ExternalRef>,
    /// When.
    pub occurred_at: Time,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionDerived {
    /// The customer's owner.
    pub owner_id: Option<UserId>,
    /// The owner's team.
    pub team_id: Option<TeamId>,
    /// The owner's name.
    pub owner_name: Option<String>,
}

impl Entity for Transaction {
    const KIND: &'static str = "TRANSACTION";
    type Id = TransactionId;
    type Data = TransactionData;
    type Text = ();
    type Derived = TransactionDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        row.derived.owner_id
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn access(row: &Row<Self>) -> Access {
        Access::Party(PartyId::Customer(row.data.customer_id))
    }

    fn label(row: &Row<Self>) -> String {
        format!("{} of {} {}", row.data.kind, row.data.amount_minor, row.data.currency)
    }
}

impl Owned for Transaction {
    const POOLED: bool = true;
    const FOLLOWS: bool = true;

    crate::owner::stamps!();

    /// It goes where its customer goes.
    fn hand_over(_: &Record<Self>, _: &Act, _: Option<&Owner>) -> Change<Self> {
        None
    }
}

impl Follower for Transaction {
    fn set_owner(derived: &mut TransactionDerived, owner: Option<UserId>) {
        derived.owner_id = owner;
    }
}

/// What somebody records of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTransaction {
    /// Which way.
    pub kind: TransactionType,
    /// How.
    pub method: PaymentMethod,
    /// How much.
    pub amount: Paid,
    /// Whether it went through.
    pub status: TransactionStatus,
    /// How it is called elsewhere.
    pub external_ref: Option<ExternalRef>,
    /// When; now where nothing is said.
    pub occurred_at: Option<Time>,
}

/// Money did not change hands in the future; clocks may differ a little.
pub fn occurred_fault(occurred_at: Option<Time>, now: Time) -> Option<FieldFault> {
    let ahead = occurred_at.is_some_and(|at| at > now.plus_seconds(AHEAD_SECONDS));
    ahead.then(|| FieldFault::new("occurredAt", "range", "must not be more than five minutes ahead"))
}

/// A payment or refund of an order, the order with it, and the event. What is paid never goes beyond the total, nor what is given
/// back beyond what was paid; what failed moves nothing. Nothing is paid on an order that was called off.
pub fn record(act: &Act, order: &Record<Order>, about: &About, new: NewTransaction) -> Result<(Record<Transaction>, Record<Order>, Event), Refused> {
    Refused::any(occurred_fault(new.occurred_at, act.at).into_iter().collect())?;
    if new.kind == TransactionType::Payment && order.data.status == OrderStatus::Cancelled {
        return Err(Refused::OrderCancelled);
    }
    let mut paid = order.clone();
    if new.status == TransactionStatus::Succeeded {
        let (derived, amount) = (&mut paid.row.derived, new.amount.get());
        let (net, currency) = (derived.paid_minor - derived.refunded_minor, order.data.currency);
        let beyond = |most: i64, what: &str| Refused::limit("amountMinor", format!("{most} minor units of {currency} {what}"));
        match new.kind {
            TransactionType::Payment => {
                let open = order.data.total_minor.get() - net;
                if amount > open {
                    return Err(beyond(open, "are still to be paid"));
                }
                derived.paid_minor += amount;
            }
            TransactionType::Refund => {
                if amount > net {
                    return Err(beyond(net, "were paid and can be given back"));
                }
                derived.refunded_minor += amount;
            }
        }
    }
    let data = TransactionData {
        order_id: order.id,
        customer_id: order.data.customer_id,
        kind: new.kind,
        method: new.method,
        amount_minor: new.amount,
        currency: order.data.currency,
        status: new.status,
        external_ref: new.external_ref,
        occurred_at: new.occurred_at.unwrap_or(act.at),
    };
    let derived =
        TransactionDerived { owner_id: order.derived.owner_id, team_id: order.derived.team_id, owner_name: order.derived.owner_name.clone() };
    let transaction: Record<Transaction> = Record::new(act.id(), act, data, (), derived);
    let data = &transaction.data;
    let what = match (data.kind, data.status) {
        (TransactionType::Payment, TransactionStatus::Succeeded) => "a payment",
        (TransactionType::Refund, TransactionStatus::Succeeded) => "a refund",
        (TransactionType::Payment, TransactionStatus::Failed) => "a failed payment",
        (TransactionType::Refund, TransactionStatus::Failed) => "a failed refund",
    };
    let summary = format!("{} recorded {what} of order {}", act.actor_name, order.data.number);
    let detail = json!({
        "orderId": order.id, "customerId": data.customer_id, "type": data.kind, "status": data.status, "amountMinor": data.amount_minor,
        "currency": data.currency, "paymentStatus": paid.payment_status(),
    });
    let event = transaction.event(act, EventKind::TransactionRecorded, summary, detail).seen_by(about.owner, about.team);
    Ok((transaction, paid, event))
}
