//! Messages to customers: what is sent to whom, why it is not, and how often it is tried.

use crate::activity::About;
use crate::customer::{Customer, Engagement, Lifecycle};
use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, TeamId, UserId};
use crate::message_template::{SUBJECT, TemplateKind, Values};
use crate::notification::Channel;
use crate::overview::Counter;
use crate::owner::{Change, Follower, Owned, Owner};
use crate::party::PartyId;
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{Refused, StateMachine};
use crate::time::{Day, Time};
use crate::user::EmailStatus;
use crate::value::{EXCERPT, Text, cut};
use serde::{Deserialize, Serialize};
use serde_json::json;

crate::choice! {
    /// How a message reaches a customer.
    pub enum CustomerChannel {
        /// By text message.
        Sms = "SMS",
        /// By e-mail.
        Email = "EMAIL",
    }
}

impl CustomerChannel {
    /// A channel of a template, where it leads to customers.
    pub const fn of(channel: Channel) -> Option<Self> {
        match channel {
            Channel::Sms => Some(Self::Sms),
            Channel::Email => Some(Self::Email),
            Channel::Push | Channel::InApp => None,
        }
    }
}

crate::choice! {
    /// Why a customer is written to.
    pub enum MessageKind {
        /// A campaign has the customer in its segment.
        Campaign = "CAMPAIGN",
        /// It is the customer's birthday.
        Birthday = "BIRTHDAY",
        /// Nobody heard of the customer for long.
        Inactivity = "INACTIVITY",
        /// The customer became one.
        Welcome = "WELCOME",
    }
}

impl MessageKind {
    /// Whose words it has; a campaign has its own.
    pub const fn template(self) -> Option<TemplateKind> {
        match self {
            Self::Campaign => None,
            Self::Birthday => Some(TemplateKind::Birthday),
            Self::Inactivity => Some(TemplateKind::Inactivity),
            Self::Welcome => Some(TemplateKind::Welcome),
        }
    }
}

crate::choice! {
    /// Where a message stands.
    pub enum MessageStatus {
        /// Waits to be sent.
        Queued = "QUEUED",
        /// Being sent, for the first time or again.
        Sending = "SENDING",
        /// Handed over.
        Sent = "SENT",
        /// Given up on.
        Failed = "FAILED",
        /// Not sent.
        Skipped = "SKIPPED",
    }
}

impl MessageStatus {
    /// Where it may go from here.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Queued => &[Self::Sending, Self::Skipped],
            Self::Sending => &[Self::Sent, Self::Failed, Self::Skipped],
            Self::Failed => &[Self::Queued],
            Self::Sent | Self::Skipped => &[],
        }
    }

    /// As what a message that stands so counts for its campaign.
    pub const fn counter(self) -> Counter {
        match self {
            Self::Queued | Self::Sending => Counter::Queued,
            Self::Sent => Counter::Sent,
            Self::Failed => Counter::Failed,
            Self::Skipped => Counter::Skipped,
        }
    }
}

crate::choice! {
    /// Why a message is not sent. Of several reasons the first holds in the order of [`SkipReason::ORDER`].
    pub enum SkipReason {
        /// The customer wants none.
        OptedOut = "OPTED_OUT",
        /// There is no address that the channels lead to.
        NoAddress = "NO_ADDRESS",
        /// Mails to the address came back, or were reported as spam.
        Bounced = "BOUNCED",
        /// The customer is archived.
        Archived = "ARCHIVED",
        /// Somebody with the same address got it already.
        Duplicate = "DUPLICATE",
        /// The campaign was cancelled before.
        CampaignCancelled = "CAMPAIGN_CANCELLED",
        /// The template is turned off.
        TemplateOff = "TEMPLATE_OFF",
    }
}

impl SkipReason {
    /// What is asked first: whether it is sent at all, then whether this customer may be written to, then whether it can be, then
    /// whether it was.
    pub const ORDER: [Self; 7] =
        [Self::TemplateOff, Self::CampaignCancelled, Self::Archived, Self::OptedOut, Self::NoAddress, Self::Bounced, Self::Duplicate];
}

/// The longest text message, characters: SNS takes 1,600 of the GSM alphabet, which is some ten parts
/// (<https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html>), and less than half as many of others.
pub const LONGEST_TEXT: usize = 600;

/// How often it is tried to send a message before it is given up on.
pub const MAX_ATTEMPTS: u32 = 5;

/// For how long a try keeps others off, seconds: as long as its function may take. Whoever began it and has said nothing since was
/// killed.
pub const TRY_SECONDS: i64 = 60;

/// For how long nobody is told again that nobody heard of him: 30 days, in seconds.
pub const INACTIVITY_SECONDS: i64 = 30 * 86_400;

crate::id::ids! {
    /// A message to a customer.
    MessageId,
    /// A campaign.
    CampaignId,
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Message;

/// What a message is made of: no person writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageData {
    /// To whom.
    pub customer_id: CustomerId,
    /// For which campaign.
    pub campaign_id: Option<CampaignId>,
    /// Why.
    pub kind: MessageKind,
    /// Through what.
    pub channel: CustomerChannel,
    /// The number or address then; `None` where there was none.
    pub to: Option<String>,
    /// The subject of a mail.
    pub subject: Option<Text<SUBJECT>>,
    /// Where it stands.
    pub status: MessageStatus,
    /// How often it was tried to send it.
    pub attempts: u32,
    /// Why it was not sent.
    pub skip_reason: Option<SkipReason>,
    /// What the provider calls it.
    pub provider_id: Option<String>,
    /// Why sending failed, without the address.
    pub error: Option<String>,
    /// Unique: what is made once is told once.
    pub dedupe_key: String,
    /// When it was put into the queue.
    pub queued_at: Time,
    /// When it was handed over.
    pub sent_at: Option<Time>,
}

/// Long fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageText {
    /// What it says.
    pub body: String,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageDerived {
    /// The beginning of the body, for lists.
    pub excerpt: String,
    /// The customer's owner.
    pub owner_id: Option<UserId>,
    /// The owner's team.
    pub team_id: Option<TeamId>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// When the try began that is under way.
    pub trying_since: Option<Time>,
}

impl Entity for Message {
    const KIND: &'static str = "MESSAGE";
    type Id = MessageId;
    type Data = MessageData;
    type Text = MessageText;
    type Derived = MessageDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        row.derived.owner_id
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn access(row: &Row<Self>) -> Access {
        Access::Party(PartyId::Customer(row.data.customer_id))
    }

    fn label(row: &Row<Self>) -> String {
        row.data.kind.to_string()
    }
}

impl Owned for Message {
    const POOLED: bool = true;
    const FOLLOWS: bool = true;

    crate::owner::stamps!();

    /// It goes where its customer goes.
    fn hand_over(_: &Record<Self>, _: &Act, _: Option<&Owner>) -> Change<Self> {
        None
    }
}

impl Follower for Message {
    fn set_owner(derived: &mut MessageDerived, owner: Option<UserId>) {
        derived.owner_id = owner;
    }
}

/// What a customer is written to for; each customer once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Becoming a customer.
    Welcome,
    /// The birthday in a year.
    Birthday(i16),
    /// Silence, in a week of ISO 8601: its year and number.
    Inactivity(i16, i8),
    /// A campaign.
    Campaign(CampaignId),
}

impl Occasion {
    /// The birthday that is on a day.
    pub fn birthday(today: Day) -> Self {
        Self::Birthday(today.0.year())
    }

    /// Silence, on a day.
    pub fn inactivity(today: Day) -> Self {
        let week = today.0.iso_week_date();
        Self::Inactivity(week.year(), week.week())
    }

    /// Why the customer is written to.
    pub const fn kind(self) -> MessageKind {
        match self {
            Self::Welcome => MessageKind::Welcome,
            Self::Birthday(_) => MessageKind::Birthday,
            Self::Inactivity(..) => MessageKind::Inactivity,
            Self::Campaign(_) => MessageKind::Campaign,
        }
    }

    /// The dedupe key of a customer's message.
    pub fn key(self, customer: CustomerId) -> String {
        match self {
            Self::Welcome => format!("WELCOME#{customer}"),
            Self::Birthday(year) => format!("BIRTHDAY#{customer}#{year:04}"),
            Self::Inactivity(year, week) => format!("INACTIVITY#{customer}#{year:04}-W{week:02}"),
            Self::Campaign(campaign) => format!("CAMPAIGN#{campaign}#{customer}"),
        }
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Through what.
    pub channel: CustomerChannel,
    /// The number or address.
    pub to: String,
}

/// Where a customer is written to: through the first of the channels that leads there. Who is archived or wants no messages is
/// not written to at all, a welcome among them.
pub fn address(customer: &Row<Customer>, channels: &[CustomerChannel]) -> Result<Address, SkipReason> {
    let data = &customer.data;
    if data.archived_at.is_some() {
        return Err(SkipReason::Archived);
    }
    if data.marketing_opt_out {
        return Err(SkipReason::OptedOut);
    }
    let mail_arrives = matches!(customer.derived.email_status, None | Some(EmailStatus::Ok));
    let mut reason = SkipReason::NoAddress;
    for &channel in channels {
        let to = match (channel, &data.phone, &data.email) {
            (CustomerChannel::Sms, Some(phone), _) => Some(phone.to_string()),
            (CustomerChannel::Email, _, Some(email)) if mail_arrives => Some(email.to_string()),
            (CustomerChannel::Email, _, Some(_)) => {
                reason = SkipReason::Bounced;
                None
            }
            _ => None,
        };
        if let Some(to) = to {
            return Ok(Address { channel, to });
        }
    }
    Err(reason)
}

/// What fills in the placeholders of what customers are told.
pub fn values(customer: &Row<Customer>) -> Values {
    let data = &customer.data;
    let text = |part: Option<String>| part.unwrap_or_default();
    Values::from([
        ("name", data.name.to_string()),
        ("firstName", text(data.first_name.as_ref().map(Text::to_string))),
        ("company", text(data.company.as_ref().map(Text::to_string))),
    ])
}

/// Whether a birthday is on a day. Who was born on 29 February has it on the 28th in short years.
pub fn is_birthday(birthday: Day, today: Day) -> bool {
    birthdays_on(today).contains(&month_and_day(birthday))
}

/// The month and day of a birthday, `02-29`.
pub fn month_and_day(day: Day) -> String {
    format!("{:02}-{:02}", day.0.month(), day.0.day())
}

/// Which birthdays are on a day, as [`month_and_day`] has them.
pub fn birthdays_on(today: Day) -> Vec<String> {
    let present = month_and_day(today);
    let stands_in = present == "02-28" && !today.0.in_leap_year();
    [Some(present), stands_in.then(|| "02-29".to_owned())].into_iter().flatten().collect()
}

/// Whether a customer is congratulated on a day: customers that are not archived, not those who may become one.
pub fn has_birthday(customer: &Row<Customer>, today: Day) -> bool {
    let is_ours = customer.data.lifecycle == Lifecycle::Customer && customer.data.archived_at.is_none();
    is_ours && customer.data.birthday.is_some_and(|birthday| is_birthday(birthday, today))
}

/// Whether a customer is to be asked how it is: one of whom nobody heard for long, and who was not asked for thirty days.
pub fn is_missed(customer: &Row<Customer>, last_asked: Option<Time>, now: Time) -> bool {
    let data = &customer.data;
    let is_ours = data.lifecycle == Lifecycle::Customer && data.archived_at.is_none();
    is_ours && data.engagement == Engagement::Inactive && last_asked.is_none_or(|last| last.plus_seconds(INACTIVITY_SECONDS) <= now)
}

/// Whether a customer is to be welcomed: one who was not before.
pub fn is_new(customer: &Row<Customer>) -> bool {
    customer.data.lifecycle == Lifecycle::Customer && customer.derived.welcomed_at.is_none()
}

/// The same once it was welcomed.
pub fn welcomed(customer: &Record<Customer>, act: &Act) -> Record<Customer> {
    let mut next = customer.clone();
    next.derived.welcomed_at = Some(act.at);
    next
}

/// The same once it was asked how it is.
pub fn missed(customer: &Record<Customer>, act: &Act) -> Record<Customer> {
    let mut next = customer.clone();
    next.derived.missed_at = Some(act.at);
    next
}

/// What is to be sent.
#[derive(Debug, Clone)]
pub struct Writing {
    /// What for.
    pub occasion: Occasion,
    /// Through what first.
    pub channel: CustomerChannel,
    /// The subject of a mail.
    pub subject: Option<Text<SUBJECT>>,
    /// What it says.
    pub body: String,
}

/// A new message: it waits to be sent, or says why it is not.
pub fn create(act: &Act, customer: &Row<Customer>, writing: Writing, goes: Result<Address, SkipReason>) -> Record<Message> {
    let Writing { occasion, channel, subject, body } = writing;
    let campaign_id = match occasion {
        Occasion::Campaign(campaign) => Some(campaign),
        _ => None,
    };
    let (channel, to, status, skip_reason) = match goes {
        Ok(address) => (address.channel, Some(address.to), MessageStatus::Queued, None),
        Err(reason) => (channel, None, MessageStatus::Skipped, Some(reason)),
    };
    let data = MessageData {
        customer_id: customer.id,
        campaign_id,
        kind: occasion.kind(),
        channel,
        to,
        subject: subject.filter(|_| channel == CustomerChannel::Email),
        status,
        attempts: 0,
        skip_reason,
        provider_id: None,
        error: None,
        dedupe_key: occasion.key(customer.id),
        queued_at: act.at,
        sent_at: None,
    };
    let derived = MessageDerived {
        excerpt: cut(&body, EXCERPT),
        owner_id: customer.data.owner_id,
        team_id: customer.derived.team_id,
        owner_name: customer.derived.owner_name.clone(),
        trying_since: None,
    };
    Record::new(act.id(), act, data, MessageText { body }, derived)
}

/// The event that brings it to whoever sends it; `None` where nobody has to.
pub fn queued(message: &Record<Message>, act: &Act) -> Option<Event> {
    let MessageData { kind, channel, campaign_id, customer_id, status, .. } = &message.data;
    let detail = json!({"kind": kind, "channel": channel, "campaignId": campaign_id, "customerId": customer_id});
    (*status == MessageStatus::Queued)
        .then(|| message.event(act, EventKind::MessageQueued, format!("A message ({channel}) waits to be sent"), detail))
}

/// Whether a try of it is under way: whoever began it may still be at it.
pub fn is_tried(message: &Row<Message>, now: Time) -> bool {
    message.data.status == MessageStatus::Sending && message.derived.trying_since.is_some_and(|since| now < since.plus_seconds(TRY_SECONDS))
}

/// The same as it is not sent, whatever waits, for the first time or to be tried again; `None` where it does not.
pub fn skip(message: &Record<Message>, reason: SkipReason) -> Option<Record<Message>> {
    let waits = match message.data.status {
        MessageStatus::Queued => true,
        // What was tried by somebody who was killed may have been sent.
        MessageStatus::Sending => message.derived.trying_since.is_none(),
        _ => false,
    };
    waits.then(|| {
        let mut next = message.clone();
        (next.data.status, next.data.skip_reason) = (MessageStatus::Skipped, Some(reason));
        next
    })
}

/// The same as it is tried once more, at the address that the customer has now; `None` where there is nothing left to do. What was
/// being sent is tried again: whoever sent it was killed.
pub fn tried(message: &Record<Message>, to: Address, now: Time) -> Option<Record<Message>> {
    let waits = matches!(message.data.status, MessageStatus::Queued | MessageStatus::Sending);
    (waits && message.data.attempts < MAX_ATTEMPTS).then(|| {
        let mut next = message.clone();
        (next.data.status, next.data.to) = (MessageStatus::Sending, Some(to.to));
        next.data.attempts += 1;
        next.derived.trying_since = Some(now);
        next
    })
}

/// The same as it is given up on, where its last try was cut off before it said what it came to.
pub fn lost(message: &Record<Message>) -> Option<Record<Message>> {
    (message.data.status == MessageStatus::Sending && message.data.attempts >= MAX_ATTEMPTS).then(|| {
        let mut next = message.clone();
        (next.data.status, next.data.error) = (MessageStatus::Failed, Some("the last try was cut off".to_owned()));
        next.derived.trying_since = None;
        next
    })
}

/// What a try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was handed over, by this id of the provider.
    Sent(Option<String>),
    /// It could not be sent, for this reason, and may be another time.
    Later(String),
    /// The provider took nothing, for this reason, which is no fault of the message: the try does not count.
    Busy(String),
    /// The provider says that the recipient wants none.
    Unwanted,
    /// It cannot be sent, for this reason.
    Never(String),
}

/// The same after a try: after the last one that failed it is given up on. `None` where it is not being sent.
pub fn ended(message: &Record<Message>, act: &Act, outcome: Outcome) -> Option<Record<Message>> {
    (message.data.status == MessageStatus::Sending).then(|| {
        let mut next = message.clone();
        next.derived.trying_since = None;
        let data = &mut next.data;
        match outcome {
            Outcome::Sent(provider_id) => {
                (data.status, data.provider_id, data.sent_at, data.error) = (MessageStatus::Sent, provider_id, Some(act.at), None);
            }
            Outcome::Later(why) => {
                data.status = if data.attempts < MAX_ATTEMPTS { MessageStatus::Sending } else { MessageStatus::Failed };
                data.error = Some(why);
            }
            Outcome::Busy(why) => {
                data.attempts = data.attempts.saturating_sub(1);
                data.error = Some(why);
            }
            Outcome::Unwanted => (data.status, data.skip_reason, data.error) = (MessageStatus::Skipped, Some(SkipReason::OptedOut), None),
            Outcome::Never(why) => (data.status, data.error) = (MessageStatus::Failed, Some(why)),
        }
        next
    })
}

/// The event of a message that was handed over or given up on, seen by who sees its customer; `None` of any other.
pub fn told(message: &Record<Message>, act: &Act, about: &About) -> Option<Event> {
    let MessageData { kind, channel, campaign_id, customer_id, status, error, .. } = &message.data;
    let (event, what) = match status {
        MessageStatus::Sent => (EventKind::MessageSent, "was sent"),
        MessageStatus::Failed => (EventKind::MessageFailed, "could not be sent"),
        _ => return None,
    };
    let why = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    let summary = format!("A message ({channel}) to customer {} {what}{why}", about.label);
    let detail = json!({"kind": kind, "channel": channel, "campaignId": campaign_id, "customerId": customer_id});
    Some(message.event(act, event, summary, detail).seen_by(about.owner, about.team))
}

/// A message that was given up on, in the queue again as if it were new, with the event that brings it to whoever sends it; `None`
/// where it is there already.
pub fn retry(message: &Record<Message>, act: &Act) -> Result<Change<Message>, Refused> {
    match message.data.status {
        MessageStatus::Queued => Ok(None),
        MessageStatus::Failed => {
            let mut next = message.touched(act);
            let data = &mut next.data;
            (data.status, data.attempts, data.error, data.queued_at) = (MessageStatus::Queued, 0, None, act.at);
            let event = queued(&next, act);
            Ok(Some((next, event.into_iter().collect())))
        }
        other => {
            let detail = format!("A message that is {other} cannot be sent again; it has to be FAILED");
            Err(Refused::transition(StateMachine::Message, detail, other.allowed()))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::customer::{CustomerData, CustomerDerived, CustomerText};
    use crate::text::TextValue;
    use crate::value::{Email, Phone};
    use uuid::Uuid;

    pub(crate) fn customer() -> Record<Customer> {
        let mut data = CustomerData::new(Text::read("Acme").expect("valid"), act().at);
        data.email = Email::read("jane@acme.example").ok();
        data.phone = Phone::read("+12025550123").ok();
        Record::new(act().id(), &act(), data, CustomerText::default(), CustomerDerived::default())
    }

    fn day(text: &str) -> Day {
        Day::read(text).expect("a day")
    }

    const BOTH: [CustomerChannel; 2] = [CustomerChannel::Sms, CustomerChannel::Email];

    #[test]
    fn a_customer_is_written_to_through_the_first_channel_that_leads_there() {
        let mut to = customer();
        let goes = |to: &Record<Customer>, channels: &[CustomerChannel]| address(to, channels).map(|address| address.to);
        assert_eq!(goes(&to, &BOTH).as_deref(), Ok("+12025550123"));
        assert_eq!(goes(&to, &[CustomerChannel::Email, CustomerChannel::Sms]).as_deref(), Ok("jane@acme.example"));
        to.derived.email_status = Some(EmailStatus::Bounced);
        assert_eq!(goes(&to, &[CustomerChannel::Email, CustomerChannel::Sms]).as_deref(), Ok("+12025550123"));
        assert_eq!(goes(&to, &[CustomerChannel::Email]), Err(SkipReason::Bounced));
        to.data.phone = None;
        to.derived.email_status = Some(EmailStatus::Complained);
        assert_eq!(goes(&to, &BOTH), Err(SkipReason::Bounced));
        to.derived.email_status = Some(EmailStatus::Ok);
        assert_eq!(goes(&to, &BOTH).as_deref(), Ok("jane@acme.example"));
        assert_eq!(goes(&to, &[CustomerChannel::Sms]), Err(SkipReason::NoAddress));
        to.data.email = None;
        assert_eq!(goes(&to, &BOTH), Err(SkipReason::NoAddress));
    }

    #[test]
    fn of_several_reasons_the_first_holds() {
        let mut to = customer();
        (to.data.phone, to.data.email) = (None, None);
        to.data.marketing_opt_out = true;
        assert_eq!(address(&to, &BOTH), Err(SkipReason::OptedOut));
        to.data.archived_at = Some(act().at);
        assert_eq!(address(&to, &BOTH), Err(SkipReason::Archived));
        let mut all = SkipReason::ORDER;
        all.sort_unstable();
        assert_eq!(all, SkipReason::ALL);
    }

    #[test]
    fn who_was_born_on_a_leap_day_is_congratulated_every_year_once() {
        let leap = day("2000-02-29");
        for (today, is) in [("2028-02-29", true), ("2028-02-28", false), ("2027-02-28", true), ("2027-03-01", false), ("2100-02-28", true)] {
            assert_eq!(is_birthday(leap, day(today)), is, "{today}");
        }
        assert!(is_birthday(day("1980-02-28"), day("2027-02-28")) && is_birthday(day("1980-02-28"), day("2028-02-28")));
        assert_eq!(birthdays_on(day("2027-12-31")), ["12-31"]);
        // Every birthday has one day in each year.
        for birthday in day("2000-01-01").0.series(jiff::Span::new().days(1)).take(366).map(Day) {
            for year in [2027, 2028] {
                let first = day(&format!("{year}-01-01")).0;
                let days = first.series(jiff::Span::new().days(1)).take_while(|day| day.year() == year);
                assert_eq!(days.filter(|today| is_birthday(birthday, Day(*today))).count(), 1, "{birthday} {year}");
            }
        }
    }

    #[test]
    fn greetings_are_for_customers_that_are_not_archived() {
        let mut one = customer();
        (one.data.birthday, one.data.engagement) = (Some(day("1980-05-06")), Engagement::Inactive);
        let told = |one: &Record<Customer>| (has_birthday(one, day("2026-05-06")), is_missed(one, None, act().at));
        assert_eq!((told(&one), has_birthday(&one, day("2026-05-07"))), ((true, true), false));
        let asked = |seconds: i64| is_missed(&one, Some(act().at), act().at.plus_seconds(seconds));
        assert!(!asked(INACTIVITY_SECONDS - 1) && asked(INACTIVITY_SECONDS));
        for lifecycle in [Lifecycle::Prospect, Lifecycle::Former] {
            one.data.lifecycle = lifecycle;
            assert_eq!(told(&one), (false, false));
        }
        (one.data.lifecycle, one.data.archived_at) = (Lifecycle::Customer, Some(act().at));
        assert_eq!(told(&one), (false, false));
    }

    #[test]
    fn a_message_is_made_once_for_each_occasion() {
        let to = CustomerId::new(Uuid::from_u128(5));
        let id = "00000000-0000-0000-0000-000000000005";
        let keys =
            [Occasion::Welcome, Occasion::birthday(day("2026-05-06")), Occasion::inactivity(day("2027-01-01"))].map(|occasion| occasion.key(to));
        assert_eq!(keys, [format!("WELCOME#{id}"), format!("BIRTHDAY#{id}#2026"), format!("INACTIVITY#{id}#2026-W53")]);
        let campaign = CampaignId::new(Uuid::from_u128(6));
        assert_eq!(Occasion::Campaign(campaign).key(to), format!("CAMPAIGN#{campaign}#{to}"));
    }

    fn message(goes: Result<Address, SkipReason>) -> Record<Message> {
        let campaign = Occasion::Campaign(CampaignId::new(Uuid::from_u128(6)));
        let subject = Text::read("Hello").ok();
        let writing = Writing { occasion: campaign, channel: CustomerChannel::Email, subject, body: "Words".into() };
        create(&act(), &customer(), writing, goes)
    }

    #[test]
    fn what_cannot_be_sent_says_why() {
        let skipped = message(Err(SkipReason::NoAddress));
        assert_eq!((skipped.data.status, skipped.data.skip_reason, &skipped.data.to), (MessageStatus::Skipped, Some(SkipReason::NoAddress), &None));
        assert!(skipped.data.campaign_id.is_some() && once(&skipped).is_none() && retry(&skipped, &act()).is_err());
        let waits = message(address(&customer(), &BOTH));
        assert_eq!((waits.data.channel, waits.data.status, &waits.data.subject), (CustomerChannel::Sms, MessageStatus::Queued, &None));
        let cancelled = skip(&waits, SkipReason::CampaignCancelled).expect("skipped");
        assert_eq!((cancelled.data.status, skip(&cancelled, SkipReason::Archived)), (MessageStatus::Skipped, None));
        let on_its_way = once(&waits).expect("tried");
        assert_eq!(skip(&on_its_way, SkipReason::CampaignCancelled), None, "it is on its way");
        let waits_again = ended(&on_its_way, &act(), Outcome::Later("Throttling".into())).expect("ended");
        assert_eq!(skip(&waits_again, SkipReason::OptedOut).map(|skipped| skipped.data.status), Some(MessageStatus::Skipped));
    }

    fn once(message: &Record<Message>) -> Option<Record<Message>> {
        tried(message, Address { channel: CustomerChannel::Sms, to: "+12025550124".into() }, act().at)
    }

    #[test]
    fn a_try_keeps_others_off_until_it_ends_or_was_cut_off() {
        let waits = message(address(&customer(), &BOTH));
        let tried = once(&waits).expect("tried");
        assert_eq!(tried.data.to.as_deref(), Some("+12025550124"), "where the customer is reached now");
        let later = |seconds: i64| is_tried(&tried, act().at.plus_seconds(seconds));
        assert_eq!((is_tried(&waits, act().at), later(TRY_SECONDS - 1), later(TRY_SECONDS)), (false, true, false));
        let busy = ended(&tried, &act(), Outcome::Busy("Throttling".into())).expect("ended");
        assert_eq!((busy.data.attempts, busy.data.status, is_tried(&busy, act().at)), (0, MessageStatus::Sending, false));
        let unwanted = ended(&tried, &act(), Outcome::Unwanted).expect("ended");
        assert_eq!((unwanted.data.status, unwanted.data.skip_reason), (MessageStatus::Skipped, Some(SkipReason::OptedOut)));
    }

    #[test]
    fn a_message_is_tried_five_times_and_again_by_hand() {
        let mut at = message(address(&customer(), &BOTH));
        for attempt in 1..=MAX_ATTEMPTS {
            at = once(&at).expect("tried");
            assert_eq!((at.data.status, at.data.attempts), (MessageStatus::Sending, attempt));
            assert_eq!(lost(&at).map(|lost| lost.data.status), (attempt == MAX_ATTEMPTS).then_some(MessageStatus::Failed));
            at = ended(&at, &act(), Outcome::Later("Throttling".into())).expect("ended");
        }
        assert_eq!((at.data.status, at.data.error.as_deref(), once(&at)), (MessageStatus::Failed, Some("Throttling"), None));
        let (again, events) = retry(&at, &act()).expect("allowed").expect("queued");
        assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::MessageQueued]);
        assert_eq!((again.data.status, again.data.attempts, &again.data.error, retry(&again, &act())), (MessageStatus::Queued, 0, &None, Ok(None)));
        let sent = ended(&once(&again).expect("tried"), &act(), Outcome::Sent(Some("id".into()))).expect("ended");
        assert_eq!((sent.data.status, sent.data.sent_at, sent.data.provider_id.as_deref()), (MessageStatus::Sent, Some(act().at), Some("id")));
        assert_eq!((once(&sent), ended(&sent, &act(), Outcome::Never("late".into()))), (None, None));
        let gone = ended(&once(&again).expect("tried"), &act(), Outcome::Never("MessageRejected".into())).expect("ended");
        assert_eq!((gone.data.status, gone.data.attempts), (MessageStatus::Failed, 1));
        let detail = "A message that is SENT cannot be sent again; it has to be FAILED";
        assert_eq!(retry(&sent, &act()), Err(Refused::transition(StateMachine::Message, detail, &[] as &[&str])));
        let about = About { label: "Acme".into(), owner: act().actor, team: None };
        let event = |message: &Record<Message>| told(message, &act(), &about).map(|event| (event.kind, event.summary.clone(), event.is_in_feed()));
        assert_eq!(event(&sent), Some((EventKind::MessageSent, "A message (SMS) to customer Acme was sent".into(), false)));
        let failed = "A message (SMS) to customer Acme could not be sent: MessageRejected".into();
        assert_eq!((event(&gone), event(&again)), (Some((EventKind::MessageFailed, failed, false)), None));
    }
}
