//! Customers: a party we sell to.

use crate::activity::About;
use crate::engagement;
use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, LeadId, TeamId, UserId};
use crate::json::Metadata;
use crate::owner::{Change, Owned, Owner};
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{FieldFault, Refused, StateMachine};
use crate::rfm;
use crate::search::Findable;
use crate::time::{Day, Time};
use crate::user::EmailStatus;
use crate::value::{Country, Email, Phone, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

crate::choice! {
    /// Where the customer stands with us.
    pub enum Lifecycle {
        /// Not yet a buyer.
        Prospect = "PROSPECT",
        /// Buys from us.
        Customer = "CUSTOMER",
        /// Bought from us once.
        Former = "FORMER",
    }
}

impl Lifecycle {
    /// Where a person may move it from here.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Prospect | Self::Former => &[Self::Customer],
            Self::Customer => &[Self::Former],
        }
    }
}

crate::choice! {
    /// How warm the contact is, computed nightly from contacts; holds by hand until then.
    pub enum Engagement {
        /// Three or more contacts in seven days.
        Hot = "HOT",
        /// Neither of the two.
        Warm = "WARM",
        /// No contact for thirty days.
        Inactive = "INACTIVE",
    }
}

crate::choice! {
    /// Loyalty levels, lowest first.
    pub enum LevelCode {
        /// From score 1.0.
        Bronze = "BRONZE",
        /// From score 2.6.
        Silver = "SILVER",
        /// From score 3.6.
        Gold = "GOLD",
        /// From score 4.6.
        Platinum = "PLATINUM",
    }
}

/// A postal address; every part may be missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Street and number.
    pub line1: Option<Text<200>>,
    /// Second line.
    pub line2: Option<Text<200>>,
    /// City.
    pub city: Option<Text<100>>,
    /// State or region.
    pub region: Option<Text<100>>,
    /// Postal code.
    pub postal_code: Option<Text<20>>,
    /// Country.
    pub country: Option<Country>,
}

/// How many leads can be converted into one customer: each is stamped anew when the customer changes hands.
pub const MAX_LEADS: u64 = 200;

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerData {
    /// What it is called.
    pub name: Text<200>,
    /// First name of the contact.
    pub first_name: Option<Text<100>>,
    /// Last name of the contact.
    pub last_name: Option<Text<100>>,
    /// Company.
    pub company: Option<Text<200>>,
    /// E-mail address; checked for duplicates.
    pub email: Option<Email>,
    /// Phone; checked for duplicates.
    pub phone: Option<Phone>,
    /// Postal address.
    pub address: Option<Address>,
    /// Birthday.
    pub birthday: Option<Day>,
    /// Where it stands.
    pub lifecycle: Lifecycle,
    /// How warm.
    pub engagement: Engagement,
    /// When the engagement last changed.
    pub engagement_changed_at: Time,
    /// Who brought it; set once.
    pub referred_by_id: Option<CustomerId>,
    /// The lead it was.
    pub converted_from_lead_id: Option<LeadId>,
    /// Whose it is; `None` is the pool.
    pub owner_id: Option<UserId>,
    /// Wants no campaigns.
    #[serde(default)]
    pub marketing_opt_out: bool,
    /// When it was archived.
    pub archived_at: Option<Time>,
}

impl CustomerData {
    /// A customer of whom no more is known than the name.
    pub fn new(name: Text<200>, at: Time) -> Self {
        Self {
            name,
            first_name: None,
            last_name: None,
            company: None,
            email: None,
            phone: None,
            address: None,
            birthday: None,
            lifecycle: Lifecycle::Customer,
            engagement: Engagement::Warm,
            engagement_changed_at: at,
            referred_by_id: None,
            converted_from_lead_id: None,
            owner_id: None,
            marketing_opt_out: false,
            archived_at: None,
        }
    }
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomerText {
    /// Free data of the frontend.
    pub metadata: Option<Metadata>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerDerived {
    /// The owner's team.
    pub team_id: Option<TeamId>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// How many leads were converted into it; at most [`MAX_LEADS`]. Most customers have none, and store none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lead_count: u64,
    /// Loyalty level; `None` is BRONZE.
    pub level_code: Option<LevelCode>,
    /// The last RFM scoring.
    pub rfm: Option<Map<String, Value>>,
    /// Orders, cancelled ones left out.
    #[serde(default)]
    pub order_count: u64,
    /// Sum of those orders in minor units.
    #[serde(default)]
    pub total_spent_minor: i64,
    /// When the last order was placed.
    pub last_order_at: Option<Time>,
    /// Latest call, e-mail or meeting.
    pub last_contacted_at: Option<Time>,
    /// Until when its contacts make it hot; see [`crate::engagement`].
    pub hot_until: Option<Time>,
    /// When its engagement is looked at next: in the first night from then on.
    pub review_at: Option<Time>,
    /// When its RFM score is worked out next: in the first night from then on; see [`crate::rfm`].
    pub rfm_review_at: Option<Time>,
    /// Earliest pending follow-up.
    pub next_follow_up_at: Option<Time>,
    /// When the welcome message was put on its way.
    pub welcomed_at: Option<Time>,
    /// When the customer was last asked whether there is anything to do.
    pub missed_at: Option<Time>,
    /// Whether mail arrives; `None` is OK.
    pub email_status: Option<EmailStatus>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Entity for Customer {
    const KIND: &'static str = "CUSTOMER";
    type Id = CustomerId;
    type Data = CustomerData;
    type Text = CustomerText;
    type Derived = CustomerDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        row.data.owner_id
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Owner
    }

    fn label(row: &Row<Self>) -> String {
        row.data.name.to_string()
    }
}

impl Owned for Customer {
    const POOLED: bool = true;

    crate::owner::stamps!();

    fn hand_over(customer: &Record<Self>, act: &Act, owner: Option<&Owner>) -> Change<Customer> {
        assign(customer, act, owner)
    }
}

/// How many customers may have brought one another in a row where somebody's referrer is set afterwards:
/// each is read, so that they make no circle.
pub const MAX_REFERRALS: usize = 100;

/// The referrer is another customer that was not itself brought by this one, at however many removes.
/// `chain` is the referrer, who brought the referrer, and so on.
pub fn check_referrer(customer: CustomerId, chain: &[CustomerId]) -> Result<(), Refused> {
    let refuse = |message: &str| Err(Refused::field("referredById", "reference", message));
    match chain.iter().position(|id| *id == customer) {
        Some(0) => refuse("cannot be the customer itself"),
        Some(_) => refuse("was itself brought by this customer"),
        None if chain.len() > MAX_REFERRALS => {
            Err(Refused::limit("referredById", format!("More than {MAX_REFERRALS} customers brought one another there")))
        }
        None => Ok(()),
    }
}

/// Nobody was born in the future.
pub fn birthday_fault(birthday: Option<Day>, today: Day) -> Option<FieldFault> {
    birthday.filter(|birthday| *birthday > today).map(|_| FieldFault::new("birthday", "range", "must not be in the future"))
}

/// A new customer with its events: `customer.created`, and `customer.assigned` where the owner is
/// somebody other than its maker.
pub fn create(act: &Act, mut data: CustomerData, text: CustomerText, owner: Option<&Owner>) -> (Record<Customer>, Vec<Event>) {
    data.owner_id = owner.map(|owner| owner.id);
    let mut derived = CustomerDerived::default();
    Customer::stamp(&mut derived, owner);
    let customer = new(act, data, text, derived);
    let mut events = vec![created(&customer, act)];
    if owner.is_some() && customer.data.owner_id != act.actor {
        events.push(assigned(&customer, act, None));
    }
    (customer, events)
}

/// A new customer, put down for the first review of its engagement.
pub(crate) fn new(act: &Act, data: CustomerData, text: CustomerText, derived: CustomerDerived) -> Record<Customer> {
    let mut customer = Record::new(act.id(), act, data, text, derived);
    engagement::plan_review(&mut customer, act.at);
    customer
}

/// The event of a new customer.
pub(crate) fn created(customer: &Record<Customer>, act: &Act) -> Event {
    let data = &customer.data;
    let detail = json!({"lifecycle": data.lifecycle, "engagement": data.engagement, "referredById": data.referred_by_id});
    customer.event(act, EventKind::CustomerCreated, format!("{} created customer {}", act.actor_name, data.name), detail)
}

/// The event that the lifecycle moved, if it did.
pub(crate) fn lifecycle_changed(old: &Record<Customer>, new: &Record<Customer>, act: &Act) -> Option<Event> {
    let (from, to) = (old.data.lifecycle, new.data.lifecycle);
    let summary = format!("{} moved customer {} from {from} to {to}", act.actor_name, new.data.name);
    let event = || new.event(act, EventKind::CustomerLifecycleChanged, summary, json!({"old": from, "new": to}));
    (from != to).then(|| event().with_changes(Map::from_iter([("lifecycle".to_owned(), json!({"old": from, "new": to}))])))
}

fn assigned(customer: &Record<Customer>, act: &Act, old: Option<UserId>) -> Event {
    let to = customer.derived.owner_name.as_deref().unwrap_or("the pool");
    customer.event(
        act,
        EventKind::CustomerAssigned,
        format!("{} gave customer {} to {to}", act.actor_name, customer.data.name),
        json!({"old": old, "new": customer.data.owner_id}),
    )
}

/// Gives a customer to another owner or to the pool; `None` when it is there already.
pub fn assign(customer: &Record<Customer>, act: &Act, owner: Option<&Owner>) -> Change<Customer> {
    let mut data = customer.data.clone();
    data.owner_id = owner.map(|owner| owner.id);
    let (mut next, changed) = customer.changed(act, data, customer.text.clone())?;
    Customer::stamp(&mut next.derived, owner);
    let event = assigned(&next, act, customer.data.owner_id).with_changes(changed);
    Some((next, vec![event]))
}

/// A person's change of fields, with one event for each thing that happened; `None` when nothing
/// did. Lifecycle moves follow the table; archiving and restoring come in through `archived_at`.
pub fn update(customer: &Record<Customer>, act: &Act, mut data: CustomerData, text: CustomerText) -> Result<Change<Customer>, Refused> {
    let (from, to) = (customer.data.lifecycle, data.lifecycle);
    if from != to && !from.allowed().contains(&to) {
        return Err(Refused::transition(StateMachine::Customer, format!("A customer that is {from} cannot become {to}"), from.allowed()));
    }
    if data.engagement != customer.data.engagement {
        data.engagement_changed_at = act.at;
    }
    let Some((mut next, mut changed)) = customer.changed(act, data, text) else { return Ok(None) };
    if next.data.email != customer.data.email {
        next.derived.email_status = None;
    }
    let restored = customer.data.archived_at.is_some() && next.data.archived_at.is_none();
    if restored || next.data.engagement != customer.data.engagement {
        // What was set by hand holds until the next night, and whoever comes back was passed over meanwhile.
        next.derived.review_at = Some(act.at);
    }
    if restored {
        rfm::review_again(&mut next, act.at);
    }
    let name = &next.data.name;
    let actor = &act.actor_name;
    let mut events = Vec::new();
    let own_event = |changed: &mut Map<String, Value>, fields: &[&str], kind: EventKind, summary: String, data: Value| {
        let mut own = Map::new();
        for field in fields {
            if let Some(change) = changed.remove(*field) {
                own.insert((*field).to_owned(), change);
            }
        }
        next.event(act, kind, summary, data).with_changes(own)
    };
    if customer.data.archived_at.is_some() != next.data.archived_at.is_some() {
        let (kind, verb) = match next.data.archived_at {
            Some(_) => (EventKind::CustomerArchived, "archived"),
            None => (EventKind::CustomerRestored, "restored"),
        };
        events.push(own_event(&mut changed, &["archivedAt"], kind, format!("{actor} {verb} customer {name}"), json!({})));
    }
    if let Some(event) = lifecycle_changed(customer, &next, act) {
        changed.remove("lifecycle");
        events.push(event);
    }
    let (cool, warm) = (customer.data.engagement, next.data.engagement);
    if cool != warm {
        let summary = format!("{actor} set customer {name} from {cool} to {warm}");
        let data = json!({"old": cool, "new": warm});
        let fields = ["engagement", "engagementChangedAt"];
        events.push(own_event(&mut changed, &fields, EventKind::CustomerEngagementChanged, summary, data));
    }
    if !changed.is_empty() {
        let summary = format!("{actor} changed customer {name}");
        events.push(next.event(act, EventKind::CustomerUpdated, summary, json!({})).with_changes(changed));
    }
    Ok(Some((next, events)))
}

/// The same once mails to this address came back or were reported as spam; `None` where it is another's by now, or is known.
pub fn bounced(customer: &Record<Customer>, address: &Email, status: EmailStatus) -> Option<Record<Customer>> {
    (customer.data.email.as_ref() == Some(address) && status.is_news(customer.derived.email_status)).then(|| {
        let mut next = customer.clone();
        next.derived.email_status = Some(status);
        next
    })
}

/// Whoever is archived buys nothing.
pub fn check_unarchived(customer: &Row<Customer>) -> Result<(), Refused> {
    if customer.data.archived_at.is_some() { Err(Refused::CustomerArchived) } else { Ok(()) }
}

impl Row<Customer> {
    /// What events of what hangs below a customer say of it.
    pub fn about(&self) -> About {
        About { label: self.data.name.to_string(), owner: self.data.owner_id, team: self.derived.team_id }
    }
}

/// Who buys is a customer from then on; `None` who is one already.
pub fn buys(customer: &Record<Customer>, act: &Act) -> Result<Change<Customer>, Refused> {
    check_unarchived(customer)?;
    let data = CustomerData { lifecycle: Lifecycle::Customer, ..customer.data.clone() };
    update(customer, act, data, customer.text.clone())
}

/// Archives a customer; `None` when it is archived already.
pub fn archive(customer: &Record<Customer>, act: &Act) -> Result<Change<Customer>, Refused> {
    let mut data = customer.data.clone();
    data.archived_at = data.archived_at.or(Some(act.at));
    update(customer, act, data, customer.text.clone())
}

/// The texts a customer is found by.
pub fn findable(data: &CustomerData) -> Findable<'_> {
    let person = [&data.first_name, &data.last_name].map(|name| name.as_ref().map(Text::as_str));
    let names = [data.company.as_ref().map(Text::as_str), Some(data.name.as_str())];
    Findable::of(data.email.as_ref(), data.phone.as_ref(), person, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::text::TextValue;
    use uuid::Uuid;

    fn data() -> CustomerData {
        serde_json::from_value(json!({"name": "Acme", "lifecycle": "PROSPECT", "engagement": "WARM", "engagementChangedAt": "2026-01-01T00:00:00Z"}))
            .expect("data")
    }

    fn owner(n: u128) -> Owner {
        Owner { id: UserId::new(Uuid::from_u128(n)), name: format!("user {n}"), team: None }
    }

    fn kinds(events: &[Event]) -> Vec<EventKind> {
        events.iter().map(|event| event.kind).collect()
    }

    #[test]
    fn giving_a_new_customer_to_another_is_an_assignment() {
        let (_, own) = create(&act(), data(), CustomerText::default(), Some(&owner(1)));
        let (_, given) = create(&act(), data(), CustomerText::default(), Some(&owner(2)));
        assert_eq!(kinds(&own), [EventKind::CustomerCreated]);
        assert_eq!(kinds(&given), [EventKind::CustomerCreated, EventKind::CustomerAssigned]);
    }

    #[test]
    fn each_thing_that_happened_is_one_event_and_nothing_is_none() {
        let (customer, _) = create(&act(), data(), CustomerText::default(), None);
        let same = update(&customer, &act(), customer.data.clone(), CustomerText::default());
        assert_eq!(same, Ok(None));
        let mut next = customer.data.clone();
        next.lifecycle = Lifecycle::Customer;
        next.engagement = Engagement::Hot;
        next.company = Some(Text::read("Acme Ltd").expect("valid"));
        let (changed, events) = update(&customer, &act(), next, CustomerText::default()).expect("allowed").expect("changed");
        use EventKind::{CustomerEngagementChanged, CustomerLifecycleChanged, CustomerUpdated};
        assert_eq!(kinds(&events), [CustomerLifecycleChanged, CustomerEngagementChanged, CustomerUpdated]);
        assert_eq!(changed.version, 2);
        assert_eq!(events[2].changes.keys().collect::<Vec<_>>(), ["company"]);
    }

    #[test]
    fn a_prospect_cannot_become_former() {
        let (customer, _) = create(&act(), data(), CustomerText::default(), None);
        let mut next = customer.data.clone();
        next.lifecycle = Lifecycle::Former;
        let refused = update(&customer, &act(), next, CustomerText::default()).expect_err("refused");
        assert!(matches!(refused, Refused::Transition { allowed, .. } if allowed == ["CUSTOMER"]));
    }

    #[test]
    fn referrers_make_no_circle() {
        let [customer, other, third] = [1, 2, 3].map(|n| CustomerId::new(Uuid::from_u128(n)));
        assert_eq!(check_referrer(customer, &[other, third]), Ok(()));
        for circle in [vec![customer], vec![other, customer], vec![other, third, customer]] {
            assert!(matches!(check_referrer(customer, &circle), Err(Refused::Fields(_))));
        }
        assert!(matches!(check_referrer(customer, &[other; MAX_REFERRALS + 1]), Err(Refused::Limit { .. })));
    }

    #[test]
    fn nobody_is_born_tomorrow() {
        let day = |text: &str| Day::read(text).expect("a day");
        let today = day("2026-03-02");
        assert_eq!(birthday_fault(Some(today), today).or(birthday_fault(None, today)), None);
        assert_eq!(birthday_fault(Some(day("2026-03-03")), today).map(|fault| fault.field), Some("birthday".to_owned()));
    }
}
