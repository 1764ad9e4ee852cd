//! What order and transaction routes answer.

use domain::money::{Amount, Currency, Paid};
use domain::order::{Discount, Order, OrderData, OrderDerived, OrderItem, OrderNote, OrderNumber, OrderStatus, PaymentStatus, Quantity};
use domain::product::Sku;
use domain::promotion::PromotionCode;
use domain::transaction::{ExternalRef, PaymentMethod, Transaction, TransactionData, TransactionDerived, TransactionStatus, TransactionType};
use domain::value::Text;
use domain::{CustomerId, OrderId, ProductId, PromotionId, Record, Row, TeamId, Time, UserId};

contract::row! {
    /// An order as lists show it: without its items, its discounts and its note.
    pub struct OrderRow of Order, ()
    data OrderData {
        number: OrderNumber,
        customer_id: CustomerId,
        status: OrderStatus,
        currency: Currency,
        /// The items together, minor units.
        subtotal_minor: Amount,
        /// What the discounts take off, minor units; never more than the items cost.
        discount_minor: Amount,
        /// What is to be paid, minor units.
        total_minor: Amount,
        placed_at: Time,
    } hidden {}
    derived OrderDerived {
        /// The customer's owner; null where nobody is.
        owner_id: Option<UserId>,
        owner_name: Option<String>,
        team_id: Option<TeamId>,
        /// Payments that succeeded, minor units.
        paid_minor: i64,
        /// Refunds that succeeded, minor units.
        refunded_minor: i64,
    } hidden {}
    computed {
        /// PAID where what is with us is the total, REFUNDED where something was paid and all of it given back.
        payment_status: PaymentStatus = |order| order.payment_status(),
    }
}

contract::answer! {
    /// A product in an order, as it was when the order was placed.
    pub struct OrderItemOut {
        pub product_id: ProductId,
        pub sku: Sku,
        pub name: Text<200>,
        pub quantity: Quantity,
        /// What one of it cost, minor units.
        pub unit_price_minor: Amount,
        /// What all of them cost, minor units.
        pub line_total_minor: Amount,
    }
}

contract::answer! {
    /// What a promotion takes off an order.
    pub struct DiscountOut {
        pub promotion_id: PromotionId,
        pub code: PromotionCode,
        /// How much it takes off, minor units.
        pub amount_minor: Amount,
    }
}

fn item(item: &OrderItem) -> OrderItemOut {
    let OrderItem { product_id, sku, name, quantity, unit_price_minor, line_total_minor } = item.clone();
    OrderItemOut { product_id, sku, name, quantity, unit_price_minor, line_total_minor }
}

fn discount(discount: &Discount) -> DiscountOut {
    let Discount { promotion_id, code, amount_minor } = discount.clone();
    DiscountOut { promotion_id, code, amount_minor }
}

contract::whole! {
    /// A whole order.
    pub struct OrderOut of Order as OrderRow, () {
        /// What was bought, in the order in which it was sent.
        items: Vec<OrderItemOut> = |order| order.text.items.iter().map(item).collect(),
        /// What was taken off.
        discounts: Vec<DiscountOut> = |order| order.text.discounts.iter().map(discount).collect(),
        note: Option<OrderNote> = |order| order.text.note.clone(),
    }
}

contract::row! {
    /// A payment or a refund of an order.
    pub struct TransactionOut of Transaction, ()
    data TransactionData {
        order_id: OrderId,
        customer_id: CustomerId,
        method: PaymentMethod,
        /// How much, minor units.
        amount_minor: Paid,
        currency: Currency,
        /// What failed counts for nothing.
        status: TransactionStatus,
        external_ref: Option<ExternalRef>,
        occurred_at: Time,
    } hidden { kind }
    derived TransactionDerived {
        /// The customer's owner; null where nobody is.
        owner_id: Option<UserId>,
        owner_name: Option<String>,
        team_id: Option<TeamId>,
    } hidden {}
    computed {
        r#type: TransactionType = |transaction| transaction.data.kind,
    }
}

contract::page! {
    /// An order with its latest payments and refunds.
    pub struct OrderPage of OrderOut {
        /// The twenty latest payments and refunds, the last one first; `GET /transactions` lists all of them.
        payments: Vec<TransactionOut>,
    }
}

impl OrderPage {
    /// An order and its latest transactions.
    pub fn new(order: Record<Order>, payments: Vec<Row<Transaction>>) -> Self {
        Self { whole: OrderOut::new(order), payments: payments.into_iter().map(TransactionOut::new).collect() }
    }
}
