//! What the clock starts, or a person alone. The template's schedules, the embedded ones, the tick that makes good what was missed and
//! `/admin/jobs` are all made from this list: each puts a message on the queue of the jobs, which has retries and dead letters
//! of its own.

use crate::cron::Expression;
use domain::Time;
use domain::job::{JobName, RunId, Start};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A job.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// Its one name.
    pub name: JobName,
    /// One line on what it does.
    pub about: &'static str,
    /// When, as EventBridge Scheduler writes it, in the deployment's time zone
    /// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>); what has no time is started by hand, and is
    /// about a time that is said then.
    pub cron: Option<&'static str>,
    /// Whether it is about the day alone: what was missed on another is not made good, since the next day has its own.
    pub of_the_day: bool,
}

/// Every job, in the order of the day, and what is started by hand alone.
pub const JOBS: &[Job] = &[
    Job { name: JobName::PromotionExpiry, about: "Ends the promotions whose end has passed", cron: Some("cron(15 0 * * ? *)"), of_the_day: false },
    Job {
        name: JobName::CustomerEngagement,
        about: "Says of customers whether the contact is hot, warm or inactive",
        cron: Some("cron(0 1 * * ? *)"),
        of_the_day: false,
    },
    Job {
        name: JobName::RfmScoring,
        about: "Scores customers by what they bought, and moves them to the loyalty level of their score",
        cron: Some("cron(0 2 * * ? *)"),
        of_the_day: false,
    },
    Job {
        name: JobName::CountersCheck,
        about: "Recounts the figures of a thirtieth of all teams and users; by hand of all, and repairs them",
        cron: Some("cron(0 3 * * ? *)"),
        of_the_day: false,
    },
    Job {
        name: JobName::RecurringTasks,
        about: "Copies the recurring tasks whose next occurrence has come",
        cron: Some("cron(0 6 * * ? *)"),
        of_the_day: false,
    },
    Job {
        name: JobName::FollowUpsDue,
        about: "Reminds of the follow-ups that are due today or since",
        cron: Some("cron(0 8 * * ? *)"),
        of_the_day: true,
    },
    Job {
        name: JobName::TasksDue,
        about: "Reminds of the open tasks that are due today or since",
        cron: Some("cron(0 8 * * ? *)"),
        of_the_day: true,
    },
    Job { name: JobName::BirthdayMessages, about: "Writes to the customers whose birthday it is", cron: Some("cron(0 9 * * ? *)"), of_the_day: true },
    Job {
        name: JobName::InactivityMessages,
        about: "Writes to the customers of whom nobody heard for long",
        cron: Some("cron(0 10 ? * MON *)"),
        of_the_day: true,
    },
    Job { name: JobName::Republish, about: "Publishes the events of a time again", cron: None, of_the_day: false },
    Job {
        name: JobName::Reproject,
        about: "Derives anew what is derived of the records that changed in a time: what they are found by, latest contacts, figures",
        cron: None,
        of_the_day: false,
    },
];

/// The name of the tick among the schedules.
pub const TICK: &str = "tick";

/// How often the clock looks for what was missed.
pub const TICK_RATE: &str = "rate(1 minute)";

/// How far back the last time at which a job was due is looked for, seconds: each comes once a week at least.
const WEEK: i64 = 8 * 86_400;

impl Job {
    /// The job of this name.
    pub fn named(name: JobName) -> Option<&'static Self> {
        JOBS.iter().find(|job| job.name == name)
    }

    /// When it comes next after a moment.
    pub fn next_after(&self, after: Time, zone: &TimeZone) -> Option<Time> {
        let expression: Expression = self.cron?.parse().ok()?;
        expression.next_after(after.timestamp(), zone).map(Time::new)
    }

    /// How many days lie between two times at which it comes.
    pub fn every_days(&self) -> Option<i64> {
        let first = self.next_after(Time::from_millis(0), &TimeZone::UTC)?;
        let next = self.next_after(first, &TimeZone::UTC)?;
        Some((next.seconds() - first.seconds()) / 86_400)
    }

    /// When it was due last, up to and with this moment.
    pub fn last_due(&self, now: Time, zone: &TimeZone) -> Option<Time> {
        let from = now.plus_seconds(-WEEK);
        std::iter::successors(self.next_after(from, zone), |at| self.next_after(*at, zone)).take_while(|at| *at <= now).last()
    }
}

/// A message on the queue of the jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Timed {
    /// Start what was due and was not done.
    Tick,
    /// Start a run.
    Start(Start),
    /// Do the next piece of a run.
    GoOn {
        /// The job.
        job: JobName,
        /// The run.
        run: RunId,
        /// How many pieces were done before.
        piece: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::text::TextValue;
    use serde_json::json;

    fn time(text: &str) -> Time {
        Time::read(text).expect("a time")
    }

    #[test]
    fn every_job_is_listed_once_and_has_its_time() {
        let listed: Vec<JobName> = JOBS.iter().map(|job| job.name).collect();
        let mut all = JobName::ALL.to_vec();
        all.retain(|name| !listed.contains(name));
        assert_eq!((all, listed.len()), (Vec::new(), JobName::ALL.len()));
        let now = time("2026-03-02T12:00:00Z");
        for job in JOBS.iter().filter(|job| job.cron.is_some()) {
            let (last, next) = (job.last_due(now, &TimeZone::UTC), job.next_after(now, &TimeZone::UTC));
            assert!(last.is_some_and(|last| last <= now) && next.is_some_and(|next| next > now), "{} is due before and after", job.name);
        }
        assert!(TICK_RATE.parse::<Expression>().is_ok());
        let rare: Vec<JobName> = JOBS.iter().filter(|job| job.every_days() == Some(7)).map(|job| job.name).collect();
        assert_eq!(rare, [JobName::InactivityMessages]);
    }

    #[test]
    fn an_hour_that_the_clock_skips_is_made_good_and_one_that_it_repeats_comes_once() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let job = Job { cron: Some("cron(0 2 * * ? *)"), ..JOBS[0] };
        let dues = |from: &str, count: usize| {
            let mut at = time(from);
            let mut next = || {
                at = job.next_after(at, &zone).expect("it comes");
                at.to_string()
            };
            (0..count).map(|_| next()).collect::<Vec<_>>()
        };
        assert_eq!(dues("2026-03-28T12:00:00Z", 2), ["2026-03-29T01:00:00.000Z", "2026-03-30T00:00:00.000Z"]);
        assert_eq!(dues("2026-10-24T12:00:00Z", 2), ["2026-10-25T00:00:00.000Z", "2026-10-26T01:00:00.000Z"]);
        assert_eq!(job.last_due(time("2026-03-29T01:00:00Z"), &zone), Some(time("2026-03-29T01:00:00Z")));
        assert_eq!(job.last_due(time("2026-03-29T00:59:59Z"), &zone), Some(time("2026-03-28T01:00:00Z")));
    }

    #[test]
    fn a_message_is_what_the_schedule_says() {
        let start = Timed::Start(Start::scheduled(JobName::TasksDue));
        assert_eq!(json!(start), json!({"task": "start", "job": "tasks-due", "dryRun": false}));
        let short: Timed = serde_json::from_value(json!({"task": "start", "job": "tasks-due"})).expect("reads");
        assert_eq!(short, start);
        assert_eq!(json!(Timed::Tick), json!({"task": "tick"}));
    }
}
