//! Promotions: rules that give customers a discount, by themselves or by hand. What one comes to in an order is
//! [`crate::discount`]'s; that a customer holds one is a [`crate::customer_promotion`].

use crate::customer::LevelCode;
use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, PromotionId, TeamId, UserId};
use crate::money::{MOST_MINOR, Paid};
use crate::owner::Change;
use crate::record::{Access, Entity, Record, Row, changes};
use crate::refused::{FieldFault, Refused, StateMachine};
use crate::text::{Form, Invalid, TextValue};
use crate::time::Time;
use crate::value::{Prose, Text, Whole, tidy};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;

/// The most that a promotion says of money: what an order is of at most, minor units.
pub const MAX_MINOR: i64 = MOST_MINOR;

/// How often a promotion can be given in all.
pub type UsageLimit = Whole<1, 1_000_000_000>;

/// How often one customer can be given the same promotion.
pub type PerCustomerLimit = Whole<1, 100>;

/// How a promotion is named in an order: 1 to 40 of `A-Z 0-9 - _`, upper-cased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromotionCode(String);

impl PromotionCode {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PromotionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextValue for PromotionCode {
    fn read(text: &str) -> Result<Self, Invalid> {
        let code = text.trim().to_ascii_uppercase();
        let good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        match (1..=40).contains(&code.len()) && code.bytes().all(good) {
            true => Ok(Self(code)),
            false => Err(Invalid::new("format", "must be 1 to 40 letters from A to Z, digits, dashes or underscores")),
        }
    }

    fn form() -> Form {
        Form { min: Some(1), max: Some(40), meaning: Some("kept in upper case"), example: Some("WELCOME-10"), ..Form::default() }
    }
}

crate::text_serde!(PromotionCode);

crate::choice! {
    /// What makes a promotion apply.
    pub enum Trigger {
        /// The customer's first order.
        FirstPurchase = "FIRST_PURCHASE",
        /// An order of at least `minOrderMinor`.
        MinPurchase = "MIN_PURCHASE",
        /// The customer has one of `levelCodes`.
        CustomerLevel = "CUSTOMER_LEVEL",
        /// A customer brought another one.
        Referral = "REFERRAL",
        /// Somebody gives it to a customer.
        Manual = "MANUAL",
    }
}

crate::choice! {
    /// Who of the two gets what a referral brings.
    pub enum Beneficiary {
        /// Who brought the other.
        Referrer = "REFERRER",
        /// Who was brought.
        Referee = "REFEREE",
        /// Both.
        Both = "BOTH",
    }
}

crate::choice! {
    /// How the discount is measured.
    pub enum DiscountType {
        /// In whole percent of the subtotal.
        Percent = "PERCENT",
        /// In minor units.
        Fixed = "FIXED",
    }
}

crate::choice! {
    /// Which order a promotion discounts that applies by itself.
    pub enum ApplyTo {
        /// The one that makes it apply.
        CurrentOrder = "CURRENT_ORDER",
        /// A later one that names it.
        NextOrder = "NEXT_ORDER",
    }
}

crate::choice! {
    /// On what occasion promotions are given without anybody's doing.
    pub enum Occasion {
        /// A customer places an order.
        Order = "ORDER",
        /// A customer comes to a level.
        Level = "LEVEL",
        /// A customer brings another one.
        Referral = "REFERRAL",
    }
}

crate::choice! {
    /// Where a promotion stands.
    pub enum PromotionStatus {
        /// Being written.
        Draft = "DRAFT",
        /// In force while it is in date.
        Active = "ACTIVE",
        /// Stopped for now.
        Paused = "PAUSED",
        /// Over.
        Expired = "EXPIRED",
    }
}

impl PromotionStatus {
    /// Where it may go from here.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Active],
            Self::Active => &[Self::Paused, Self::Expired],
            Self::Paused => &[Self::Active, Self::Expired],
            Self::Expired => &[],
        }
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Promotion;

/// Short fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromotionData {
    /// How it is named in an order; unique.
    pub code: PromotionCode,
    /// What it is called.
    pub name: Text<200>,
    /// What makes it apply.
    pub trigger: Trigger,
    /// Of MIN_PURCHASE: the subtotal from which it applies, minor units.
    pub min_order_minor: Option<Paid>,
    /// Of CUSTOMER_LEVEL: the levels, sorted, each once.
    #[serde(default)]
    pub level_codes: Vec<LevelCode>,
    /// Of REFERRAL: who gets it.
    pub beneficiary: Option<Beneficiary>,
    /// How the discount is measured.
    pub discount_type: DiscountType,
    /// Whole percent, or minor units.
    pub discount_value: Paid,
    /// Of PERCENT: the most that it comes to, minor units.
    pub max_discount_minor: Option<Paid>,
    /// Which order it discounts.
    pub apply_to: ApplyTo,
    /// Whether it is added to others.
    pub stackable: bool,
    /// From when it is in force.
    pub starts_at: Time,
    /// From when it no longer is.
    pub ends_at: Option<Time>,
    /// How often it can be given in all.
    pub usage_limit: Option<UsageLimit>,
    /// How often to one customer.
    pub per_customer_limit: PerCustomerLimit,
    /// Where it stands.
    pub status: PromotionStatus,
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PromotionText {
    /// More on it.
    pub description: Option<Prose>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromotionDerived {
    /// When it was deleted, which took it back from those who had not used it.
    pub deleted_at: Option<Time>,
}

/// How often a promotion was given: its [`crate::customer_promotion`] records, counted. What waits for an order counts as what was
/// used: what a customer was promised holds, also after the last one was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    /// How many wait for an order that names them.
    pub assigned: u64,
    /// How many discounted an order.
    pub used: u64,
}

impl Uses {
    /// How often in all.
    pub const fn given(self) -> u64 {
        self.assigned.saturating_add(self.used)
    }
}

impl Entity for Promotion {
    const KIND: &'static str = "PROMOTION";
    type Id = PromotionId;
    type Data = PromotionData;
    type Text = PromotionText;
    type Derived = PromotionDerived;

    fn owner(_: &Row<Self>) -> Option<UserId> {
        None
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Everyone
    }

    fn label(row: &Row<Self>) -> String {
        row.data.name.to_string()
    }
}

impl PromotionData {
    /// Whether it is in force at a moment: active, begun and not over.
    pub fn is_live(&self, at: Time) -> bool {
        self.status == PromotionStatus::Active && self.starts_at <= at && !self.is_over(at)
    }

    /// Whether its end has passed.
    pub fn is_over(&self, at: Time) -> bool {
        self.ends_at.is_some_and(|end| end <= at)
    }

    /// On what occasion it is given without anybody's doing.
    pub const fn occasion(&self) -> Option<Occasion> {
        match (self.trigger, self.apply_to) {
            (Trigger::FirstPurchase | Trigger::MinPurchase, _) | (Trigger::CustomerLevel, ApplyTo::CurrentOrder) => Some(Occasion::Order),
            (Trigger::CustomerLevel, ApplyTo::NextOrder) => Some(Occasion::Level),
            (Trigger::Referral, _) => Some(Occasion::Referral),
            (Trigger::Manual, _) => None,
        }
    }

    /// Whether a customer who comes to a level is given it, for the next order.
    pub fn is_given_at(&self, level: LevelCode) -> bool {
        self.occasion() == Some(Occasion::Level) && self.level_codes.contains(&level)
    }

    /// Which of two customers get what it gives for a referral.
    pub fn given_to(&self, referrer: CustomerId, referee: CustomerId) -> Vec<CustomerId> {
        match self.beneficiary.filter(|_| self.trigger == Trigger::Referral) {
            Some(Beneficiary::Referrer) => vec![referrer],
            Some(Beneficiary::Referee) => vec![referee],
            Some(Beneficiary::Both) => vec![referrer, referee],
            None => Vec::new(),
        }
    }
}

impl PromotionData {
    /// How often it can still be given; `None` is without a limit.
    pub fn remaining(&self, uses: Uses) -> Option<u64> {
        let limit = self.usage_limit.map(|limit| u64::try_from(limit.get()).unwrap_or_default());
        limit.map(|limit| limit.saturating_sub(uses.given()))
    }

    /// Whether its limit is used up.
    pub fn is_exhausted(&self, uses: Uses) -> bool {
        self.remaining(uses) == Some(0)
    }
}

/// The fields that rules hold together, as far as they parsed: `None` is what did not, and a rule that needs it says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// What makes it apply.
    pub trigger: Option<Trigger>,
    /// Whether there is a `minOrderMinor`.
    pub has_min_order: Option<bool>,
    /// Whether there are `levelCodes`.
    pub has_levels: Option<bool>,
    /// Whether there is a `beneficiary`.
    pub has_beneficiary: Option<bool>,
    /// How the discount is measured.
    pub discount_type: Option<DiscountType>,
    /// How much it is.
    pub discount_value: Option<i64>,
    /// Whether there is a `maxDiscountMinor`.
    pub has_max_discount: Option<bool>,
    /// From when it is in force.
    pub starts_at: Option<Time>,
    /// From when it no longer is.
    pub ends_at: Option<Option<Time>>,
}

impl From<&PromotionData> for Terms {
    fn from(data: &PromotionData) -> Self {
        Self {
            trigger: Some(data.trigger),
            has_min_order: Some(data.min_order_minor.is_some()),
            has_levels: Some(!data.level_codes.is_empty()),
            has_beneficiary: Some(data.beneficiary.is_some()),
            discount_type: Some(data.discount_type),
            discount_value: Some(data.discount_value.get()),
            has_max_discount: Some(data.max_discount_minor.is_some()),
            starts_at: Some(data.starts_at),
            ends_at: Some(data.ends_at),
        }
    }
}

/// What is wrong with terms, field by field.
pub fn faults(terms: &Terms) -> Vec<FieldFault> {
    let mut wrong = Vec::new();
    let own = [
        ("minOrderMinor", terms.has_min_order, Trigger::MinPurchase),
        ("levelCodes", terms.has_levels, Trigger::CustomerLevel),
        ("beneficiary", terms.has_beneficiary, Trigger::Referral),
    ];
    for (field, there, of) in own {
        let (Some(trigger), Some(there)) = (terms.trigger, there) else { continue };
        match (trigger == of, there) {
            (true, false) => wrong.push(FieldFault::new(field, "required", format!("is required with the trigger {of}"))),
            (false, true) => wrong.push(FieldFault::new(field, "conflict", format!("only goes with the trigger {of}"))),
            _ => {}
        }
    }
    match (terms.discount_type, terms.discount_value, terms.has_max_discount) {
        (Some(DiscountType::Percent), Some(value), _) if !(1..=100).contains(&value) => {
            wrong.push(FieldFault::new("discountValue", "range", "must be from 1 to 100 percent"));
        }
        (Some(DiscountType::Fixed), _, Some(true)) => {
            wrong.push(FieldFault::new("maxDiscountMinor", "conflict", "only goes with the discount type PERCENT"));
        }
        _ => {}
    }
    if let (Some(start), Some(Some(end))) = (terms.starts_at, terms.ends_at)
        && end <= start
    {
        wrong.push(FieldFault::new("endsAt", "range", "must be after startsAt"));
    }
    wrong
}

/// What is wrong with the status that a new promotion is to have.
pub fn status_fault(status: Option<PromotionStatus>) -> Option<FieldFault> {
    let begins = |status: &PromotionStatus| matches!(status, PromotionStatus::Draft | PromotionStatus::Active);
    status.filter(|status| !begins(status)).map(|_| FieldFault::new("status", "enum", "must be one of DRAFT, ACTIVE"))
}

/// What is active has its end ahead.
pub fn end_fault(status: Option<PromotionStatus>, ends_at: Option<Time>, now: Time) -> Option<FieldFault> {
    let is_over = status == Some(PromotionStatus::Active) && ends_at.is_some_and(|end| end <= now);
    is_over.then(|| FieldFault::new("endsAt", "range", "must be in the future where the promotion is to be ACTIVE"))
}

/// A new promotion and its event.
pub fn create(act: &Act, mut data: PromotionData, text: PromotionText) -> Result<(Record<Promotion>, Event), Refused> {
    let mut wrong = faults(&Terms::from(&data));
    wrong.extend(status_fault(Some(data.status)));
    wrong.extend(end_fault(Some(data.status), data.ends_at, act.at));
    Refused::any(wrong)?;
    tidy(&mut data.level_codes);
    let promotion: Record<Promotion> = Record::new(act.id(), act, data, text, PromotionDerived::default());
    let PromotionData { code, name, trigger, status, .. } = &promotion.data;
    let detail = json!({"code": code, "trigger": trigger, "status": status});
    let event = promotion.event(act, EventKind::PromotionCreated, format!("{} created promotion {name}", act.actor_name), detail);
    Ok((promotion, event))
}

/// What can be changed of a promotion that somebody was given: what customers were promised stays as it was. Until the first
/// was given everything can, also while it is active.
const FREE_ONCE_GIVEN: [&str; 5] = ["name", "endsAt", "usageLimit", "perCustomerLimit", "status"];

/// What can be changed of one that is over, beside its description.
const FREE_ONCE_OVER: [&str; 1] = ["name"];

/// Whether a change goes by how often the promotion was given: what is free whatever that is does not, and so fights with no order.
pub fn goes_by_uses(present: &PromotionData, next: &PromotionData) -> bool {
    let is_free = |name: &String| name != "usageLimit" && FREE_ONCE_GIVEN.contains(&name.as_str());
    changes(present, next).keys().any(|name| !is_free(name))
}

fn ended(promotion: &Record<Promotion>, act: &Act) -> Event {
    promotion.event(act, EventKind::PromotionEnded, format!("{} ended promotion {}", act.actor_name, promotion.data.name), json!({}))
}

/// A person's change of fields and status, with an event for the end and one for what else changed.
pub fn update(
    promotion: &Record<Promotion>,
    uses: Uses,
    act: &Act,
    mut data: PromotionData,
    text: PromotionText,
) -> Result<Change<Promotion>, Refused> {
    let (from, to) = (promotion.data.status, data.status);
    if from != to && !from.allowed().contains(&to) {
        return Err(Refused::transition(StateMachine::Promotion, format!("A promotion that is {from} cannot become {to}"), from.allowed()));
    }
    tidy(&mut data.level_codes);
    let mut wrong = faults(&Terms::from(&data));
    let changed = changes(&promotion.data, &data);
    let (free, why): (&[&str], _) = match (from == PromotionStatus::Expired, uses.given() > 0) {
        (true, _) => (&FREE_ONCE_OVER, "cannot be changed: the promotion is over"),
        (false, true) => (&FREE_ONCE_GIVEN, "cannot be changed any more: customers have the promotion"),
        (false, false) => (&[], ""),
    };
    if !free.is_empty() {
        wrong.extend(changed.keys().filter(|name| !free.contains(&name.as_str())).map(|name| FieldFault::new(name.as_str(), "conflict", why)));
    }
    let limit = data.usage_limit.and_then(|limit| u64::try_from(limit.get()).ok());
    if let Some(limit) = limit.filter(|limit| *limit < uses.given() && changed.contains_key("usageLimit")) {
        let given = uses.given();
        wrong.push(FieldFault::new("usageLimit", "range", format!("must not be below the {given} that were given; {limit} is")));
    }
    if from != to || changed.contains_key("endsAt") {
        wrong.extend(end_fault(Some(to), data.ends_at, act.at));
    }
    Refused::any(wrong)?;
    let Some((next, mut changed)) = promotion.changed(act, data, text) else { return Ok(None) };
    let mut events = Vec::new();
    if from != to && to == PromotionStatus::Expired {
        let own = changed.remove("status").map(|change| ("status".to_owned(), change)).into_iter().collect();
        events.push(ended(&next, act).with_changes(own));
    }
    if !changed.is_empty() {
        let name = &next.data.name;
        let summary = match changed.contains_key("status") {
            false => format!("{} changed promotion {name}", act.actor_name),
            true => format!("{} moved promotion {name} from {from} to {to}", act.actor_name),
        };
        events.push(next.event(act, EventKind::PromotionUpdated, summary, json!({"oldStatus": from, "status": to})).with_changes(changed));
    }
    Ok(Some((next, events)))
}

/// The promotion as it is over, where its end has passed by now, with the event; what is still being written waits for a new end.
/// No person's change.
pub fn ended_by_date(promotion: &Record<Promotion>, act: &Act) -> Option<(Record<Promotion>, Event)> {
    let runs = matches!(promotion.data.status, PromotionStatus::Active | PromotionStatus::Paused);
    (runs && promotion.data.is_over(act.at)).then(|| {
        let mut next = promotion.clone();
        next.data.status = PromotionStatus::Expired;
        let event = ended(&next, act).with_changes(changes(&promotion.data, &next.data));
        (next, event)
    })
}

/// What deleting a promotion comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Deletion {
    /// A draft, which nobody ever had, goes, with the event.
    Removed(Box<Event>),
    /// It is over, with the event, and taken back from those who had not used it.
    Ended(Box<(Record<Promotion>, Event)>),
    /// It was over.
    WasOver,
}

/// Deletes a draft, and ends what is more.
pub fn delete(promotion: &Record<Promotion>, act: &Act) -> Deletion {
    match promotion.data.status {
        PromotionStatus::Draft => {
            let summary = format!("{} deleted promotion {}", act.actor_name, promotion.data.name);
            Deletion::Removed(Box::new(promotion.event(act, EventKind::PromotionEnded, summary, json!({"deleted": true}))))
        }
        PromotionStatus::Expired => Deletion::WasOver,
        PromotionStatus::Active | PromotionStatus::Paused => {
            let mut next = promotion.touched(act);
            next.data.status = PromotionStatus::Expired;
            next.derived.deleted_at = Some(act.at);
            let event = ended(&next, act).with_changes(changes(&promotion.data, &next.data));
            Deletion::Ended(Box::new((next, event)))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::account::tests::act;
    use proptest::test_runner::{Config, RngSeed};
    use serde_json::{Value, json};

    /// So many cases of a property, on every machine the same ones.
    pub(crate) fn cases(cases: u32) -> Config {
        Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..Config::default() }
    }

    /// A promotion of 10 percent, with other fields as given.
    pub(crate) fn promotion(fields: Value) -> Record<Promotion> {
        let mut data = json!({
            "code": "TEN", "name": "Ten percent", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 10,
            "applyTo": "CURRENT_ORDER", "stackable": false, "startsAt": "1970-01-01T00:00:00Z", "perCustomerLimit": 1, "status": "ACTIVE",
        });
        for (name, value) in fields.as_object().expect("fields") {
            data[name] = value.clone();
        }
        Record::new(act().id(), &act(), serde_json::from_value(data).expect("data"), PromotionText::default(), PromotionDerived::default())
    }

    fn wrong(result: Result<impl std::fmt::Debug, Refused>) -> Vec<String> {
        match result.expect_err("refused") {
            Refused::Fields(faults) => faults.into_iter().map(|fault| format!("{} {}", fault.field, fault.rule)).collect(),
            other => vec![other.to_string()],
        }
    }

    fn new(fields: Value) -> Result<(Record<Promotion>, Event), Refused> {
        let Record { row, text } = promotion(fields);
        create(&act(), row.data, text)
    }

    fn with(promotion: &Record<Promotion>, fields: Value) -> Result<Change<Promotion>, Refused> {
        used(promotion, Uses::default(), fields)
    }

    fn used(promotion: &Record<Promotion>, uses: Uses, fields: Value) -> Result<Change<Promotion>, Refused> {
        let mut data = serde_json::to_value(&promotion.data).expect("data");
        for (name, value) in fields.as_object().expect("fields") {
            data[name] = value.clone();
        }
        update(promotion, uses, &act(), serde_json::from_value(data).expect("data"), promotion.text.clone())
    }

    #[test]
    fn codes_have_one_form() {
        assert_eq!(PromotionCode::read(" summer_2026-a ").expect("valid").as_str(), "SUMMER_2026-A");
        for bad in ["", " ", "a b", "äpfel", "straße", "A/B", &"x".repeat(41)] {
            assert!(PromotionCode::read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_field_that_does_not_go_with_the_others_is_named() {
        let all = json!({
            "minOrderMinor": 1, "levelCodes": ["GOLD"], "beneficiary": "BOTH", "discountValue": 101, "endsAt": "1970-01-01T00:00:00Z", "status": "PAUSED",
        });
        let expected =
            ["minOrderMinor conflict", "levelCodes conflict", "beneficiary conflict", "discountValue range", "endsAt range", "status enum"];
        assert_eq!(wrong(new(all)), expected);
        for (trigger, field) in [("MIN_PURCHASE", "minOrderMinor"), ("CUSTOMER_LEVEL", "levelCodes"), ("REFERRAL", "beneficiary")] {
            assert_eq!(wrong(new(json!({"trigger": trigger}))), [format!("{field} required")]);
        }
        let fixed = json!({"discountType": "FIXED", "discountValue": 500, "maxDiscountMinor": 100});
        assert_eq!(wrong(new(fixed)), ["maxDiscountMinor conflict"]);
        assert!(new(json!({"discountType": "FIXED", "discountValue": 500})).is_ok());
        assert!(new(json!({"trigger": "MIN_PURCHASE", "minOrderMinor": 1, "maxDiscountMinor": 100, "discountValue": 100})).is_ok());
        assert!(serde_json::from_value::<PromotionData>(json!({"discountValue": 0})).is_err());
        assert!(faults(&Terms::default()).is_empty(), "what did not parse is not looked at");
    }

    #[test]
    fn what_is_to_be_active_has_its_end_ahead() {
        let over = json!({"endsAt": "1970-01-01T00:00:01Z"});
        assert_eq!(wrong(new(over.clone())), ["endsAt range"], "it is that time");
        let paused = promotion(json!({"endsAt": "1970-01-01T00:00:01Z", "status": "PAUSED"}));
        assert_eq!(wrong(with(&paused, json!({"status": "ACTIVE"}))), ["endsAt range"]);
        assert!(with(&paused, json!({"status": "ACTIVE", "endsAt": "1970-01-01T00:00:02Z"})).is_ok());
        assert!(with(&promotion(over), json!({"name": "Other"})).is_ok(), "the night ends it");
    }

    #[test]
    fn it_moves_by_the_table() {
        use PromotionStatus::{Active, Draft, Expired, Paused};
        let moves = [(Draft, Active), (Active, Paused), (Active, Expired), (Paused, Active), (Paused, Expired)];
        for from in PromotionStatus::ALL {
            for to in PromotionStatus::ALL {
                let moved = with(&promotion(json!({"status": from})), json!({"status": to}));
                match moved {
                    Ok(None) => assert_eq!(from, to),
                    Ok(Some((next, events))) => {
                        assert!(moves.contains(&(*from, *to)) && next.version == 2, "{from} {to}");
                        let kind = if *to == Expired { EventKind::PromotionEnded } else { EventKind::PromotionUpdated };
                        let told: Vec<_> = events.iter().map(|event| (event.kind, event.changes.contains_key("status"))).collect();
                        assert_eq!(told, [(kind, true)]);
                    }
                    Err(denied) => {
                        assert!(!moves.contains(&(*from, *to)), "{from} {to}");
                        let detail = format!("A promotion that is {from} cannot become {to}");
                        assert_eq!(denied, Refused::transition(StateMachine::Promotion, detail, from.allowed()));
                    }
                }
            }
        }
    }

    #[test]
    fn terms_are_fixed_once_somebody_has_it() {
        let running = promotion(json!({}));
        let given = |fields| used(&running, Uses { assigned: 1, used: 2 }, fields);
        let terms = json!({"discountValue": 20, "stackable": true, "code": "TWENTY", "trigger": "FIRST_PURCHASE"});
        assert!(with(&running, terms.clone()).is_ok(), "nobody has it yet");
        assert_eq!(wrong(given(terms)), ["code conflict", "discountValue conflict", "stackable conflict", "trigger conflict"]);
        let free = json!({"name": "Other", "usageLimit": 3, "perCustomerLimit": 5, "endsAt": "1980-01-01T00:00:00Z", "status": "PAUSED"});
        assert!(given(free).is_ok());
        assert_eq!(wrong(given(json!({"usageLimit": 2}))), ["usageLimit range"]);
        let over = promotion(json!({"status": "EXPIRED"}));
        assert_eq!(wrong(with(&over, json!({"endsAt": "1980-01-01T00:00:00Z", "discountValue": 1}))), ["discountValue conflict", "endsAt conflict"]);
        assert!(with(&over, json!({"name": "Other"})).is_ok());
    }

    #[test]
    fn what_is_free_goes_by_no_count() {
        let data = promotion(json!({})).row.data;
        let goes = |fields: Value| goes_by_uses(&data, &promotion(fields).data);
        assert!(goes(json!({"discountValue": 11})) && goes(json!({"usageLimit": 3})));
        assert!(!goes(json!({})) && !goes(json!({"status": "PAUSED", "name": "Other", "perCustomerLimit": 3})));
    }

    #[test]
    fn it_is_exhausted_when_as_many_were_given_as_can_be() {
        let mut limited = promotion(json!({"usageLimit": 3})).row.data;
        let (none, all) = (Uses::default(), Uses { assigned: 1, used: 2 });
        assert_eq!((limited.remaining(none), limited.is_exhausted(none)), (Some(3), false));
        assert_eq!((limited.remaining(all), limited.is_exhausted(all)), (Some(0), true));
        limited.usage_limit = None;
        assert_eq!((limited.remaining(all), limited.is_exhausted(all)), (None, false));
    }

    #[test]
    fn it_is_in_force_from_its_start_to_its_end_without_it() {
        let dated = promotion(json!({"startsAt": "1970-01-01T00:00:01Z", "endsAt": "1970-01-01T00:00:02Z"}));
        let live: Vec<bool> = [999, 1000, 1999, 2000].iter().map(|at| dated.data.is_live(Time::from_millis(*at))).collect();
        assert_eq!(live, [false, true, true, false]);
        assert!(!promotion(json!({"status": "PAUSED"})).data.is_live(act().at));
    }

    #[test]
    fn the_night_ends_what_is_over_and_deleting_ends_what_is_more_than_a_draft() {
        let dated = |status: &str| promotion(json!({"endsAt": "1970-01-01T00:00:01Z", "status": status}));
        for (status, ends) in [("DRAFT", false), ("ACTIVE", true), ("PAUSED", true), ("EXPIRED", false)] {
            let ended = ended_by_date(&dated(status), &act());
            let shown = ended.as_ref().map(|(next, event)| (next.data.status, next.version, event.kind));
            assert_eq!(shown, ends.then_some((PromotionStatus::Expired, 1, EventKind::PromotionEnded)), "{status}");
            assert_eq!(ended_by_date(&dated(status), &Act { at: Time::from_millis(999), ..act() }), None);
        }
        assert!(matches!(delete(&dated("DRAFT"), &act()), Deletion::Removed(event) if event.data == json!({"deleted": true})));
        assert_eq!(delete(&dated("EXPIRED"), &act()), Deletion::WasOver);
        let Deletion::Ended(ended) = delete(&dated("PAUSED"), &act()) else { panic!("ended") };
        assert_eq!((ended.0.data.status, ended.0.version, ended.1.kind), (PromotionStatus::Expired, 2, EventKind::PromotionEnded));
        assert_eq!(ended.0.derived.deleted_at, Some(act().at));
    }

    #[test]
    fn who_comes_to_a_level_is_given_what_is_for_the_next_order() {
        let given = |apply_to: &str, level| {
            promotion(json!({"trigger": "CUSTOMER_LEVEL", "levelCodes": ["GOLD"], "applyTo": apply_to})).data.is_given_at(level)
        };
        assert!(given("NEXT_ORDER", LevelCode::Gold) && !given("NEXT_ORDER", LevelCode::Silver) && !given("CURRENT_ORDER", LevelCode::Gold));
    }

    #[test]
    fn a_referral_is_for_one_or_both() {
        let [ann, bob] = [1, 2].map(|n| CustomerId::new(uuid::Uuid::from_u128(n)));
        let given = |who: &str| promotion(json!({"trigger": "REFERRAL", "beneficiary": who})).data.given_to(ann, bob);
        assert_eq!((given("REFERRER"), given("REFEREE"), given("BOTH")), (vec![ann], vec![bob], vec![ann, bob]));
        assert!(promotion(json!({})).data.given_to(ann, bob).is_empty());
    }
}
