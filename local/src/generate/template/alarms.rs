//! The alarms: one row for each thing that can go wrong. The template's alarms, `docs/alarms.md` and the
//! test that each has its entry in the runbook are made of the rows.

use super::storage::TABLE_NAME;
use crate::generate::pascal;
use crate::generate::policy::{dead_queues, queue_id};
use application::metric::Metric as Own;
use messaging::{JOBS, Queue, SUBSCRIPTIONS};
use store::keys::Index;
use workers::{BACKGROUND, Trigger, Worker};

/// A metric-maths alarm takes ten metrics
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>).
const METRICS: usize = 10;

/// One thing that can go wrong.
#[derive(Clone)]
pub(crate) struct Alarm {
    /// Its name in the template, in the deployment and in the runbook.
    pub id: String,
    /// What it means, in a line.
    pub about: String,
    /// How the metrics make one number; `m1`, `m2`, … are the metrics in their order.
    expression: &'static str,
    metrics: Vec<Metric>,
    /// It rings above this, or below where it waits for something to happen.
    threshold: f64,
    rings: Rings,
    /// Seconds of a period.
    period: u32,
    /// Periods in a row.
    periods: u32,
    /// Whether it stands in the workers' stack, whose resources it names.
    in_workers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rings {
    Above,
    /// Nothing reported counts as nothing done.
    Below,
}

/// A metric of one resource.
#[derive(Clone)]
struct Metric {
    /// As YAML.
    namespace: String,
    name: String,
    /// Name and value as YAML.
    dimensions: Vec<(&'static str, String)>,
    statistic: &'static str,
}

impl Metric {
    fn aws(service: &str, name: &str, statistic: &'static str, dimensions: Vec<(&'static str, String)>) -> Self {
        Self { namespace: format!("AWS/{service}"), name: name.to_owned(), dimensions, statistic }
    }

    /// One that the CRM writes into its log.
    fn own(metric: Own, dimensions: Vec<(&'static str, String)>) -> Self {
        Self { namespace: NAMESPACE.to_owned(), name: metric.name().to_owned(), dimensions, statistic: "Sum" }
    }

    fn of_function(name: &str, statistic: &'static str, function: &str) -> Self {
        Self::aws("Lambda", name, statistic, vec![("FunctionName", format!("!Sub ${{Stack}}-{function}"))])
    }

    fn of_queue(name: &str, queue: &str) -> Self {
        Self::aws("SQS", name, "Maximum", vec![("QueueName", format!("!GetAtt {queue}.QueueName"))])
    }

    fn of_api(name: &str, statistic: &'static str) -> Self {
        Self::aws("ApiGateway", name, statistic, vec![("ApiId", "!Ref HttpApi".to_owned())])
    }

    fn of_table(name: &str, index: Option<&Index>) -> Self {
        let index = index.map(|index| ("GlobalSecondaryIndexName", index.name().to_owned()));
        Self::aws("DynamoDB", name, "Sum", std::iter::once(("TableName", TABLE_NAME.to_owned())).chain(index).collect())
    }
}

/// The namespace of the CRM's own metrics.
const NAMESPACE: &str = "!Sub CRM/${Stack}";

/// Minutes in seconds.
const MINUTE: u32 = 60;
/// An hour in seconds.
const HOUR: u32 = 3600;

/// Every alarm that rings somebody, in the order of the runbook.
pub(crate) fn all() -> Vec<Alarm> {
    let of_workers = |name: &'static str, statistic, wanted: fn(&Worker) -> bool| -> Vec<Metric> {
        BACKGROUND.iter().filter(|worker| wanted(worker)).map(|worker| Metric::of_function(name, statistic, worker.name)).collect()
    };
    let of_streams = |name: &str| -> Vec<Metric> {
        let readers = BACKGROUND.iter().filter(|worker| matches!(worker.trigger, Trigger::Stream(_)));
        readers
            .map(|worker| Metric::aws("Lambda", name, "Sum", vec![("EventSourceMappingUUID", format!("!Ref {}FromStream", pascal(worker.name)))]))
            .collect()
    };
    let of_rules = |name: &'static str| -> Vec<Metric> {
        let dimensions = |at: usize| vec![("EventBusName", "!Ref Bus".to_owned()), ("RuleName", super::messages::rule_name(at))];
        SUBSCRIPTIONS.iter().enumerate().map(|(at, _)| Metric::aws("Events", name, "Sum", dimensions(at))).collect()
    };
    let of_schedules = |names: &[&str]| -> Vec<Metric> {
        names.iter().map(|name| Metric::aws("Scheduler", name, "Sum", vec![("ScheduleGroup", "!Ref Schedules".to_owned())])).collect()
    };
    let age = |queue: &Queue| Metric::of_queue("ApproximateAgeOfOldestMessage", &queue_id(*queue));
    let of_dead_queues = |name: &&'static str| -> Vec<Metric> { dead_queues().iter().map(|queue| Metric::of_queue(name, queue)).collect() };
    let throttled = ["ReadThrottleEvents", "WriteThrottleEvents"].map(|name| Metric::of_table(name, None));
    let throttled_indexes =
        Index::ALL.iter().flat_map(|index| ["ReadThrottleEvents", "WriteThrottleEvents"].map(|name| Metric::of_table(name, Some(index))));
    let mut alarms = vec![
        Alarm::new(
            "Parked",
            "A worker gave up on something; GET /api/v1/admin/dead-letters shows it",
            "SUM(METRICS())",
            vec![Metric::own(Own::Parked, Vec::new())],
            0.0,
            (MINUTE, 1),
        ),
        Alarm::new(
            "DeadLetters",
            "Dead letters stay in their queue: the parker does not take them",
            "SUM(METRICS())",
            // Their age counts from when they were first sent. A letter that the parker tries is not visible for a while.
            ["ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"].iter().flat_map(of_dead_queues).collect(),
            0.0,
            (MINUTE, 4),
        ),
        Alarm::new(
            "Waiting",
            "Messages were tried often and wait on: what their worker works on is busy or out of reach",
            "SUM(METRICS())",
            vec![Metric::own(Own::Waiting, Vec::new())],
            0.0,
            (MINUTE, 1),
        ),
        Alarm::new(
            "Unsent",
            "Notifications, or messages to customers, could not be sent; GET /api/v1/feed?entityType=NOTIFICATION and /messages?status=FAILED say why",
            "SUM(METRICS())",
            vec![Metric::own(Own::Unsent, Vec::new())],
            0.0,
            (5 * MINUTE, 1),
        ),
        Alarm::new(
            "FiguresDiffer",
            "Figures of dashboards are not those of the records",
            "SUM(METRICS())",
            vec![Metric::own(Own::FiguresDiffer, Vec::new())],
            0.0,
            (5 * MINUTE, 1),
        ),
        // At twice that much SES looks into an account, and at five times it stops it
        // (https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html).
        Alarm::new(
            "MailReputation",
            "More than one mail in forty comes back, or one in two thousand is reported as spam: SES may stop the account",
            "IF(m1 > 0.025 OR m2 > 0.0005, 1, 0)",
            ["Reputation.BounceRate", "Reputation.ComplaintRate"].map(|name| Metric::aws("SES", name, "Average", Vec::new())).into(),
            0.0,
            (HOUR, 1),
        ),
        Alarm::new("WorkerErrors", "Workers crash or run out of time", "SUM(METRICS())", of_workers("Errors", "Sum", |_| true), 0.0, (MINUTE, 3)),
        Alarm::new(
            "QueueAge",
            "Messages that were not tried often wait for a quarter of an hour: a worker does not get through",
            "MAX(METRICS())",
            // Messages to customers wait for room in their seconds.
            Queue::ALL.iter().filter(|queue| **queue != Queue::Messages).map(age).collect(),
            900.0,
            (MINUTE, 5),
        ),
        Alarm::new(
            "MessagesAge",
            "Messages to customers wait for six hours: a campaign is larger than the rate, or the messenger does not get through",
            "MAX(METRICS())",
            vec![age(&Queue::Messages)],
            21_600.0,
            (MINUTE, 5),
        ),
        Alarm::new(
            "StreamAge",
            "Search words and events are more than a minute behind the table",
            "MAX(METRICS())",
            of_workers("IteratorAge", "Maximum", |worker| matches!(worker.trigger, Trigger::Stream(_))),
            60_000.0,
            (MINUTE, 5),
        ),
        Alarm {
            in_workers: true,
            ..Alarm::new(
                "StreamDropped",
                "A mapping of the stream gave up on records: what follows from them is missing",
                "SUM(METRICS())",
                of_streams("DroppedEventCount").into_iter().chain(of_streams("OnFailureDestinationDeliveredEventCount")).collect(),
                0.0,
                (MINUTE, 1),
            )
        },
        Alarm {
            in_workers: true,
            rings: Rings::Below,
            ..Alarm::new(
                "StreamStopped",
                "A mapping of the stream read nothing for a day and two hours, although a job writes to the table every morning",
                "MIN([FILL(m1, 0), FILL(m2, 0)])",
                of_streams("PolledEventCount"),
                1.0,
                (HOUR, 26),
            )
        },
        Alarm::new(
            "RuleDelivery",
            "The bus could not deliver events to a queue",
            "SUM(METRICS())",
            of_rules("FailedInvocations").into_iter().chain(of_rules("InvocationsFailedToBeSentToDlq")).collect(),
            0.0,
            (MINUTE, 1),
        ),
        Alarm::new(
            "ScheduleDelivery",
            "The scheduler could not put work on the queue",
            "SUM(METRICS())",
            of_schedules(&["InvocationDroppedCount", "InvocationsSentToDeadLetterCount", "InvocationsFailedToBeSentToDeadLetterCount"]),
            0.0,
            (MINUTE, 1),
        ),
    ];
    alarms.extend(JOBS.iter().filter_map(|job| {
        // A week is the longest that an alarm looks back.
        let (hours, long) = if job.every_days()? > 1 { (7 * 24, "a week") } else { (26, "a day and two hours") };
        Some(Alarm {
            id: format!("{}MissedAlarm", pascal(&job.name.as_str().replace('-', "_"))),
            about: format!("The job {} was not done for {long}", job.name),
            rings: Rings::Below,
            ..Alarm::new("", "", "SUM(METRICS())", vec![Metric::own(Own::JobDone, vec![("job", job.name.to_string())])], 1.0, (HOUR, hours))
        })
    }));
    alarms.extend([
        Alarm::new(
            "ApiErrors",
            "The API answers with 5xx: three at least, and three in a hundred",
            "IF(m1 >= 3 AND m1 / m2 >= 0.03, 1, 0)",
            vec![Metric::of_api("5xx", "Sum"), Metric::of_api("Count", "Sum")],
            0.0,
            (5 * MINUTE, 1),
        ),
        Alarm::new(
            "ApiRefusals",
            "A flood of 4xx: a broken client, or somebody who tries things",
            "IF(m1 >= 1000 AND m1 / m2 >= 0.5, 1, 0)",
            vec![Metric::of_api("4xx", "Sum"), Metric::of_api("Count", "Sum")],
            0.0,
            (5 * MINUTE, 2),
        ),
        Alarm::new(
            "ApiThrottles",
            "The gateway turns requests away: ThrottleRate or SignInRate is reached",
            "SUM(METRICS())",
            vec![Metric { namespace: NAMESPACE.to_owned(), name: GATEWAY_THROTTLES.to_owned(), dimensions: Vec::new(), statistic: "Sum" }],
            100.0,
            (5 * MINUTE, 1),
        ),
        Alarm::new(
            "ApiLatency",
            "One request in a hundred takes longer than three seconds",
            "MAX(METRICS())",
            vec![Metric::of_api("Latency", "p99")],
            3000.0,
            (5 * MINUTE, 3),
        ),
        Alarm::new(
            "LambdaThrottles",
            "The account's limit of concurrent functions is reached, by this deployment or another",
            "SUM(METRICS())",
            vec![Metric::aws("Lambda", "Throttles", "Sum", Vec::new())],
            0.0,
            (5 * MINUTE, 1),
        ),
        Alarm::new(
            "TableThrottles",
            "The table turns reads or writes away: a partition is hot",
            "SUM(METRICS())",
            throttled.into_iter().chain(throttled_indexes).collect(),
            100.0,
            (5 * MINUTE, 1),
        ),
        Alarm::new("TableErrors", "The table itself fails", "SUM(METRICS())", of_table_errors(), 0.0, (5 * MINUTE, 1)),
    ]);
    alarms.into_iter().flat_map(Alarm::split).collect()
}

fn of_table_errors() -> Vec<Metric> {
    let operations = ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];
    let of = |operation: &str| {
        Metric::aws("DynamoDB", "SystemErrors", "Sum", vec![("TableName", TABLE_NAME.to_owned()), ("Operation", operation.to_owned())])
    };
    operations.map(of).into()
}

/// The metric that [`THROTTLES`] makes of the gateway's log.
const GATEWAY_THROTTLES: &str = "GatewayThrottles";

/// What the gateway's log says of a request that no function saw.
const THROTTLES: &str = r#"{ $.status = "429" && $.functionRequestId = "-" }"#;

/// Where alarms are sent, and those of the whole deployment.
pub(super) fn resources() -> String {
    let own = all().into_iter().filter(|alarm| !alarm.in_workers);
    std::iter::once(TOPIC.replace("{THROTTLES}", THROTTLES).replace("{GATEWAY_THROTTLES}", GATEWAY_THROTTLES))
        .chain(own.map(|alarm| alarm.yaml("!Ref AlarmTopic").replace("${Stack}", "${AWS::StackName}")))
        .collect()
}

/// The alarms that stand beside the workers.
pub(super) fn of_workers() -> String {
    all().into_iter().filter(|alarm| alarm.in_workers).map(|alarm| alarm.yaml("!Ref AlarmTopicArn")).collect()
}

/// The alarms that take a deployment of these functions back, and ring for themselves: their names, and
/// their text.
pub(super) fn of_functions(stack: &str, functions: &[&str]) -> (Vec<String>, String) {
    let faults = Metric::own(Own::Faults, vec![(Own::Faults.dimension().unwrap_or_default(), stack.to_owned())]);
    let answers = stack != "workers";
    let about =
        format!("Functions crash{} run out of time; a canary that does this is taken back", if answers { ", answer with 500 or" } else { " or" });
    let errors = functions.iter().map(|function| Metric::of_function("Errors", "Sum", function)).chain(answers.then_some(faults)).collect();
    let alarms = Alarm::new("Errors", &about, "SUM(METRICS())", errors, 2.0, (MINUTE, 1)).split();
    let yaml = alarms.iter().map(|alarm| alarm.yaml("!Ref AlarmTopicArn").replace("${Stack}-Errors", &format!("${{Stack}}-{stack}-Errors")));
    (alarms.iter().map(|alarm| alarm.id.clone()).collect(), yaml.collect())
}

/// The topic is there without an address as well, so that others can be subscribed to it.
const TOPIC: &str = r#"
  # ----- Alarms -----

  AlarmTopic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub ${AWS::StackName}-alarms

  AlarmSubscription:
    Type: AWS::SNS::Subscription
    Condition: HasAlarmEmail
    Properties:
      TopicArn: !Ref AlarmTopic
      Protocol: email
      Endpoint: !Ref AlarmEmail

  # No metric of the gateway tells its own 429 from ours.
  GatewayThrottlesFilter:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref ApiLogGroup
      FilterPattern: '{THROTTLES}'
      MetricTransformations:
        - MetricNamespace: !Sub CRM/${AWS::StackName}
          MetricName: {GATEWAY_THROTTLES}
          MetricValue: "1"
"#;

impl Alarm {
    /// One that rings above the threshold for so many periods in a row; a period is in seconds.
    fn new(id: &str, about: &str, expression: &'static str, metrics: Vec<Metric>, threshold: f64, (period, periods): (u32, u32)) -> Self {
        let (id, about) = (format!("{id}Alarm"), about.to_owned());
        Self { id, about, expression, metrics, threshold, rings: Rings::Above, period, periods, in_workers: false }
    }

    /// As many alarms as it takes: an alarm has only so many metrics.
    fn split(self) -> Vec<Self> {
        let part = |(at, metrics): (usize, &[Metric])| {
            let id = if at == 0 { self.id.clone() } else { format!("{}{}", self.id, at + 1) };
            Self { id, metrics: metrics.to_vec(), ..self.clone() }
        };
        self.metrics.chunks(METRICS).enumerate().map(part).collect()
    }

    /// Its heading in the runbook, which alarms that were split have together.
    pub fn entry(&self) -> &str {
        self.id.trim_end_matches(|c: char| c.is_ascii_digit())
    }

    /// The metrics it looks at, in a line.
    pub fn looks_at(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for metric in &self.metrics {
            let name = format!("{} {}", metric.namespace.replace("!Sub ", "").replace("/${Stack}", ""), metric.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }

    /// When it rings, in words.
    pub fn rings_after(&self) -> String {
        let seconds = self.period * self.periods;
        let time = if seconds >= HOUR { format!("{} h", seconds / HOUR) } else { format!("{} min", seconds / MINUTE) };
        match (self.rings, self.expression.starts_with("IF")) {
            (Rings::Below, _) => format!("none for {time}"),
            (Rings::Above, true) => time,
            (Rings::Above, false) => format!("above {} for {time}", self.threshold),
        }
    }

    fn yaml(&self, topic: &str) -> String {
        let Self { id, about, expression, threshold, period, periods, .. } = self;
        // One that waits for something waits for the bootstrap, which counts as the first time. The workers come after it anyhow.
        let after = if self.rings == Rings::Below && !self.in_workers { "\n    DependsOn: BootstrapStack" } else { "" };
        let (comparison, missing) = match self.rings {
            Rings::Above => ("GreaterThanThreshold", "notBreaching"),
            Rings::Below => ("LessThanThreshold", "breaching"),
        };
        let mut text = format!(
            r#"
  {id}:
    Type: AWS::CloudWatch::Alarm{after}
    Properties:
      AlarmName: !Sub ${{Stack}}-{id}
      AlarmDescription: {about:?}
      AlarmActions: [{topic}]
      OKActions: [{topic}]
      ComparisonOperator: {comparison}
      Threshold: {threshold}
      EvaluationPeriods: {periods}
      TreatMissingData: {missing}
      Metrics:
        - Id: result
          Expression: {expression}
"#
        );
        text.extend(self.metrics.iter().enumerate().map(|(at, metric)| metric.yaml(at + 1, *period)));
        text
    }
}

impl Metric {
    fn yaml(&self, at: usize, period: u32) -> String {
        let Self { namespace, name, dimensions, statistic } = self;
        let dimensions: Vec<String> =
            dimensions.iter().map(|(name, value)| format!("\n                - Name: {name}\n                  Value: {value}")).collect();
        let dimensions = if dimensions.is_empty() { String::new() } else { format!("\n              Dimensions:{}", dimensions.concat()) };
        format!(
            r#"        - Id: m{at}
          ReturnData: false
          MetricStat:
            Metric:
              MetricName: {name}
              Namespace: {namespace}{dimensions}
            Period: {period}
            Stat: {statistic}
"#
        )
    }
}

/// `docs/alarms.md`: every alarm.
pub(crate) fn page() -> String {
    let row = |alarm: &Alarm| {
        format!(
            "| [`{}`](runbook.md#{}) | {} | {} | {} |\n",
            alarm.id,
            alarm.entry().to_lowercase(),
            alarm.about,
            alarm.looks_at(),
            alarm.rings_after()
        )
    };
    let rows: String = all().iter().map(row).collect();
    format!("{PAGE}{rows}{OF_STACKS}")
}

const PAGE: &str = "# Alarms

Generated by `cargo run -p local --bin generate`. What to do about each is in the runbook under its name. All are sent to the
topic `<stack>-alarms`, when they ring and when they stop.

| Alarm | What it means | Metrics | Rings |
|---|---|---|---|
";

const OF_STACKS: &str = "
Beside them each stack of functions has `ErrorsAlarm` (and `ErrorsAlarm2`, …, ten metrics each): more than two crashes,
time-outs or answers with 500 (workers answer nobody) within a minute. A canary deployment during which it rings is taken back.
";
