//! Orders: what a customer bought, at the prices of that moment.

use crate::activity::About;
use crate::customer::Customer;
use crate::customer_promotion::CustomerPromotionId;
use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, OrderId, ProductId, PromotionId, TeamId, UserId};
use crate::money::{Amount, Currency, MOST_MINOR};
use crate::owner::{Change, Follower, Owned, Owner, beside};
use crate::party::PartyId;
use crate::product::{Product, Sku};
use crate::promotion::PromotionCode;
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{FieldFault, Refused, StateMachine};
use crate::time::Time;
use crate::value::{LongText, Text, Whole};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How many items an order has at most.
pub const MAX_ITEMS: usize = 100;

/// How many of a product one item is of.
pub type Quantity = Whole<1, 100_000>;

/// What is noted on an order: up to 4,000 bytes.
pub type OrderNote = LongText<4000>;

/// The number by which people call an order: `2026-000123`.
pub type OrderNumber = Text<20>;

crate::choice! {
    /// Where an order stands.
    pub enum OrderStatus {
        /// Taken.
        Pending = "PENDING",
        /// Agreed to.
        Confirmed = "CONFIRMED",
        /// Delivered.
        Completed = "COMPLETED",
        /// Called off; counts nowhere.
        Cancelled = "CANCELLED",
    }
}

impl OrderStatus {
    /// Where it may go from here.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Confirmed, Self::Cancelled],
            Self::Confirmed => &[Self::Completed, Self::Cancelled],
            Self::Completed | Self::Cancelled => &[],
        }
    }

    /// Whether an order that stands here is one of the customer's totals.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Cancelled)
    }
}

crate::choice! {
    /// How far an order is paid; it follows from the payments and refunds that succeeded.
    pub enum PaymentStatus {
        /// Nothing was paid.
        Unpaid = "UNPAID",
        /// Less than the total is with us.
        Partial = "PARTIAL",
        /// The total is with us; an order of nothing is paid from the beginning.
        Paid = "PAID",
        /// Something was paid, and all of it was given back.
        Refunded = "REFUNDED",
    }
}

impl PaymentStatus {
    /// Of an order of this total, of which so much was paid and so much of that given back.
    pub const fn of(total: i64, paid: i64, refunded: i64) -> Self {
        match paid - refunded {
            0 if paid > 0 => Self::Refunded,
            net if net >= total => Self::Paid,
            0 => Self::Unpaid,
            _ => Self::Partial,
        }
    }
}

/// A product in an order, as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// The product.
    pub product_id: ProductId,
    /// Its SKU.
    pub sku: Sku,
    /// Its name.
    pub name: Text<200>,
    /// How many of it.
    pub quantity: Quantity,
    /// What one of it cost.
    pub unit_price_minor: Amount,
    /// What all of them cost.
    pub line_total_minor: Amount,
}

/// What a promotion takes off an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discount {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// Its code.
    pub code: PromotionCode,
    /// How much it takes off.
    pub amount_minor: Amount,
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Order;

/// Short fields: all but the status are fixed when it is placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderData {
    /// By what people call it; unique.
    pub number: OrderNumber,
    /// Who bought.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub status: OrderStatus,
    /// Of every amount.
    pub currency: Currency,
    /// The items together.
    pub subtotal_minor: Amount,
    /// What the discounts take off: never more than the items cost.
    pub discount_minor: Amount,
    /// What is to be paid.
    pub total_minor: Amount,
    /// When it was placed.
    pub placed_at: Time,
}

/// Long fields, fixed when it is placed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderText {
    /// What was bought, in the order in which it was sent; a product may stand there more than once.
    #[serde(default)]
    pub items: Vec<OrderItem>,
    /// What was taken off.
    #[serde(default)]
    pub discounts: Vec<Discount>,
    /// Which of the customer's promotions it used or made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promotions: Vec<CustomerPromotionId>,
    /// What was noted.
    pub note: Option<OrderNote>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDerived {
    /// The customer's owner.
    pub owner_id: Option<UserId>,
    /// The owner's team.
    pub team_id: Option<TeamId>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// Payments that succeeded.
    #[serde(default)]
    pub paid_minor: i64,
    /// Refunds that succeeded.
    #[serde(default)]
    pub refunded_minor: i64,
}

impl Row<Order> {
    /// How far it is paid.
    pub fn payment_status(&self) -> PaymentStatus {
        PaymentStatus::of(self.data.total_minor.get(), self.derived.paid_minor, self.derived.refunded_minor)
    }
}

impl Entity for Order {
    const KIND: &'static str = "ORDER";
    type Id = OrderId;
    type Data = OrderData;
    type Text = OrderText;
    type Derived = OrderDerived;

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
        row.data.number.to_string()
    }
}

impl Owned for Order {
    const POOLED: bool = true;
    const FOLLOWS: bool = true;

    crate::owner::stamps!();

    /// It goes where its customer goes.
    fn hand_over(_: &Record<Self>, _: &Act, _: Option<&Owner>) -> Change<Self> {
        None
    }
}

impl Follower for Order {
    fn set_owner(derived: &mut OrderDerived, owner: Option<UserId>) {
        derived.owner_id = owner;
    }
}

/// The number of the n-th order of a year, which begins where the deployment is.
pub fn number(placed_at: Time, zone: &TimeZone, n: u64) -> String {
    format!("{}-{n:06}", year(placed_at, zone))
}

/// The year in which an order is numbered.
pub fn year(placed_at: Time, zone: &TimeZone) -> i16 {
    placed_at.date_in(zone).year()
}

/// What was wanted of a product, with the product where there is one.
pub type Wanted<'a> = (Quantity, Option<&'a Row<Product>>);

/// The items of an order at the prices as they are, each product being sold and priced in the one currency; or every line that is
/// wrong. A product may stand in several lines: they stay as they were sent.
pub fn priced(wanted: &[Wanted<'_>], currency: Currency) -> Result<Vec<OrderItem>, Refused> {
    let (mut items, mut faults) = (Vec::new(), Vec::new());
    if wanted.is_empty() {
        faults.push(FieldFault::new("items", "length", "must have at least one element"));
    }
    for (line, (quantity, product)) in wanted.iter().enumerate() {
        let mut fault = |field: &str, rule, message: &str| faults.push(FieldFault::new(format!("items/{line}/{field}"), rule, message));
        let Some(product) = product else {
            fault("productId", "reference", "does not exist");
            continue;
        };
        let data = &product.data;
        if !data.active {
            fault("productId", "reference", "is not sold");
        } else if data.currency != currency {
            fault("productId", "currency", "is priced in another currency than that of this deployment");
        } else if let Ok(line_total_minor) = Amount::new(data.price_minor.get().saturating_mul(quantity.get())) {
            let (sku, name, unit_price_minor) = (data.sku.clone(), data.name.clone(), data.price_minor);
            items.push(OrderItem { product_id: product.id, sku, name, quantity: *quantity, unit_price_minor, line_total_minor });
        } else {
            fault("quantity", "range", &format!("makes the line cost more than {MOST_MINOR} minor units"));
        }
    }
    Refused::any(faults)?;
    Ok(items)
}

/// What an order comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// The items together.
    pub subtotal: Amount,
    /// What the discounts take off: at most the subtotal.
    pub discount: Amount,
    /// What is to be paid: never less than nothing.
    pub total: Amount,
}

impl Totals {
    /// Of these items with these discounts; an order is of [`MOST_MINOR`] at most.
    pub fn of(items: &[OrderItem], discounts: &[Discount]) -> Result<Self, Refused> {
        let sum = |amounts: &mut dyn Iterator<Item = Amount>| amounts.fold(0i64, |sum, amount| sum.saturating_add(amount.get()));
        let subtotal = sum(&mut items.iter().map(|item| item.line_total_minor));
        let discount = sum(&mut discounts.iter().map(|discount| discount.amount_minor)).min(subtotal);
        let amount = |minor| Amount::new(minor).map_err(|_| Refused::field("items", "range", format!("must cost at most {MOST_MINOR} minor units")));
        Ok(Self { subtotal: amount(subtotal)?, discount: amount(discount)?, total: amount(subtotal - discount)? })
    }
}

/// What a new order is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOrder {
    /// By what people will call it.
    pub number: OrderNumber,
    /// Of every amount.
    pub currency: Currency,
    /// What is bought, priced.
    pub items: Vec<OrderItem>,
    /// What is noted.
    pub note: Option<OrderNote>,
}

/// A new order of a customer with what is taken off it, and its event. [`crate::purchase`] says what that is.
pub fn place(act: &Act, customer: &Record<Customer>, new: NewOrder, discounts: Vec<Discount>) -> Result<(Record<Order>, Event), Refused> {
    let NewOrder { number, currency, items, note } = new;
    let Totals { subtotal, discount, total } = Totals::of(&items, &discounts)?;
    let data = OrderData {
        number,
        customer_id: customer.id,
        status: OrderStatus::Pending,
        currency,
        subtotal_minor: subtotal,
        discount_minor: discount,
        total_minor: total,
        placed_at: act.at,
    };
    let order: Record<Order> =
        Record::new(act.id(), act, data, OrderText { items, discounts, promotions: Vec::new(), note }, OrderDerived::default());
    let order = beside(&order, customer).unwrap_or(order);
    let summary = format!("{} took order {} of {}", act.actor_name, order.data.number, customer.data.name);
    let detail = json!({"customerId": customer.id, "totalMinor": total, "currency": currency});
    let event = order.event(act, EventKind::OrderCreated, summary, detail);
    Ok((order, event))
}

/// Moves an order by the transition table; `None` when it is there already. What was paid is given back before it is called off.
pub fn set_status(order: &Record<Order>, act: &Act, about: &About, to: OrderStatus) -> Result<Change<Order>, Refused> {
    let from = order.data.status;
    if from == to {
        return Ok(None);
    }
    if !from.allowed().contains(&to) {
        return Err(Refused::transition(StateMachine::Order, format!("An order that is {from} cannot become {to}"), from.allowed()));
    }
    let kept = order.derived.paid_minor - order.derived.refunded_minor;
    if to == OrderStatus::Cancelled && kept > 0 {
        return Err(Refused::RefundFirst { minor: kept });
    }
    let Some((next, changed)) = order.changed(act, OrderData { status: to, ..order.data.clone() }, order.text.clone()) else { return Ok(None) };
    let summary = format!("{} moved order {} from {from} to {to}", act.actor_name, next.data.number);
    let detail = json!({"old": from, "new": to, "customerId": next.data.customer_id});
    let event = next.event(act, EventKind::OrderStatusChanged, summary, detail).with_changes(changed).seen_by(about.owner, about.team);
    Ok(Some((next, vec![event])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::customer::{self, CustomerData, CustomerText};
    use crate::product::{self, ProductData, ProductText};
    use crate::text::TextValue;

    fn amount(minor: i64) -> Amount {
        Amount::new(minor).expect("an amount")
    }

    fn euro() -> Currency {
        Currency::read("EUR").expect("a currency")
    }

    fn product(price: i64) -> Record<Product> {
        let (sku, name) = (Sku::read("A-1").expect("a sku"), Text::read("Engine").expect("a name"));
        let data = ProductData { sku, name, category: None, price_minor: amount(price), currency: euro(), active: true };
        product::create(&act(), data, ProductText::default()).0
    }

    fn buyer() -> Record<Customer> {
        let data = CustomerData::new(Text::read("Acme").expect("a name"), act().at);
        customer::create(&act(), data, CustomerText::default(), None).0
    }

    fn wanted(product: Option<&Record<Product>>, quantity: i64) -> Wanted<'_> {
        (Quantity::new(quantity).expect("a quantity"), product.map(|product| &product.row))
    }

    fn order(price: i64) -> Record<Order> {
        let items = priced(&[wanted(Some(&product(price)), 1)], euro()).expect("priced");
        let number = Text::read("2026-000001").expect("a number");
        place(&act(), &buyer(), NewOrder { number, currency: euro(), items, note: None }, Vec::new()).expect("placed").0
    }

    fn about() -> About {
        About { label: String::new(), owner: None, team: None }
    }

    fn fields(refused: Refused) -> Vec<(String, &'static str)> {
        match refused {
            Refused::Fields(faults) => faults.into_iter().map(|fault| (fault.field, fault.rule)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_line_that_is_wrong_is_named() {
        let (sold, mut gone, mut foreign) = (product(5), product(5), product(MOST_MINOR));
        gone.row.data.active = false;
        foreign.row.data.currency = Currency::DOLLAR;
        let dear = product(MOST_MINOR);
        let lines = [wanted(Some(&sold), 2), wanted(None, 1), wanted(Some(&gone), 1), wanted(Some(&foreign), 1), wanted(Some(&dear), 2)];
        let expected = [
            ("items/1/productId", "reference"),
            ("items/2/productId", "reference"),
            ("items/3/productId", "currency"),
            ("items/4/quantity", "range"),
        ];
        assert_eq!(fields(priced(&lines, euro()).expect_err("wrong")), expected.map(|(field, rule)| (field.to_owned(), rule)));
        assert_eq!(fields(priced(&[], euro()).expect_err("empty")), [("items".to_owned(), "length")]);
        let twice = priced(&[wanted(Some(&sold), 2), wanted(Some(&sold), 3)], euro()).expect("priced");
        assert_eq!(twice.iter().map(|item| item.line_total_minor.get()).collect::<Vec<_>>(), [10, 15], "the same product twice is two items");
    }

    #[test]
    fn an_order_costs_no_more_than_its_items_and_no_less_than_nothing() {
        let items = priced(&[wanted(Some(&product(100)), 3)], euro()).expect("priced");
        let off = |minor| Discount { promotion_id: act().id(), code: PromotionCode::read("TEN").expect("a code"), amount_minor: amount(minor) };
        let of =
            |discounts: &[Discount]| Totals::of(&items, discounts).map(|totals| (totals.subtotal.get(), totals.discount.get(), totals.total.get()));
        assert_eq!((of(&[]), of(&[off(20), off(30)]), of(&[off(400)])), (Ok((300, 0, 300)), Ok((300, 50, 250)), Ok((300, 300, 0))));
        let most = priced(&[wanted(Some(&product(MOST_MINOR)), 1)], euro()).expect("priced");
        let beyond = [most.clone(), most].concat();
        assert_eq!(fields(Totals::of(&beyond, &[]).expect_err("too much")), [("items".to_owned(), "range")]);
    }

    #[test]
    fn how_far_an_order_is_paid_follows_from_what_is_with_us() {
        use PaymentStatus::{Paid, Partial, Refunded, Unpaid};
        let cases =
            [(0, 0, 0, Paid), (9, 0, 0, Unpaid), (9, 4, 0, Partial), (9, 9, 0, Paid), (9, 9, 4, Partial), (9, 9, 9, Refunded), (9, 4, 4, Refunded)];
        for (total, paid, refunded, expected) in cases {
            assert_eq!(PaymentStatus::of(total, paid, refunded), expected, "{paid} - {refunded} of {total}");
        }
    }

    #[test]
    fn an_order_moves_by_the_table_and_is_not_called_off_while_money_is_with_us() {
        let order = order(100);
        assert_eq!(set_status(&order, &act(), &about(), OrderStatus::Pending), Ok(None));
        assert!(matches!(set_status(&order, &act(), &about(), OrderStatus::Completed), Err(Refused::Transition { .. })));
        let (mut confirmed, events) = set_status(&order, &act(), &about(), OrderStatus::Confirmed).expect("allowed").expect("moved");
        assert_eq!((events[0].kind, &events[0].changes["status"]["new"]), (EventKind::OrderStatusChanged, &json!("CONFIRMED")));
        (confirmed.row.derived.paid_minor, confirmed.row.derived.refunded_minor) = (40, 10);
        assert_eq!(set_status(&confirmed, &act(), &about(), OrderStatus::Cancelled), Err(Refused::RefundFirst { minor: 30 }));
        confirmed.row.derived.refunded_minor = 40;
        assert!(set_status(&confirmed, &act(), &about(), OrderStatus::Cancelled).is_ok_and(|change| change.is_some()));
    }

    #[test]
    fn an_order_is_numbered_in_the_year_of_the_deployment() {
        let newyear = Time::read("2025-12-31T23:30:00Z").expect("a time");
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        assert_eq!((number(newyear, &TimeZone::UTC, 7), number(newyear, &berlin, 1_234_567)), ("2025-000007".to_owned(), "2026-1234567".to_owned()));
    }
}
