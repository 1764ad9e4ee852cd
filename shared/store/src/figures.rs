//! Figures of dashboards: how they are kept in step with the records, and how they are read.
//!
//! Beside each record that adds to figures stands a mark of what was counted of it. The figures move in one transaction with
//! the marks, by the difference between what was counted and what the record adds as it is now, on condition that the mark
//! is the one that was read. After the transaction the record is looked at again. So a repeated, late or overtaken call does
//! no harm, and the last one leaves what is so.
//!
//! What is due is kept by day, in an item a month that ends by TTL when its days are asked for no more, and by month beside the other
//! figures for ever: what is overdue is the sum of the months before this one and of this month's days before today. Months
//! are bounded by [`FIRST_YEAR`] and [`LAST_YEAR`], so that what is read has a bound, whatever people enter.

use crate::error::Error;
use crate::item::{Item, Stored, bare, get_number, get_text, key_of, kind_of, number, text, to_row};
use crate::keys::{self, DAYS, Key};
use crate::list::{Entry, Page, Paging, Place, Plan, id_in};
use crate::records::{PLAIN, partitions};
use crate::table::{FIRST_PAUSE, Store, pause};
use crate::tx::{FailedCondition, Tx};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::activity::Activity;
use domain::customer::{Customer, Engagement, LevelCode};
use domain::figures::{Adds, COMMUNICATION_DAYS, Daily, Figure, Figured, Figures, ORDER_DAYS, Whose, difference};
use domain::follow_up::FollowUp;
use domain::lead::{Lead, LeadStatus};
use domain::order::Order;
use domain::task::Task;
use domain::team::Team;
use domain::text::TextValue;
use domain::time::Day;
use domain::user::User;
use domain::{Entity, TeamId, Time, UserId};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The kinds of record that add to figures.
pub const FIGURED: [&str; 6] = [Customer::KIND, Lead::KIND, Activity::KIND, FollowUp::KIND, Task::KIND, Order::KIND];

/// How many records are counted in one transaction.
const TOGETHER: usize = 40;
/// How many actions such a transaction has at most, of the hundred it may have.
const ACTIONS: usize = 96;
/// How often records are looked at again that somebody else counts or changes meanwhile.
const ATTEMPTS: u32 = 12;
/// The months of these years are told apart; what is due before or after counts as due in the first or the last of them.
const FIRST_YEAR: i16 = 2000;
const LAST_YEAR: i16 = 2099;
/// How long the days of a month are kept after its end, days: longer than any window into the past.
const KEPT_DAYS: i64 = 40;

/// What a record adds as it is now, and at which `rev`.
fn adds_of(item: &Item, zone: &TimeZone) -> Result<(u64, Adds), Error> {
    fn of<E: Stored + Figured>(item: &Item, zone: &TimeZone) -> Result<(u64, Adds), Error> {
        let row = to_row::<E>(item)?;
        Ok((row.rev, E::adds(&row, zone)))
    }
    match kind_of(item) {
        Some(Customer::KIND) => of::<Customer>(item, zone),
        Some(Lead::KIND) => of::<Lead>(item, zone),
        Some(Activity::KIND) => of::<Activity>(item, zone),
        Some(FollowUp::KIND) => of::<FollowUp>(item, zone),
        Some(Task::KIND) => of::<Task>(item, zone),
        Some(Order::KIND) => of::<Order>(item, zone),
        _ => Ok((0, Adds::new())),
    }
}

fn team_text(team: Option<TeamId>) -> String {
    team.map_or_else(|| "NONE".to_owned(), |team| team.to_string())
}

fn read_team(text: &str) -> Option<Option<TeamId>> {
    if text == "NONE" { Some(None) } else { TeamId::read(text).ok().map(Some) }
}

/// A figure as it is written: `e:HOT`, `a:<team>`, `tasks`, `t2026-01-31`.
fn figure_text(figure: Figure) -> String {
    match figure {
        Figure::Customers(engagement) => format!("e:{engagement}"),
        Figure::Level(level) => format!("l:{level}"),
        Figure::Leads(status) => format!("s:{status}"),
        Figure::OpenTasks => "tasks".to_owned(),
        Figure::PendingFollowUps => "followUps".to_owned(),
        Figure::Active(team) => format!("a:{}", team_text(team)),
        Figure::On(daily, day) => format!("{daily}{day}"),
    }
}

fn read_figure(text: &str) -> Option<Figure> {
    match text.split_once(':') {
        Some(("e", engagement)) => Engagement::read(engagement).ok().map(Figure::Customers),
        Some(("l", level)) => LevelCode::read(level).ok().map(Figure::Level),
        Some(("s", status)) => LeadStatus::read(status).ok().map(Figure::Leads),
        Some(("a", team)) => read_team(team).map(Figure::Active),
        Some(_) => None,
        None if text == "tasks" => Some(Figure::OpenTasks),
        None if text == "followUps" => Some(Figure::PendingFollowUps),
        None => Some(Figure::On(Daily::read(text.get(..1)?).ok()?, Day::read(text.get(1..)?).ok()?)),
    }
}

/// What was counted, as the mark has it: a line for each figure, `T<team> e:HOT`, `U<user> t2026-01-31`.
fn adds_text(adds: &Adds) -> String {
    let line = |((whose, figure), amount): (&(Whose, Figure), &i64)| {
        let whose = match whose {
            Whose::Team(team) => format!("T{}", team_text(*team)),
            Whose::User(user) => format!("U{user}"),
        };
        let amount = if *amount == 1 { String::new() } else { format!(" {amount}") };
        format!("{whose} {}{amount}", figure_text(*figure))
    };
    adds.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn read_adds(text: &str) -> Option<Adds> {
    let line = |line: &str| {
        let mut parts = line.split(' ');
        let whose = parts.next()?;
        let whose = match whose.get(..1)? {
            "T" => Whose::Team(read_team(whose.get(1..)?)?),
            _ => Whose::User(UserId::read(whose.get(1..)?).ok()?),
        };
        let figure = read_figure(parts.next()?)?;
        let amount = parts.next().map_or(Some(1), |amount| amount.parse().ok())?;
        Some(((whose, figure), amount))
    };
    text.lines().map(line).collect()
}

/// A month as it is written, `2026-01`.
fn month(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

/// When the days of a month are asked for no more.
fn end_of_days(date: Date) -> Time {
    let last = date.last_of_month().saturating_add((KEPT_DAYS + 1).days());
    Day(last).start(&TimeZone::UTC)
}

/// Where an amount of a figure stands: the items by their sort keys and the attributes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    /// Beside the other figures.
    All(String),
    /// Among the days of a month, by its first day.
    Day(Date, String),
}

/// Where a figure stands; days that are asked for no more stand nowhere.
fn spots(figure: Figure, now: Time) -> Vec<Spot> {
    let Figure::On(daily, Day(date)) = figure else { return vec![Spot::All(figure_text(figure))] };
    let mut spots = Vec::new();
    if daily.counts_for_ever() {
        let year = date.year().clamp(FIRST_YEAR, LAST_YEAR);
        let month = if year == date.year() {
            date.month()
        } else if date.year() < year {
            1
        } else {
            12
        };
        spots.push(Spot::All(format!("{daily}{year:04}-{month:02}")));
    }
    if end_of_days(date) > now {
        spots.push(Spot::Day(date.first_of_month(), format!("{daily}{:02}", date.day())));
    }
    spots
}

/// A record as it is now, beside the mark of what was counted of it.
struct Seen {
    record: Key,
    rev: u64,
    adds: Adds,
    mark: Option<Mark>,
}

/// What was counted of a record.
struct Mark {
    rev: u64,
    adds: Adds,
    /// As it stands in the item.
    text: String,
}

impl Seen {
    /// What has to be added to figures. Who counted a later state than this one knows better.
    fn due(&self) -> Adds {
        match &self.mark {
            Some(mark) if mark.rev > self.rev && self.rev > 0 => Adds::new(),
            Some(mark) => difference(&mark.adds, &self.adds),
            None => self.adds.clone(),
        }
    }

    /// Moves the mark to what the record adds now, if it is still as it was read.
    fn mark(&self, tx: &mut Tx) {
        let key = keys::counted(&self.record.pk);
        let before = |mark: &Mark| HashMap::from([(":adds".to_owned(), text(&*mark.text))]);
        match (&self.mark, self.adds.is_empty()) {
            (Some(mark), true) => tx.remove_if(&key, "adds = :adds", before(mark), FailedCondition::Stale),
            (mark, _) => {
                let mut item = bare(&key, "COUNTED");
                item.insert("rev".into(), number(self.rev));
                item.insert("adds".into(), text(adds_text(&self.adds)));
                match mark {
                    Some(mark) => tx.put_if(item, "adds = :adds", before(mark), FailedCondition::Stale),
                    None => tx.put_new(item, FailedCondition::Stale),
                }
            }
        }
    }
}

/// A list of records that add to figures.
#[derive(Debug, Clone)]
pub struct FiguredList {
    kind: &'static str,
    plan: Plan,
}

/// Figures that differ, as they are written: what is kept, and what was counted.
pub type Differences = BTreeMap<String, (i64, i64)>;

impl Store {
    /// Whether a change of a record is one of what it adds, by the images of the stream.
    pub fn changes_figures(old: serde_dynamo::Item, new: serde_dynamo::Item, zone: &TimeZone) -> Result<bool, Error> {
        let adds = |image: serde_dynamo::Item| {
            let item: Item = image.into();
            if item.is_empty() { Ok(Adds::new()) } else { adds_of(&item, zone).map(|(_, adds)| adds) }
        };
        Ok(adds(old)? != adds(new)?)
    }

    /// Counts records as they are now, each once however often this is asked; records of other kinds add nothing.
    pub async fn count_figures(&self, records: &[Key], zone: &TimeZone, now: Time) -> Result<(), Error> {
        let mut records: Vec<Key> = records.to_vec();
        records.sort_unstable();
        records.dedup();
        for attempt in 0..ATTEMPTS {
            let mut due: Vec<(Seen, Adds)> =
                self.look(&records, zone).await?.into_iter().map(|seen| (seen.due(), seen)).map(|(due, seen)| (seen, due)).collect();
            due.retain(|(_, due)| !due.is_empty());
            if due.is_empty() {
                return Ok(());
            }
            records = due.iter().map(|(seen, _)| seen.record.clone()).collect();
            let mut refused = false;
            let mut rest = due.as_slice();
            while !rest.is_empty() {
                let (some, others) = rest.split_at(together(rest, now));
                rest = others;
                match self.move_figures(some, now).await {
                    Ok(()) => {}
                    Err(Error::Refused(_)) => refused = true,
                    Err(other) => return Err(other),
                }
            }
            if refused {
                pause(FIRST_PAUSE, attempt).await;
            }
        }
        Err(Error::Busy("records or their figures kept changing".to_owned()))
    }

    /// Records as they are now with their marks, strongly consistent.
    async fn look(&self, records: &[Key], zone: &TimeZone) -> Result<Vec<Seen>, Error> {
        let wanted: Vec<Key> = records.iter().flat_map(|record| [record.clone(), keys::counted(&record.pk)]).collect();
        let items: BTreeMap<Key, Item> = self.get_latest_items(&wanted).await?.into_iter().map(|item| (key_of(&item), item)).collect();
        let seen = |record: &Key| {
            let (rev, adds) = items.get(record).map_or_else(|| Ok((0, Adds::new())), |item| adds_of(item, zone))?;
            let mark = items.get(&keys::counted(&record.pk)).map(|item| {
                let text = get_text(item, "adds").unwrap_or_default().to_owned();
                let adds = read_adds(&text).ok_or_else(|| crate::item::unreadable(item, "what was counted"))?;
                Ok::<_, Error>(Mark { rev: get_number(item, "rev").unwrap_or_default(), adds, text })
            });
            Ok(Seen { record: record.clone(), rev, adds, mark: mark.transpose()? })
        };
        records.iter().map(seen).collect()
    }

    /// Moves figures and marks in one transaction.
    async fn move_figures(&self, some: &[(Seen, Adds)], now: Time) -> Result<(), Error> {
        let mut tx = Tx::new();
        some.iter().for_each(|(seen, _)| seen.mark(&mut tx));
        let sums = sum(some.iter().map(|(_, due)| due));
        let active = self.active_now(&sums).await?;
        let part = some.first().map_or(0, |(seen, _)| self.shards.part(&seen.record.pk));
        for (key, change) in changes(&sums, &active, part, now) {
            change.write(&key, &mut tx);
        }
        move_reps(&mut tx, active);
        self.commit(tx).await
    }

    /// How many active customers those have whose number changes, before and after.
    async fn active_now(&self, sums: &Adds) -> Result<Active, Error> {
        let changed = |((whose, figure), amount): (&(Whose, Figure), &i64)| match (whose, figure) {
            (Whose::User(user), Figure::Active(team)) => Some(((*user, *team), *amount)),
            _ => None,
        };
        let changed: BTreeMap<(UserId, Option<TeamId>), i64> = sums.iter().filter_map(changed).collect();
        let people: BTreeSet<UserId> = changed.keys().map(|(user, _)| *user).collect();
        let wanted: Vec<Key> = people.iter().map(|user| keys::figures(Whose::User(*user), 0)).collect();
        let items: BTreeMap<Key, Item> = self.get_latest_items(&wanted).await?.into_iter().map(|item| (key_of(&item), item)).collect();
        let moved = |((user, team), amount): ((UserId, Option<TeamId>), i64)| {
            let item = items.get(&keys::figures(Whose::User(user), 0));
            let before: i64 = item.and_then(|item| get_number(item, &figure_text(Figure::Active(team)))).unwrap_or(0);
            ((user, team), (before, before + amount))
        };
        Ok(changed.into_iter().map(moved).collect())
    }

    /// The figures of somebody, eventually consistent: all that is counted now, and what is counted by day up to a last day.
    pub async fn figures(&self, whose: Whose, today: Day, last: Day) -> Result<Figures, Error> {
        let until = keys::figures_by_day(whose, &month(last.0.max(today.0)), 0);
        // Whatever its part, an item of the last month sorts before this.
        let items = self.children_between(&until.pk, keys::FIGURES, &format!("{}~~", until.sk)).await?;
        let this_month = month(today.0);
        let mut figures = Figures::default();
        for item in &items {
            for (spot, amount) in amounts(item) {
                match spot {
                    Spot::All(name) => match read_figure(&name) {
                        Some(figure) => figures.add(figure, amount),
                        // A month.
                        None if name.get(1..).is_some_and(|month| *month < *this_month) => {
                            let daily = name.get(..1).and_then(|daily| Daily::read(daily).ok());
                            daily.into_iter().for_each(|daily| figures.add_earlier(daily, amount));
                        }
                        None => {}
                    },
                    Spot::Day(first, name) => {
                        let Some(Figure::On(daily, day)) = read_day(first, &name) else { continue };
                        // The months before count as a whole.
                        if !daily.counts_for_ever() || month(first) >= this_month {
                            figures.add(Figure::On(daily, day), amount);
                        }
                    }
                }
            }
        }
        Ok(figures)
    }

    /// Those who have the most active customers in a team, or where there is none, the most first.
    pub async fn top_reps(&self, team: Option<TeamId>, limit: usize) -> Result<Vec<(UserId, i64)>, Error> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let rows = self.some_children(&keys::figures_of(Whose::Team(team)), keys::REP, true, limit, false).await?;
        Ok(rows.iter().filter_map(|row| keys::read_rep(&key_of(row).sk)).map(|(active, user)| (user, active)).collect())
    }

    /// The names of people, at most 100.
    pub async fn names(&self, people: &[UserId]) -> Result<BTreeMap<UserId, String>, Error> {
        let keys: Vec<Key> = people.iter().map(|user| keys::record(User::KIND, user)).collect();
        let named = |item: &Item| to_row::<User>(item).map(|row| (row.id, row.data.name()));
        self.get_items(&keys).await?.iter().map(named).collect()
    }
}

/// Recounts.
impl Store {
    /// All whose figures there are: teams, what has none, and people.
    pub async fn figure_scopes(&self) -> Result<Vec<Whose>, Error> {
        let (teams, people) = tokio::try_join!(self.every_id::<Team>(), self.every_id::<User>())?;
        let teams = teams.into_iter().map(Some).chain([None]).map(Whose::Team);
        Ok(teams.chain(people.into_iter().map(Whose::User)).collect())
    }

    /// The lists with the records that add to somebody's figures. Of communications those are looked at that count still: they stand with
    /// their authors.
    pub async fn figured_lists(&self, whose: Whose, now: Time) -> Result<Vec<FiguredList>, Error> {
        let list = |kind: &'static str, place: Place, state: &str, from: Option<String>| {
            let partitions = partitions(&[place], kind, state, PLAIN);
            FiguredList { kind, plan: Plan { partitions, ascending: true, from, ..Plan::default() } }
        };
        let of = |place: Place| {
            let kinds = [
                (Customer::KIND, "LIVE"),
                (Customer::KIND, "ARCHIVED"),
                (Lead::KIND, "LIVE"),
                (Lead::KIND, "ARCHIVED"),
                (Task::KIND, "LIVE"),
                (FollowUp::KIND, "LIVE"),
            ];
            kinds.map(|(kind, state)| list(kind, place, state, None))
        };
        // Orders add to teams alone, and those are looked at that count still.
        let orders = |place: Place| list(Order::KIND, place, "LIVE", Some(first_of(ORDER_DAYS, now).to_string()));
        let mut lists: Vec<FiguredList> = match whose {
            Whose::User(user) => return Ok(of(Place::Owner(Some(user))).to_vec()),
            Whose::Team(Some(team)) => of(Place::Team(team)).into_iter().chain([orders(Place::Team(team))]).collect(),
            Whose::Team(None) => of(Place::Owner(None)).into_iter().chain([orders(Place::Owner(None))]).collect(),
        };
        let people = self.every_id::<User>().await?;
        if whose == Whose::Team(None) {
            let owned = |user: &UserId| {
                let place = Place::Owner(Some(*user));
                of(place).into_iter().chain([orders(place)])
            };
            lists.extend(people.iter().flat_map(owned));
        }
        let since = first_of(COMMUNICATION_DAYS, now);
        let authors = people.into_iter().map(Some).chain([None]);
        lists.extend(authors.map(|author| list(Activity::KIND, Place::Owner(author), "LIVE", Some(since.to_string()))));
        Ok(lists)
    }

    /// A page of such a list: the records by name.
    pub async fn figured_page(&self, list: &FiguredList, paging: Paging<'_>) -> Result<Page<Key>, Error> {
        let kind = list.kind;
        let name = |entry: &Entry| {
            let id = id_in(&entry.sort).to_owned();
            Ok(Some(keys::record(kind, id)))
        };
        self.pick(&list.plan, list.plan.sources(), paging, |_| Ok(true), name).await
    }

    /// Adds what was counted of these records to sums of somebody's figures.
    pub async fn sum_counted(&self, records: &[Key], whose: Whose, sums: &mut BTreeMap<String, i64>) -> Result<(), Error> {
        let marks: Vec<Key> = records.iter().map(|record| keys::counted(&record.pk)).collect();
        for mark in self.get_latest_items(&marks).await? {
            let adds = get_text(&mark, "adds").and_then(read_adds).ok_or_else(|| crate::item::unreadable(&mark, "what was counted"))?;
            add_to(sums, whose, adds);
        }
        Ok(())
    }

    /// Adds what these records add as they are now to sums of somebody's figures, whether it was counted or not.
    pub async fn sum_present(&self, records: &[Key], zone: &TimeZone, whose: Whose, sums: &mut BTreeMap<String, i64>) -> Result<(), Error> {
        self.look(records, zone).await?.into_iter().for_each(|seen| add_to(sums, whose, seen.adds));
        Ok(())
    }

    /// How often somebody's figures were written.
    pub async fn figure_writes(&self, whose: Whose) -> Result<u64, Error> {
        Ok(self.figure_items(whose).await?.iter().filter_map(|item| get_number::<u64>(item, "seq")).sum())
    }

    /// All items of somebody's figures, strongly consistent.
    async fn figure_items(&self, whose: Whose) -> Result<Vec<Item>, Error> {
        let pk = keys::figures_of(whose);
        let (all, days) = tokio::try_join!(self.children(&pk, keys::FIGURES), self.children(&pk, DAYS))?;
        Ok([all, days].concat())
    }

    /// What of somebody's figures is kept otherwise than these sums say. Days that are asked for no more are left out.
    pub async fn figure_differences(&self, whose: Whose, sums: &BTreeMap<String, i64>, now: Time) -> Result<Differences, Error> {
        let first = |days| first_of(days, now).day_in(&TimeZone::UTC);
        let told = |spot: &Spot| match spot {
            Spot::All(_) => true,
            Spot::Day(month, name) => match read_day(*month, name) {
                Some(Figure::On(Daily::Communications, day)) => day > first(COMMUNICATION_DAYS),
                Some(Figure::On(Daily::Orders | Daily::Revenue, day)) => day > first(ORDER_DAYS),
                _ => end_of_days(*month) > now,
            },
        };
        let mut kept: BTreeMap<Spot, i64> = BTreeMap::new();
        for (spot, amount) in self.figure_items(whose).await?.iter().flat_map(amounts).filter(|(spot, _)| told(spot)) {
            *kept.entry(spot).or_default() += amount;
        }
        let mut counted: BTreeMap<Spot, i64> = BTreeMap::new();
        for (figure, amount) in sums.iter().filter_map(|(text, amount)| Some((read_figure(text)?, amount))) {
            for spot in spots(figure, now).into_iter().filter(|spot| told(spot)) {
                *counted.entry(spot).or_default() += amount;
            }
        }
        let all: BTreeSet<&Spot> = kept.keys().chain(counted.keys()).collect();
        let amount = |of: &BTreeMap<Spot, i64>, spot: &Spot| of.get(spot).copied().unwrap_or(0);
        let both = |spot: &Spot| (spot.text(), (amount(&kept, spot), amount(&counted, spot)));
        Ok(all.into_iter().map(both).filter(|(_, (kept, counted))| kept != counted).collect())
    }

    /// Puts figures right that differ, if they were not written since. What moved meanwhile is left to the next recount.
    pub async fn put_figures_right(&self, whose: Whose, differences: &Differences, writes: u64) -> Result<(), Error> {
        let items = self.figure_items(whose).await?;
        if items.iter().filter_map(|item| get_number::<u64>(item, "seq")).sum::<u64>() != writes {
            return Ok(());
        }
        let (mut changes, mut active) = (BTreeMap::<Key, Change>::new(), Active::new());
        for (spot, (kept, counted)) in differences.iter().filter_map(|(text, numbers)| Some((Spot::read(text)?, numbers))) {
            match (&spot, whose) {
                (Spot::All(name), Whose::User(user)) if name.starts_with("a:") => {
                    let Some(Figure::Active(team)) = read_figure(name) else { continue };
                    active.insert((user, team), (*kept, *counted));
                    changes.entry(keys::figures(whose, 0)).or_default().numbers.insert(name.clone(), (*kept, *counted));
                }
                (Spot::All(name), _) => {
                    changes.entry(keys::figures(whose, 0)).or_default().amounts.insert(name.clone(), counted - kept);
                }
                (Spot::Day(first, name), _) => {
                    let change = changes.entry(keys::figures_by_day(whose, &month(*first), 0)).or_default();
                    change.amounts.insert(name.clone(), counted - kept);
                    change.ends = Some(end_of_days(*first));
                }
            }
        }
        // One item in a transaction: each is right by itself, and one that moved meanwhile waits for the next recount.
        for (key, change) in changes {
            let mut tx = Tx::new();
            let here = items.iter().find(|item| key_of(item) == key).and_then(|item| get_number::<u64>(item, "seq"));
            change.write_after(&key, Some(here), &mut tx);
            if key.sk == keys::FIGURES {
                move_reps(&mut tx, std::mem::take(&mut active));
            }
            match self.commit(tx).await {
                Ok(()) | Err(Error::Refused(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

/// The first moment of the communications that count, with a day to spare for every zone.
fn first_of(days: i64, now: Time) -> Time {
    now.plus_seconds(-(days + 1) * 86_400)
}

impl Spot {
    /// As it is written: `e:HOT`, `t2026-01`, `2026-01 t31`.
    fn text(&self) -> String {
        match self {
            Self::All(name) => name.clone(),
            Self::Day(first, name) => format!("{} {name}", month(*first)),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None => Some(Self::All(text.to_owned())),
            Some((month, name)) => Day::read(&format!("{month}-01")).ok().map(|Day(first)| Self::Day(first, name.to_owned())),
        }
    }
}

/// Moves the rows of people to their numbers of active customers.
fn move_reps(tx: &mut Tx, active: Active) {
    for ((user, team), (before, after)) in active {
        if before > 0 {
            tx.remove(&keys::rep(team, before, user));
        }
        if after > 0 {
            tx.put(bare(&keys::rep(team, after, user), "REP"));
        }
    }
}

/// How many of these records are counted in one transaction: as many as its actions allow.
fn together(due: &[(Seen, Adds)], now: Time) -> usize {
    let mut items = BTreeSet::new();
    let mut count = 0;
    for (_, due) in due.iter().take(TOGETHER) {
        for (whose, figure) in due.keys() {
            match figure {
                // The row as it was and as it is.
                Figure::Active(team) => items.extend([format!("{whose:?} {team:?} -"), format!("{whose:?} {team:?} +"), format!("{whose:?}")]),
                other => items.extend(spots(*other, now).into_iter().map(|spot| match spot {
                    Spot::All(_) => format!("{whose:?}"),
                    Spot::Day(first, _) => format!("{whose:?} {first}"),
                })),
            }
        }
        if count > 0 && count + 1 + items.len() > ACTIONS {
            break;
        }
        count += 1;
    }
    count.max(1)
}

/// Adds what of this is somebody's to sums by figure.
fn add_to(sums: &mut BTreeMap<String, i64>, whose: Whose, adds: Adds) {
    for ((_, figure), amount) in adds.into_iter().filter(|((of, _), _)| *of == whose) {
        *sums.entry(figure_text(figure)).or_default() += amount;
    }
}

fn sum<'a>(all: impl Iterator<Item = &'a Adds>) -> Adds {
    let mut sums = Adds::new();
    for (place, amount) in all.flatten() {
        *sums.entry(*place).or_default() += amount;
    }
    sums.retain(|_, amount| *amount != 0);
    sums
}

/// How many active customers somebody has in a team, before and after.
type Active = BTreeMap<(UserId, Option<TeamId>), (i64, i64)>;

/// What is done to one item of figures.
#[derive(Default)]
struct Change {
    amounts: BTreeMap<String, i64>,
    /// Numbers that others are written by: before and after.
    numbers: BTreeMap<String, (i64, i64)>,
    ends: Option<Time>,
}

/// What is done to which items. People's have no parts.
fn changes(sums: &Adds, active: &Active, part: u32, now: Time) -> BTreeMap<Key, Change> {
    let mut changes: BTreeMap<Key, Change> = BTreeMap::new();
    for ((whose, figure), amount) in sums {
        let part = if matches!(whose, Whose::User(_)) { 0 } else { part };
        if let (Whose::User(user), Figure::Active(team)) = (whose, figure) {
            let numbers = active.get(&(*user, *team)).map(|numbers| (figure_text(*figure), *numbers));
            changes.entry(keys::figures(*whose, 0)).or_default().numbers.extend(numbers);
            continue;
        }
        for spot in spots(*figure, now) {
            let (change, name) = match spot {
                Spot::All(name) => (changes.entry(keys::figures(*whose, part)).or_default(), name),
                Spot::Day(first, name) => {
                    let change = changes.entry(keys::figures_by_day(*whose, &month(first), part)).or_default();
                    change.ends = Some(end_of_days(first));
                    (change, name)
                }
            };
            *change.amounts.entry(name).or_default() += amount;
        }
    }
    changes
}

impl Change {
    fn write(&self, key: &Key, tx: &mut Tx) {
        self.write_after(key, None, tx);
    }

    /// The same, where `since` is told only if the item was written as often as that; `None` is never.
    fn write_after(&self, key: &Key, since: Option<Option<u64>>, tx: &mut Tx) {
        let mut names = HashMap::from([("#type".to_owned(), "type".to_owned())]);
        let mut values = HashMap::from([(":type".to_owned(), text("FIGURES")), (":one".to_owned(), number(1))]);
        let (mut set, mut add, mut remove) = (vec!["#type = :type".to_owned()], vec!["seq :one".to_owned()], Vec::new());
        let mut conditions = Vec::new();
        match since {
            Some(Some(seq)) => {
                values.insert(":seq".to_owned(), number(seq));
                conditions.push("seq = :seq".to_owned());
            }
            Some(None) => conditions.push("attribute_not_exists(pk)".to_owned()),
            None => {}
        }
        for (at, (name, amount)) in self.amounts.iter().filter(|(_, amount)| **amount != 0).enumerate() {
            names.insert(format!("#n{at}"), name.clone());
            values.insert(format!(":n{at}"), number(amount));
            add.push(format!("#n{at} :n{at}"));
        }
        for (at, (name, (before, after))) in self.numbers.iter().enumerate() {
            names.insert(format!("#a{at}"), name.clone());
            if *before == 0 {
                conditions.push(format!("attribute_not_exists(#a{at})"));
            } else {
                values.insert(format!(":b{at}"), number(before));
                conditions.push(format!("#a{at} = :b{at}"));
            }
            if *after == 0 {
                remove.push(format!("#a{at}"));
            } else {
                values.insert(format!(":a{at}"), number(after));
                set.push(format!("#a{at} = :a{at}"));
            }
        }
        if let Some(ends) = self.ends {
            names.insert("#ttl".to_owned(), crate::schema::TTL.to_owned());
            values.insert(":ttl".to_owned(), number(ends.seconds()));
            set.push("#ttl = :ttl".to_owned());
        }
        let mut expression = format!("SET {} ADD {}", set.join(", "), add.join(", "));
        if !remove.is_empty() {
            expression.push_str(&format!(" REMOVE {}", remove.join(", ")));
        }
        let condition = (!conditions.is_empty()).then(|| conditions.join(" AND "));
        tx.update_if(key, &expression, condition.as_deref(), names, values, FailedCondition::Stale);
    }
}

/// The amounts of an item of figures.
fn amounts(item: &Item) -> Vec<(Spot, i64)> {
    let sk = key_of(item).sk;
    let first = sk.strip_prefix(DAYS).and_then(|rest| Day::read(&format!("{}-01", rest.get(..7)?)).ok());
    let spot = |name: &String| first.map_or_else(|| Spot::All(name.clone()), |Day(first)| Spot::Day(first, name.clone()));
    let own = |name: &str| !["pk", "sk", "type", "v", "seq", crate::schema::TTL].contains(&name);
    let amount = |value: &AttributeValue| value.as_n().ok().and_then(|number| number.parse().ok());
    item.iter().filter(|(name, _)| own(name)).filter_map(|(name, value)| Some((spot(name), amount(value)?))).collect()
}

/// The figure of a day of a month: `t05`.
fn read_day(first: Date, name: &str) -> Option<Figure> {
    let day = Date::new(first.year(), first.month(), name.get(1..)?.parse().ok()?).ok()?;
    Some(Figure::On(Daily::read(name.get(..1)?).ok()?, Day(day)))
}
