//! What a deployment counts about itself: each count is a line on standard output in CloudWatch's embedded
//! metric format, which becomes a metric without a call and whatever `LOG_LEVEL` says
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//! Nothing is written where `METRICS_NAMESPACE` is not set, as in the embedded run.

use crate::clock::system_time;
use crate::log::print;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Messages and records that a worker gave up on.
    Parked,
    /// Messages that were tried often and wait on, since what their worker works on is busy or out of reach.
    Waiting,
    /// Notifications that could not be sent.
    Unsent,
    /// Runs of a job that were done to their end, by the job.
    JobDone,
    /// Sign-ins with a password.
    SignIns,
    /// Sign-ins that were refused, by the reason.
    FailedSignIns,
    /// What happened in the business, by the kind of event.
    Events,
    /// Figures of dashboards that a recount found otherwise.
    FiguresDiffer,
    /// Answers with 500, by the crate that gave them.
    Faults,
}

/// The environment variable with the name of the crate whose functions these are.
pub const CRATE: &str = "CRATE";

impl Metric {
    /// Its name in CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parked => "Parked",
            Self::Waiting => "Waiting",
            Self::Unsent => "Unsent",
            Self::JobDone => "JobDone",
            Self::SignIns => "SignIns",
            Self::FailedSignIns => "FailedSignIns",
            Self::Events => "Events",
            Self::FiguresDiffer => "FiguresDiffer",
            Self::Faults => "Faults",
        }
    }

    /// By what it is counted apart; each value is a metric of its own, which costs, so there are few.
    pub fn dimension(self) -> Option<&'static str> {
        match self {
            Self::Parked | Self::Waiting | Self::Unsent | Self::SignIns | Self::FiguresDiffer => None,
            Self::JobDone => Some("job"),
            Self::FailedSignIns => Some("reason"),
            Self::Events => Some("type"),
            Self::Faults => Some("crate"),
        }
    }

    /// Counts one. `of` is the value of its dimension.
    pub fn count(self, of: &str) {
        let Some(Sink { namespace, write }) = SINK.get() else { return };
        // CloudWatch refuses what is more than two hours ahead, so this is the time of the machine.
        write(self.line(namespace, of, system_time().millis()).to_string());
    }

    fn line(self, namespace: &str, of: &str, millis: i64) -> Value {
        let dimension = self.dimension();
        let dimensions: Vec<&str> = dimension.into_iter().collect();
        let mut line = json!({
            "_aws": {
                "Timestamp": millis,
                "CloudWatchMetrics": [{"Namespace": namespace, "Dimensions": [dimensions], "Metrics": [{"Name": self.name(), "Unit": "Count"}]}],
            },
            self.name(): 1,
        });
        if let Some(dimension) = dimension {
            line[dimension] = of.into();
        }
        line
    }
}

/// Counts an answer with 500 of this function's crate.
pub fn count_fault() {
    Metric::Faults.count(&std::env::var(CRATE).unwrap_or_default());
}

struct Sink {
    namespace: String,
    write: Box<dyn Fn(String) + Send + Sync>,
}

static SINK: OnceLock<Sink> = OnceLock::new();

/// Begins to write what is counted to standard output, where `METRICS_NAMESPACE` is set.
pub fn start() {
    if let Some(namespace) = std::env::var("METRICS_NAMESPACE").ok().filter(|namespace| !namespace.is_empty()) {
        start_with(namespace, print);
    }
}

/// Begins to hand what is counted to `write`. Only the first of these calls counts.
pub fn start_with(namespace: String, write: impl Fn(String) + Send + Sync + 'static) {
    let _ = SINK.set(Sink { namespace, write: Box::new(write) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_line_of_the_embedded_metric_format() {
        let plain = json!({
            "_aws": {"Timestamp": 7, "CloudWatchMetrics": [{"Namespace": "CRM/x", "Dimensions": [[]], "Metrics": [{"Name": "Parked", "Unit": "Count"}]}]},
            "Parked": 1,
        });
        assert_eq!(Metric::Parked.line("CRM/x", "", 7), plain);
        let apart = Metric::JobDone.line("CRM/x", "recurring-tasks", 7);
        assert_eq!(apart["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["job"]]));
        assert_eq!(apart["job"], "recurring-tasks");
    }
}
