//! Campaigns: a message to every customer of a segment.
//!
//! Owns: when a campaign may be changed, started and stopped, who is in its segment, and its figures. Does not own: its messages
//! ([`crate::message`]).

use crate::customer::{Customer, Engagement, LevelCode, Lifecycle};
use crate::event::Act;
use crate::id::{TeamId, UserId};
use crate::lifecycle::{Denied, Edited, check_move};
use crate::message::{CampaignId, CustomerChannel, MessageStatus, values};
use crate::message_template::{self, MessageTemplate, SUBJECT, TemplateData, TemplateKind, TemplateText, Unfilled};
use crate::owner::Owner;
use crate::promotion::MAX_MINOR;
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{FieldFault, Refused};
use crate::time::{Day, Time};
use crate::value::{Text, Whole};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The longest body, in characters.
pub const BODY: usize = 1000;

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
    pub min_total_spent: Option<Whole<0, MAX_MINOR>>,
    /// No call, e-mail or meeting from this local day on, or never.
    pub not_contacted_since: Option<Day>,
}

/// The one partition of an index that has all of a segment and the least beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// One owner's customers.
    Owner(UserId),
    /// Those of one level.
    Level(LevelCode),
    /// Those of one engagement.
    Engagement(Engagement),
    /// Those of one lifecycle.
    Lifecycle(Lifecycle),
    /// All there are.
    All,
}

impl Segment {
    /// Sorts the lists, each value once.
    fn tidy(&mut self) {
        fn tidy<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
        }
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

    /// Where to look for its customers. An owner has few of all; then come what few are: a level above the lowest, an engagement,
    /// a lifecycle of those who do not buy. Most are CUSTOMER and BRONZE, which is little better than all.
    pub fn narrowest(&self) -> Partition {
        fn one<T: Copy>(list: &[T]) -> Option<T> {
            if let [only] = list { Some(*only) } else { None }
        }
        let (level, lifecycle) = (one(&self.level_codes), one(&self.lifecycle));
        let owner = one(&self.owner_ids).map(Partition::Owner);
        owner
            .or(level.filter(|level| *level != LevelCode::Bronze).map(Partition::Level))
            .or(one(&self.engagement).map(Partition::Engagement))
            .or(lifecycle.filter(|lifecycle| *lifecycle != Lifecycle::Customer).map(Partition::Lifecycle))
            .or(level.map(Partition::Level))
            .or(lifecycle.map(Partition::Lifecycle))
            .unwrap_or(Partition::All)
    }
}

/// How the messages of a campaign fared: whom it is for is the sum of the other four.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
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
    fn column(&mut self, status: MessageStatus) -> &mut u64 {
        match status {
            MessageStatus::Queued | MessageStatus::Sending => &mut self.queued,
            MessageStatus::Sent => &mut self.sent,
            MessageStatus::Failed => &mut self.failed,
            MessageStatus::Skipped => &mut self.skipped,
        }
    }

    /// Counts a message that moved, or is new.
    pub fn count(&mut self, before: Option<MessageStatus>, after: MessageStatus) {
        match before {
            Some(before) => {
                let left = self.column(before);
                *left = left.saturating_sub(1);
            }
            None => self.targeted += 1,
        }
        *self.column(after) += 1;
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
    /// How its messages fared.
    #[serde(default)]
    pub stats: Stats,
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
    if body.is_some_and(|body| body.chars().count() > BODY) {
        wrong.push(FieldFault::new("body", "length", format!("must have at most {BODY} characters")));
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

/// A new campaign: a draft, or scheduled where it has a time.
pub fn create(act: &Act, mut data: CampaignData, mut text: CampaignText, owner: &Owner) -> Result<Record<Campaign>, Refused> {
    text.segment.tidy();
    let mut wrong = content_faults(&data, &text);
    wrong.extend(schedule_faults(None, data.scheduled_at, true, act.at));
    Refused::any(wrong)?;
    data.status = if data.scheduled_at.is_some() { CampaignStatus::Scheduled } else { CampaignStatus::Draft };
    data.owner_id = owner.id;
    let derived = CampaignDerived { team_id: owner.team, owner_name: Some(owner.name.clone()), ..CampaignDerived::default() };
    Ok(Record::new(act.id(), act, data, text, derived))
}

/// A person's change of fields and status. Where no `status` is sent it follows the time: a campaign with one is scheduled, without
/// one a draft; and what is made a draft again loses its time. What runs or ran is changed in nothing, but can be cancelled.
pub fn update(
    campaign: &Record<Campaign>,
    act: &Act,
    mut data: CampaignData,
    mut text: CampaignText,
    status: Option<CampaignStatus>,
) -> Result<Edited<Campaign>, Denied> {
    let from = campaign.data.status;
    let is_new = data.scheduled_at != campaign.data.scheduled_at;
    let to = match (status, data.scheduled_at) {
        (Some(status), _) => status,
        (None, Some(_)) if from.is_open() => CampaignStatus::Scheduled,
        (None, None) if from.is_open() => CampaignStatus::Draft,
        (None, _) => from,
    };
    check_move("A campaign", from, to, from.allowed_by_hand())?;
    text.segment.tidy();
    data.status = from;
    if !from.is_open() && (data != campaign.data || text != campaign.text) {
        return Err(Denied::no_move(format!("A campaign that is {from} cannot be changed"), from.allowed_by_hand()));
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
    Ok(campaign.changed(act, data, text))
}

/// Whether its time has come.
pub fn is_due(campaign: &Row<Campaign>, now: Time) -> bool {
    campaign.data.status == CampaignStatus::Scheduled && campaign.data.scheduled_at.is_some_and(|at| at <= now)
}

/// The same as a person, or the clock, changes it.
fn moved(campaign: &Record<Campaign>, act: &Act) -> Record<Campaign> {
    if act.actor.is_some() { campaign.touched(act) } else { campaign.clone() }
}

/// The same as it runs; a second time it does not.
pub fn execute(campaign: &Record<Campaign>, act: &Act) -> Result<Record<Campaign>, Denied> {
    let from = campaign.data.status;
    if !from.is_open() {
        return Err(Denied::no_move(format!("A campaign that is {from} cannot be executed"), from.allowed_by_hand()));
    }
    let mut next = moved(campaign, act);
    (next.data.status, next.data.started_at) = (CampaignStatus::Running, Some(act.at));
    Ok(next)
}

/// The same as it is over: it failed, or every customer was found and no message is on its way any more. `None` where it goes on,
/// or was over before.
pub fn finished(campaign: &Record<Campaign>, act: &Act, error: Option<&str>) -> Option<Record<Campaign>> {
    let is_done = campaign.derived.resolved && campaign.derived.stats.queued == 0;
    (campaign.data.status == CampaignStatus::Running && (error.is_some() || is_done)).then(|| {
        let mut next = moved(campaign, act);
        next.data.status = if error.is_some() { CampaignStatus::Failed } else { CampaignStatus::Completed };
        (next.data.finished_at, next.derived.error) = (Some(act.at), error.map(str::to_owned));
        next
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
        create(&act(), fields(own), says(body), &Owner { id: user(2), name: "Bob".into(), team: None })
    }

    fn with(before: &Record<Campaign>, own: Value, status: Option<CampaignStatus>) -> Result<Edited<Campaign>, Denied> {
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
        assert_eq!(refused(json!({"subject": "Hello"}), &"x".repeat(1001)), ["subject conflict", "body length"]);
        assert_eq!(refused(json!({"channel": "EMAIL", "subject": "Hello {{ link }}"}), "{% for a in b %}"), ["subject placeholder", "body template"]);
        assert_eq!(refused(json!({}), ""), ["body length"]);
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
        let status = |edited: Result<Edited<Campaign>, Denied>| edited.expect("allowed").map(|(next, _)| (next.data.status, next.data.scheduled_at));
        let time = Time::read(LATER).ok();
        assert_eq!(status(with(&draft, json!({"scheduledAt": LATER}), None)), Some((CampaignStatus::Scheduled, time)));
        assert_eq!(status(with(&waits, json!({"scheduledAt": null}), None)), Some((CampaignStatus::Draft, None)));
        assert_eq!(status(with(&waits, json!({}), Some(CampaignStatus::Draft))), Some((CampaignStatus::Draft, None)));
        assert_eq!(status(with(&waits, json!({}), None)), None);
        let denied = |edited: Result<Edited<Campaign>, Denied>| match edited {
            Err(Denied::Rule(refused)) => wrong(refused),
            other => vec![format!("{other:?}")],
        };
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
                    false => assert!(matches!(result, Err(Denied::Move { .. })), "{from} {to}"),
                }
                assert!(!from.allowed_by_hand().contains(to) || from.allowed().contains(to));
            }
            let renamed = with(&before, json!({"name": "Summer"}), None);
            match from.is_open() {
                true => assert_eq!(renamed.expect("allowed").expect("changed").0.data.name.as_str(), "Summer"),
                false => assert!(matches!(renamed, Err(Denied::Move { .. })), "{from}"),
            }
            let executed = execute(&before, &act());
            assert_eq!(executed.is_ok(), from.allowed().contains(&CampaignStatus::Running), "{from}");
            assert!(executed.is_err() || executed.is_ok_and(|next| next.data.started_at == Some(act().at) && next.version == 2));
        }
        let (stopped, _) =
            with(&campaign(json!({"status": "RUNNING"})), json!({}), Some(CampaignStatus::Cancelled)).expect("allowed").expect("changed");
        assert_eq!(stopped.data.finished_at, Some(act().at));
        assert!(with(&campaign(json!({"status": "RUNNING"})), json!({"name": "Other"}), Some(CampaignStatus::Cancelled)).is_err());
    }

    #[test]
    fn it_is_over_when_every_message_went_its_way() {
        use MessageStatus::{Failed, Queued, Sending, Sent, Skipped};
        let mut runs = campaign(json!({"status": "RUNNING"}));
        let stats = &mut runs.derived.stats;
        for (before, after) in [(None, Queued), (None, Queued), (None, Skipped), (Some(Queued), Sending), (Some(Sending), Sent)] {
            stats.count(before, after);
        }
        assert_eq!(*stats, Stats { targeted: 3, queued: 1, sent: 1, failed: 0, skipped: 1 });
        assert_eq!(finished(&runs, &act(), None), None);
        runs.derived.stats.count(Some(Queued), Sending);
        runs.derived.stats.count(Some(Sending), Failed);
        assert_eq!(finished(&runs, &act(), None), None, "customers are still being looked for");
        runs.derived.resolved = true;
        let over = finished(&runs, &Act { actor: None, ..act() }, None).expect("over");
        assert_eq!((over.data.status, over.data.finished_at, over.version), (CampaignStatus::Completed, Some(act().at), 1));
        assert_eq!(finished(&over, &act(), Some("late")), None);
        let broken = finished(&runs, &act(), Some("no template")).expect("over");
        assert_eq!((broken.data.status, broken.derived.error.as_deref()), (CampaignStatus::Failed, Some("no template")));
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
    fn a_segment_is_looked_for_where_few_are() {
        let of = |segment: Value| serde_json::from_value::<Segment>(segment).expect("a segment").narrowest();
        assert_eq!(of(json!({})), Partition::All);
        assert_eq!(of(json!({"lifecycle": ["CUSTOMER"], "levelCodes": ["BRONZE"]})), Partition::Level(LevelCode::Bronze));
        assert_eq!(of(json!({"lifecycle": ["CUSTOMER"], "engagement": ["HOT"]})), Partition::Engagement(Engagement::Hot));
        assert_eq!(of(json!({"lifecycle": ["FORMER"], "engagement": ["HOT", "WARM"]})), Partition::Lifecycle(Lifecycle::Former));
        assert_eq!(of(json!({"levelCodes": ["GOLD"], "engagement": ["HOT"]})), Partition::Level(LevelCode::Gold));
        assert_eq!(of(json!({"levelCodes": ["GOLD"], "ownerIds": [user(1)]})), Partition::Owner(user(1)));
        assert_eq!(of(json!({"lifecycle": ["CUSTOMER"], "levelCodes": ["GOLD", "SILVER"]})), Partition::Lifecycle(Lifecycle::Customer));
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
        fn a_customer_is_in_where_each_condition_holds_and_stands_in_the_partition(
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
                min_total_spent: least.and_then(|least| Whole::new(least).ok()), not_contacted_since: None,
            };
            prop_assert_eq!(segment.matches(&row, &TimeZone::UTC), expected);
            let stands = match segment.narrowest() {
                Partition::Owner(owner) => row.data.owner_id == Some(owner),
                Partition::Level(code) => level == code,
                Partition::Engagement(engagement) => row.data.engagement == engagement,
                Partition::Lifecycle(lifecycle) => row.data.lifecycle == lifecycle,
                Partition::All => true,
            };
            prop_assert!(!expected || stands);
        }
    }
}
