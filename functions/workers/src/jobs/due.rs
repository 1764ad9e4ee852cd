//! Customers who are put down for a moment: in the hours since the last run, up to the moment at which this one began.

use domain::Time;
use domain::job::JobRun;

pub(super) const HOUR: i64 = 3600;

/// How far back a run looks at most, seconds: what could not be handled for sixty nights is left to who reads the runs.
const FARTHEST: i64 = 60 * 24 * HOUR;

/// The hours in which a run looks, which begin so many seconds before the last one; `None` for a first run, which looks at everyone.
pub(super) fn hours(run: &JobRun, overlap: i64) -> Option<Vec<Time>> {
    let from = run.since?.plus_seconds(-overlap).max(run.started_at.plus_seconds(-FARTHEST));
    Some(from.spans_until(run.started_at, HOUR))
}
