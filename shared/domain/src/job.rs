//! Jobs: what the clock starts, or a person by hand. A run belongs to a job and a local date. At most one run of a job
//! writes at a time, which its lease sees to, and the clock's run of a date is done once.

use crate::event::{Act, Event, EventKind};
use crate::id::{EventId, UserId};
use crate::refused::FieldFault;
use crate::time::{Day, Time};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The kind of record that its events are about.
pub const KIND: &str = "JOB";

crate::id::ids! {
    /// A run of a job.
    RunId,
}

crate::choice! {
    /// The jobs.
    pub enum JobName {
        /// The end of promotions.
        PromotionExpiry = "promotion-expiry",
        /// How warm the contact to each customer is.
        CustomerEngagement = "customer-engagement",
        /// What each customer is worth by what was bought, and the loyalty level that follows.
        RfmScoring = "rfm-scoring",
        /// Whether the figures of dashboards are those of the records.
        CountersCheck = "counters-check",
        /// Copies of recurring tasks.
        RecurringTasks = "recurring-tasks",
        /// Reminders of follow-ups.
        FollowUpsDue = "followups-due",
        /// Reminders of tasks.
        TasksDue = "tasks-due",
        /// Messages to customers on their birthday.
        BirthdayMessages = "birthday-messages",
        /// Messages to customers of whom nobody heard for long.
        InactivityMessages = "inactivity-messages",
        /// The events of a time, published again.
        Republish = "republish",
        /// What is derived of the records that changed in a time, derived again.
        Reproject = "reproject",
    }
}

crate::choice! {
    /// Who started a run.
    pub enum JobTrigger {
        /// The clock.
        Schedule = "SCHEDULE",
        /// A person.
        Manual = "MANUAL",
    }
}

crate::choice! {
    /// How a run stands.
    pub enum RunState {
        /// Under way.
        Running = "RUNNING",
        /// Done with all there was.
        Succeeded = "SUCCEEDED",
        /// Done but for some records, which the next run meets again.
        Partial = "PARTIAL",
        /// Given up.
        Failed = "FAILED",
    }
}

/// How long a run may be silent before another may go on with it, seconds. A piece takes a minute at most, and a message
/// whose consumer died is delivered again after six.
pub const LEASE_SECONDS: i64 = 900;

/// How often the clock's run of one date may fail before it is left to a person.
pub const MAX_FAILURES: u32 = 3;

/// How many pieces a run may have: at 300 records each more than a company has. One that goes on beyond goes in circles.
pub const MAX_PIECES: u64 = 100_000;

/// How far back the times may lie of which events are read again, days: as long as those are kept that no feed tells.
pub const AGAIN_DAYS: i64 = 30;

/// A time of which something is done again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Its first moment.
    pub from: Time,
    /// The first one after it.
    pub to: Time,
}

/// What starts a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// The job.
    pub job: JobName,
    /// The run, where a person started it and was told its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The local date whose work is done; the present one where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Day>,
    /// The time that it is about, of a job that is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// The event that changed what everyone is judged by, so that everyone is looked at and not those alone that are due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everyone: Option<EventId>,
    /// Whether to count alone and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Who started it; `None` is the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// How a person asks for a run; a field that could not be read is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The local date whose work is to be done.
    pub date: Option<Option<Day>>,
    /// The first moment of the time that it is about.
    pub from: Option<Option<Time>>,
    /// The first moment after that time.
    pub to: Option<Option<Time>>,
}

impl Wanted {
    /// What of it is at odds with the job.
    pub fn faults(&self, job: JobName, today: Day, now: Time) -> Vec<FieldFault> {
        let (date, from, to) = (self.date.flatten(), self.from.flatten(), self.to.flatten());
        let mut faults = Vec::new();
        let mut note = |is_wrong: bool, field: &str, rule: &'static str, message: String| {
            if is_wrong {
                faults.push(FieldFault::new(field, rule, message));
            }
        };
        note(date.is_some_and(|date| date > today), "date", "range", "must not be after today".to_owned());
        if !job.is_of_a_time() {
            for (field, sent) in [("from", from), ("to", to)] {
                note(sent.is_some(), field, "conflict", format!("does not go with {job}"));
            }
            return faults;
        }
        let oldest = now.plus_seconds(-AGAIN_DAYS * 86_400);
        note(date.is_some(), "date", "conflict", format!("does not go with {job}, which takes from and to"));
        note(self.from == Some(None), "from", "required", "is required".to_owned());
        note(from.is_some_and(|from| from < oldest), "from", "range", format!("must not be more than {AGAIN_DAYS} days ago"));
        note(from.is_some_and(|from| from >= to.unwrap_or(now)), "from", "range", "must be before to, and before now".to_owned());
        note(to.is_some_and(|to| to > now), "to", "range", "must not be in the future".to_owned());
        faults
    }

    /// The time that it is about, of a job that is about one.
    pub fn span(&self, job: JobName, now: Time) -> Option<Span> {
        let from = self.from.flatten().filter(|_| job.is_of_a_time())?;
        Some(Span { from, to: self.to.flatten().unwrap_or(now) })
    }
}

impl JobName {
    /// Whether it is about a time that is said when it is started, and not about a day.
    pub const fn is_of_a_time(self) -> bool {
        matches!(self, Self::Republish | Self::Reproject)
    }
}

impl Start {
    /// As the clock starts it.
    pub fn scheduled(job: JobName) -> Self {
        Self { job, run: None, date: None, span: None, everyone: None, dry_run: false, by: None }
    }

    /// As an event starts it that changed what everyone is judged by.
    pub fn of_everyone(job: JobName, change: EventId) -> Self {
        Self { everyone: Some(change), ..Self::scheduled(job) }
    }

    /// As the clock starts what it missed on a date.
    pub fn missed(job: JobName, date: Day) -> Self {
        Self { date: Some(date), ..Self::scheduled(job) }
    }
}

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRun {
    /// The job.
    pub job: JobName,
    /// Its id.
    pub run_id: RunId,
    /// Who started it.
    pub trigger: JobTrigger,
    /// The person who did.
    pub by: Option<UserId>,
    /// How it stands.
    pub state: RunState,
    /// The local date whose work it does.
    pub date: Day,
    /// The time that it is about, of a job that is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// The event after which it looks at everyone; `None` where it looks at those alone that are due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everyone: Option<EventId>,
    /// Whether it counts alone.
    pub dry_run: bool,
    /// When it began; what it judges it judges by this moment, however long it takes.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// When its job was done before, as far as it ever was: where this one takes up.
    pub since: Option<Time>,
    /// How many records it looked at, changed, could not handle, by name.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
    /// Why it failed, or the first of its records.
    pub error: Option<String>,
    /// How many pieces are done.
    #[serde(default)]
    pub pieces: u64,
    /// Where it goes on, as the job itself writes it.
    pub place: Option<String>,
}

/// The count of records that could not be handled.
pub const FAILED: &str = "failed";

impl JobRun {
    /// Whether the clock started it.
    pub fn is_scheduled(&self) -> bool {
        self.trigger == JobTrigger::Schedule
    }

    /// Under way again, where it had failed.
    #[must_use]
    pub fn resumed(&self) -> Self {
        match self.state {
            RunState::Failed => Self { state: RunState::Running, finished_at: None, error: None, ..self.clone() },
            _ => self.clone(),
        }
    }

    /// With one more piece done: what it counted, the first of its records that failed, and where the next one begins.
    #[must_use]
    pub fn advanced(&self, counts: &BTreeMap<String, u64>, error: Option<String>, place: Option<String>) -> Self {
        let mut next = self.clone();
        for (name, count) in counts {
            *next.counts.entry(name.clone()).or_default() += count;
        }
        next.error = next.error.or(error);
        next.pieces += 1;
        next.place = place;
        next
    }

    /// How it ends when all its pieces are done.
    #[must_use]
    pub fn finished(&self, at: Time) -> Self {
        let all = self.counts.get(FAILED).copied().unwrap_or_default() == 0;
        let state = if all { RunState::Succeeded } else { RunState::Partial };
        Self { state, finished_at: Some(at), place: None, ..self.clone() }
    }

    /// How it ends when it cannot go on.
    #[must_use]
    pub fn failed(&self, at: Time, cause: String) -> Self {
        Self { state: RunState::Failed, finished_at: Some(at), error: Some(cause), ..self.clone() }
    }

    /// The event that it ended.
    pub fn event(&self, act: &Act) -> Event {
        let of = if self.dry_run { "dry run" } else { "run" };
        let summary = format!("The {of} of {} for {} ended: {}", self.job, self.date, self.state);
        let data = json!({"runId": self.run_id, "trigger": self.trigger, "state": self.state, "startedBy": self.by, "date": self.date, "span": self.span, "dryRun": self.dry_run, "counts": self.counts});
        Event::new(act, EventKind::JobFinished, (KIND, self.job.to_string(), self.job.to_string()), summary, data)
    }
}

/// Which run of a job writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// The message that began it: where it is delivered again, the run goes on.
    pub message: String,
    /// From when on another may go on with it.
    pub until: Time,
}

/// A change of what everyone is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Everyone {
    /// The event of the last change.
    pub change: EventId,
    /// Whether a run that began after it has looked at everyone.
    pub done: bool,
}

/// What is kept of a job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobState {
    /// The beginning of the last run that was done to its end: what is due since is still to be done.
    pub done: Option<Time>,
    /// The last local date of which all is done.
    pub done_on: Option<Day>,
    /// The run that writes.
    pub running: Option<Lease>,
    /// The date whose run failed, and how often.
    pub failed: Option<(Day, u32)>,
    /// The last change of what everyone is judged by. A run that begins while it is not done looks at everyone, so no change is
    /// lost behind a run that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everyone: Option<Everyone>,
}

/// What follows from a start.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// Nothing: the date is done, or another run is at it.
    Nothing,
    /// This run begins, or goes on with a dead one's lease.
    New(JobRun),
    /// The run that has the lease goes on.
    GoOn(RunId),
    /// A run by hand that has to stand back: it is noted as failed.
    Refused(JobRun),
}

impl JobState {
    /// Whether the run of a date that is due is to be started by the tick: it was not done, nobody is at it, and it did
    /// not fail too often. A job that never ran makes good this day alone.
    pub fn is_missed(&self, due: Day, today: Day, now: Time) -> bool {
        let done = match self.done_on {
            Some(done) => done >= due,
            None => due < today,
        };
        let given_up = self.failed.is_some_and(|(on, times)| on == due && times >= MAX_FAILURES);
        !done && !given_up && !self.is_busy(now)
    }

    /// The change after which everyone is still to be looked at, where the tick is to start that: nobody is at it, and it did not
    /// fail too often today.
    pub fn awaits_everyone(&self, today: Day, now: Time) -> Option<EventId> {
        let given_up = self.failed.is_some_and(|(on, times)| on == today && times >= MAX_FAILURES);
        self.undone().filter(|_| !given_up && !self.is_busy(now))
    }

    fn undone(&self) -> Option<EventId> {
        self.everyone.filter(|everyone| !everyone.done).map(|everyone| everyone.change)
    }

    /// With a change of what everyone is judged by; one that is known already changes nothing.
    fn with_change(&self, change: Option<EventId>) -> Self {
        let known = |change: &EventId| self.everyone.is_some_and(|everyone| everyone.change == *change);
        let new = change.filter(|change| !known(change)).map(|change| Everyone { change, done: false });
        Self { everyone: new.or(self.everyone), ..self.clone() }
    }

    /// Whether a run is under way.
    pub fn is_busy(&self, now: Time) -> bool {
        self.running.as_ref().is_some_and(|lease| lease.until > now)
    }

    /// What a start leads to, and what is kept then. `message` is what started it.
    pub fn begin(&self, start: &Start, message: &str, today: Day, act: &Act) -> (Self, Begun) {
        self.with_change(start.everyone).begin_known(start, message, today, act)
    }

    fn begin_known(&self, start: &Start, message: &str, today: Day, act: &Act) -> (Self, Begun) {
        let by_hand = start.run;
        let run = |state| JobRun {
            job: start.job,
            run_id: by_hand.unwrap_or_else(|| act.id()),
            trigger: if by_hand.is_some() { JobTrigger::Manual } else { JobTrigger::Schedule },
            by: start.by,
            state,
            date: start.date.unwrap_or(today),
            span: start.span,
            everyone: self.undone(),
            dry_run: start.dry_run,
            started_at: act.at,
            finished_at: None,
            since: self.done,
            counts: BTreeMap::new(),
            error: None,
            pieces: 0,
            place: None,
        };
        if start.dry_run {
            return (self.clone(), Begun::New(run(RunState::Running)));
        }
        if let Some(lease) = &self.running {
            if lease.message == message {
                return (self.clone(), Begun::GoOn(lease.run));
            }
            if lease.until > act.at {
                let refused = || run(RunState::Running).failed(act.at, "Another run of the job was under way".to_owned());
                return (self.clone(), if by_hand.is_some() { Begun::Refused(refused()) } else { Begun::Nothing });
            }
        }
        let new = run(RunState::Running);
        let is_done = start.everyone.is_some() || self.done_on.is_some_and(|done| done >= new.date);
        if by_hand.is_none() && new.everyone.is_none() && is_done {
            return (self.clone(), Begun::Nothing);
        }
        let lease = Lease { run: new.run_id, message: message.to_owned(), until: act.at.plus_seconds(LEASE_SECONDS) };
        let mut next = Self { running: Some(lease), ..self.clone() };
        if self.running.is_some() && by_hand.is_none() {
            // Whose lease is over died, and ends nowhere else.
            next.failed = Some(self.failed_once_more(new.date));
        }
        (next, Begun::New(new))
    }

    fn failed_once_more(&self, date: Day) -> (Day, u32) {
        let before = self.failed.filter(|(on, _)| *on == date).map_or(0, |(_, times)| times);
        (date, before + 1)
    }

    /// With the lease held on; `None` where another run has it.
    pub fn held(&self, run: RunId, now: Time) -> Option<Self> {
        let lease = self.running.as_ref().filter(|lease| lease.run == run)?;
        let until = now.plus_seconds(LEASE_SECONDS);
        Some(Self { running: Some(Lease { until, ..lease.clone() }), ..self.clone() })
    }

    /// With the lease for a run that had failed; `None` where another run has it.
    pub fn resumed(&self, run: RunId, message: &str, now: Time) -> Option<Self> {
        let lease = Lease { run, message: message.to_owned(), until: now.plus_seconds(LEASE_SECONDS) };
        (!self.is_busy(now)).then(|| Self { running: Some(lease), ..self.clone() })
    }

    /// What is kept when a run that wrote ends. `due` is when the clock starts the run of its date: one by hand that began
    /// later has done that one's work as well. `began_on` is the local date on which the run began: only one that did that day's
    /// work, and all of it, leaves nothing behind to look for.
    #[must_use]
    pub fn ended(&self, run: &JobRun, due: Option<Time>, began_on: Day) -> Self {
        let mut next = self.clone();
        next.running = self.running.clone().filter(|lease| lease.run != run.run_id);
        if run.state == RunState::Failed {
            if run.is_scheduled() {
                next.failed = Some(self.failed_once_more(run.date));
            }
            return next;
        }
        // A first run looks at everything, which is done once whatever became of single records.
        let all = run.state == RunState::Succeeded || self.done.is_none();
        if all && run.date >= began_on {
            next.done = self.done.max(Some(run.started_at));
        }
        if let Some(everyone) = next.everyone.as_mut().filter(|everyone| run.everyone == Some(everyone.change)) {
            everyone.done = true;
        }
        let of_the_clock = run.is_scheduled() && run.everyone.is_none();
        if of_the_clock || due.is_some_and(|due| run.started_at >= due) {
            next.done_on = self.done_on.max(Some(run.date));
            next.failed = None;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::text::TextValue;
    use uuid::Uuid;

    fn day(text: &str) -> Day {
        Day::read(text).expect("a day")
    }

    fn at(act: &Act, seconds: i64) -> Act {
        Act { at: act.at.plus_seconds(seconds), ..act.clone() }
    }

    const TODAY: &str = "2026-03-02";

    fn scheduled() -> Start {
        Start::scheduled(JobName::TasksDue)
    }

    fn by_hand(id: u128) -> Start {
        Start { run: Some(RunId::new(Uuid::from_u128(id))), by: Some(UserId::new(Uuid::from_u128(1))), ..scheduled() }
    }

    fn new(begun: Begun) -> JobRun {
        match begun {
            Begun::New(run) => run,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_second_start_of_a_date_is_nothing_unless_a_person_asks_for_it() {
        let (today, first) = (day(TODAY), act());
        let (state, begun) = JobState::default().begin(&scheduled(), "m1", today, &first);
        let run = new(begun);
        assert_eq!((run.date, run.trigger, run.since), (today, JobTrigger::Schedule, None));
        assert_eq!(state.begin(&scheduled(), "m2", today, &at(&first, 1)).1, Begun::Nothing, "it is under way");
        assert_eq!(state.begin(&scheduled(), "m1", today, &at(&first, 1)).1, Begun::GoOn(run.run_id), "the same message came again");
        assert!(matches!(state.begin(&by_hand(9), "m3", today, &first).1, Begun::Refused(run) if run.state == RunState::Failed));
        let done = state.ended(&run.finished(first.at), None, today);
        assert_eq!((done.done, done.done_on, &done.running), (Some(first.at), Some(today), &None));
        assert_eq!(done.begin(&scheduled(), "m4", today, &at(&first, 60)).1, Begun::Nothing);
        let again = new(done.begin(&by_hand(9), "m5", today, &at(&first, 60)).1);
        assert_eq!((again.trigger, again.since), (JobTrigger::Manual, Some(first.at)));
        let tomorrow = new(done.begin(&scheduled(), "m6", day("2026-03-03"), &at(&first, 86_400)).1);
        assert_eq!(tomorrow.since, Some(first.at));
    }

    #[test]
    fn after_a_change_everyone_is_looked_at_once_whoever_was_under_way() {
        let (today, now) = (day(TODAY), act());
        let change = |n: u128| EventId::new(Uuid::from_u128(n));
        let of = |n: u128| Start::of_everyone(JobName::RfmScoring, change(n));
        // A run was under way, which may have looked at some before.
        let (state, begun) = JobState::default().begin(&scheduled(), "night", today, &now);
        let night = new(begun);
        assert_eq!(night.everyone, None);
        let (state, begun) = state.begin(&of(1), "m1", today, &now);
        assert_eq!((begun, state.awaits_everyone(today, now.at)), (Begun::Nothing, None), "it is noted, and waits");
        let state = state.ended(&night.finished(now.at), None, today);
        assert_eq!(state.awaits_everyone(today, now.at), Some(change(1)));
        // The tick starts it, though the date is done; another change comes meanwhile.
        let (state, begun) = state.begin(&of(1), "tick", today, &now);
        let run = new(begun);
        assert_eq!((run.everyone, run.trigger), (Some(change(1)), JobTrigger::Schedule));
        let (state, begun) = state.begin(&of(2), "m2", today, &now);
        assert_eq!(begun, Begun::Nothing);
        let state = state.ended(&run.finished(now.at), None, today);
        assert_eq!(state.awaits_everyone(today, now.at), Some(change(2)), "which is not done with the first");
        // What fails stays to be done, as often as anything else.
        let mut failing = state.clone();
        for _ in 0..MAX_FAILURES {
            assert_eq!(failing.awaits_everyone(today, now.at), Some(change(2)));
            let (begun, run) = failing.begin(&of(2), "tick", today, &now);
            failing = begun.ended(&new(run).failed(now.at, "no".into()), None, today);
        }
        assert_eq!(failing.awaits_everyone(today, now.at), None);
        let tomorrow = day("2026-03-03");
        let (_, begun) = failing.begin(&scheduled(), "night", tomorrow, &at(&now, 86_400));
        assert_eq!(new(begun).everyone, Some(change(2)), "the next night does it");
        let (state, begun) = state.begin(&of(2), "tick", today, &now);
        let done = state.ended(&new(begun).finished(now.at), None, today);
        assert_eq!(done.awaits_everyone(today, now.at), None);
        assert_eq!(done.begin(&of(2), "again", today, &now), (done, Begun::Nothing), "the event came again");
    }

    #[test]
    fn who_was_looked_at_before_the_hour_is_looked_at_by_the_clock_as_well() {
        let (today, now) = (day(TODAY), act());
        let start = Start::of_everyone(JobName::RfmScoring, EventId::new(Uuid::from_u128(1)));
        let (state, begun) = JobState::default().begin(&start, "m", today, &now);
        let early = state.ended(&new(begun).finished(now.at), Some(now.at.plus_seconds(1)), today);
        assert_eq!((early.done, early.done_on), (Some(now.at), None));
        assert!(matches!(early.begin(&scheduled(), "night", today, &at(&now, 60)).1, Begun::New(run) if run.everyone.is_none()));
        assert_eq!(early.begin(&start, "again", today, &now).1, Begun::Nothing, "which is no night's run");
    }

    #[test]
    fn a_dry_run_takes_no_lease_and_waits_for_none() {
        let (today, now) = (day(TODAY), act());
        let (state, _) = JobState::default().begin(&scheduled(), "m1", today, &now);
        let dry = Start { dry_run: true, ..by_hand(9) };
        let (after, begun) = state.begin(&dry, "m2", today, &now);
        assert!(new(begun).dry_run);
        assert_eq!(after, state);
    }

    #[test]
    fn what_died_is_taken_over_when_its_lease_is_over() {
        let (today, now) = (day(TODAY), act());
        let (state, begun) = JobState::default().begin(&scheduled(), "m1", today, &now);
        let dead = new(begun);
        assert!(!state.is_missed(today, today, now.at.plus_seconds(LEASE_SECONDS - 1)));
        assert!(state.is_missed(today, today, now.at.plus_seconds(LEASE_SECONDS)));
        let (next, begun) = state.begin(&scheduled(), "m2", today, &at(&now, LEASE_SECONDS));
        let run = new(begun);
        assert_ne!(run.run_id, dead.run_id);
        assert_eq!(next.failed, Some((today, 1)), "what died has failed");
        assert_eq!(next.held(dead.run_id, now.at), None, "the dead one writes no more");
        assert!(next.held(run.run_id, now.at).is_some());
        let late = next.ended(&dead.finished(now.at), None, today);
        assert_eq!(late.running, next.running, "whose end takes nobody's lease");
    }

    #[test]
    fn what_fails_again_and_again_is_left_to_a_person_until_the_next_date() {
        let (today, now) = (day(TODAY), act());
        let mut state = JobState::default();
        for times in 1..=MAX_FAILURES {
            assert!(state.is_missed(today, today, now.at));
            let (begun, run) = state.begin(&scheduled(), "m", today, &now);
            state = begun.ended(&new(run).failed(now.at, "no".into()), None, today);
            assert_eq!((state.failed, state.done), (Some((today, times)), None));
        }
        assert!(!state.is_missed(today, today, now.at));
        let tomorrow = day("2026-03-03");
        assert!(state.is_missed(tomorrow, tomorrow, now.at));
        // A person's run after the hour does what the clock's should have, one before it does not.
        let run = new(state.begin(&by_hand(9), "m9", today, &now).1).finished(now.at);
        assert_eq!(state.ended(&run, Some(now.at.plus_seconds(1)), today).done_on, None);
        let made_good = state.ended(&run, Some(now.at), today);
        assert_eq!((made_good.done_on, made_good.failed), (Some(today), None));
    }

    #[test]
    fn what_was_left_undone_is_still_looked_for() {
        let (yesterday, today, now) = (day("2026-03-01"), day(TODAY), act());
        let run = new(JobState::default().begin(&scheduled(), "m", today, &now).1);
        let partial = run.advanced(&BTreeMap::from([(FAILED.to_owned(), 1)]), None, None).finished(now.at);
        let before = JobState { done: Some(now.at.plus_seconds(-86_400)), ..JobState::default() };
        let after = before.ended(&partial, None, today);
        assert_eq!((after.done, after.done_on), (before.done, Some(today)), "the day is done, and what failed is met again");
        let past = Start { date: Some(yesterday), ..by_hand(9) };
        let run = new(JobState::default().begin(&past, "m", today, &now).1).finished(now.at);
        let after = JobState::default().ended(&run, Some(now.at), today);
        assert_eq!((after.done, after.done_on), (None, Some(yesterday)), "what became due since is not done");
    }

    #[test]
    fn a_job_that_never_ran_makes_good_this_day_alone() {
        let (yesterday, today, now) = (day("2026-03-01"), day(TODAY), act().at);
        assert!(JobState::default().is_missed(today, today, now));
        assert!(!JobState::default().is_missed(yesterday, today, now));
        let before = JobState { done_on: Some(day("2026-02-27")), ..JobState::default() };
        assert!(before.is_missed(yesterday, today, now), "one that did makes good the last that was due");
    }

    #[test]
    fn what_is_asked_for_has_to_go_with_the_job() {
        let (today, now) = (day(TODAY), Time::read("2026-03-02T12:00:00Z").expect("a time"));
        let at = |text: &str| Some(Some(Time::read(text).expect("a time")));
        let nothing = Wanted { date: Some(None), from: Some(None), to: Some(None) };
        let wrong = |wanted: Wanted, job: JobName| wanted.faults(job, today, now).into_iter().map(|fault| fault.field).collect::<Vec<_>>();
        assert_eq!(wrong(nothing, JobName::TasksDue), Vec::<String>::new());
        let all = Wanted { date: Some(Some(day("2026-03-03"))), from: at("2026-03-01T00:00:00Z"), to: at("2026-03-02T12:00:01Z") };
        assert_eq!(wrong(all, JobName::TasksDue), ["date", "from", "to"]);
        assert_eq!(wrong(all, JobName::Republish), ["date", "date", "to"]);
        assert_eq!(wrong(nothing, JobName::Reproject), ["from"]);
        assert_eq!(wrong(Wanted { from: None, ..nothing }, JobName::Reproject), Vec::<String>::new(), "what cannot be read is named elsewhere");
        assert_eq!(wrong(Wanted { from: at("2026-01-31T11:59:59Z"), ..nothing }, JobName::Reproject), ["from"]);
        assert_eq!(wrong(Wanted { from: at("2026-03-02T12:00:00Z"), ..nothing }, JobName::Reproject), ["from"], "of no time");
        let good = Wanted { from: at("2026-01-31T12:00:00Z"), ..nothing };
        assert_eq!(wrong(good, JobName::Republish), Vec::<String>::new());
        assert_eq!(good.span(JobName::Republish, now).map(|span| span.to), Some(now));
        assert_eq!(good.span(JobName::TasksDue, now), None);
    }

    #[test]
    fn pieces_add_up_and_what_could_not_be_handled_makes_it_partial() {
        let now = act();
        let run = new(JobState::default().begin(&scheduled(), "m", day(TODAY), &now).1);
        let counted = |looked: u64, failed: u64| BTreeMap::from([("looked".to_owned(), looked), (FAILED.to_owned(), failed)]);
        let first = run.advanced(&counted(300, 0), None, Some("there".into()));
        assert_eq!((first.pieces, first.place.as_deref(), first.finished(now.at).state), (1, Some("there"), RunState::Succeeded));
        let second = first.advanced(&counted(20, 2), Some("TASK#1: no".into()), None).advanced(&counted(0, 1), Some("another".into()), None);
        let end = second.finished(now.at);
        assert_eq!((end.state, end.error.as_deref(), end.pieces), (RunState::Partial, Some("TASK#1: no"), 3));
        assert_eq!(end.counts, counted(320, 3));
        assert_eq!(end.event(&now).data["state"], json!("PARTIAL"));
    }
}
