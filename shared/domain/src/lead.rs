//! Leads: someone who may become a customer.

use crate::customer::{self, Customer, CustomerData, CustomerDerived, CustomerText, Lifecycle, MAX_LEADS};
use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, LeadId, TeamId, UserId};
use crate::json::Metadata;
use crate::owner::{Change, Owned, Owner};
use crate::party::PartyId;
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{FieldFault, Refused, StateMachine};
use crate::search::{Findable, folded};
use crate::text::TextValue;
use crate::time::Time;
use crate::value::{Email, Phone, Prose, Text};
use serde::{Deserialize, Serialize};
use serde_json::json;

crate::choice! {
    /// Where a lead stands.
    pub enum LeadStatus {
        /// Nobody talked to it yet.
        New = "NEW",
        /// First contact is made.
        Contacted = "CONTACTED",
        /// Being worked on.
        InProgress = "IN_PROGRESS",
        /// Worth an offer.
        Qualified = "QUALIFIED",
        /// Became a customer; set by convert alone and final.
        Converted = "CONVERTED",
        /// Given up, or won elsewhere; can be reopened.
        Closed = "CLOSED",
    }
}

impl LeadStatus {
    /// Where a person may move it from here. CONVERTED is reached by converting alone.
    pub const fn allowed(self) -> &'static [Self] {
        use LeadStatus::{Closed, Contacted, Converted, InProgress, New, Qualified};
        match self {
            New => &[Contacted, InProgress, Qualified, Closed],
            Contacted => &[InProgress, Qualified, Closed],
            InProgress => &[Contacted, Qualified, Closed],
            Qualified => &[InProgress, Closed],
            Closed => &[New, InProgress],
            Converted => &[],
        }
    }

    /// Whether it is still being worked on.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Converted | Self::Closed)
    }
}

crate::choice! {
    /// Why a lead was closed.
    pub enum CloseReason {
        /// Bought, without becoming a customer here.
        Won = "WON",
        /// Too expensive.
        LostPrice = "LOST_PRICE",
        /// Bought elsewhere.
        LostCompetitor = "LOST_COMPETITOR",
        /// No budget.
        LostBudget = "LOST_BUDGET",
        /// Never answered.
        LostNoAnswer = "LOST_NO_ANSWER",
        /// There is another record of it.
        Duplicate = "DUPLICATE",
        /// Something else.
        Other = "OTHER",
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeadData {
    /// What it is about.
    pub title: Text<200>,
    /// First name of the contact.
    pub first_name: Option<Text<100>>,
    /// Last name of the contact.
    pub last_name: Option<Text<100>>,
    /// E-mail address; checked for duplicates.
    pub email: Option<Email>,
    /// Phone; checked for duplicates.
    pub phone: Option<Phone>,
    /// Company.
    pub company: Option<Text<200>>,
    /// Where it came from.
    pub source: Option<Text<50>>,
    /// Where it stands.
    pub status: LeadStatus,
    /// When the status last changed.
    pub status_changed_at: Time,
    /// Why it was closed; only while it is.
    pub close_reason: Option<CloseReason>,
    /// More on why.
    pub close_note: Option<Text<500>>,
    /// Whose it is; `None` is the pool.
    pub owner_id: Option<UserId>,
    /// When it was archived.
    pub archived_at: Option<Time>,
    /// The customer it became.
    pub converted_customer_id: Option<CustomerId>,
    /// When it did.
    pub converted_at: Option<Time>,
}

impl LeadData {
    /// A lead of which no more is known than a title.
    pub fn new(title: Text<200>, at: Time) -> Self {
        Self {
            title,
            first_name: None,
            last_name: None,
            email: None,
            phone: None,
            company: None,
            source: None,
            status: LeadStatus::New,
            status_changed_at: at,
            close_reason: None,
            close_note: None,
            owner_id: None,
            archived_at: None,
            converted_customer_id: None,
            converted_at: None,
        }
    }
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LeadText {
    /// What is known of it.
    pub description: Option<Prose>,
    /// Free data of the frontend.
    pub metadata: Option<Metadata>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeadDerived {
    /// The owner's team.
    pub team_id: Option<TeamId>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// Latest call, e-mail or meeting.
    pub last_contacted_at: Option<Time>,
    /// Earliest pending follow-up.
    pub next_follow_up_at: Option<Time>,
    /// The form of its source in which sources are compared ([`source_key`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_key: Option<String>,
}

/// How much of a source counts, characters: as long as one may be.
const SOURCE_LENGTH: usize = 50;

/// The form in which two sources are the same: case, accents and the number of spaces do not count, so `Trade Fair` and
/// `trade  fair` are one. At most 50 characters, never empty.
pub fn source_key(source: &str) -> String {
    let folded = folded(source);
    let words: Vec<&str> = folded.split_whitespace().collect();
    let key: String = words.join(" ").chars().take(SOURCE_LENGTH).collect();
    if key.is_empty() { source.to_owned() } else { key }
}

impl Entity for Lead {
    const KIND: &'static str = "LEAD";
    type Id = LeadId;
    type Data = LeadData;
    type Text = LeadText;
    type Derived = LeadDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        row.data.owner_id
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn access(row: &Row<Self>) -> Access {
        // A converted lead is reached through the customer it became.
        row.data.converted_customer_id.map_or(Access::Owner, |customer| Access::Party(PartyId::Customer(customer)))
    }

    fn label(row: &Row<Self>) -> String {
        row.data.title.to_string()
    }
}

impl Owned for Lead {
    const POOLED: bool = true;

    crate::owner::stamps!();

    /// A converted lead follows its customer instead.
    fn hand_over(lead: &Record<Self>, act: &Act, owner: Option<&Owner>) -> Change<Self> {
        assign(lead, act, owner).unwrap_or(None)
    }
}

/// A converted lead is read-only.
pub fn check_open(lead: &Row<Lead>) -> Result<(), Refused> {
    lead.data.converted_customer_id.map_or(Ok(()), |customer| Err(Refused::Converted(customer)))
}

/// A lead is found again by a title, a last name, a company, an e-mail address or a phone number.
fn untitled() -> Refused {
    Refused::field("title", "required", "is required, or lastName, company, email or phone")
}

/// The title of a lead: the one given, else the name, company, e-mail address or phone. Refused where
/// a first name at most is known, which is too little to find a lead again.
pub fn title(
    given: Option<&Text<200>>,
    name: (Option<&Text<100>>, Option<&Text<100>>),
    company: Option<&Text<200>>,
    email: Option<&Email>,
    phone: Option<&Phone>,
) -> Result<Text<200>, Refused> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    let (first, last) = name;
    let named = last.map(|last| match first {
        Some(first) => format!("{first} {last}"),
        None => last.to_string(),
    });
    let built = named.or(company.map(Text::to_string)).or(email.map(Email::to_string)).or(phone.map(Phone::to_string)).ok_or_else(untitled)?;
    let built: String = built.chars().take(200).collect();
    Text::read(&built).map_err(|_| untitled())
}

/// A new lead with its events: `lead.created`, and `lead.assigned` where the owner is somebody
/// other than its maker.
pub fn create(act: &Act, mut data: LeadData, text: LeadText, owner: Option<&Owner>) -> (Record<Lead>, Vec<Event>) {
    data.owner_id = owner.map(|owner| owner.id);
    let mut derived = LeadDerived { source_key: key_of_source(&data), ..LeadDerived::default() };
    Lead::stamp(&mut derived, owner);
    let lead: Record<Lead> = Record::new(act.id(), act, data, text, derived);
    let summary = format!("{} created lead {}", act.actor_name, lead.data.title);
    let mut events = vec![lead.event(act, EventKind::LeadCreated, summary, json!({"status": lead.data.status}))];
    if owner.is_some() && lead.data.owner_id != act.actor {
        events.push(assigned(&lead, act, None));
    }
    (lead, events)
}

fn key_of_source(data: &LeadData) -> Option<String> {
    data.source.as_ref().map(|source| source_key(source.as_str()))
}

fn assigned(lead: &Record<Lead>, act: &Act, old: Option<UserId>) -> Event {
    let to = lead.derived.owner_name.as_deref().unwrap_or("the pool");
    lead.event(
        act,
        EventKind::LeadAssigned,
        format!("{} gave lead {} to {to}", act.actor_name, lead.data.title),
        json!({"old": old, "new": lead.data.owner_id}),
    )
}

/// Gives a lead to another owner or to the pool; `None` when it is there already.
pub fn assign(lead: &Record<Lead>, act: &Act, owner: Option<&Owner>) -> Result<Change<Lead>, Refused> {
    check_open(lead)?;
    let mut data = lead.data.clone();
    data.owner_id = owner.map(|owner| owner.id);
    let Some((mut next, changed)) = lead.changed(act, data, lead.text.clone()) else { return Ok(None) };
    Lead::stamp(&mut next.derived, owner);
    let event = assigned(&next, act, lead.data.owner_id).with_changes(changed);
    Ok(Some((next, vec![event])))
}

/// Puts a lead where its customer belongs, which decides who sees it after the conversion.
pub fn follow(lead: &Record<Lead>, customer: &Record<Customer>) -> Option<Record<Lead>> {
    let mut next = lead.clone();
    next.data.owner_id = customer.data.owner_id;
    (next.derived.team_id, next.derived.owner_name) = (customer.derived.team_id, customer.derived.owner_name.clone());
    (next != *lead).then_some(next)
}

/// A person's change of fields; archiving and restoring come in through `archived_at`.
pub fn update(lead: &Record<Lead>, act: &Act, data: LeadData, text: LeadText) -> Result<Change<Lead>, Refused> {
    check_open(lead)?;
    let Some((mut next, mut changed)) = lead.changed(act, data, text) else { return Ok(None) };
    next.derived.source_key = key_of_source(&next.data);
    let (actor, title) = (&act.actor_name, &next.data.title);
    let mut events = Vec::new();
    if lead.data.archived_at.is_some() != next.data.archived_at.is_some() {
        let (kind, verb) = match next.data.archived_at {
            Some(_) => (EventKind::LeadArchived, "archived"),
            None => (EventKind::LeadRestored, "restored"),
        };
        let own = changed.remove("archivedAt").map(|change| ("archivedAt".to_owned(), change)).into_iter().collect();
        events.push(next.event(act, kind, format!("{actor} {verb} lead {title}"), json!({})).with_changes(own));
    }
    if !changed.is_empty() {
        events.push(next.event(act, EventKind::LeadUpdated, format!("{actor} changed lead {title}"), json!({})).with_changes(changed));
    }
    Ok(Some((next, events)))
}

/// Archives a lead; `None` when it is archived already.
pub fn archive(lead: &Record<Lead>, act: &Act) -> Result<Change<Lead>, Refused> {
    let mut data = lead.data.clone();
    data.archived_at = data.archived_at.or(Some(act.at));
    update(lead, act, data, lead.text.clone())
}

/// What comes with closing: why, and more on why. Other moves take neither.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Closing {
    /// Why.
    pub reason: Option<CloseReason>,
    /// More on why.
    pub note: Option<Text<500>>,
}

impl Closing {
    /// What a lead that is closed, and is to be, was closed with; else nothing yet.
    pub fn of(lead: &Row<Lead>, to: LeadStatus) -> Self {
        if (lead.data.status, to) != (LeadStatus::Closed, LeadStatus::Closed) {
            return Self::default();
        }
        Self { reason: lead.data.close_reason, note: lead.data.close_note.clone() }
    }
}

/// A reason and a note only go with the status CLOSED.
pub fn check_closing(to: LeadStatus, closing: &Closing) -> Result<(), Refused> {
    let sent = [("closeReason", closing.reason.is_some()), ("closeNote", closing.note.is_some())];
    let faults = sent.into_iter().filter(|(_, sent)| *sent && to != LeadStatus::Closed);
    Refused::any(faults.map(|(field, _)| FieldFault::new(field, "conflict", "only goes with the status CLOSED")).collect())
}

/// What is wrong with the status that a new lead is to have: it begins open.
pub fn status_faults(status: Option<LeadStatus>) -> Vec<FieldFault> {
    let wrong = status.filter(|status| !status.is_open());
    wrong.map(|_| FieldFault::new("status", "enum", "must be one of NEW, CONTACTED, IN_PROGRESS, QUALIFIED")).into_iter().collect()
}

/// Moves a lead that is not archived by the transition table; `None` when it is there already. Reopening
/// clears the reason of closing; of a lead that stays CLOSED reason and note are corrected.
pub fn set_status(lead: &Record<Lead>, act: &Act, to: LeadStatus, closing: Closing) -> Result<Change<Lead>, Refused> {
    check_closing(to, &closing)?;
    check_open(lead)?;
    let from = lead.data.status;
    if from == to {
        let data = LeadData { close_reason: closing.reason, close_note: closing.note, ..lead.data.clone() };
        return if to == LeadStatus::Closed { update(lead, act, data, lead.text.clone()) } else { Ok(None) };
    }
    if lead.data.archived_at.is_some() {
        return Err(archived());
    }
    if !from.allowed().contains(&to) {
        return Err(Refused::transition(StateMachine::Lead, format!("A lead that is {from} cannot become {to}"), from.allowed()));
    }
    let Closing { reason, note } = closing;
    let mut data = lead.data.clone();
    (data.status, data.status_changed_at) = (to, act.at);
    (data.close_reason, data.close_note) = (reason, note);
    let Some((next, changed)) = lead.changed(act, data, lead.text.clone()) else { return Ok(None) };
    let summary = format!("{} moved lead {} from {from} to {to}", act.actor_name, next.data.title);
    let detail = json!({"old": from, "new": to, "reason": reason});
    let event = next.event(act, EventKind::LeadStatusChanged, summary, detail).with_changes(changed);
    Ok(Some((next, vec![event])))
}

/// The event of a hard delete; what hangs below the lead follows from it.
pub fn purge(lead: &Record<Lead>, act: &Act) -> Result<Event, Refused> {
    check_open(lead)?;
    Ok(lead.event(act, EventKind::LeadDeleted, format!("{} deleted lead {} for good", act.actor_name, lead.data.title), json!({})))
}

/// A lead and the customer it became, with the events.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// The lead, CONVERTED.
    pub lead: Record<Lead>,
    /// The customer, new or linked.
    pub customer: Record<Customer>,
    /// What happened.
    pub events: Vec<Event>,
}

fn converted(lead: &Record<Lead>, act: &Act, customer: &Record<Customer>) -> (Record<Lead>, Event) {
    let mut data = lead.data.clone();
    data.status = LeadStatus::Converted;
    data.status_changed_at = act.at;
    data.converted_customer_id = Some(customer.id);
    data.converted_at = Some(act.at);
    let mut next = lead.touched(act);
    next.data = data;
    let mut next = follow(&next, customer).unwrap_or(next);
    // Open work moves to the customer, follow-ups among it.
    next.derived.next_follow_up_at = None;
    let summary = format!("{} converted lead {} to customer {}", act.actor_name, next.data.title, customer.data.name);
    let event = next.event(act, EventKind::LeadConverted, summary, json!({"customerId": customer.id}));
    let changes = crate::record::changes(&lead.data, &next.data);
    (next, event.with_changes(changes))
}

/// An archived lead goes nowhere.
fn archived() -> Refused {
    Refused::transition(StateMachine::Lead, "The lead is archived; restore it first", &[] as &[LeadStatus])
}

/// Refuses what is not open: a lead that was converted, is archived, or is closed.
pub fn check_convertible(lead: &Record<Lead>) -> Result<(), Refused> {
    check_open(lead)?;
    if lead.data.archived_at.is_some() {
        return Err(archived());
    }
    if !lead.data.status.is_open() {
        return Err(Refused::transition(StateMachine::Lead, "The lead is closed; reopen it first", lead.data.status.allowed()));
    }
    Ok(())
}

/// Makes a customer of an open lead: same owner, team and contact data.
pub fn convert(lead: &Record<Lead>, act: &Act) -> Result<Conversion, Refused> {
    check_convertible(lead)?;
    let from = &lead.data;
    let name = match (&from.first_name, &from.last_name) {
        (Some(first), Some(last)) => Text::read(&format!("{first} {last}")).ok(),
        (None, Some(last)) => Text::read(last.as_str()).ok(),
        _ => from.company.clone(),
    };
    let data = CustomerData {
        first_name: from.first_name.clone(),
        last_name: from.last_name.clone(),
        company: from.company.clone(),
        email: from.email.clone(),
        phone: from.phone.clone(),
        converted_from_lead_id: Some(lead.id),
        owner_id: from.owner_id,
        ..CustomerData::new(name.unwrap_or_else(|| from.title.clone()), act.at)
    };
    let derived = CustomerDerived {
        team_id: lead.derived.team_id,
        owner_name: lead.derived.owner_name.clone(),
        lead_count: 1,
        last_contacted_at: lead.derived.last_contacted_at,
        next_follow_up_at: lead.derived.next_follow_up_at,
        ..CustomerDerived::default()
    };
    let customer = customer::new(act, data, CustomerText::default(), derived);
    let (next, event) = converted(lead, act, &customer);
    let events = vec![customer::created(&customer, act), event];
    Ok(Conversion { lead: next, customer, events })
}

/// A lead becomes part of a customer that the one who acts may change, and that is not archived.
pub fn check_target(customer: Option<&Row<Customer>>) -> Result<(), Refused> {
    match customer.filter(|customer| customer.data.archived_at.is_none()) {
        Some(_) => Ok(()),
        None => Err(Refused::field("customerId", "reference", "must be a customer that you may change and that is not archived")),
    }
}

/// Converts an open lead into a customer that exists and is not archived; a prospect or former customer
/// becomes one.
pub fn link(lead: &Record<Lead>, act: &Act, customer: &Record<Customer>) -> Result<Conversion, Refused> {
    check_convertible(lead)?;
    check_target(Some(customer))?;
    if customer.derived.lead_count >= MAX_LEADS {
        return Err(Refused::limit("customerId", format!("{MAX_LEADS} leads were converted into this customer, which is the most")));
    }
    let mut data = customer.data.clone();
    data.lifecycle = Lifecycle::Customer;
    data.converted_from_lead_id = data.converted_from_lead_id.or(Some(lead.id));
    let mut linked = customer.touched(act);
    linked.data = data;
    linked.derived.lead_count += 1;
    linked.derived.last_contacted_at = customer.derived.last_contacted_at.max(lead.derived.last_contacted_at);
    linked.derived.next_follow_up_at = match (customer.derived.next_follow_up_at, lead.derived.next_follow_up_at) {
        (Some(own), Some(brought)) => Some(own.min(brought)),
        (own, brought) => own.or(brought),
    };
    let (next, event) = converted(lead, act, &linked);
    let mut events = vec![event];
    events.extend(customer::lifecycle_changed(customer, &linked, act));
    let mut changed = crate::record::changes(&customer.data, &linked.data);
    changed.remove("lifecycle");
    let summary = format!("{} added lead {} to customer {}", act.actor_name, next.data.title, linked.data.name);
    events.push(linked.event(act, EventKind::CustomerUpdated, summary, json!({"leadId": lead.id})).with_changes(changed));
    Ok(Conversion { lead: next, customer: linked, events })
}

/// The texts a lead is found by.
pub fn findable(data: &LeadData) -> Findable<'_> {
    // A title can be long, and hides nobody.
    let person = [&data.first_name, &data.last_name].map(|name| name.as_ref().map(Text::as_str));
    let names = [data.company.as_ref().map(Text::as_str), Some(data.title.as_str())];
    Findable::of(data.email.as_ref(), data.phone.as_ref(), person, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;

    fn lead() -> Record<Lead> {
        let data =
            json!({"title": "Deal", "status": "NEW", "statusChangedAt": "2026-01-01T00:00:00Z", "lastName": "Doe", "email": "doe@acme.example"});
        create(&act(), serde_json::from_value(data).expect("data"), LeadText::default(), None).0
    }

    fn kinds(events: &[Event]) -> Vec<EventKind> {
        events.iter().map(|event| event.kind).collect()
    }

    #[test]
    fn spellings_of_a_source_are_one() {
        for same in ["Trade Fair", "trade  fair", "TRADE FAIR", "Tráde\u{a0}fair"] {
            assert_eq!(source_key(same), "trade fair", "{same:?}");
        }
        assert_ne!(source_key("tradefair"), "trade fair");
        assert!(source_key(&"\u{fdfa}".repeat(50)).chars().count() <= 50, "one letter may be many");
        assert_eq!(source_key("\u{ad}"), "\u{ad}", "never empty");
    }

    #[test]
    fn the_key_of_a_source_follows_it() {
        let old = lead();
        assert_eq!(old.derived.source_key, None);
        let source = |text: Option<&str>| text.map(|text| Text::read(text).expect("text"));
        let set = LeadData { source: source(Some("Web")), ..old.data.clone() };
        let (set, _) = update(&old, &act(), set, LeadText::default()).expect("may").expect("changes");
        assert_eq!(set.derived.source_key.as_deref(), Some("web"));
        let none = LeadData { source: None, ..set.data.clone() };
        assert_eq!(update(&set, &act(), none, LeadText::default()).expect("may").expect("changes").0.derived.source_key, None);
    }

    #[test]
    fn a_title_is_built_from_what_is_known() {
        let first = Text::read("Jo").expect("text");
        let last = Text::read("Doe").expect("text");
        let email = Email::read("jo@acme.example").expect("address");
        let built =
            |first: Option<&Text<100>>, last: Option<&Text<100>>, email| title(None, (first, last), None, email, None).ok().map(|t| t.to_string());
        assert_eq!(built(Some(&first), Some(&last), Some(&email)).as_deref(), Some("Jo Doe"));
        assert_eq!(built(Some(&first), None, Some(&email)).as_deref(), Some("jo@acme.example"));
        assert_eq!(built(Some(&first), None, None), None, "a first name is too little");
    }

    #[test]
    fn the_transition_table_holds_and_the_present_status_is_no_change() {
        for from in LeadStatus::ALL {
            for to in LeadStatus::ALL {
                let mut lead = lead();
                lead.data.status = *from;
                let moved = set_status(&lead, &act(), *to, Closing::default());
                assert_eq!(moved.is_ok(), from == to || from.allowed().contains(to), "{from} to {to}");
                assert_eq!(moved.is_ok_and(|change| change.is_none()), from == to);
            }
        }
        assert!(LeadStatus::ALL.iter().all(|from| !from.allowed().contains(&LeadStatus::Converted)));
    }

    #[test]
    fn reopening_clears_the_reason() {
        let closed = set_status(&lead(), &act(), LeadStatus::Closed, Closing { reason: Some(CloseReason::LostPrice), note: None })
            .expect("allowed")
            .expect("moved")
            .0;
        assert_eq!(closed.data.close_reason, Some(CloseReason::LostPrice));
        let open = set_status(&closed, &act(), LeadStatus::New, Closing::default()).expect("allowed").expect("moved").0;
        assert_eq!(open.data.close_reason, None);
    }

    #[test]
    fn the_reason_of_a_closed_lead_is_corrected_and_an_archived_one_stays_where_it_is() {
        let closed = |lead: &Record<Lead>, reason| {
            let closing = Closing { reason, ..Closing::of(lead, LeadStatus::Closed) };
            set_status(lead, &act(), LeadStatus::Closed, closing).expect("allowed")
        };
        let (first, _) = closed(&lead(), Some(CloseReason::LostPrice)).expect("moved");
        let (second, events) = closed(&first, Some(CloseReason::Won)).expect("corrected");
        assert_eq!((second.data.close_reason, second.data.status_changed_at), (Some(CloseReason::Won), first.data.status_changed_at));
        assert_eq!((kinds(&events), second.version), (vec![EventKind::LeadUpdated], first.version + 1));
        assert_eq!(closed(&second, Some(CloseReason::Won)), None);
        let (archived, _) = archive(&lead(), &act()).expect("open").expect("archived");
        let moved = set_status(&archived, &act(), LeadStatus::Contacted, Closing::default());
        assert!(matches!(moved, Err(Refused::Transition { allowed, .. }) if allowed.is_empty()));
        assert_eq!(set_status(&archived, &act(), LeadStatus::New, Closing::default()), Ok(None));
        assert!(check_closing(LeadStatus::New, &Closing { reason: Some(CloseReason::Won), note: None }).is_err());
        assert_eq!(status_faults(Some(LeadStatus::Qualified)), []);
        assert_eq!(status_faults(Some(LeadStatus::Closed)).len() + status_faults(Some(LeadStatus::Converted)).len(), 2);
    }

    #[test]
    fn converting_copies_the_contact_and_says_what_happened() {
        let done = convert(&lead(), &act()).expect("open");
        assert_eq!((done.customer.data.name.as_str(), done.customer.derived.lead_count), ("Doe", 1));
        assert_eq!(done.lead.data.converted_customer_id, Some(done.customer.id));
        assert_eq!(kinds(&done.events), [EventKind::CustomerCreated, EventKind::LeadConverted]);
        let other = lead();
        let mut former = done.customer.clone();
        former.data.lifecycle = Lifecycle::Former;
        let linked = link(&other, &act(), &former).expect("open");
        assert_eq!(linked.customer.data.converted_from_lead_id, Some(done.lead.id), "the first lead stays");
        assert_eq!(linked.customer.derived.lead_count, 2);
        use EventKind::{CustomerLifecycleChanged, CustomerUpdated, LeadConverted};
        assert_eq!(kinds(&linked.events), [LeadConverted, CustomerLifecycleChanged, CustomerUpdated]);
    }

    #[test]
    fn only_an_open_lead_that_is_not_archived_is_converted() {
        for status in [LeadStatus::Closed, LeadStatus::Converted] {
            let mut lead = lead();
            lead.data.status = status;
            assert!(convert(&lead, &act()).is_err(), "{status}");
        }
        let mut archived = lead();
        archived.data.archived_at = Some(Time::from_millis(1));
        assert!(convert(&archived, &act()).is_err());
        let done = convert(&lead(), &act()).expect("open");
        assert_eq!(convert(&done.lead, &act()), Err(Refused::Converted(done.customer.id)));
        assert_eq!(assign(&done.lead, &act(), None), Err(Refused::Converted(done.customer.id)));
        let mut full = done.customer;
        full.derived.lead_count = MAX_LEADS - 1;
        assert!(link(&lead(), &act(), &full).is_ok());
        full.derived.lead_count = MAX_LEADS;
        assert!(matches!(link(&lead(), &act(), &full), Err(Refused::Limit { .. })));
    }
}
