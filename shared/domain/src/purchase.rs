//! What buying comes to: the order, and what becomes of the promotions that its customer has or gets.

use crate::activity::About;
use crate::customer::{Customer, LevelCode};
use crate::customer_promotion::{self, CustomerPromotion, CustomerPromotionId, Offered, moved};
use crate::discount::{Discounts, NoDiscount, Purchase, applies, evaluate};
use crate::event::{Act, Event};
use crate::id::OrderId;
use crate::money::Amount;
use crate::order::{self, Discount, NewOrder, Order, Totals};
use crate::overview::Sales;
use crate::promotion::{PromotionCode, PromotionData};
use crate::record::{Record, Row};
use crate::refused::Refused;
use crate::text::Invalid;

/// How often a promotion can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To one customer.
    pub each: i64,
    /// In all, where there is a limit.
    pub all: Option<i64>,
}

impl Limits {
    /// Of one more to a customer who has as many as were read: so of two that are given in one moment the second is decided again.
    fn of(offered: &Offered) -> Self {
        let PromotionData { per_customer_limit, usage_limit, .. } = &offered.promotion.data;
        let next = i64::try_from(offered.held).unwrap_or(i64::MAX).saturating_add(1);
        Self { each: per_customer_limit.get().min(next), all: usage_limit.map(|limit| limit.get()) }
    }
}

/// One of a customer's promotions, new or moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// As it was.
    pub before: Option<Record<CustomerPromotion>>,
    /// As it is.
    pub after: Record<CustomerPromotion>,
    /// What is told of it.
    pub event: Option<Event>,
    /// Of a new one: how many there may be with it.
    pub limits: Option<Limits>,
}

impl Moved {
    /// One that is new, of what was offered.
    pub fn made(after: Record<CustomerPromotion>, offered: &Offered, act: &Act, about: &About) -> Self {
        let event = moved(None, &after, act, about);
        Self { before: None, after, event, limits: Some(Limits::of(offered)) }
    }

    /// One that was there.
    fn changed(before: &Record<CustomerPromotion>, after: Record<CustomerPromotion>, act: &Act, about: &About) -> Self {
        let event = moved(Some(&before.data), &after, act, about);
        Self { before: Some(before.clone()), after, event, limits: None }
    }
}

/// What buying comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Bought {
    /// The order.
    pub order: Record<Order>,
    /// What is told of it.
    pub event: Event,
    /// What becomes of promotions.
    pub moved: Vec<Moved>,
}

impl From<NoDiscount> for Refused {
    fn from(none: NoDiscount) -> Self {
        match none {
            NoDiscount::NotApplicable(faults) => Self::NotApplicable(faults),
            NoDiscount::TooMany(_) => Self::Limit { field: None, detail: none.to_string() },
        }
    }
}

/// What of an order its promotions go by.
fn purchase(act: &Act, customer: &Row<Customer>, sales: &Sales, subtotal: i64) -> Purchase {
    let level = customer.derived.level_code.unwrap_or(LevelCode::Bronze);
    Purchase { subtotal, order_count: u64::try_from(sales.orders).unwrap_or_default(), level, at: act.at }
}

/// Whether a promotion may apply by itself to an order of this customer, whatever is bought.
pub fn may_apply(promotion: &PromotionData, act: &Act, customer: &Row<Customer>, sales: &Sales) -> bool {
    applies(promotion, &purchase(act, customer, sales, i64::MAX))
}

fn line(discount: &crate::discount::Discount) -> Result<Discount, Refused> {
    let too_much = |invalid: Invalid| Refused::field("items", invalid.rule, invalid.message);
    let amount_minor = Amount::new(discount.amount).map_err(too_much)?;
    Ok(Discount { promotion_id: discount.promotion, code: discount.code.clone(), amount_minor })
}

/// An order of a customer who bought so much before, with the promotions that apply to it by themselves and those that its codes
/// name.
pub fn buy(
    act: &Act,
    customer: &Record<Customer>,
    sales: &Sales,
    new: NewOrder,
    offered: &[Offered],
    codes: &[PromotionCode],
) -> Result<Bought, Refused> {
    let Totals { subtotal, .. } = Totals::of(&new.items, &[])?;
    let Discounts { discounts, assigned, .. } = evaluate(&purchase(act, customer, sales, subtotal.get()), offered, codes)?;
    let lines = discounts.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    let (mut order, event) = order::place(act, customer, new, lines)?;
    let about = customer.about();
    let mut promotions = Vec::new();
    for offer in offered {
        let Offered { promotion, waiting, .. } = offer;
        let used = discounts.iter().find(|discount| discount.promotion == promotion.id);
        match (used, waiting) {
            (Some(discount), Some(held)) if discount.record == Some(held.id) => {
                let after = customer_promotion::redeem(held, act, order.id)?;
                promotions.push(Moved::changed(held, after, act, &about));
            }
            (Some(_), _) => {
                let after = customer_promotion::redeemed_at_once(promotion, customer.id, act, order.id);
                promotions.push(Moved::made(after, offer, act, &about));
            }
            (None, _) => {}
        }
        // Also one that the order itself uses up.
        if assigned.contains(&promotion.id) {
            let after = customer_promotion::for_later(promotion, customer.id, act, order.id);
            promotions.push(Moved::made(after, offer, act, &about));
        }
    }
    order.text.promotions = promotions.iter().map(|moved| moved.after.id).collect::<Vec<CustomerPromotionId>>();
    Ok(Bought { order, event, moved: promotions })
}

/// What becomes of the promotions that an order used or made where it is cancelled.
pub fn cancelled(held: &[Record<CustomerPromotion>], order: OrderId, act: &Act, about: &About) -> Vec<Moved> {
    let after = |held: &Record<CustomerPromotion>| customer_promotion::order_cancelled(held, order);
    held.iter().filter_map(|held| Some(Moved::changed(held, after(held)?, act, about))).collect()
}
