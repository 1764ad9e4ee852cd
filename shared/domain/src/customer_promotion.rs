//! Promotions that customers hold: each record is one time that one customer was given one promotion.

use crate::activity::About;
use crate::customer::Customer;
use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, TeamId, UserId};
use crate::party::PartyId;
use crate::promotion::{Promotion, PromotionCode, PromotionData, PromotionId, PromotionStatus, Trigger};
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{Refused, StateMachine};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

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
    pub from_order_id: Option<Uuid>,
    /// The order that it discounted.
    pub order_id: Option<Uuid>,
    /// Where it stands.
    pub status: HoldingStatus,
    /// When it was given.
    pub assigned_at: Time,
    /// When it discounted its order.
    pub redeemed_at: Option<Time>,
    /// From when it no longer can: when its promotion ends.
    pub expires_at: Option<Time>,
}

/// Nothing is derived.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomerPromotionDerived {}

impl Entity for CustomerPromotion {
    const KIND: &'static str = "CUSTOMER_PROMOTION";
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

/// How the counts of a promotion move with one of its records: those that wait, and those that were used.
pub fn counted(before: Option<&CustomerPromotionData>, after: &CustomerPromotionData) -> (i64, i64) {
    let of = |data: &CustomerPromotionData| match (data.counts(), data.status) {
        (true, HoldingStatus::Assigned) => (1, 0),
        (true, _) => (0, 1),
        (false, _) => (0, 0),
    };
    let ((old_waiting, old_used), (waiting, used)) = (before.map_or((0, 0), of), of(after));
    (waiting - old_waiting, used - old_used)
}

/// What a customer has of a promotion by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// How many records count.
    pub count: u64,
    /// Whether one of them waits for an order.
    pub waits: bool,
}

fn new(act: &Act, promotion: &Row<Promotion>, customer: CustomerId, trigger: Trigger, from_order: Option<Uuid>) -> Record<CustomerPromotion> {
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
        expires_at: promotion.data.ends_at,
    };
    Record::new(act.id(), act, data, (), CustomerPromotionDerived {})
}

/// Gives a promotion to a customer by hand; `None` where one waits for an order already. Any that is active and not over can be
/// given, whatever its trigger, also before it begins.
pub fn assign(promotion: &Row<Promotion>, customer: &Row<Customer>, act: &Act, held: Held) -> Result<Option<Record<CustomerPromotion>>, Refused> {
    if held.waits {
        return Ok(None);
    }
    let status = promotion.data.status;
    if status != PromotionStatus::Active || promotion.data.is_over(act.at) {
        let shown = if status == PromotionStatus::Active { PromotionStatus::Expired } else { status };
        let detail = format!("A promotion that is {shown} cannot be given; it has to be ACTIVE");
        return Err(Refused::transition(StateMachine::Promotion, detail, &[] as &[HoldingStatus]));
    }
    if customer.data.archived_at.is_some() {
        return Err(Refused::transition(StateMachine::Promotion, "The customer is archived; restore it first", &[] as &[HoldingStatus]));
    }
    check_limits(promotion, held)?;
    Ok(Some(new(act, promotion, customer.id, Trigger::Manual, None)))
}

/// Refuses one more than the limits of a promotion allow.
fn check_limits(promotion: &Row<Promotion>, held: Held) -> Result<(), Refused> {
    let most = promotion.data.per_customer_limit.get();
    let refuse = |detail: String| Err(Refused::Limit { field: None, detail });
    match (u64::try_from(most).is_ok_and(|most| held.count >= most), promotion.data.usage_limit) {
        (true, _) => refuse(format!("A customer can have the promotion {} at most {most} times", promotion.data.code)),
        (false, Some(limit)) if promotion.is_exhausted() => {
            refuse(format!("The promotion {} was given as often as it can be, {limit} times", promotion.data.code))
        }
        _ => Ok(()),
    }
}

/// What a customer gets of a promotion without anybody's doing: by an order, a referral or a level. `None` where it is not in
/// force or a limit is reached.
pub fn given(promotion: &Row<Promotion>, customer: CustomerId, act: &Act, held: Held, from_order: Option<Uuid>) -> Option<Record<CustomerPromotion>> {
    let goes = promotion.data.is_live(act.at) && check_limits(promotion, held).is_ok();
    goes.then(|| new(act, promotion, customer, promotion.data.trigger, from_order))
}

/// What a customer holds, as it discounts an order.
pub fn redeem(held: &Record<CustomerPromotion>, act: &Act, order: Uuid) -> Result<Record<CustomerPromotion>, Refused> {
    let status = held.data.status;
    if !status.allowed().contains(&HoldingStatus::Redeemed) {
        return Err(Refused::transition(StateMachine::Promotion, format!("A promotion that is {status} discounts no order"), status.allowed()));
    }
    let mut next = held.clone();
    next.data.status = HoldingStatus::Redeemed;
    (next.data.order_id, next.data.redeemed_at) = (Some(order), Some(act.at));
    Ok(next)
}

/// What an order makes and uses at once.
pub fn redeemed_at_once(promotion: &Row<Promotion>, customer: CustomerId, act: &Act, held: Held, order: Uuid) -> Option<Record<CustomerPromotion>> {
    let mut next = given(promotion, customer, act, held, Some(order))?;
    next.data.status = HoldingStatus::Redeemed;
    (next.data.order_id, next.data.redeemed_at) = (Some(order), Some(act.at));
    Some(next)
}

/// What becomes of it where its promotion is over by its date, or was deleted; `None` where it does not wait for an order.
pub fn closed(held: &Record<CustomerPromotion>, is_deleted: bool) -> Option<Record<CustomerPromotion>> {
    (held.data.status == HoldingStatus::Assigned).then(|| {
        let mut next = held.clone();
        next.data.status = if is_deleted { HoldingStatus::Revoked } else { HoldingStatus::Expired };
        next
    })
}

/// The same with the end that its promotion has by now; `None` where it is so, or it waits for no order.
pub fn restamped(held: &Record<CustomerPromotion>, promotion: &PromotionData) -> Option<Record<CustomerPromotion>> {
    (held.data.waits() && held.data.expires_at != promotion.ends_at).then(|| {
        let mut next = held.clone();
        next.data.expires_at = promotion.ends_at;
        next
    })
}

/// What becomes of it where an order is cancelled; `None` where the order has nothing to do with it. What the order made is
/// revoked. What was there before waits for an order again, unless its `promotion` is over by now.
pub fn order_cancelled(held: &Record<CustomerPromotion>, order: Uuid, promotion: &PromotionData, now: Time) -> Option<Record<CustomerPromotion>> {
    let (made, used) = (held.data.from_order_id == Some(order), held.data.order_id == Some(order));
    let mut next = held.clone();
    if used {
        (next.data.order_id, next.data.redeemed_at) = (None, None);
    }
    if made {
        next.data.status = HoldingStatus::Revoked;
    } else if used && held.data.status == HoldingStatus::Redeemed {
        next.data.status = match promotion.status {
            _ if promotion.is_over(now) => HoldingStatus::Expired,
            PromotionStatus::Expired => HoldingStatus::Revoked,
            _ => HoldingStatus::Assigned,
        };
        next.data.expires_at = promotion.ends_at;
    }
    (next != *held).then_some(next)
}

/// The event of a record that is new or moved, seen by who sees its customer; `None` where it stays, or ran out with its promotion,
/// whose end is told.
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

    /// A promotion that a customer was given by hand.
    pub(crate) fn holding(promotion: &Row<Promotion>) -> Record<CustomerPromotion> {
        assign(promotion, &customer(), &act(), Held::default()).expect("allowed").expect("given")
    }

    const FIRST: Uuid = Uuid::from_u128(1);
    const SECOND: Uuid = Uuid::from_u128(2);

    #[test]
    fn it_is_given_by_hand_once_until_it_is_used_and_as_often_as_the_limits_say() {
        let twice = promotion(json!({"perCustomerLimit": 2, "usageLimit": 5}));
        let give = |count, waits| assign(&twice, &customer(), &act(), Held { count, waits });
        let first = holding(&twice);
        assert_eq!((first.data.status, first.data.trigger, first.data.assigned_by), (HoldingStatus::Assigned, Trigger::Manual, act().actor));
        assert_eq!(give(1, true), Ok(None), "again is no mistake");
        assert!(matches!(give(1, false), Ok(Some(_))));
        assert!(matches!(give(2, false), Err(Refused::Limit { field: None, .. })));
        let mut exhausted = twice.clone();
        exhausted.derived.used_count = 5;
        assert!(matches!(assign(&exhausted, &customer(), &act(), Held::default()), Err(Refused::Limit { .. })));
        assert_eq!(given(&exhausted, customer().id, &act(), Held::default(), None), None);
    }

    #[test]
    fn what_is_not_active_is_not_given_and_what_begins_later_is() {
        let give = |fields| assign(&promotion(fields), &customer(), &act(), Held::default());
        for status in ["DRAFT", "PAUSED", "EXPIRED"] {
            let detail = format!("A promotion that is {status} cannot be given; it has to be ACTIVE");
            assert_eq!(give(json!({"status": status})), Err(Refused::transition(StateMachine::Promotion, detail, &[] as &[&str])));
        }
        assert!(give(json!({"endsAt": "1970-01-01T00:00:01Z"})).is_err(), "the night did not come yet");
        assert!(give(json!({"startsAt": "1980-01-01T00:00:00Z"})).is_ok());
        let mut archived = customer();
        archived.data.archived_at = Some(act().at);
        assert!(matches!(assign(&promotion(json!({})), &archived, &act(), Held::default()), Err(Refused::Transition { .. })));
    }

    #[test]
    fn an_order_redeems_what_waits_and_a_cancelled_one_gives_it_back() {
        let ten = promotion(json!({}));
        let waiting = holding(&ten);
        let used = redeem(&waiting, &act(), FIRST).expect("redeemed");
        assert_eq!((used.data.status, used.data.order_id, used.data.redeemed_at), (HoldingStatus::Redeemed, Some(FIRST), Some(act().at)));
        assert!(redeem(&used, &act(), SECOND).is_err(), "once");
        let back = |fields: Value| order_cancelled(&used, FIRST, &promotion(fields).data, act().at).expect("given back");
        assert_eq!(back(json!({"status": "PAUSED"})), waiting);
        assert_eq!(back(json!({"status": "EXPIRED"})).data.status, HoldingStatus::Revoked);
        let late = back(json!({"endsAt": "1970-01-01T00:00:01Z"}));
        assert_eq!((late.data.status, late.data.expires_at), (HoldingStatus::Expired, Some(act().at)));
        assert_eq!(order_cancelled(&used, SECOND, &ten.data, act().at), None, "another order");
    }

    #[test]
    fn what_waits_ends_when_its_promotion_does() {
        let (ten, longer) = (promotion(json!({})), promotion(json!({"endsAt": "1980-01-01T00:00:00Z"})));
        let waiting = holding(&ten);
        let moved = restamped(&waiting, &longer.data).expect("moved");
        assert_eq!((moved.data.expires_at, restamped(&moved, &longer.data)), (longer.data.ends_at, None));
        let used = redeem(&waiting, &act(), FIRST).expect("redeemed");
        assert_eq!(restamped(&used, &longer.data), None);
    }

    #[test]
    fn what_an_order_made_is_revoked_with_it() {
        let ten = promotion(json!({"trigger": "FIRST_PURCHASE"}));
        let at_once = redeemed_at_once(&ten, customer().id, &act(), Held::default(), FIRST).expect("in force");
        assert_eq!((at_once.data.status, at_once.data.assigned_by, at_once.data.trigger), (HoldingStatus::Redeemed, None, Trigger::FirstPurchase));
        let revoked = order_cancelled(&at_once, FIRST, &ten.data, act().at).expect("revoked");
        assert_eq!((revoked.data.status, revoked.data.counts()), (HoldingStatus::Revoked, false));
        let for_later = given(&ten, customer().id, &act(), Held::default(), Some(FIRST)).expect("in force");
        let revoked = order_cancelled(&for_later, FIRST, &ten.data, act().at).expect("revoked");
        assert_eq!((revoked.data.status, revoked.data.counts()), (HoldingStatus::Revoked, false));
    }

    #[test]
    fn a_discount_that_stands_counts_also_where_what_brought_it_was_cancelled() {
        let ten = promotion(json!({"trigger": "FIRST_PURCHASE"}));
        let for_later = given(&ten, customer().id, &act(), Held::default(), Some(FIRST)).expect("in force");
        let used = redeem(&for_later, &act(), SECOND).expect("redeemed");
        let revoked = order_cancelled(&used, FIRST, &ten.data, act().at).expect("revoked");
        assert_eq!((revoked.data.status, revoked.data.order_id, revoked.data.counts()), (HoldingStatus::Revoked, Some(SECOND), true));
        assert_eq!(counted(Some(&used.data), &revoked.data), (0, 0));
        let both = order_cancelled(&revoked, SECOND, &ten.data, act().at).expect("changed");
        assert_eq!((both.data.status, both.data.counts(), counted(Some(&revoked.data), &both.data)), (HoldingStatus::Revoked, false, (0, -1)));
    }

    #[test]
    fn each_move_is_told_to_who_sees_the_customer() {
        let waiting = holding(&promotion(json!({})));
        let used = redeem(&waiting, &act(), FIRST).expect("redeemed");
        let revoked = closed(&waiting, true).expect("over");
        let about = About { label: "Acme".into(), owner: act().actor, team: None };
        let told = |before: Option<&Record<CustomerPromotion>>, after| moved(before.map(|before| &before.row.data), after, &act(), &about);
        let given = told(None, &waiting).expect("told");
        assert_eq!(
            (given.kind, given.owner, given.summary.as_str()),
            (EventKind::PromotionAssigned, act().actor, "Ann gave customer Acme the promotion TEN")
        );
        let event = told(Some(&waiting), &used).expect("told");
        assert_eq!((event.kind, &event.data["orderId"], &event.data["code"]), (EventKind::PromotionRedeemed, &json!(FIRST), &json!("TEN")));
        assert_eq!(told(Some(&waiting), &revoked).map(|event| event.kind), Some(EventKind::PromotionRevoked));
        assert_eq!(told(Some(&used), &waiting).map(|event| event.kind), Some(EventKind::PromotionAssigned), "an order was cancelled");
        assert_eq!((told(Some(&used), &used), told(Some(&waiting), &closed(&waiting, false).expect("over"))), (None, None));
    }

    #[test]
    fn the_counts_of_a_promotion_are_those_of_its_records() {
        let waiting = holding(&promotion(json!({})));
        let used = redeem(&waiting, &act(), FIRST).expect("redeemed");
        let over = closed(&waiting, false).expect("over");
        assert_eq!(counted(None, &waiting.data), (1, 0));
        assert_eq!(counted(Some(&waiting.data), &used.data), (-1, 1));
        assert_eq!(counted(Some(&waiting.data), &over.data), (-1, 0));
        assert_eq!((over.data.status, closed(&over, true), closed(&used, true)), (HoldingStatus::Expired, None, None));
        assert_eq!(closed(&waiting, true).map(|next| next.data.status), Some(HoldingStatus::Revoked));
    }

    proptest! {
        #![proptest_config(crate::promotion::tests::cases(256))]
        #[test]
        fn orders_that_come_and_go_bring_no_more_than_the_limits_and_the_counts_follow(
            calls in prop::collection::vec((0..4_u8, 0..6_u128, any::<prop::sample::Index>()), 1..40), each in 1..4_i64, all in 1..4_i64,
        ) {
            let mut promotion = promotion(json!({"trigger": "FIRST_PURCHASE", "perCustomerLimit": each, "usageLimit": all}));
            let (customer, mut records): (_, Vec<Record<CustomerPromotion>>) = (customer(), Vec::new());
            // Which of the records took something off each order that stands.
            let mut discounted: Vec<(Uuid, CustomerPromotionId)> = Vec::new();
            let mut cancelled = Vec::new();
            for (call, order, which) in calls {
                let order = Uuid::from_u128(order);
                let held = Held {
                    count: records.iter().filter(|record| record.data.counts()).count() as u64,
                    waits: records.iter().any(|record| record.data.waits()),
                };
                let mut changed: Vec<(Option<CustomerPromotionData>, Record<CustomerPromotion>)> = Vec::new();
                match call {
                    0 if !cancelled.contains(&order) => changed.extend(given(&promotion, customer.id, &act(), held, Some(order)).map(|new| (None, new))),
                    1 => changed.extend(assign(&promotion, &customer, &act(), held).ok().flatten().map(|new| (None, new))),
                    2 if !records.is_empty() && !cancelled.contains(&order) => {
                        let record = which.get(&records);
                        if let Ok(used) = redeem(record, &act(), order) {
                            discounted.push((order, record.id));
                            changed.push((Some(record.data.clone()), used));
                        }
                    }
                    3 => {
                        cancelled.push(order);
                        discounted.retain(|(of, _)| *of != order);
                        let after = |record: &Record<CustomerPromotion>| order_cancelled(record, order, &promotion.data, act().at);
                        changed.extend(records.iter().filter_map(|record| Some((Some(record.data.clone()), after(record)?))));
                    }
                    _ => {}
                }
                for (before, after) in changed {
                    let (waiting, used) = counted(before.as_ref(), &after.data);
                    let derived = &mut promotion.derived;
                    derived.assigned_count = derived.assigned_count.checked_add_signed(waiting).expect("never below nothing");
                    derived.used_count = derived.used_count.checked_add_signed(used).expect("never below nothing");
                    records.retain(|record| record.id != after.id);
                    records.push(after);
                }
                let count = records.iter().filter(|record| record.data.counts()).count();
                prop_assert_eq!(promotion.given(), count as u64);
                prop_assert_eq!(promotion.derived.used_count as usize, discounted.len());
                prop_assert!(count as i64 <= each.min(all) && discounted.len() as i64 <= each.min(all));
            }
        }
    }
}
