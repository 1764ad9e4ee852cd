//! What orders come to and how far they are paid, with made-up prices, discounts and payments, against plain arithmetic.

use domain::activity::About;
use domain::customer::{self, CustomerData, CustomerText};
use domain::event::Act;
use domain::money::{Amount, Currency, MOST_MINOR, Paid};
use domain::order::{Discount, NewOrder, Order, OrderItem, PaymentStatus, Quantity, Totals, place};
use domain::product::Sku;
use domain::promotion::PromotionCode;
use domain::text::TextValue;
use domain::transaction::{NewTransaction, PaymentMethod, TransactionStatus, TransactionType, record};
use domain::value::Text;
use domain::{Record, Refused, Time};
use proptest::prelude::*;
use std::sync::Arc;
use uuid::Uuid;

fn act() -> Act {
    let at = Time::read("2026-03-02T10:00:00Z").expect("a time");
    Act { at, actor: None, actor_name: "Ann".into(), request: None, ids: Arc::new(Uuid::now_v7) }
}

fn items(lines: &[(i64, i64)]) -> Vec<OrderItem> {
    let item = |(price, quantity): &(i64, i64)| OrderItem {
        product_id: act().id(),
        sku: Sku::read("A-1").expect("a sku"),
        name: Text::read("Engine").expect("a name"),
        quantity: Quantity::new(*quantity).expect("a quantity"),
        unit_price_minor: Amount::new(*price).expect("a price"),
        line_total_minor: Amount::new(price * quantity).expect("an amount"),
    };
    lines.iter().map(item).collect()
}

fn discounts(amounts: &[i64]) -> Vec<Discount> {
    let discount = |amount: &i64| Discount {
        promotion_id: act().id(),
        code: PromotionCode::read("LESS").expect("a code"),
        amount_minor: Amount::new(*amount).expect("an amount"),
    };
    amounts.iter().map(discount).collect()
}

fn order(lines: &[(i64, i64)], off: &[i64]) -> Record<Order> {
    let data = CustomerData::new(Text::read("Acme").expect("a name"), act().at);
    let (customer, _) = customer::create(&act(), data, CustomerText::default(), None);
    let number = Text::read("2026-000001").expect("a number");
    let new = NewOrder { number, currency: Currency::DOLLAR, items: items(lines), note: None };
    place(&act(), &customer, new, discounts(off)).expect("placed").0
}

proptest! {
    #[test]
    fn an_order_is_what_its_items_cost_without_its_discounts(
        lines in prop::collection::vec((0..1_000_000i64, 1..100_000i64), 1..100),
        off in prop::collection::vec(0..MOST_MINOR, 0..4),
    ) {
        let subtotal: i128 = lines.iter().map(|(price, quantity)| i128::from(*price) * i128::from(*quantity)).sum();
        let less = off.iter().copied().map(i128::from).sum::<i128>().min(subtotal);
        match Totals::of(&items(&lines), &discounts(&off)) {
            Ok(totals) => {
                let found = (totals.subtotal.get(), totals.discount.get(), totals.total.get());
                prop_assert_eq!((i128::from(found.0), i128::from(found.1), i128::from(found.2)), (subtotal, less, subtotal - less));
            }
            Err(refused) => {
                prop_assert!(subtotal > i128::from(MOST_MINOR), "{refused:?}");
            }
        }
    }

    #[test]
    fn payments_and_refunds_in_any_order_stay_between_nothing_and_the_total(
        price in 0..1_000i64,
        off in 0..1_200i64,
        moves in prop::collection::vec((any::<bool>(), 1..700i64, prop::bool::weighted(0.8)), 0..40),
    ) {
        let (mut order, total) = (order(&[(price, 1)], &[off]), (price - off).max(0));
        let (mut paid, mut refunded) = (0, 0);
        for (pays, amount, succeeds) in moves {
            let new = NewTransaction {
                kind: if pays { TransactionType::Payment } else { TransactionType::Refund },
                method: PaymentMethod::Cash,
                amount: Paid::new(amount).expect("an amount"),
                status: if succeeds { TransactionStatus::Succeeded } else { TransactionStatus::Failed },
                external_ref: None,
                occurred_at: None,
            };
            let fits = !succeeds || if pays { paid - refunded + amount <= total } else { amount <= paid - refunded };
            let about = About { label: String::new(), owner: None, team: None };
            match record(&act(), &order, &about, new) {
                Ok((_, next, _)) => {
                    prop_assert!(fits);
                    if succeeds {
                        if pays { paid += amount } else { refunded += amount }
                    }
                    order = next;
                }
                Err(refused) => prop_assert!(!fits && matches!(refused, Refused::Limit { field: Some("amountMinor"), .. }), "{refused:?}"),
            }
            prop_assert_eq!((order.derived.paid_minor, order.derived.refunded_minor, order.version), (paid, refunded, 1));
            let expected = match (paid - refunded, total) {
                (0, _) if paid > 0 => PaymentStatus::Refunded,
                (net, total) if net == total => PaymentStatus::Paid,
                (0, _) => PaymentStatus::Unpaid,
                _ => PaymentStatus::Partial,
            };
            prop_assert_eq!(order.payment_status(), expected);
            prop_assert!((0..=total).contains(&(paid - refunded)));
        }
    }
}
