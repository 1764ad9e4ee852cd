//! Discounts: which promotions an order gets, what they come to, and what the customer gets for the next one.
//!
//! Amounts are minor units of one currency. Of those that apply to the order, the larger counts of the best one that is not
//! stackable and the sum of those that are; at a tie the one, which uses up fewer. What counts is taken off in the order of
//! `Offer`s until nothing is left of the subtotal: so the amounts add up to the discount, and what comes to nothing is kept
//! for another order.

use crate::customer::LevelCode;
use crate::customer_promotion::{CustomerPromotionId, Offered};
use crate::id::PromotionId;
use crate::promotion::{ApplyTo, DiscountType, Promotion, PromotionCode, PromotionData, Trigger};
use crate::record::Row;
use crate::refused::FieldFault;
use crate::time::Time;
use std::cmp::Reverse;

/// How many promotions one order can redeem and give. Each takes up to five of the hundred actions of a transaction (DynamoDB's
/// limit): the customer's record and its place among those that wait, how often the customer had it, the counts of the promotion, and
/// the event. Ten actions are left for the order itself, which takes eight.
pub const MAX_PROMOTIONS: usize = 18;

/// What of an order and its customer promotions go by.
#[derive(Debug, Clone, Copy)]
pub struct Purchase {
    /// Sum of the lines before any discount.
    pub subtotal: i64,
    /// How many orders the customer had before, cancelled ones left out.
    pub order_count: u64,
    /// The customer's level.
    pub level: LevelCode,
    /// When it is placed.
    pub at: Time,
}

/// A discount of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// The promotion.
    pub promotion: PromotionId,
    /// Its code.
    pub code: PromotionCode,
    /// What it takes off, more than nothing.
    pub amount: i64,
    /// The customer's record that is redeemed; `None` is a new one.
    pub record: Option<CustomerPromotionId>,
}

/// What promotions make of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discounts {
    /// What is taken off, and what is redeemed with it.
    pub discounts: Vec<Discount>,
    /// Their sum, from nothing to the subtotal.
    pub total: i64,
    /// What the customer is given for a later order.
    pub assigned: Vec<PromotionId>,
}

/// Why an order cannot have what it names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDiscount {
    /// The customer does not hold these, or they are not in date: PROMOTION_NOT_APPLICABLE, each by its place.
    #[error("{} promotion codes are not applicable", .0.len())]
    NotApplicable(Vec<FieldFault>),
    /// More than one transaction can carry.
    #[error("An order can redeem and give at most {MAX_PROMOTIONS} promotions; this would be {0}")]
    TooMany(usize),
}

/// What a promotion would take off.
struct Offer<'a> {
    promotion: &'a Row<Promotion>,
    record: Option<CustomerPromotionId>,
    amount: i64,
}

impl Offer<'_> {
    /// The larger goes first, then what applies by itself before what the customer holds, which keeps for another order, then
    /// the code.
    fn rank(&self) -> (Reverse<i64>, bool, &PromotionCode) {
        (Reverse(self.amount), self.record.is_some(), &self.promotion.data.code)
    }
}

/// What a promotion takes off a subtotal by itself: percent are rounded half up to whole minor units, then held to their most.
pub fn amount(promotion: &PromotionData, subtotal: i64) -> i64 {
    let value = promotion.discount_value.get();
    match promotion.discount_type {
        DiscountType::Fixed => value,
        DiscountType::Percent => {
            let hundredths = i128::from(subtotal.max(0)) * i128::from(value);
            let rounded = i64::try_from((hundredths + 50) / 100).unwrap_or(i64::MAX);
            promotion.max_discount_minor.map_or(rounded, |most| rounded.min(most.get()))
        }
    }
}

/// Whether a promotion applies to an order by itself. One for levels that is for the next order is given when the level changes.
pub fn applies(promotion: &PromotionData, purchase: &Purchase) -> bool {
    promotion.is_live(purchase.at)
        && match promotion.trigger {
            Trigger::FirstPurchase => purchase.order_count == 0,
            Trigger::MinPurchase => promotion.min_order_minor.is_some_and(|least| purchase.subtotal >= least.get()),
            Trigger::CustomerLevel => promotion.apply_to == ApplyTo::CurrentOrder && promotion.level_codes.contains(&purchase.level),
            Trigger::Referral | Trigger::Manual => false,
        }
}

/// Those of the customer's that the codes name. Every code that names none is told by its place.
fn named<'a>(offered: &'a [Offered], codes: &[PromotionCode], at: Time) -> Result<Vec<&'a Offered>, NoDiscount> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for (place, code) in codes.iter().enumerate() {
        let mut refuse = |rule, message: String| wrong.push(FieldFault::new(format!("promotionCodes/{place}"), rule, message));
        let known = offered.iter().find(|offered| offered.promotion.data.code == *code);
        match (known, known.and_then(|known| unusable(known, at))) {
            _ if codes[..place].contains(code) => refuse("unique", format!("names {code} twice")),
            (Some(offered), None) => found.push(offered),
            (Some(_), Some(why)) => refuse("promotion", why),
            (None, _) => refuse("promotion", format!("the customer does not have {code}")),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(NoDiscount::NotApplicable(wrong)) }
}

/// Why the customer cannot use a promotion.
fn unusable(offered: &Offered, at: Time) -> Option<String> {
    let Offered { promotion, held, waiting, .. } = offered;
    let PromotionData { code, starts_at, .. } = &promotion.data;
    match waiting {
        Some(_) if promotion.data.is_live(at) => None,
        Some(_) if *starts_at > at => Some(format!("{code} is in force from {starts_at}")),
        Some(_) => Some(format!("{code} is not in force")),
        None if *held > 0 => Some(format!("the customer has used {code} already")),
        None => Some(format!("the customer does not have {code}")),
    }
}

/// What promotions make of an order: those of the customer's that `codes` name, and those among the others that apply by
/// themselves. A promotion discounts an order once: named, it does not apply by itself as well.
pub fn evaluate(purchase: &Purchase, offered: &[Offered], codes: &[PromotionCode]) -> Result<Discounts, NoDiscount> {
    let named = named(offered, codes, purchase.at)?;
    let is_named = |promotion: &Row<Promotion>| named.iter().any(|named| named.promotion.id == promotion.id);
    let automatic = offered
        .iter()
        .filter(|offered| !offered.promotion.data.is_exhausted(offered.uses) && !offered.is_held_enough())
        .map(|offered| &offered.promotion)
        .filter(|promotion| applies(&promotion.data, purchase))
        // What discounts the order does so once; for the next order it can bring another one.
        .filter(|promotion| promotion.data.apply_to == ApplyTo::NextOrder || !is_named(promotion));
    let (now, later): (Vec<_>, Vec<_>) = automatic.partition(|promotion| promotion.data.apply_to == ApplyTo::CurrentOrder);
    let offer = |promotion, record| Offer { promotion, record, amount: amount(&promotion.data, purchase.subtotal).min(purchase.subtotal) };
    let held = named.iter().map(|named| offer(&named.promotion, named.waiting.as_ref().map(|record| record.id)));
    let discounts = taken_off(held.chain(now.into_iter().map(|own| offer(own, None))).collect(), purchase.subtotal);
    let assigned: Vec<PromotionId> = later.iter().map(|promotion| promotion.id).collect();
    match discounts.len() + assigned.len() {
        count if count > MAX_PROMOTIONS => Err(NoDiscount::TooMany(count)),
        _ => Ok(Discounts { total: discounts.iter().map(|discount| discount.amount).sum(), discounts, assigned }),
    }
}

/// The offers that count, down to what is left of the subtotal.
fn taken_off(mut offers: Vec<Offer<'_>>, subtotal: i64) -> Vec<Discount> {
    offers.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let (stackable, single): (Vec<_>, Vec<_>) = offers.into_iter().partition(|offer| offer.promotion.data.stackable);
    let sum = stackable.iter().fold(0_i64, |sum, offer| sum.saturating_add(offer.amount)).min(subtotal);
    let counts = match single.into_iter().next() {
        Some(best) if best.amount >= sum => vec![best],
        _ => stackable,
    };
    let mut left = subtotal.max(0);
    let mut discounts = Vec::new();
    for Offer { promotion, record, amount } in counts {
        let amount = amount.min(left);
        left -= amount;
        if amount > 0 {
            discounts.push(Discount { promotion: promotion.id, code: promotion.data.code.clone(), amount, record });
        }
    }
    discounts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::customer_promotion::tests::{holding, offered};
    use crate::promotion::Uses;
    use crate::promotion::tests::promotion;
    use crate::record::Record;
    use crate::text::TextValue;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn purchase(subtotal: i64) -> Purchase {
        Purchase { subtotal, order_count: 3, level: LevelCode::Silver, at: act().at }
    }

    fn code(text: &str) -> PromotionCode {
        PromotionCode::read(text).expect("a code")
    }

    /// A promotion that applies to every order.
    fn always(name: &str, fields: Value) -> Record<Promotion> {
        let mut all = json!({"code": name, "trigger": "MIN_PURCHASE", "minOrderMinor": 1});
        for (name, value) in fields.as_object().expect("fields") {
            all[name] = value.clone();
        }
        promotion(all)
    }

    fn alone(promotions: &[&Record<Promotion>], purchase: &Purchase) -> Result<Discounts, NoDiscount> {
        let all: Vec<_> = promotions.iter().map(|promotion| offered(promotion)).collect();
        evaluate(purchase, &all, &[])
    }

    /// A promotion that the customer holds.
    fn held(promotion: &Record<Promotion>) -> Offered {
        Offered { waiting: Some(holding(promotion)), held: 1, ..offered(promotion) }
    }

    /// A promotion that can be given so often still.
    fn left(promotion: &Record<Promotion>, remaining: Option<u64>, held: u64) -> Offered {
        let mut offered = Offered { held, ..offered(promotion) };
        if let Some(remaining) = remaining {
            offered.promotion.data.usage_limit = Some(crate::value::Whole::new(10).expect("a limit"));
            offered.uses = Uses { assigned: 1, used: 9 - remaining };
        }
        offered
    }

    /// What was taken off, by code.
    fn lines(discounts: &Discounts) -> Vec<(&str, i64)> {
        discounts.discounts.iter().map(|discount| (discount.code.as_str(), discount.amount)).collect()
    }

    #[test]
    fn percents_are_rounded_half_up_and_held_to_their_most() {
        let comes_to = |fields: Value, subtotal| amount(&promotion(fields).data, subtotal);
        let ten = |subtotal| comes_to(json!({"discountValue": 10}), subtotal);
        assert_eq!([ten(0), ten(4), ten(5), ten(14), ten(15), ten(10_000), ten(-10)], [0, 0, 1, 1, 2, 1000, 0]);
        assert_eq!(comes_to(json!({"discountValue": 33}), 50), 17, "16.5");
        assert_eq!(comes_to(json!({"discountValue": 50, "maxDiscountMinor": 100}), 1000), 100);
        assert_eq!(comes_to(json!({"discountValue": 100}), i64::MAX), i64::MAX);
        assert_eq!(comes_to(json!({"discountType": "FIXED", "discountValue": 250}), 100), 250);
    }

    #[test]
    fn each_trigger_is_judged_by_the_order_as_it_is_without_a_discount() {
        let applies = |fields: Value, purchase: Purchase| !alone(&[&promotion(fields)], &purchase).expect("allowed").discounts.is_empty();
        let first = json!({"trigger": "FIRST_PURCHASE"});
        assert!(
            applies(first.clone(), Purchase { order_count: 0, ..purchase(100) }) && !applies(first, Purchase { order_count: 1, ..purchase(100) })
        );
        let least = json!({"trigger": "MIN_PURCHASE", "minOrderMinor": 5000});
        assert!(applies(least.clone(), purchase(5000)) && !applies(least, purchase(4999)));
        let level = json!({"trigger": "CUSTOMER_LEVEL", "levelCodes": ["SILVER", "GOLD"]});
        assert!(applies(level.clone(), purchase(100)) && !applies(level, Purchase { level: LevelCode::Bronze, ..purchase(100) }));
        for trigger in [json!({"trigger": "REFERRAL", "beneficiary": "BOTH"}), json!({"trigger": "MANUAL"})] {
            assert!(!applies(trigger, Purchase { order_count: 0, ..purchase(100) }), "these are given");
        }
        // The discount of one does not keep the order from the least amount of another.
        let (half, least) =
            (always("HALF", json!({"discountValue": 50, "stackable": true})), always("LEAST", json!({"minOrderMinor": 1000, "stackable": true})));
        assert_eq!(lines(&alone(&[&half, &least], &purchase(1000)).expect("allowed")), [("HALF", 500), ("LEAST", 100)]);
    }

    #[test]
    fn what_is_not_in_force_or_used_up_does_not_apply() {
        let none = |promotion: &Record<Promotion>, remaining, held| {
            evaluate(&purchase(100), &[left(promotion, remaining, held)], &[]).expect("allowed") == Discounts::default()
        };
        let plain = always("PLAIN", json!({"perCustomerLimit": 2}));
        assert!(!none(&plain, None, 1) && !none(&plain, Some(1), 0) && none(&plain, Some(0), 0) && none(&plain, None, 2));
        for out in [json!({"status": "PAUSED"}), json!({"startsAt": "1970-01-01T00:00:01.001Z"}), json!({"endsAt": "1970-01-01T00:00:01Z"})] {
            assert!(none(&always("OUT", out), None, 0));
        }
    }

    #[test]
    fn the_larger_counts_of_the_best_single_one_and_the_sum_of_the_stackable_ones() {
        let fixed =
            |name: &str, value: i64, stackable: bool| always(name, json!({"discountType": "FIXED", "discountValue": value, "stackable": stackable}));
        let (a, b, single) = (fixed("A", 300, true), fixed("B", 400, true), |value| fixed("SINGLE", value, false));
        let of = |one: &Record<Promotion>, subtotal| {
            let found = alone(&[&a, &b, &fixed("LESS", 100, false), one], &purchase(subtotal)).expect("allowed");
            (found.total, found.discounts.iter().map(|discount| format!("{} {}", discount.code, discount.amount)).collect::<Vec<_>>())
        };
        assert_eq!(of(&single(699), 10_000), (700, vec!["B 400".into(), "A 300".into()]));
        assert_eq!(of(&single(701), 10_000), (701, vec!["SINGLE 701".into()]));
        assert_eq!(of(&single(700), 10_000), (700, vec!["SINGLE 700".into()]), "fewer are used up");
        assert_eq!(of(&single(1), 500), (500, vec!["B 400".into(), "A 100".into()]), "down to nothing");
        assert_eq!(of(&single(1), 400), (400, vec!["B 400".into()]), "what takes nothing off is kept");
        assert_eq!(of(&single(9000), 500), (500, vec!["SINGLE 500".into()]));
        assert_eq!(of(&single(9000), 0), (0, vec![]));
        assert_eq!(of(&single(600), 500), (500, vec!["SINGLE 500".into()]), "what is more than the order counts as the order");
        assert_eq!(alone(&[], &purchase(500)), Ok(Discounts::default()));
    }

    #[test]
    fn what_is_for_the_next_order_is_given_and_takes_nothing_off() {
        let next = always("NEXT", json!({"applyTo": "NEXT_ORDER"}));
        let found = alone(&[&next], &purchase(1000)).expect("allowed");
        assert_eq!((found.total, found.discounts, found.assigned), (0, vec![], vec![next.id]));
        let by_level = promotion(json!({"trigger": "CUSTOMER_LEVEL", "levelCodes": ["SILVER"], "applyTo": "NEXT_ORDER"}));
        assert_eq!(alone(&[&by_level], &purchase(1000)), Ok(Discounts::default()), "it is given when the level changes");
    }

    #[test]
    fn what_the_customer_holds_counts_where_the_order_names_it() {
        let gift = promotion(json!({"code": "GIFT", "trigger": "FIRST_PURCHASE", "applyTo": "NEXT_ORDER"}));
        let gifts = held(&gift);
        let record = gifts.waiting.as_ref().map(|record| record.id);
        let found = |codes: &[PromotionCode]| evaluate(&purchase(1000), std::slice::from_ref(&gifts), codes).expect("allowed");
        assert_eq!(found(&[]), Discounts::default());
        let discount = Discount { promotion: gift.id, code: code("GIFT"), amount: 100, record };
        assert_eq!(found(&[code("gift")]), Discounts { discounts: vec![discount], total: 100, assigned: vec![] });
        // By itself it would apply once more: it brings another one for the next order, but discounts this one once.
        let first = Purchase { order_count: 0, ..purchase(1000) };
        let again = |promotion: &Record<Promotion>| {
            let again = Offered { held: 0, ..held(promotion) };
            evaluate(&first, &[again], std::slice::from_ref(&promotion.data.code)).map(|found| (found.total, found.assigned))
        };
        assert_eq!(again(&gift), Ok((100, vec![gift.id])));
        assert_eq!(again(&promotion(json!({"trigger": "FIRST_PURCHASE"}))), Ok((100, vec![])));
        // Something better applies by itself: the gift keeps for another order.
        let both = |other: &Record<Promotion>| evaluate(&purchase(1000), &[gifts.clone(), offered(other)], &[code("GIFT")]);
        assert_eq!(both(&always("BETTER", json!({"discountValue": 20}))).as_ref().map(lines), Ok(vec![("BETTER", 200)]));
        assert_eq!(both(&always("EQUAL", json!({}))).as_ref().map(lines), Ok(vec![("EQUAL", 100)]));
        // Of two that take off all of it, what the customer holds keeps, also where it is worth more.
        let more = held(&promotion(json!({"code": "MORE", "discountType": "FIXED", "discountValue": 5000})));
        let free = offered(&always("FREE", json!({"discountType": "FIXED", "discountValue": 2000})));
        assert_eq!(evaluate(&purchase(1000), &[more, free], &[code("MORE")]).as_ref().map(lines), Ok(vec![("FREE", 1000)]));
    }

    #[test]
    fn every_code_that_cannot_be_used_is_named_with_its_reason() {
        let named = |name: &str| promotion(json!({"code": name}));
        let mut stopped = held(&named("PAUSED"));
        stopped.promotion.data.status = crate::promotion::PromotionStatus::Paused;
        let early = promotion(json!({"code": "EARLY", "startsAt": "1980-01-01T00:00:00Z"}));
        let spent = Offered { held: 1, ..offered(&named("USED")) };
        let all = [held(&named("FINE")), stopped, held(&early), spent, offered(&named("FREE"))];
        let codes = ["FINE", "PAUSED", "EARLY", "USED", "NONE", "FINE", "FREE"].map(code);
        let Err(NoDiscount::NotApplicable(wrong)) = evaluate(&purchase(100), &all, &codes) else { panic!("refused") };
        let told: Vec<_> = wrong.iter().map(|fault| (fault.field.as_str(), fault.rule, fault.message.as_str())).collect();
        let expected = [
            ("promotionCodes/1", "promotion", "PAUSED is not in force"),
            ("promotionCodes/2", "promotion", "EARLY is in force from 1980-01-01T00:00:00.000Z"),
            ("promotionCodes/3", "promotion", "the customer has used USED already"),
            ("promotionCodes/4", "promotion", "the customer does not have NONE"),
            ("promotionCodes/5", "unique", "names FINE twice"),
            ("promotionCodes/6", "promotion", "the customer does not have FREE"),
        ];
        assert_eq!(told, expected);
        let found = evaluate(&purchase(100), &all, &codes[..1]).expect("allowed");
        assert_eq!(found.discounts[0].record, all[0].waiting.as_ref().map(|record| record.id));
    }

    #[test]
    fn more_than_a_transaction_carries_is_refused() {
        let many: Vec<_> =
            (0..=MAX_PROMOTIONS).map(|n| always(&format!("P{n}"), json!({"stackable": true, "discountType": "FIXED", "discountValue": 1}))).collect();
        let all: Vec<_> = many.iter().collect();
        assert_eq!(alone(&all, &purchase(1000)), Err(NoDiscount::TooMany(MAX_PROMOTIONS + 1)));
        assert_eq!(alone(&all[1..], &purchase(1000)).map(|found| found.discounts.len()), Ok(MAX_PROMOTIONS));
        assert_eq!(alone(&all, &purchase(5)).map(|found| found.total), Ok(5), "what takes nothing off needs no place");
    }

    /// One promotion of a made-up shop, and whether the customer holds it and names it, or it may apply by itself.
    #[derive(Debug, Clone)]
    struct Made {
        fields: Value,
        held: u64,
        remaining: Option<u64>,
        is_named: bool,
    }

    fn made() -> impl Strategy<Value = Made> {
        let trigger = prop_oneof![
            Just(json!({"trigger": "FIRST_PURCHASE"})),
            (1..300_i64).prop_map(|least| json!({"trigger": "MIN_PURCHASE", "minOrderMinor": least})),
            prop::sample::subsequence(vec!["BRONZE", "SILVER", "GOLD"], 1..3)
                .prop_map(|levels| json!({"trigger": "CUSTOMER_LEVEL", "levelCodes": levels})),
            Just(json!({"trigger": "MANUAL"})),
        ];
        let discount = prop_oneof![
            (1..=100_i64, prop::option::of(1..40_i64))
                .prop_map(|(value, most)| json!({"discountType": "PERCENT", "discountValue": value, "maxDiscountMinor": most})),
            (1..200_i64).prop_map(|value| json!({"discountType": "FIXED", "discountValue": value})),
        ];
        let dates = prop_oneof![
            6 => Just(json!({})),
            1 => Just(json!({"status": "PAUSED"})),
            1 => Just(json!({"startsAt": "1970-01-01T00:00:02Z"})),
            1 => Just(json!({"endsAt": "1970-01-01T00:00:01Z"})),
        ];
        let flags = (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.3));
        (trigger, discount, dates, flags, 0..3_u64, prop::option::of(0..3_u64)).prop_map(|(trigger, discount, dates, flags, held, remaining)| {
            let (stackable, next, is_named) = flags;
            let mut fields = json!({"stackable": stackable, "applyTo": if next { "NEXT_ORDER" } else { "CURRENT_ORDER" }, "perCustomerLimit": 2});
            for (name, value) in [trigger, discount, dates].iter().flat_map(|part| part.as_object().into_iter().flatten()) {
                fields[name] = value.clone();
            }
            // Who holds it could be given it: it is in date.
            let is_named = is_named && fields.get("status").is_none() && fields.get("endsAt").is_none() && fields["startsAt"].is_null();
            Made { fields, held, remaining, is_named }
        })
    }

    /// What the discount comes to by the words of the product, over plain fields: every way to have it is tried.
    fn expected(made: &[Made], purchase: &Purchase) -> (i64, usize) {
        let rounded = |fields: &Value| {
            let value = fields["discountValue"].as_i64().expect("a value");
            if fields["discountType"] == "FIXED" {
                return value;
            }
            let exact = purchase.subtotal * value;
            // The whole number that is nearest to a hundredth of it; of two the larger.
            let near = (0..=purchase.subtotal).filter(|n| (n * 100 - exact).abs() <= 50).max().expect("one is near");
            fields["maxDiscountMinor"].as_i64().map_or(near, |most| near.min(most))
        };
        let in_date = |fields: &Value| fields["status"] != "PAUSED" && fields["startsAt"].is_null() && fields["endsAt"].is_null();
        let by_itself = |made: &&Made| {
            let fields = &made.fields;
            let triggered = match fields["trigger"].as_str() {
                Some("FIRST_PURCHASE") => purchase.order_count == 0,
                Some("MIN_PURCHASE") => fields["minOrderMinor"].as_i64().is_some_and(|least| purchase.subtotal >= least),
                Some("CUSTOMER_LEVEL") => {
                    let levels = fields["levelCodes"].as_array().expect("levels");
                    fields["applyTo"] == "CURRENT_ORDER" && levels.iter().any(|level| level == purchase.level.as_str())
                }
                _ => false,
            };
            let is_used = made.is_named && fields["applyTo"] == "CURRENT_ORDER";
            !is_used && triggered && in_date(fields) && made.held < 2 && made.remaining != Some(0)
        };
        let now: Vec<&Made> = made.iter().filter(|made| made.is_named || by_itself(made) && made.fields["applyTo"] == "CURRENT_ORDER").collect();
        let stackable = |made: &&&Made| made.fields["stackable"] == true;
        let sum: i64 = now.iter().filter(stackable).map(|made| rounded(&made.fields)).sum();
        let best = now.iter().filter(|made| !stackable(made)).map(|made| rounded(&made.fields)).max().unwrap_or(0);
        let later = made.iter().filter(|made| by_itself(made) && made.fields["applyTo"] == "NEXT_ORDER").count();
        (sum.max(best).min(purchase.subtotal), later)
    }

    proptest! {
        #![proptest_config(crate::promotion::tests::cases(256))]
        #[test]
        fn any_order_gets_what_the_words_of_the_product_say(
            made in prop::collection::vec(made(), 0..8), subtotal in 0..400_i64, order_count in 0..2_u64, level in 0..4_usize,
        ) {
            let purchase = Purchase { order_count, level: LevelCode::ALL[level], ..purchase(subtotal) };
            let promotions: Vec<_> = made.iter().enumerate().map(|(n, made)| {
                let mut fields = made.fields.clone();
                fields["code"] = json!(format!("P{n}"));
                promotion(fields)
            }).collect();
            let all: Vec<_> = promotions.iter().zip(&made).map(|(promotion, made)| Offered {
                waiting: made.is_named.then(|| holding(promotion)), ..left(promotion, made.remaining, made.held)
            }).collect();
            let codes: Vec<_> = all.iter().filter(|offered| offered.waiting.is_some()).map(|offered| offered.promotion.data.code.clone()).collect();
            let found = evaluate(&purchase, &all, &codes).expect("allowed");
            prop_assert_eq!((found.total, found.assigned.len()), expected(&made, &purchase));
            prop_assert_eq!(found.total, found.discounts.iter().map(|discount| discount.amount).sum::<i64>());
            prop_assert!(found.discounts.iter().all(|discount| discount.amount > 0));
            // The same promotions in another order make the same of it.
            let turned: Vec<_> = all.iter().rev().cloned().collect();
            let again = evaluate(&purchase, &turned, &codes).expect("allowed");
            prop_assert_eq!((again.discounts, again.total), (found.discounts, found.total));
        }
    }
}
