//! Every key of the table, each with the question it answers.
//!
//! A key function without a row in `ACCESS_PATTERNS.md` fails a test.

use domain::customer_promotion::CustomerPromotionId;
use domain::figures::Whose;
use domain::job::{JobName, RunId};
use domain::promotion::Occasion;
use domain::text::TextValue;
use domain::{ActivityId, CampaignId, CustomerId, EventId, FollowUpId, OrderId, ParkedId, PromotionId, SessionId, TaskId, TeamId, Time, UserId};

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} / {}", self.pk, self.sk)
    }
}

/// The secondary indexes. All share the sort attribute `s`; each has its own partition attribute,
/// so an item stands in an index exactly when it has that attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// By owner.
    Owner,
    /// By team.
    Team,
    /// All of a kind.
    All,
    /// By owner and status.
    OwnerStatus,
    /// By team and status.
    TeamStatus,
    /// All of a kind by status.
    AllStatus,
    /// By parent.
    Parent,
    /// What is due on a date.
    Due,
}

/// The sort attribute of every index.
pub const SORT: &str = "s";

impl Index {
    /// Every index.
    pub const ALL: [Self; 8] = [Self::Owner, Self::Team, Self::All, Self::OwnerStatus, Self::TeamStatus, Self::AllStatus, Self::Parent, Self::Due];

    /// The index's name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Team => "team",
            Self::All => "all",
            Self::OwnerStatus => "owner-status",
            Self::TeamStatus => "team-status",
            Self::AllStatus => "all-status",
            Self::Parent => "parent",
            Self::Due => "due",
        }
    }

    /// The attribute that holds its partition key; short, since it is stored with every row.
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::Owner => "o",
            Self::Team => "t",
            Self::All => "a",
            Self::OwnerStatus => "os",
            Self::TeamStatus => "ts",
            Self::AllStatus => "as",
            Self::Parent => "p",
            Self::Due => "d",
        }
    }
}

/// Where an item stands in the indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexKeys {
    /// (index, partition key).
    pub partitions: Vec<(Index, String)>,
    /// The shared sort key.
    pub sort: String,
}

/// The place of what has no date: it sorts after every time.
pub(crate) const UNDATED: &str = "~";

/// The sort key of things ordered by a time: `<time>#<id>`, unique by the id.
pub fn by_time(at: Time, id: impl std::fmt::Display) -> String {
    format!("{at}#{id}")
}

/// How the partition keys of credentials begin.
pub const CREDENTIALS: &str = "CREDENTIAL#";

/// Partitions that a role is kept off unless its route or worker declares what it does there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reserved {
    /// Hashes of passwords and refresh tokens, which are not even read.
    Credentials,
    /// The published keys, which are not written.
    Keys,
    /// Roles and their grants, which are not written.
    Roles,
}

impl Reserved {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Credentials, Self::Keys, Self::Roles];

    /// Its name, for refusals and tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Keys => "keys",
            Self::Roles => "roles",
        }
    }

    /// How its partition keys begin.
    pub const fn partition(self) -> &'static str {
        match self {
            Self::Credentials => CREDENTIALS,
            Self::Keys => "JWKS",
            Self::Roles => "ROLE#",
        }
    }

    /// Whether reading is refused as well as writing.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Credentials)
    }
}

/// How the sort keys of a user's sessions begin.
pub const SESSION: &str = "SESSION#";

/// Which record is this? `CUSTOMER#<id>` / `CUSTOMER`.
pub fn record(kind: &str, id: impl std::fmt::Display) -> Key {
    Key::new(format!("{kind}#{id}"), kind)
}

/// What is the sign-in state of this user? `USER#<id>` / `AUTH`; read by every request.
pub fn auth(user: UserId) -> Key {
    Key::new(format!("USER#{user}"), "AUTH")
}

/// What does it take to sign in as this user? `CREDENTIAL#<id>` / `CREDENTIAL`; in a partition of its
/// own, so that roles can be kept off it.
pub fn credential(user: UserId) -> Key {
    Key::new(format!("{CREDENTIALS}{user}"), "CREDENTIAL")
}

/// From where was this session opened? `USER#<id>` / `SESSION#<sid>`; kept until the session ends.
pub fn session(user: UserId, session: SessionId) -> Key {
    Key::new(format!("USER#{user}"), format!("{SESSION}{session}"))
}

/// What happened to this record, in order? `CUSTOMER#<id>` / `EVENT#<time>#<id>`.
pub fn event(kind: &str, id: &str, at: Time, event: EventId) -> Key {
    Key::new(format!("{kind}#{id}"), format!("EVENT#{at}#{event}"))
}

/// What of this record did the clock tell others, and no feed? `TASK#<id>` / `EVENT#!<time>#<id>`; it sorts before
/// every time.
pub fn silent_event(kind: &str, id: &str, at: Time, event: EventId) -> Key {
    Key::new(format!("{kind}#{id}"), format!("EVENT#!{at}#{event}"))
}

/// Which records have this word, this value, or come next in this order? `TEAM#<id>#CUSTOMER#LIVE#Q#a` /
/// `acme#<newest first>#<id>`, `TEAM#<id>#LEAD#LIVE#=source:website` / `<time>#<id>`,
/// `TEAM#<id>#LEAD#LIVE#~name` / `<name>#<id>`; also under USER#NONE and ALL.
pub fn found(partition: &str, sort: &str) -> Key {
    Key::new(partition, sort)
}

/// How many of each child has this record? `LEAD#<id>` / `NOTE~COUNTS`. It sorts right after the
/// notes, so that one query from the end brings both.
pub fn counts(kind: &str, id: impl std::fmt::Display) -> Key {
    Key::new(format!("{kind}#{id}"), "NOTE~COUNTS")
}

/// The notes of a lead or customer, by the time of writing: `LEAD#<id>` / `NOTE#<time>#<id>`.
pub fn note(kind: &str, id: impl std::fmt::Display, at: Time, note: ActivityId) -> Key {
    Key::new(format!("{kind}#{id}"), format!("NOTE#{}", by_time(at, note)))
}

/// When was this lead or customer contacted? `LEAD#<id>` / `CONTACT#<time>#<id>`.
pub fn contact(kind: &str, id: impl std::fmt::Display, at: Time, activity: ActivityId) -> Key {
    Key::new(format!("{kind}#{id}"), format!("CONTACT#{}", by_time(at, activity)))
}

/// Which follow-ups are pending, the earliest first? `LEAD#<id>` / `PENDING#<due>#<id>`.
pub fn pending(kind: &str, id: impl std::fmt::Display, due: Time, follow_up: FollowUpId) -> Key {
    Key::new(format!("{kind}#{id}"), format!("PENDING#{}", by_time(due, follow_up)))
}

/// One more row of a record for the lists of another parent or of a member: `TASK#<id>` /
/// `ROW#PROJECT`.
pub fn row(kind: &str, id: impl std::fmt::Display, list: &str) -> Key {
    Key::new(format!("{kind}#{id}"), format!("ROW#{list}"))
}

/// How many minutes were logged here in a month, day by day? `PROJECT#<id>` / `MINUTES#<month>`.
pub fn minutes(kind: &str, id: impl std::fmt::Display, month: &str) -> Key {
    Key::new(format!("{kind}#{id}"), format!("MINUTES#{month}"))
}

/// When did this customer buy what counts? `CUSTOMER#<id>` / `PLACED#<time>#<order>`.
pub fn placed(customer: impl std::fmt::Display, at: Time, order: OrderId) -> Key {
    Key::new(format!("CUSTOMER#{customer}"), format!("{PLACED_AT}{}", by_time(at, order)))
}

/// What did this customer buy in all, and how often did that change? `CUSTOMER#<id>` / `PLACED~SALES`.
pub fn sales(customer: impl std::fmt::Display) -> Key {
    Key::new(format!("CUSTOMER#{customer}"), SALES)
}

/// How often was this customer given this promotion? `CUSTOMER#<id>` / `HELD#<promotion>`. It sorts right before those that wait.
pub fn held(customer: impl std::fmt::Display, promotion: PromotionId) -> Key {
    Key::new(format!("CUSTOMER#{customer}"), format!("{HELD}{promotion}"))
}

/// Which of them wait for an order, the one that was given first coming first? `CUSTOMER#<id>` / `HELD#<promotion>#<time>#<id>`.
pub fn waiting(customer: impl std::fmt::Display, promotion: PromotionId, at: Time, id: CustomerPromotionId) -> Key {
    let Key { pk, sk } = held(customer, promotion);
    Key::new(pk, format!("{sk}#{}", by_time(at, id)))
}

/// How the sort keys of both begin.
pub(crate) const HELD: &str = "HELD#";

/// Which promotions are given on this occasion without anybody's doing? `PROMOTIONS` / `ORDER#<id>`; also LEVEL, REFERRAL. Its row is
/// what an order goes by, so it is read strongly consistent, all of them at once.
pub fn live(occasion: Occasion, promotion: PromotionId) -> Key {
    Key::new(LIVE_PROMOTIONS, format!("{}{promotion}", of_occasion(occasion)))
}

/// The partition of them.
pub(crate) const LIVE_PROMOTIONS: &str = "PROMOTIONS";

/// How the sort keys of those of an occasion begin.
pub(crate) fn of_occasion(occasion: Occasion) -> String {
    format!("{occasion}#")
}

/// When does this promotion end? `PROMOTION#<id>` / `DUE#END`, among all that end.
pub fn end(promotion: PromotionId) -> Key {
    Key::new(format!("PROMOTION#{promotion}"), "DUE#END")
}

/// When does this campaign start? `CAMPAIGN#<id>` / `DUE#START`, among all that wait for their time.
pub fn start(campaign: CampaignId) -> Key {
    Key::new(format!("CAMPAIGN#{campaign}"), "DUE#START")
}

/// Which message of this campaign goes to this address? `CAMPAIGN#<id>` / `TO#<digest>`.
pub fn addressed(campaign: CampaignId, digest: &str) -> Key {
    Key::new(format!("CAMPAIGN#{campaign}"), format!("TO#{digest}"))
}

/// Of which of a kind does the time come, the next one first: `DUE#PROMOTION`, where they end, and `DUE#CAMPAIGN`, where they start.
pub fn due(kind: &str) -> String {
    format!("DUE#{kind}")
}

/// How the sort keys of the orders begin, and the one of the totals.
pub(crate) const PLACED_AT: &str = "PLACED#";
pub(crate) const SALES: &str = "PLACED~SALES";

/// Which number has the next record of this kind in a year? `NUMBERS#ORDER#2026` / `NUMBERS`.
pub fn numbers(kind: &str, year: i16) -> Key {
    Key::new(format!("NUMBERS#{kind}#{year}"), "NUMBERS")
}

/// When does this template come again? `TASK#<id>` / `DUE#RECURRENCE`, in the partition of that day.
pub fn recurrence(task: TaskId) -> Key {
    Key::new(format!("TASK#{task}"), "DUE#RECURRENCE")
}

/// When is the RFM score of this customer worked out next? `CUSTOMER#<id>` / `DUE#RFM`, in the partition of that hour.
pub fn scoring(customer: CustomerId) -> Key {
    Key::new(format!("CUSTOMER#{customer}"), "DUE#RFM")
}

/// When was this job last done to its end, and which run is at it? `JOB#<name>` / `JOB`.
pub fn job(name: JobName) -> Key {
    Key::new(format!("JOB#{name}"), "JOB")
}

/// How did this run of a job go? `JOB#<name>` / `RUN#<id>`, sorted by the time at which they were started.
pub fn run(name: JobName, run: RunId) -> Key {
    Key::new(job(name).pk, format!("{RUN}{run}"))
}

/// How the sort keys of runs begin.
pub(crate) const RUN: &str = "RUN#";

/// How far is this migration, or its dry run? `MIGRATION#<name>` / `RUN`, `DRY`.
pub fn migration(name: &str, dry_run: bool) -> Key {
    Key::new(format!("MIGRATION#{name}"), if dry_run { "DRY" } else { "RUN" })
}

/// Who has this unique value, and of leads and customers how many? `UNIQUE#USER_EMAIL#<value>` / `UNIQUE`.
pub fn unique(space: &str, value: &str) -> Key {
    Key::new(format!("UNIQUE#{space}#{value}"), "UNIQUE")
}

/// Who else has this e-mail address or phone number, although somebody had it?
/// `UNIQUE#EMAIL#<value>` / `HOLDER#<kind>#<id>`.
pub fn holder(space: &str, value: &str, kind: &str, id: &str) -> Key {
    Key::new(unique(space, value).pk, format!("{HOLDER}{kind}#{id}"))
}

/// How the sort keys of holders begin.
pub(crate) const HOLDER: &str = "HOLDER#";

/// Which active administrators are there? `ADMINS` / `ADMINS`; the last one stays.
pub fn admins() -> Key {
    Key::new("ADMINS", "ADMINS")
}

/// With which keys are access tokens verified? `JWKS` / `JWKS`.
pub fn jwks() -> Key {
    Key::new(Reserved::Keys.partition(), "JWKS")
}

/// What was answered to this idempotency key? `IDEMPOTENCY#<digest>` / `IDEMPOTENCY`.
pub fn idempotency(digest: &str) -> Key {
    Key::new(format!("IDEMPOTENCY#{digest}"), "IDEMPOTENCY")
}

/// How the partitions of counters of attempts begin.
pub const COUNTERS: &str = "THROTTLE#";

/// How often were passwords tried here, or did this user search, lately? `THROTTLE#<digest>` / `THROTTLE`.
pub fn throttle(digest: &str) -> Key {
    Key::new(format!("{COUNTERS}{digest}"), "THROTTLE")
}

/// Which message is parked under this id? `PARKED#<id>` / `PARKED`.
pub fn parked(id: ParkedId) -> Key {
    Key::new(format!("PARKED#{id}"), "PARKED")
}

/// What was counted of this record in figures? `LEAD#<id>` / `COUNTED`; written with the figures.
pub fn counted(pk: &str) -> Key {
    Key::new(pk, "COUNTED")
}

/// How much is there of everything that a team, nobody or a person has? `FIGURES#TEAM#<id>` / `ALL`; also
/// `FIGURES#TEAM#NONE` and `FIGURES#USER#<id>`.
pub fn figures(whose: Whose, part: u32) -> Key {
    Key::new(figures_of(whose), in_part(FIGURES, part))
}

/// The same day by day in a month, as long as its days are asked for: `FIGURES#TEAM#<id>` / `DAYS#2026-01`. It sorts after the
/// others, so that one query brings both.
pub fn figures_by_day(whose: Whose, month: &str, part: u32) -> Key {
    Key::new(figures_of(whose), in_part(&format!("{DAYS}{month}"), part))
}

/// Who has the most active customers in this team? `FIGURES#TEAM#<id>` / `REP#<most first>#<user>`.
pub fn rep(team: Option<TeamId>, active: i64, user: UserId) -> Key {
    let most_first = MOST_ACTIVE - active.clamp(0, MOST_ACTIVE);
    Key::new(figures_of(Whose::Team(team)), format!("{REP}{most_first:010}#{user}"))
}

/// How the sort keys of figures begin, of those by day, and of rows of people by their active customers.
pub(crate) const FIGURES: &str = "ALL";
pub(crate) const DAYS: &str = "DAYS#";
pub(crate) const REP: &str = "REP#";
/// More active customers than anybody has.
const MOST_ACTIVE: i64 = 9_999_999_999;

/// How many active customers a row tells of, and whose.
pub(crate) fn read_rep(sk: &str) -> Option<(i64, UserId)> {
    let (most_first, user) = sk.strip_prefix(REP)?.split_once('#')?;
    Some((MOST_ACTIVE - most_first.parse::<i64>().ok()?, UserId::read(user).ok()?))
}

/// The partition of figures.
pub(crate) fn figures_of(whose: Whose) -> String {
    match whose {
        Whose::Team(Some(team)) => format!("FIGURES#TEAM#{team}"),
        Whose::Team(None) => "FIGURES#TEAM#NONE".to_owned(),
        Whose::User(user) => format!("FIGURES#USER#{user}"),
    }
}

fn in_part(sk: &str, part: u32) -> String {
    if part == 0 { sk.to_owned() } else { format!("{sk}~{part}") }
}

/// Records of an owner, or of nobody: `USER#<id>#CUSTOMER#<state>`, the pool as `USER#NONE#…`.
/// `state` is LIVE, ARCHIVED or a status.
pub fn of_owner(owner: Option<UserId>, kind: &str, state: &str) -> String {
    match owner {
        Some(owner) => format!("USER#{owner}#{kind}#{state}"),
        None => format!("USER#NONE#{kind}#{state}"),
    }
}

/// Records of a team: `TEAM#<id>#CUSTOMER#<state>`.
pub fn of_team(team: domain::TeamId, kind: &str, state: &str) -> String {
    format!("TEAM#{team}#{kind}#{state}")
}

/// All records of a kind: `ALL#CUSTOMER#<state>`.
pub fn of_all(kind: &str, state: &str) -> String {
    format!("ALL#{kind}#{state}")
}

/// The children of a kind that a record has: `CUSTOMER#<id>#TASK`.
pub fn of_parent(kind: &str, id: impl std::fmt::Display, child: &str) -> String {
    format!("{kind}#{id}#{child}")
}

/// The children of a kind and a type that a record has: `LEAD#<id>#ACTIVITY#CALL`.
pub fn of_parent_as(kind: &str, id: impl std::fmt::Display, child: &str, as_what: &str) -> String {
    format!("{}#{as_what}", of_parent(kind, id, child))
}

/// The products of a category, in the form in which categories are the same: `CATEGORY#engines#PRODUCT`.
pub fn of_category(category: &str, kind: &str) -> String {
    of_parent("CATEGORY", category, kind)
}

/// The customers with a birthday on a day of the year: `BIRTHDAY#05-06#CUSTOMER`.
pub fn of_birthday(day: &str, kind: &str) -> String {
    of_parent("BIRTHDAY", day, kind)
}

/// What of a kind is due on a day, UTC: `DUE#TASK#2026-01-31`.
pub fn due_on(kind: &str, at: Time) -> String {
    format!("DUE#{kind}#{}", &at.to_string()[..10])
}

/// What of a kind is due in an hour, UTC: `DUE#CUSTOMER#2026-01-31T01`, `DUE#RFM#2026-01-31T01`.
pub fn due_in(kind: &str, at: Time) -> String {
    format!("DUE#{kind}#{}", &at.to_string()[..13])
}

/// The sort key of what is ordered by name: `<name>#<id>`, the name without case and accents.
pub fn by_name(name: &str, id: impl std::fmt::Display) -> String {
    format!("{}#{id}", crate::found::by_name(name))
}

/// The `state` part of the partition of the words that begin with the same character: `LIVE#Q#a`.
/// Sorted by `<word>#<newest first>#<id>`.
pub fn word_state(state: &str, word: &str) -> String {
    let initial: String = word.chars().take(1).collect();
    format!("{state}#Q#{initial}")
}

/// The `state` part of the partition of records with a value: `LIVE#=source:website`.
pub fn value_state(state: &str, value: &str) -> String {
    format!("{state}#={value}")
}

/// The `state` part of the partition of records in an order of its own: `LIVE#~name`.
pub fn order_state(state: &str, order: &str) -> String {
    format!("{state}#~{order}")
}

/// The `state` part of a feed partition: one bucket a month, `2026-01`.
pub fn feed_month(at: Time) -> String {
    at.month()
}

/// Over how many partitions what stands under ALL and under TEAM is spread, where one partition's 1,000
/// writes a second are not enough. A deployment's setting; it may be raised, never lowered: the first shard
/// has the plain name, so what was written before stays where it is and is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards(u8);

impl Default for Shards {
    fn default() -> Self {
        Self(1)
    }
}

impl Shards {
    /// The most there can be: every list reads each of them.
    pub const MAX: u8 = 32;

    /// As many, if it is a power of two and at most [`Self::MAX`]: so that it is known where an item stood
    /// while there were fewer.
    pub fn new(count: u8) -> Option<Self> {
        (count.is_power_of_two() && count <= Self::MAX).then_some(Self(count))
    }

    /// Everywhere that the item of this record may stand: in its shard, or where it was put while there were
    /// fewer.
    pub(crate) fn ever(self, partition: &str, id: &str) -> Vec<String> {
        let counts = std::iter::successors(Some(self.0), |count| Some(count / 2)).take_while(|count| *count > 0);
        let mut places: Vec<String> = counts.map(|count| Self(count).place(partition, id)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Where in a partition the item of this record stands: `ALL~3#LEAD#LIVE`.
    pub fn place(self, partition: &str, id: &str) -> String {
        Self::shard(partition, self.part(id))
    }

    /// The number of the shard of this record.
    pub(crate) fn part(self, id: &str) -> u32 {
        // The end of an id is random.
        let hash = id.bytes().rev().take(8).fold(0u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
        hash % u32::from(self.0)
    }

    /// All parts of a partition.
    pub fn places(self, partition: &str) -> Vec<String> {
        let mut places: Vec<String> = (0..u32::from(self.0)).map(|shard| Self::shard(partition, shard)).collect();
        places.dedup();
        places
    }

    fn shard(partition: &str, shard: u32) -> String {
        for scope in ["ALL", "TEAM"] {
            if let Some(rest) = partition.strip_prefix(scope).filter(|rest| shard > 0 && rest.starts_with('#')) {
                return format!("{scope}~{shard}{rest}");
            }
        }
        partition.to_owned()
    }

    /// Puts an item into its shards: the partitions that it has in the indexes.
    pub(crate) fn spread(self, item: &mut crate::item::Item) {
        if self.0 == 1 {
            return;
        }
        let id = item.get("pk").and_then(|pk| pk.as_s().ok()).cloned().unwrap_or_default();
        for index in Index::ALL {
            if let Some(aws_sdk_dynamodb::types::AttributeValue::S(partition)) = item.get_mut(index.attribute()) {
                *partition = self.place(partition, &id);
            }
        }
    }
}
