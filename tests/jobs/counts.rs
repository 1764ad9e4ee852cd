//! What the deployment counts, and alarms wait for: the condition is made, and the line that becomes the
//! metric is seen.

use super::{SOON, run};
use application::metric::Metric;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Crm, eventually, log};

/// The lines that count this, as CloudWatch reads them.
pub fn counted(metric: Metric, of: &str) -> usize {
    let is_it = |line: &Value| {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let dimensions: Vec<&str> =
            directive["Dimensions"][0].as_array().map(|names| names.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
        directive["Metrics"][0]["Name"] == metric.name()
            && line[metric.name()] == 1
            && dimensions == metric.dimension().into_iter().collect::<Vec<_>>()
            && metric.dimension().is_none_or(|name| line[name] == of)
    };
    log::lines_where(is_it).len()
}

#[tokio::test]
async fn what_alarms_wait_for_is_counted() {
    log::listen();
    let crm = Crm::start().await;
    let (parked, done, leads) = (counted(Metric::Parked, ""), counted(Metric::JobDone, "recurring-tasks"), counted(Metric::Events, "lead.created"));
    run(&crm, 1).await;
    assert!(counted(Metric::JobDone, "recurring-tasks") > done, "a job that was done");
    crm.embedded().queues.send("work", vec!["not json".into()], Duration::ZERO).await.expect("sent");
    eventually("a message that was given up", SOON, || async { (counted(Metric::Parked, "") > parked).then_some(()) }).await;
    let admin = crm.admin().await;
    admin.lead(json!({})).await;
    eventually("a lead", SOON, || async { (counted(Metric::Events, "lead.created") > leads).then_some(()) }).await;
    assert!(counted(Metric::SignIns, "") > 0);
}
