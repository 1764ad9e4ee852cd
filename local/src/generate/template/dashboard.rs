//! The dashboard: what there is to see of a deployment on one page.

use super::functions;
use super::storage::TABLE_NAME;
use crate::generate::policy::{dead_queues, queue_id};
use application::metric::Metric;
use edge::Route;
use messaging::Queue;
use serde_json::{Value, json};
use workers::{Trigger, WORKERS};

/// Columns of a dashboard (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>).
const COLUMNS: usize = 24;
/// Columns and rows of a graph.
const SIZE: (usize, usize) = (8, 6);

/// The dashboard.
pub(super) fn resource(crates: &[(&'static str, Vec<Route>)]) -> String {
    let widgets: Vec<Value> = graphs(crates)
        .into_iter()
        .enumerate()
        .map(|(at, (title, metrics))| {
            let (x, y) = (at * SIZE.0 % COLUMNS, at * SIZE.0 / COLUMNS * SIZE.1);
            let properties = json!({"title": title, "metrics": metrics, "region": "${AWS::Region}", "view": "timeSeries", "period": 300});
            json!({"type": "metric", "x": x, "y": y, "width": SIZE.0, "height": SIZE.1, "properties": properties})
        })
        .collect();
    let widgets: Vec<String> = widgets.iter().map(widget).collect();
    let body = format!("{{\"widgets\": [\n{}\n]}}", widgets.join(",\n"));
    let body: String = body.lines().map(|line| format!("            {line}\n")).collect();
    format!(
        r#"
  # ----- The dashboard -----

  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: !Ref AWS::StackName
      DashboardBody: !Sub
        - |
{body}        - Table: {TABLE_NAME}
"#
    )
}

/// A widget as text, one line for each of its metrics.
fn widget(widget: &Value) -> String {
    let mut rest = widget.clone();
    let metrics = rest["properties"]["metrics"].take();
    let metrics: Vec<String> = metrics.as_array().into_iter().flatten().map(|metric| format!("    {metric}")).collect();
    rest.to_string().replace("\"metrics\":null", &format!("\"metrics\": [\n{}\n  ]", metrics.join(",\n")))
}

/// The graphs: title, and metrics as the dashboard writes them.
fn graphs(crates: &[(&'static str, Vec<Route>)]) -> Vec<(&'static str, Vec<Value>)> {
    let of_api = |name: &str, statistic: &str| json!(["AWS/ApiGateway", name, "ApiId", "${HttpApi}", {"stat": statistic}]);
    let of_table = |name: &str| json!(["AWS/DynamoDB", name, "TableName", "${Table}", {"stat": "Sum"}]);
    let of_queues = |name: &str, ids: &[String]| -> Vec<Value> {
        ids.iter().map(|id| json!(["AWS/SQS", name, "QueueName", format!("${{{id}.QueueName}}"), {"stat": "Maximum"}])).collect()
    };
    let queues = Queue::ALL.map(queue_id);
    // Each by its name: a search finds whole names or single words of them, but no beginnings.
    let of_all = |name: &str, statistic: &str| -> Vec<Value> {
        let all = functions::names(crates);
        all.iter()
            .map(|function| json!(["AWS/Lambda", name, "FunctionName", format!("${{AWS::StackName}}-{function}"), {"stat": statistic}]))
            .collect()
    };
    let streams = WORKERS.iter().filter(|worker| matches!(worker.trigger, Trigger::Stream(_)));
    let own = |metric: Metric| match metric.dimension() {
        None => json!(["CRM/${AWS::StackName}", metric.name(), {"stat": "Sum"}]),
        Some(dimension) => {
            let search = format!("SEARCH('{{\"CRM/${{AWS::StackName}}\",{dimension}}} MetricName=\"{}\"', 'Sum')", metric.name());
            json!([{"expression": search, "id": metric.name().to_lowercase()}])
        }
    };
    vec![
        ("Requests", vec![of_api("Count", "Sum"), of_api("4xx", "Sum"), of_api("5xx", "Sum")]),
        ("Latency, ms", vec![of_api("Latency", "p50"), of_api("Latency", "p99")]),
        ("Errors of functions", of_all("Errors", "Sum")),
        ("Messages waiting", of_queues("ApproximateNumberOfMessagesVisible", &queues)),
        ("Oldest message, s", of_queues("ApproximateAgeOfOldestMessage", &queues)),
        ("Dead letters", of_queues("ApproximateNumberOfMessagesVisible", &dead_queues())),
        (
            "Behind the table, ms",
            streams.map(|worker| json!(["AWS/Lambda", "IteratorAge", "FunctionName", format!("${{AWS::StackName}}-{}", worker.name), {"stat": "Maximum"}])).collect(),
        ),
        ("Jobs and what was parked", vec![own(Metric::JobDone), own(Metric::Parked)]),
        ("Sign-ins", vec![own(Metric::SignIns), own(Metric::FailedSignIns)]),
        ("Business", vec![own(Metric::Events)]),
        ("Cost: table", vec![of_table("ConsumedReadCapacityUnits"), of_table("ConsumedWriteCapacityUnits")]),
        ("Cost: milliseconds of functions", of_all("Duration", "Sum")),
        ("Cost: bytes logged", vec![json!(["AWS/Logs", "IncomingBytes", "LogGroupName", "${LogGroup}", {"stat": "Sum"}]), json!(["AWS/Logs", "IncomingBytes", "LogGroupName", "${ApiLogGroup}", {"stat": "Sum"}])]),
    ]
}
