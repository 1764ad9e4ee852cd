//! Campaigns: a message to every customer of a segment.
//!
//! Owns: when a campaign may be changed, started and stopped, who is in its segment, and its figures. Does not own: its messages
//! ([`crate::message`]).

use crate::customer::{Customer, Engagement, LevelCode, Lifecycle};
use crate::event::{Act, Event, EventKind};
use crate::id::{TeamId, UserId};
use crate::message::{CampaignId, CustomerChannel, LONGEST_TEXT, values};
use crate::message_template::{self, MessageTemplate, SUBJECT, TemplateData, TemplateKind, TemplateText, Unfilled};
use crate::money::Amount;
use crate::overview::{Counter, Counts};
use crate::owner::{Change, Owned, Owner};
use crate::record::{Access, Entity, Record, Row, changes};
use crate::refused::{FieldFault, Refused, StateMachine};
use crate::time::{Day, Time};
use crate::value::{Lines, Text, tidy};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The longest body, in characters.
pub const BODY: usize = 1000;

/// A body.
pub type CampaignBody = Lines<BODY>;

/// How many owners a segment can name.
pub const MAX_OWNERS: usize = 100;

crate::choice! {
    /// Where a campaign stands.
    pub enum CampaignStatus {
        /// Being written.
        Draft = "DRAFT",
        /// Waits for its time.
        Scheduled = "SCHEDULED",
        /// Its messages are on their way.
        Running = "RUNNING",
        /// All of them went their way.
        Completed = "COMPLETED",
        /// Something kept it from going on.
        Failed = "FAILED",
        /// Called off.
        Cancelled = "CANCELLED",
    }
}

impl CampaignStatus {
    /// Whether what was not sent yet is not sent any more.
    pub const fn is_stopped(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled)
    }

    /// Where it may go from here.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Scheduled, Self::Running, Self::Cancelled],
            Self::Scheduled => &[Self::Draft, Self::Running, Self::Cancelled],
            Self::Running => &[Self::Completed, Self::Failed, Self::Cancelled],
            Self::Completed | Self::Failed | Self::Cancelled => &[],
        }
    }

    /// Where a change of fields may bring it: it runs where it is executed or its time comes, and ends by itself.
    pub const fn allowed_by_hand(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Scheduled, Self::Cancelled],
            Self::Scheduled => &[Self::Draft, Self::Cancelled],
            Self::Running => &[Self::Cancelled],
            Self::Completed | Self::Failed | Self::Cancelled => &[],
        }
    }

    /// Whether what it says and to whom can still be changed.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Scheduled)
    }
}

/// Which customers a campaign is for: those that are in each list, of which an empty one has everybody. Archived ones never are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Segment {
    /// Lifecycles, sorted, each once.
    pub lifecycle: Vec<Lifecycle>,
    /// Engagements, the same.
    pub engagement: Vec<Engagement>,
    /// Levels, the same.
    pub level_codes: Vec<LevelCode>,
    /// Whose customers, the same.
    pub owner_ids: Vec<UserId>,
    /// At least so much spent, minor units.
    pub min_total_spent: Option<Amount>,
    /// No call, e-mail or meeting from this local day on, or never.
    pub not_contacted_since: Option<Day>,
}

impl Segment {
    /// Sorts the lists, each value once.
    fn tidy(&mut self) {
        tidy(&mut self.lifecycle);
        tidy(&mut self.engagement);
        tidy(&mut self.level_codes);
        tidy(&mut self.owner_ids);
    }

    /// Whether a customer is in it.
    pub fn matches(&self, customer: &Row<Customer>, zone: &TimeZone) -> bool {
        fn has<T: PartialEq>(list: &[T], value: Option<&T>) -> bool {
            list.is_empty() || value.is_some_and(|value| list.contains(value))
        }
        let (data, derived) = (&customer.data, &customer.derived);
        let is_quiet = |day: Day| derived.last_contacted_at.is_none_or(|last| last < day.start(zone));
        data.archived_at.is_none()
            && has(&self.lifecycle, Some(&data.lifecycle))
            && has(&self.engagement, Some(&data.engagement))
            && has(&self.level_codes, Some(&derived.level_code.unwrap_or(LevelCode::Bronze)))
            && has(&self.owner_ids, data.owner_id.as_ref())
            && self.min_total_spent.is_none_or(|least| derived.total_spent_minor >= least.get())
            && self.not_contacted_since.is_none_or(is_quiet)
    }
}

/// How the messages of a campaign fared: whom it was for so far is the sum of the other four.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Customers of the segment that were found.
    pub targeted: u64,
    /// On their way.
    pub queued: u64,
    /// Handed over.
    pub sent: u64,
    /// Given up on.
    pub failed: u64,
    /// Not sent.
    pub skipped: u64,
}

impl Stats {
    /// What the counts of its messages say.
    pub fn of(counts: &Counts) -> Self {
        let [queued, sent, failed, skipped] = [Counter::Queued, Counter::Sent, Counter::Failed, Counter::Skipped]
            .map(|counter| counts.get(&counter).and_then(|count| u64::try_from(*count).ok()).unwrap_or_default());
        Self { targeted: queued + sent + failed + skipped, queued, sent, failed, skipped }
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign;

/// Short fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignData {
    /// What it is called.
    pub name: Text<200>,
    /// Through what it goes.
    pub channel: CustomerChannel,
    /// The subject of a mail; a text message has none.
    pub subject: Option<Text<SUBJECT>>,
    /// Where it stands.
    pub status: CampaignStatus,
    /// When it is to be started.
    pub scheduled_at: Option<Time>,
    /// When it was.
    pub started_at: Option<Time>,
    /// When it ended, in whichever way.
    pub finished_at: Option<Time>,
    /// Whose it is, who is told that it ended.
    pub owner_id: UserId,
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CampaignText {
    /// What it says, with placeholders.
    pub body: String,
    /// To whom.
    #[serde(default)]
    pub segment: Segment,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignDerived {
    /// The owner's team.
    pub team_id: Option<TeamId>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// Who executed it, or scheduled it or changed it since: its customers are those inside that one's reach.
    pub starter_id: Option<UserId>,
    /// Whether every customer of the segment was found.
    #[serde(default)]
    pub resolved: bool,
    /// What kept it from going on.
    pub error: Option<String>,
}

impl Entity for Campaign {
    const KIND: &'static str = "CAMPAIGN";
    type Id = CampaignId;
    type Data = CampaignData;
    type Text = CampaignText;
    type Derived = CampaignDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        Some(row.data.owner_id)
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Everyone
    }

    fn label(row: &Row<Self>) -> String {
        row.data.name.to_string()
    }
}

impl Owned for Campaign {
    const POOLED: bool = false;

    crate::owner::stamps!();

    /// What did not begin goes to the new owner as a draft: who reaches other customers is asked before it goes to those.
    fn hand_over(campaign: &Record<Self>, act: &Act, owner: Option<&Owner>) -> Change<Self> {
        let owner = owner.filter(|owner| campaign.data.status.is_open() && owner.id != campaign.data.owner_id)?;
        let former = campaign.data.owner_id;
        let data = CampaignData { owner_id: owner.id, status: CampaignStatus::Draft, scheduled_at: None, ..campaign.data.clone() };
        let (mut next, changed) = campaign.changed(act, data, campaign.text.clone())?;
        Self::stamp(&mut next.derived, Some(owner));
        next.derived.starter_id = None;
        let summary = format!("Campaign {} went to {} as a draft", next.data.name, owner.name);
        let event = next.event(act, EventKind::CampaignUpdated, summary, json!({"oldOwnerId": former, "ownerId": owner.id}));
        Some((next, vec![event.with_changes(changed)]))
    }
}

/// Campaigns have the placeholders of what else customers are told.
const WORDS: TemplateKind = TemplateKind::Welcome;

/// What is wrong with what a campaign says, field by field; what did not parse is `None` and not looked at.
pub fn faults(channel: Option<CustomerChannel>, subject: Option<Option<&Text<SUBJECT>>>, body: Option<&str>) -> Vec<FieldFault> {
    let mut wrong = Vec::new();
    match (channel, subject) {
        (Some(CustomerChannel::Email), Some(None)) => wrong.push(FieldFault::new("subject", "required", "is required with the channel EMAIL")),
        (Some(CustomerChannel::Sms), Some(Some(_))) => wrong.push(FieldFault::new("subject", "conflict", "only goes with the channel EMAIL")),
        _ => {}
    }
    let (most, of) = if channel == Some(CustomerChannel::Sms) { (LONGEST_TEXT, " with the channel SMS") } else { (BODY, "") };
    if body.is_some_and(|body| body.chars().count() > most) {
        wrong.push(FieldFault::new("body", "length", format!("must have at most {most} characters{of}")));
    }
    // A subject that is not there is nothing to fill in.
    wrong.extend(message_template::faults(WORDS, subject.filter(Option::is_some), body, None));
    wrong
}

fn content_faults(data: &CampaignData, text: &CampaignText) -> Vec<FieldFault> {
    let mut wrong = faults(Some(data.channel), Some(data.subject.as_ref()), Some(&text.body));
    if text.segment.owner_ids.len() > MAX_OWNERS {
        wrong.push(FieldFault::new("segment/ownerIds", "length", format!("must have at most {MAX_OWNERS} owners")));
    }
    wrong
}

/// What is wrong with when a campaign is to be started, beside the status that it is to have; `is_new` is whether the time is another
/// than before.
pub fn schedule_faults(status: Option<CampaignStatus>, scheduled_at: Option<Time>, is_new: bool, now: Time) -> Option<FieldFault> {
    let (rule, message) = match (status, scheduled_at) {
        (Some(CampaignStatus::Scheduled), None) => ("required", "is required for the status SCHEDULED"),
        (Some(CampaignStatus::Draft), Some(_)) if is_new => ("conflict", "only goes with the status SCHEDULED"),
        (_, Some(time)) if is_new && time <= now => ("range", "must be in the future"),
        _ => return None,
    };
    Some(FieldFault::new("scheduledAt", rule, message))
}

/// A new campaign with its event: a draft, or scheduled where it has a time.
pub fn create(act: &Act, mut data: CampaignData, mut text: CampaignText, owner: &Owner) -> Result<(Record<Campaign>, Event), Refused> {
    text.segment.tidy();
    let mut wrong = content_faults(&data, &text);
    wrong.extend(schedule_faults(None, data.scheduled_at, true, act.at));
    Refused::any(wrong)?;
    data.status = if data.scheduled_at.is_some() { CampaignStatus::Scheduled } else { CampaignStatus::Draft };
    data.owner_id = owner.id;
    let mut derived = CampaignDerived { team_id: owner.team, owner_name: Some(owner.name.clone()), ..CampaignDerived::default() };
    derived.starter_id = act.actor.filter(|_| data.status == CampaignStatus::Scheduled);
    let campaign: Record<Campaign> = Record::new(act.id(), act, data, text, derived);
    let CampaignData { name, channel, status, scheduled_at, .. } = &campaign.data;
    let detail = json!({"channel": channel, "status": status, "scheduledAt": scheduled_at});
    let event = campaign.event(act, EventKind::CampaignCreated, format!("{} created campaign {name}", act.actor_name), detail);
    Ok((campaign, event))
}

fn no_move(from: CampaignStatus, detail: String) -> Refused {
    Refused::transition(StateMachine::Campaign, detail, from.allowed_by_hand())
}

/// Where a change of status and time brings a campaign. Where no `status` is sent it follows the time: a campaign with one is scheduled,
/// without one a draft.
pub fn moves_to(campaign: &Row<Campaign>, status: Option<CampaignStatus>, scheduled_at: Option<Time>) -> CampaignStatus {
    let from = campaign.data.status;
    match (status, scheduled_at) {
        (Some(status), _) => status,
        (None, Some(_)) if from.is_open() => CampaignStatus::Scheduled,
        (None, None) if from.is_open() => CampaignStatus::Draft,
        (None, _) => from,
    }
}

/// A person's change of fields and status, which brings it where [`moves_to`] says; what is made a draft again loses its time. What runs
/// or ran is changed in nothing, but what runs can be cancelled.
pub fn update(
    campaign: &Record<Campaign>,
    act: &Act,
    mut data: CampaignData,
    mut text: CampaignText,
    status: Option<CampaignStatus>,
) -> Result<Change<Campaign>, Refused> {
    let from = campaign.data.status;
    let is_new = data.scheduled_at != campaign.data.scheduled_at;
    let to = moves_to(campaign, status, data.scheduled_at);
    if from != to && !from.allowed_by_hand().contains(&to) {
        return Err(no_move(from, format!("A campaign that is {from} cannot become {to}")));
    }
    text.segment.tidy();
    data.status = from;
    if !from.is_open() && (data != campaign.data || text != campaign.text) {
        return Err(no_move(from, format!("A campaign that is {from} cannot be changed")));
    }
    if from.is_open() {
        let mut wrong = content_faults(&data, &text);
        wrong.extend(schedule_faults(Some(to), data.scheduled_at, is_new, act.at));
        Refused::any(wrong)?;
    }
    data.status = to;
    match to {
        CampaignStatus::Draft => data.scheduled_at = None,
        CampaignStatus::Cancelled if from != to => data.finished_at = Some(act.at),
        _ => {}
    }
    let Some((mut next, changed)) = campaign.changed(act, data, text) else { return Ok(None) };
    if next.data.status.is_open() {
        // Nobody changes what is then sent to those whom another one reaches.
        next.derived.starter_id = act.actor.filter(|_| to == CampaignStatus::Scheduled);
    }
    let summary = match from == to {
        true => format!("{} changed campaign {}", act.actor_name, next.data.name),
        false => format!("{} moved campaign {} from {from} to {to}", act.actor_name, next.data.name),
    };
    let event = next.event(act, EventKind::CampaignUpdated, summary, json!({"oldStatus": from, "status": to})).with_changes(changed);
    Ok(Some((next, vec![event])))
}

/// Whether its time has come.
pub fn is_due(campaign: &Row<Campaign>, now: Time) -> bool {
    campaign.data.status == CampaignStatus::Scheduled && campaign.data.scheduled_at.is_some_and(|at| at <= now)
}

/// The same as a person, or the clock, changes it.
fn moved(campaign: &Record<Campaign>, act: &Act) -> Record<Campaign> {
    if act.actor.is_some() { campaign.touched(act) } else { campaign.clone() }
}

/// The same as it runs, with the event; a second time it does not. Who executes it by hand is who reaches its customers.
pub fn execute(campaign: &Record<Campaign>, act: &Act) -> Result<(Record<Campaign>, Event), Refused> {
    let from = campaign.data.status;
    if !from.is_open() {
        return Err(no_move(from, format!("A campaign that is {from} cannot be executed")));
    }
    let mut next = moved(campaign, act);
    (next.data.status, next.data.started_at) = (CampaignStatus::Running, Some(act.at));
    next.derived.starter_id = act.actor.or(campaign.derived.starter_id);
    let summary = format!("{} started campaign {}", act.actor_name, next.data.name);
    let event = next.event(act, EventKind::CampaignStarted, summary, json!({"channel": next.data.channel}));
    let event = event.with_changes(changes(&campaign.data, &next.data));
    Ok((next, event))
}

/// The same once every customer of the segment was found; `None` where that was so before, or it does not run any more.
pub fn resolved(campaign: &Record<Campaign>) -> Option<Record<Campaign>> {
    (campaign.data.status == CampaignStatus::Running && !campaign.derived.resolved).then(|| {
        let mut next = campaign.clone();
        next.derived.resolved = true;
        next
    })
}

/// The same as it is over, with the event: it failed, or every customer was found and no message is on its way any more. `None`
/// where it goes on, or was over before.
pub fn finished(campaign: &Record<Campaign>, act: &Act, stats: Stats, error: Option<&str>) -> Option<(Record<Campaign>, Event)> {
    let (status, is_done) = (campaign.data.status, campaign.derived.resolved && stats.queued == 0);
    let runs = status == CampaignStatus::Running || (error.is_some() && status == CampaignStatus::Scheduled);
    (runs && (error.is_some() || is_done)).then(|| {
        let mut next = moved(campaign, act);
        next.data.status = if error.is_some() { CampaignStatus::Failed } else { CampaignStatus::Completed };
        (next.data.finished_at, next.derived.error) = (Some(act.at), error.map(str::to_owned));
        let status = next.data.status;
        let why = error.map(|error| format!("; {error}")).unwrap_or_default();
        let (name, Stats { sent, failed, skipped, .. }) = (&next.data.name, stats);
        let summary = format!("Campaign {name} is {status}: {sent} sent, {failed} failed, {skipped} skipped{why}");
        let event = next.event(act, EventKind::CampaignFinished, summary, json!({"status": status, "stats": stats, "error": error}));
        let event = event.with_changes(changes(&campaign.data, &next.data));
        (next, event)
    })
}

/// What a campaign says to a customer: the subject of a mail, and the text.
pub fn filled(campaign: &Record<Campaign>, act: &Act, customer: &Row<Customer>) -> Result<(Option<Text<SUBJECT>>, String), Unfilled> {
    let data = TemplateData { subject: campaign.data.subject.clone(), channels: Vec::new(), enabled: true };
    let words: Record<MessageTemplate> = Record::new(WORDS, act, data, TemplateText { body: campaign.text.body.clone() }, ());
    let (subject, body) = message_template::filled(&words, &values(customer))?;
    Ok((campaign.data.subject.as_ref().map(|_| subject), body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::message::tests::customer;
    use crate::text::TextValue;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    const LATER: &str = "1970-01-01T00:00:02Z";

    fn user(n: u128) -> UserId {
        UserId::new(Uuid::from_u128(n))
    }

    fn fields(fields: Value) -> CampaignData {
        let mut data = json!({"name": "Spring", "channel": "SMS", "status": "DRAFT", "ownerId": user(1)});
        for (name, value) in fields.as_object().expect("fields") {
            data[name] = value.clone();
        }
        serde_json::from_value(data).expect("data")
    }

    fn says(body: &str) -> CampaignText {
        CampaignText { body: body.to_owned(), segment: Segment::default() }
    }

    fn campaign(own: Value) -> Record<Campaign> {
        Record::new(act().id(), &act(), fields(own), says("Hello {{ name }}"), CampaignDerived::default())
    }

    fn new(own: Value, body: &str) -> Result<Record<Campaign>, Refused> {
        let made = create(&act(), fields(own), says(body), &Owner { id: user(2), name: "Bob".into(), team: None });
        made.map(|(campaign, event)| {
            assert_eq!(event.kind, EventKind::CampaignCreated);
            campaign
        })
    }

    fn with(before: &Record<Campaign>, own: Value, status: Option<CampaignStatus>) -> Result<Change<Campaign>, Refused> {
        let mut data = serde_json::to_value(&before.data).expect("data");
        for (name, value) in own.as_object().expect("fields") {
            data[name] = value.clone();
        }
        update(before, &act(), serde_json::from_value(data).expect("data"), before.text.clone(), status)
    }

    fn wrong(refused: Refused) -> Vec<String> {
        let Refused::Fields(faults) = refused else { return vec![refused.to_string()] };
        faults.into_iter().map(|fault| format!("{} {}", fault.field, fault.rule)).collect()
    }

    #[test]
    fn what_it_says_is_checked_when_it_is_saved() {
        let refused = |own, body: &str| wrong(new(own, body).expect_err("refused"));
        assert_eq!(refused(json!({"channel": "EMAIL"}), "Hello {{ nmae }}"), ["subject required", "body placeholder"]);
        assert_eq!(refused(json!({"subject": "Hello"}), &"x".repeat(601)), ["subject conflict", "body length"]);
        assert_eq!(refused(json!({"channel": "EMAIL", "subject": "Hello"}), &"x".repeat(1001)), ["body length"]);
        assert_eq!(refused(json!({"channel": "EMAIL", "subject": "Hello {{ link }}"}), "{% for a in b %}"), ["subject placeholder", "body template"]);
        assert_eq!(refused(json!({}), "{% if company %}Hello{% endif %}"), ["body length"]);
        assert!(new(json!({"channel": "EMAIL", "subject": "Hello {{ firstName or name }}"}), &"ä".repeat(1000)).is_ok());
        let mut many = says("Hello");
        many.segment.owner_ids = (0..=MAX_OWNERS as u128).map(user).collect();
        let owner = Owner { id: user(2), name: "Bob".into(), team: None };
        assert_eq!(wrong(create(&act(), fields(json!({})), many, &owner).expect_err("refused")), ["segment/ownerIds length"]);
    }

    #[test]
    fn it_is_scheduled_where_it_has_a_time() {
        let draft = new(json!({"status": "COMPLETED"}), "Hello").expect("made");
        assert_eq!((draft.data.status, draft.data.owner_id, draft.derived.owner_name.as_deref()), (CampaignStatus::Draft, user(2), Some("Bob")));
        let waits = new(json!({"scheduledAt": LATER}), "Hello").expect("made");
        assert_eq!(waits.data.status, CampaignStatus::Scheduled);
        assert_eq!(wrong(new(json!({"scheduledAt": act().at}), "Hello").expect_err("refused")), ["scheduledAt range"]);
        let status = |edited: Result<Change<Campaign>, Refused>| edited.expect("allowed").map(|(next, _)| (next.data.status, next.data.scheduled_at));
        let time = Time::read(LATER).ok();
        assert_eq!(status(with(&draft, json!({"scheduledAt": LATER}), None)), Some((CampaignStatus::Scheduled, time)));
        assert_eq!(status(with(&waits, json!({"scheduledAt": null}), None)), Some((CampaignStatus::Draft, None)));
        assert_eq!(status(with(&waits, json!({}), Some(CampaignStatus::Draft))), Some((CampaignStatus::Draft, None)));
        assert_eq!(status(with(&waits, json!({}), None)), None);
        let denied = |edited: Result<Change<Campaign>, Refused>| wrong(edited.expect_err("refused"));
        assert_eq!(denied(with(&draft, json!({}), Some(CampaignStatus::Scheduled))), ["scheduledAt required"]);
        assert_eq!(denied(with(&draft, json!({"scheduledAt": LATER}), Some(CampaignStatus::Draft))), ["scheduledAt conflict"]);
        assert_eq!((is_due(&waits, act().at), is_due(&waits, time.expect("a time")), is_due(&draft, time.expect("a time"))), (false, true, false));
    }

    #[test]
    fn by_hand_it_moves_by_the_table_and_is_changed_until_it_runs() {
        for from in CampaignStatus::ALL {
            let own = json!({"status": from, "scheduledAt": (*from == CampaignStatus::Scheduled).then_some(LATER)});
            let before = campaign(own);
            for to in CampaignStatus::ALL {
                let time = if *to == CampaignStatus::Scheduled { json!({"scheduledAt": LATER}) } else { json!({}) };
                let result = with(&before, time, Some(*to));
                match from.allowed_by_hand().contains(to) {
                    true => assert_eq!(result.expect("allowed").expect("changed").0.data.status, *to),
                    false if from == to => assert_eq!(result, Ok(None), "{from}"),
                    false => assert!(matches!(result, Err(Refused::Transition { .. })), "{from} {to}"),
                }
                assert!(!from.allowed_by_hand().contains(to) || from.allowed().contains(to));
            }
            let renamed = with(&before, json!({"name": "Summer"}), None);
            match from.is_open() {
                true => assert_eq!(renamed.expect("allowed").expect("changed").0.data.name.as_str(), "Summer"),
                false => assert!(matches!(renamed, Err(Refused::Transition { .. })), "{from}"),
            }
            let executed = execute(&before, &act());
            assert_eq!(executed.is_ok(), from.allowed().contains(&CampaignStatus::Running), "{from}");
            assert!(executed.is_err() || executed.is_ok_and(|(next, event)| next.version == 2 && event.changes.contains_key("startedAt")));
        }
        let (stopped, _) =
            with(&campaign(json!({"status": "RUNNING"})), json!({}), Some(CampaignStatus::Cancelled)).expect("allowed").expect("changed");
        assert_eq!(stopped.data.finished_at, Some(act().at));
        assert!(with(&campaign(json!({"status": "RUNNING"})), json!({"name": "Other"}), Some(CampaignStatus::Cancelled)).is_err());
    }

    #[test]
    fn it_is_over_when_every_message_went_its_way() {
        let mut runs = campaign(json!({"status": "RUNNING"}));
        let stats = |queued| Stats::of(&Counts::from([(Counter::Queued, queued), (Counter::Sent, 1), (Counter::Failed, 1), (Counter::Skipped, 2)]));
        assert_eq!(stats(3), Stats { targeted: 7, queued: 3, sent: 1, failed: 1, skipped: 2 });
        assert_eq!(finished(&runs, &act(), stats(0), None), None, "customers are still being looked for");
        runs.derived.resolved = true;
        assert_eq!(finished(&runs, &act(), stats(1), None), None);
        let (over, event) = finished(&runs, &Act { actor: None, ..act() }, stats(0), None).expect("over");
        assert_eq!(event.summary, "Campaign Spring is COMPLETED: 1 sent, 1 failed, 2 skipped");
        assert_eq!((over.data.status, over.data.finished_at, over.version), (CampaignStatus::Completed, Some(act().at), 1));
        assert_eq!(finished(&over, &act(), stats(0), Some("late")), None);
        for status in ["RUNNING", "SCHEDULED"] {
            let (broken, event) = finished(&campaign(json!({"status": status})), &act(), stats(0), Some("nobody")).expect("over");
            assert_eq!((event.kind, event.summary.ends_with("skipped; nobody")), (EventKind::CampaignFinished, true));
            assert_eq!((broken.data.status, broken.derived.error.as_deref()), (CampaignStatus::Failed, Some("nobody")));
        }
    }

    #[test]
    fn whoever_schedules_changes_or_executes_it_last_is_whose_customers_it_reaches() {
        let by = |n| Act { actor: Some(user(n)), ..act() };
        let starter = |campaign: &Record<Campaign>| campaign.derived.starter_id;
        let edit = |before: &Record<Campaign>, own: Value, n| {
            let mut data = serde_json::to_value(&before.data).expect("data");
            own.as_object().expect("fields").iter().for_each(|(name, value)| data[name] = value.clone());
            let data = serde_json::from_value(data).expect("data");
            update(before, &by(n), data, before.text.clone(), None).expect("allowed").expect("changed").0
        };
        let draft = campaign(json!({}));
        let waits = edit(&draft, json!({"scheduledAt": LATER}), 3);
        let renamed = edit(&waits, json!({"name": "Summer"}), 4);
        assert_eq!((starter(&draft), starter(&waits), starter(&renamed)), (None, Some(user(3)), Some(user(4))));
        assert_eq!(starter(&edit(&renamed, json!({"scheduledAt": null}), 3)), None);
        let started = |n: Option<u128>| starter(&execute(&renamed, &Act { actor: n.map(user), ..act() }).expect("runs").0);
        assert_eq!((started(None), started(Some(5))), (Some(user(4)), Some(user(5))));
        let owner = |n| Owner { id: user(n), name: "Bob".into(), team: None };
        let (left, _) = Campaign::hand_over(&renamed, &by(9), Some(&owner(6))).expect("given");
        assert_eq!((left.data.owner_id, starter(&left), left.data.status, left.data.scheduled_at), (user(6), None, CampaignStatus::Draft, None));
        assert_eq!(Campaign::hand_over(&left, &by(9), Some(&owner(6))), None);
        assert_eq!(Campaign::hand_over(&execute(&left, &act()).expect("runs").0, &by(9), Some(&owner(7))), None);
    }

    #[test]
    fn it_speaks_to_the_customer_by_name() {
        let mut mail = campaign(json!({"channel": "EMAIL", "subject": "For {{ name }}"}));
        let said = |campaign: &Record<Campaign>| filled(campaign, &act(), &customer()).expect("filled in");
        assert_eq!(said(&mail), (Text::read("For Acme").ok(), "Hello Acme".to_owned()));
        mail.data.subject = None;
        assert_eq!(said(&mail), (None, "Hello Acme".to_owned()));
    }

    #[test]
    fn a_day_without_contact_begins_in_the_zone_and_archived_ones_are_never_in() {
        let zone = TimeZone::get("Asia/Tokyo").expect("zone");
        let quiet = Segment { not_contacted_since: Day::read("2026-03-01").ok(), ..Segment::default() };
        let mut one = customer();
        let mut is_in = |last: Option<&str>| {
            one.derived.last_contacted_at = last.map(|last| Time::read(last).expect("a time"));
            quiet.matches(&one, &zone)
        };
        assert!(is_in(None) && is_in(Some("2026-02-28T14:59:59Z")) && !is_in(Some("2026-02-28T15:00:00Z")));
        one.data.archived_at = Some(act().at);
        assert!(!Segment::default().matches(&one, &zone));
    }

    proptest! {
        #![proptest_config(crate::promotion::tests::cases(256))]
        #[test]
        fn a_customer_is_in_where_each_condition_holds(
            lifecycle in prop::sample::subsequence(Lifecycle::ALL, 0..=3), engagement in prop::sample::subsequence(Engagement::ALL, 0..=3),
            levels in prop::sample::subsequence(LevelCode::ALL, 0..=4), owners in prop::collection::vec(1..4_u128, 0..3),
            least in prop::option::of(0..5_i64), one in (0..3_usize, 0..3_usize, prop::option::of(0..4_usize), prop::option::of(1..4_u128), 0..5_i64),
        ) {
            let mut row = customer();
            (row.data.lifecycle, row.data.engagement) = (Lifecycle::ALL[one.0], Engagement::ALL[one.1]);
            row.derived.level_code = one.2.map(|level| LevelCode::ALL[level]);
            row.data.owner_id = one.3.map(user);
            row.derived.total_spent_minor = one.4;
            let level = row.derived.level_code.unwrap_or(LevelCode::Bronze);
            let expected = (lifecycle.is_empty() || lifecycle.contains(&row.data.lifecycle))
                && (engagement.is_empty() || engagement.contains(&row.data.engagement))
                && (levels.is_empty() || levels.contains(&level))
                && (owners.is_empty() || one.3.is_some_and(|owner| owners.contains(&owner)))
                && least.is_none_or(|least| one.4 >= least);
            let segment = Segment {
                lifecycle, engagement, level_codes: levels, owner_ids: owners.into_iter().map(user).collect(),
                min_total_spent: least.and_then(|least| Amount::new(least).ok()), not_contacted_since: None,
            };
            prop_assert_eq!(segment.matches(&row, &TimeZone::UTC), expected);
        }
    }
}
