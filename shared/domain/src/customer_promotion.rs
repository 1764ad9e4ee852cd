//! Promotions that customers hold: each record is one time that one customer was given one promotion.

use crate::activity::About;
use crate::customer::Customer;
use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, OrderId, PromotionId, TeamId, UserId};
use crate::party::PartyId;
use crate::promotion::{Promotion, PromotionCode, PromotionStatus, Trigger, Uses};
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{Refused, StateMachine};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::json;

crate::choice! {
    /// Where a promotion that a customer holds stands.
    pub enum HoldingStatus {
        /// Waits for an order that names it.
        Assigned = "ASSIGNED",
        /// Discounted an order.
        Redeemed = "REDEEMED",
        /// The promotion is over, and it was not used.
        Expired = "EXPIRED",
        /// Taken back: the promotion was deleted, or the order that made it cancelled.
        Revoked = "REVOKED",
    }
}

impl HoldingStatus {
    /// Where it may go from here. What was redeemed goes back where its order is cancelled.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Assigned => &[Self::Redeemed, Self::Expired, Self::Revoked],
            Self::Redeemed => &[Self::Assigned, Self::Revoked],
            Self::Expired | Self::Revoked => &[],
        }
    }
}

crate::id::ids! {
    /// A promotion that a customer holds.
    CustomerPromotionId,
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerPromotion;

/// What it is made of: no person changes it but by giving and ordering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerPromotionData {
    /// Who holds it.
    pub customer_id: CustomerId,
    /// What.
    pub promotion_id: PromotionId,
    /// How it is named in an order.
    pub code: PromotionCode,
    /// Who gave it; `None` is the system.
    pub assigned_by: Option<UserId>,
    /// Why it was given: MANUAL where somebody did.
    pub trigger: Trigger,
    /// The order that made it, if one did.
    pub from_order_id: Option<OrderId>,
    /// The order that it discounted.
    pub order_id: Option<OrderId>,
    /// Where it stands by what was done with it; [`Row::<CustomerPromotion>::standing`] knows its promotion as well.
    pub status: HoldingStatus,
    /// When it was given.
    pub assigned_at: Time,
    /// When it discounted its order.
    pub redeemed_at: Option<Time>,
}

/// Nothing is derived.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomerPromotionDerived {}

impl Entity for CustomerPromotion {
    const KIND: &'static str = "CUSTOMERPROMOTION";
    type Id = CustomerPromotionId;
    type Data = CustomerPromotionData;
    type Text = ();
    type Derived = CustomerPromotionDerived;

    fn owner(_: &Row<Self>) -> Option<UserId> {
        None
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(row: &Row<Self>) -> Access {
        Access::Party(PartyId::Customer(row.data.customer_id))
    }

    fn label(row: &Row<Self>) -> String {
        row.data.code.to_string()
    }
}

impl CustomerPromotionData {
    /// Whether it waits for an order; whether an order can name it now its promotion says, whose dates may be moved.
    pub fn waits(&self) -> bool {
        self.status == HoldingStatus::Assigned
    }

    /// Whether it counts towards the limits of its promotion, in all and for the customer. What was revoked after it discounted
    /// an order that stands still does, or each cancelled order would bring another discount.
    pub fn counts(&self) -> bool {
        match self.status {
            HoldingStatus::Assigned | HoldingStatus::Redeemed => true,
            HoldingStatus::Revoked => self.order_id.is_some(),
            HoldingStatus::Expired => false,
        }
    }
}

impl Row<CustomerPromotion> {
    /// Where it stands, as its promotion stands at a moment: what waits for an order ends with the promotion, and is taken back where
    /// that was deleted. So the end of a promotion is one write, however many customers have it.
    pub fn standing(&self, promotion: &Row<Promotion>, now: Time) -> HoldingStatus {
        match self.data.status {
            HoldingStatus::Assigned if promotion.derived.deleted_at.is_some_and(|deleted| !promotion.data.is_over(deleted)) => HoldingStatus::Revoked,
            HoldingStatus::Assigned if promotion.data.status == PromotionStatus::Expired || promotion.data.is_over(now) => HoldingStatus::Expired,
            status => status,
        }
    }
}

/// A promotion as it can be given to a customer: with how often it was given, in all and to this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// The promotion.
    pub promotion: Row<Promotion>,
    /// How often it was given in all.
    pub uses: Uses,
    /// How many of the customer's records count.
    pub held: u64,
    /// The customer's that waits for an order: of several the one that was given first.
    pub waiting: Option<Record<CustomerPromotion>>,
}

impl Offered {
    /// Whether the customer has it as often as one can.
    pub fn is_held_enough(&self) -> bool {
        u64::try_from(self.promotion.data.per_customer_limit.get()).is_ok_and(|most| self.held >= most)
    }
}

fn new(act: &Act, promotion: &Row<Promotion>, customer: CustomerId, trigger: Trigger, from_order: Option<OrderId>) -> Record<CustomerPromotion> {
    let data = CustomerPromotionData {
        customer_id: customer,
        promotion_id: promotion.id,
        code: promotion.data.code.clone(),
        assigned_by: act.actor.filter(|_| trigger == Trigger::Manual),
        trigger,
        from_order_id: from_order,
        order_id: None,
        status: HoldingStatus::Assigned,
        assigned_at: act.at,
        redeemed_at: None,
    };
    Record::new(act.id(), act, data, (), CustomerPromotionDerived {})
}

/// Gives a promotion to a customer by hand; `None` where one waits for an order already. Any that is active and not over can be
/// given, whatever its trigger, also before it begins.
pub fn assign(offered: &Offered, customer: &Row<Customer>, act: &Act) -> Result<Option<Record<CustomerPromotion>>, Refused> {
    let (promotion, status) = (&offered.promotion, offered.promotion.data.status);
    if status != PromotionStatus::Active || promotion.data.is_over(act.at) {
        let shown = if status == PromotionStatus::Active { PromotionStatus::Expired } else { status };
        let detail = format!("A promotion that is {shown} cannot be given; it has to be ACTIVE");
        return Err(Refused::transition(StateMachine::Promotion, detail, shown.allowed()));
    }
    crate::customer::check_unarchived(customer)?;
    if offered.waiting.is_some() {
        return Ok(None);
    }
    check_limits(offered)?;
    Ok(Some(new(act, promotion, customer.id, Trigger::Manual, None)))
}

/// Refuses one more than the limits of a promotion allow.
fn check_limits(offered: &Offered) -> Result<(), Refused> {
    let data = &offered.promotion.data;
    let refuse = |detail: String| Err(Refused::Limit { field: None, detail });
    match data.usage_limit {
        _ if offered.is_held_enough() => refuse(format!("A customer can have the promotion {} at most {} times", data.code, data.per_customer_limit)),
        Some(limit) if data.is_exhausted(offered.uses) => {
            refuse(format!("The promotion {} was given as often as it can be, {limit} times", data.code))
        }
        _ => Ok(()),
    }
}

/// What a customer gets of a promotion without anybody's doing, by a referral or a level. `None` where it is not in force or a limit
/// is reached.
pub fn given(offered: &Offered, customer: CustomerId, act: &Act) -> Option<Record<CustomerPromotion>> {
    let goes = offered.promotion.data.is_live(act.at) && check_limits(offered).is_ok();
    goes.then(|| new(act, &offered.promotion, customer, offered.promotion.data.trigger, None))
}

/// What an order makes for another one.
pub fn for_later(promotion: &Row<Promotion>, customer: CustomerId, act: &Act, order: OrderId) -> Record<CustomerPromotion> {
    new(act, promotion, customer, promotion.data.trigger, Some(order))
}

/// What a customer holds, as it discounts an order.
pub fn redeem(held: &Record<CustomerPromotion>, act: &Act, order: OrderId) -> Result<Record<CustomerPromotion>, Refused> {
    let status = held.data.status;
    if !status.allowed().contains(&HoldingStatus::Redeemed) {
        return Err(Refused::transition(StateMachine::Promotion, format!("A promotion that is {status} discounts no order"), status.allowed()));
    }
    Ok(used_by(held.clone(), act, order))
}

/// The same as it discounts an order.
fn used_by(mut held: Record<CustomerPromotion>, act: &Act, order: OrderId) -> Record<CustomerPromotion> {
    held.data.status = HoldingStatus::Redeemed;
    (held.data.order_id, held.data.redeemed_at) = (Some(order), Some(act.at));
    held
}

/// What an order makes and uses at once.
pub fn redeemed_at_once(promotion: &Row<Promotion>, customer: CustomerId, act: &Act, order: OrderId) -> Record<CustomerPromotion> {
    used_by(for_later(promotion, customer, act, order), act, order)
}

/// What becomes of it where an order is cancelled; `None` where the order has nothing to do with it. What the order made is
/// revoked. What was there before waits for an order again.
pub fn order_cancelled(held: &Record<CustomerPromotion>, order: OrderId) -> Option<Record<CustomerPromotion>> {
    let (made, used) = (held.data.from_order_id == Some(order), held.data.order_id == Some(order));
    let mut next = held.clone();
    if used {
        (next.data.order_id, next.data.redeemed_at) = (None, None);
    }
    if made {
        next.data.status = HoldingStatus::Revoked;
    } else if used && held.data.status == HoldingStatus::Redeemed {
        next.data.status = HoldingStatus::Assigned;
    }
    (next != *held).then_some(next)
}

/// The event of a record that is new or moved, seen by who sees its customer; `None` where it stays.
pub fn moved(before: Option<&CustomerPromotionData>, after: &Record<CustomerPromotion>, act: &Act, about: &About) -> Option<Event> {
    let (actor, customer, code) = (&act.actor_name, &about.label, &after.data.code);
    let (kind, summary) = match after.data.status {
        status if before.is_some_and(|before| before.status == status) => return None,
        HoldingStatus::Assigned => (EventKind::PromotionAssigned, format!("{actor} gave customer {customer} the promotion {code}")),
        HoldingStatus::Redeemed => (EventKind::PromotionRedeemed, format!("The promotion {code} discounted an order of customer {customer}")),
        HoldingStatus::Revoked => (EventKind::PromotionRevoked, format!("{actor} took the promotion {code} back from customer {customer}")),
        HoldingStatus::Expired => return None,
    };
    let CustomerPromotionData { customer_id, promotion_id, order_id, trigger, .. } = &after.data;
    let detail = json!({"customerId": customer_id, "promotionId": promotion_id, "code": code, "trigger": trigger, "orderId": order_id});
    Some(after.event(act, kind, summary, detail).seen_by(about.owner, about.team))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::customer::{CustomerData, CustomerDerived, CustomerText};
    use crate::promotion::tests::promotion;
    use crate::text::TextValue;
    use crate::value::Text;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn customer() -> Record<Customer> {
        let data = CustomerData::new(Text::read("Acme").expect("valid"), act().at);
        Record::new(act().id(), &act(), data, CustomerText::default(), CustomerDerived::default())
    }

    /// A promotion that nobody has.
    pub(crate) fn offered(promotion: &Row<Promotion>) -> Offered {
        Offered { promotion: promotion.clone(), uses: Uses::default(), held: 0, waiting: None }
    }

    /// A promotion that a customer was given by hand.
    pub(crate) fn holding(promotion: &Row<Promotion>) -> Record<CustomerPromotion> {
        assign(&offered(promotion), &customer(), &act()).expect("allowed").expect("given")
    }

    const FIRST: OrderId = OrderId::new(uuid::Uuid::from_u128(1));
    const SECOND: OrderId = OrderId::new(uuid::Uuid::from_u128(2));

    #[test]
    fn it_is_given_by_hand_once_until_it_is_used_and_as_often_as_the_limits_say() {
        let twice = promotion(json!({"perCustomerLimit": 2, "usageLimit": 5}));
        let first = holding(&twice);
        assert_eq!((first.data.status, first.data.trigger, first.data.assigned_by), (HoldingStatus::Assigned, Trigger::Manual, act().actor));
        let give = |held, waiting| assign(&Offered { held, waiting, ..offered(&twice) }, &customer(), &act());
        assert_eq!(give(1, Some(first)), Ok(None), "again is no mistake");
        assert!(matches!(give(1, None), Ok(Some(_))));
        assert!(matches!(give(2, None), Err(Refused::Limit { field: None, .. })));
        let exhausted = Offered { uses: Uses { assigned: 1, used: 4 }, ..offered(&twice) };
        assert!(matches!(assign(&exhausted, &customer(), &act()), Err(Refused::Limit { .. })));
        assert_eq!(given(&exhausted, customer().id, &act()), None);
    }

    #[test]
    fn what_is_not_active_is_not_given_and_what_begins_later_is() {
        let give = |fields| assign(&offered(&promotion(fields)), &customer(), &act());
        for status in [PromotionStatus::Draft, PromotionStatus::Paused, PromotionStatus::Expired] {
            let detail = format!("A promotion that is {status} cannot be given; it has to be ACTIVE");
            assert_eq!(give(json!({"status": status})), Err(Refused::transition(StateMachine::Promotion, detail, status.allowed())));
        }
        assert!(give(json!({"endsAt": "1970-01-01T00:00:01Z"})).is_err(), "the night did not come yet");
        assert!(give(json!({"startsAt": "1980-01-01T00:00:00Z"})).is_ok());
        let mut archived = customer();
        archived.data.archived_at = Some(act().at);
        assert_eq!(assign(&offered(&promotion(json!({}))), &archived, &act()), Err(Refused::CustomerArchived));
    }

    #[test]
    fn an_order_redeems_what_waits_and_a_cancelled_one_gives_it_back() {
        let ten = promotion(json!({}));
        let waiting = holding(&ten);
        let used = redeem(&waiting, &act(), FIRST).expect("redeemed");
        assert_eq!((used.data.status, used.data.order_id, used.data.redeemed_at), (HoldingStatus::Redeemed, Some(FIRST), Some(act().at)));
        assert!(redeem(&used, &act(), SECOND).is_err(), "once");
        assert_eq!(order_cancelled(&used, FIRST), Some(waiting));
        assert_eq!(order_cancelled(&used, SECOND), None, "another order");
    }

    #[test]
    fn what_waits_ends_when_its_promotion_does() {
        let waiting = holding(&promotion(json!({})));
        let used = redeem(&waiting, &act(), FIRST).expect("redeemed");
        let standing = |fields: Value, deleted: bool| {
            let mut promotion = promotion(fields);
            promotion.derived.deleted_at = deleted.then(|| act().at);
            [&waiting, &used].map(|held| held.standing(&promotion, act().at))
        };
        assert_eq!(standing(json!({"status": "PAUSED"}), false), [HoldingStatus::Assigned, HoldingStatus::Redeemed]);
        assert_eq!(standing(json!({"status": "EXPIRED"}), false), [HoldingStatus::Expired, HoldingStatus::Redeemed]);
        assert_eq!(standing(json!({"endsAt": "1970-01-01T00:00:01Z"}), false), [HoldingStatus::Expired, HoldingStatus::Redeemed]);
        assert_eq!(standing(json!({"status": "EXPIRED"}), true), [HoldingStatus::Revoked, HoldingStatus::Redeemed]);
    }

    #[test]
    fn what_an_order_made_is_revoked_with_it() {
        let ten = promotion(json!({"trigger": "FIRST_PURCHASE"}));
        let at_once = redeemed_at_once(&ten, customer().id, &act(), FIRST);
        assert_eq!((at_once.data.status, at_once.data.assigned_by, at_once.data.trigger), (HoldingStatus::Redeemed, None, Trigger::FirstPurchase));
        let revoked = order_cancelled(&at_once, FIRST).expect("revoked");
        assert_eq!((revoked.data.status, revoked.data.counts()), (HoldingStatus::Revoked, false));
        let for_later = for_later(&ten, customer().id, &act(), FIRST);
        let revoked = order_cancelled(&for_later, FIRST).expect("revoked");
        assert_eq!((revoked.data.status, revoked.data.counts()), (HoldingStatus::Revoked, false));
    }

    #[test]
    fn a_discount_that_stands_counts_also_where_what_brought_it_was_cancelled() {
        let ten = promotion(json!({"trigger": "FIRST_PURCHASE"}));
        let for_later = for_later(&ten, customer().id, &act(), FIRST);
        let used = redeem(&for_later, &act(), SECOND).expect("redeemed");
        let revoked = order_cancelled(&used, FIRST).expect("revoked");
        assert_eq!((revoked.data.status, revoked.data.order_id, revoked.data.counts()), (HoldingStatus::Revoked, Some(SECOND), true));
        let both = order_cancelled(&revoked, SECOND).expect("changed");
        assert_eq!((both.data.status, both.data.counts()), (HoldingStatus::Revoked, false));
    }

    #[test]
    fn each_move_is_told_to_who_sees_the_customer() {
        let waiting = holding(&promotion(json!({})));
        let used = redeem(&waiting, &act(), FIRST).expect("redeemed");
        let at_once = redeemed_at_once(&promotion(json!({})), customer().id, &act(), FIRST);
        let revoked = order_cancelled(&at_once, FIRST).expect("cancelled");
        let about = About { label: "Acme".into(), owner: act().actor, team: None };
        let told = |before: Option<&Record<CustomerPromotion>>, after| moved(before.map(|before| &before.row.data), after, &act(), &about);
        let given = told(None, &waiting).expect("told");
        assert_eq!(
            (given.kind, given.owner, given.summary.as_str()),
            (EventKind::PromotionAssigned, act().actor, "Ann gave customer Acme the promotion TEN")
        );
        let event = told(Some(&waiting), &used).expect("told");
        assert_eq!((event.kind, &event.data["orderId"], &event.data["code"]), (EventKind::PromotionRedeemed, &json!(FIRST), &json!("TEN")));
        assert_eq!(told(Some(&at_once), &revoked).map(|event| event.kind), Some(EventKind::PromotionRevoked));
        assert_eq!(told(Some(&used), &waiting).map(|event| event.kind), Some(EventKind::PromotionAssigned), "an order was cancelled");
        assert_eq!(told(Some(&used), &used), None);
    }

    proptest! {
        #![proptest_config(crate::promotion::tests::cases(256))]
        #[test]
        fn orders_that_come_and_go_bring_no_more_than_the_limits_and_the_counts_follow(
            calls in prop::collection::vec((0..4_u8, 0..6_u128, any::<prop::sample::Index>()), 1..40), each in 1..4_i64, all in 1..4_i64,
        ) {
            let promotion = promotion(json!({"trigger": "FIRST_PURCHASE", "perCustomerLimit": each, "usageLimit": all}));
            let (customer, mut records): (_, Vec<Record<CustomerPromotion>>) = (customer(), Vec::new());
            // Which of the records took something off each order that stands.
            let mut discounted: Vec<(OrderId, CustomerPromotionId)> = Vec::new();
            let mut cancelled = Vec::new();
            for (call, order, which) in calls {
                let order = OrderId::new(uuid::Uuid::from_u128(order));
                let of = |waits: bool| records.iter().filter(|record| record.data.counts() && record.data.waits() == waits).count() as u64;
                let uses = Uses { assigned: of(true), used: of(false) };
                let waiting = records.iter().find(|record| record.data.waits()).cloned();
                let offered = Offered { held: uses.given(), waiting, uses, ..offered(&promotion) };
                let mut changed: Vec<Record<CustomerPromotion>> = Vec::new();
                match call {
                    0 if !cancelled.contains(&order) => {
                        changed.extend(given(&offered, customer.id, &act()).map(|_| for_later(&promotion, customer.id, &act(), order)));
                    }
                    1 => changed.extend(assign(&offered, &customer, &act()).ok().flatten()),
                    2 if !records.is_empty() && !cancelled.contains(&order) => {
                        let record = which.get(&records);
                        if let Ok(used) = redeem(record, &act(), order) {
                            discounted.push((order, record.id));
                            changed.push(used);
                        }
                    }
                    3 => {
                        cancelled.push(order);
                        discounted.retain(|(of, _)| *of != order);
                        changed.extend(records.iter().filter_map(|record| order_cancelled(record, order)));
                    }
                    _ => {}
                }
                for after in changed {
                    records.retain(|record| record.id != after.id);
                    records.push(after);
                }
                let count = records.iter().filter(|record| record.data.counts()).count();
                let used = records.iter().filter(|record| record.data.counts() && !record.data.waits()).count();
                prop_assert_eq!(used, discounted.len());
                prop_assert!(count as i64 <= each.min(all) && discounted.len() as i64 <= each.min(all));
            }
        }
    }
}
