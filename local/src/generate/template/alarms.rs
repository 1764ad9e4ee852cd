//! Alarms: few, over metric maths, so that they do not grow with the routes.

use crate::generate::pascal;
use crate::generate::policy::dead_queues;
use workers::{Trigger, WORKERS};

/// A metric of one resource.
struct Metric {
    namespace: &'static str,
    name: &'static str,
    dimension: &'static str,
    resource: String,
    statistic: &'static str,
}

/// An alarm over an expression of metrics.
struct Alarm {
    id: &'static str,
    about: &'static str,
    expression: &'static str,
    metrics: Vec<Metric>,
    threshold: u32,
    /// Periods of a minute that have to be above the threshold.
    minutes: u32,
}

/// The alarms and where they are sent.
pub(super) fn resources() -> String {
    let of_function = |name: &'static str, statistic, wanted: fn(&Trigger) -> bool| -> Vec<Metric> {
        let functions = WORKERS.iter().filter(|worker| wanted(&worker.trigger));
        functions
            .map(|worker| Metric {
                namespace: "AWS/Lambda",
                name,
                dimension: "FunctionName",
                resource: format!("!Ref {}Function", pascal(worker.name)),
                statistic,
            })
            .collect()
    };
    let of_dead = |name: &'static str| -> Vec<Metric> {
        let metric = |queue: &String| Metric {
            namespace: "AWS/SQS",
            name,
            dimension: "QueueName",
            resource: format!("!GetAtt {queue}.QueueName"),
            statistic: "Maximum",
        };
        dead_queues().iter().map(metric).collect()
    };
    let one =
        |namespace, name, dimension, resource: &str| vec![Metric { namespace, name, dimension, resource: resource.to_owned(), statistic: "Sum" }];
    let alarms = [
        Alarm {
            id: "DeadLettersAlarm",
            about: "Dead letters stay in their queue: the parker does not take them",
            expression: "MAX(METRICS())",
            metrics: of_dead("ApproximateAgeOfOldestMessage"),
            threshold: 300,
            minutes: 1,
        },
        Alarm {
            id: "DeadLetterCountAlarm",
            about: "Messages arrived in a dead-letter queue: a worker crashed or ran out of time",
            expression: "SUM(METRICS())",
            metrics: of_dead("ApproximateNumberOfMessagesVisible"),
            threshold: 0,
            minutes: 5,
        },
        Alarm {
            id: "ParkedAlarm",
            about: "A worker gave up on messages; GET /api/v1/admin/dead-letters shows them",
            expression: "SUM(METRICS())",
            metrics: vec![Metric { namespace: "CRM", name: "Parked", dimension: "", resource: String::new(), statistic: "Sum" }],
            threshold: 0,
            minutes: 1,
        },
        Alarm {
            id: "WorkerErrorsAlarm",
            about: "Workers fail",
            expression: "SUM(METRICS())",
            metrics: of_function("Errors", "Sum", |_| true),
            threshold: 0,
            minutes: 3,
        },
        Alarm {
            id: "StreamLagAlarm",
            about: "Search words and events are more than a minute behind the table",
            expression: "MAX(METRICS())",
            metrics: of_function("IteratorAge", "Maximum", |trigger| matches!(trigger, Trigger::Stream(_))),
            threshold: 60_000,
            minutes: 5,
        },
        Alarm {
            id: "ApiErrorsAlarm",
            about: "The API answers with 5xx",
            expression: "SUM(METRICS())",
            metrics: one("AWS/ApiGateway", "5xx", "ApiId", "!Ref HttpApi"),
            threshold: 5,
            minutes: 3,
        },
    ];
    std::iter::once(TOPIC.to_owned()).chain(alarms.iter().map(Alarm::yaml)).collect()
}

const TOPIC: &str = r#"
  # ----- Alarms -----

  AlarmTopic:
    Type: AWS::SNS::Topic
    Condition: HasAlarmEmail
    Properties:
      Subscription:
        - Protocol: email
          Endpoint: !Ref AlarmEmail

  # A worker parks a message by itself and goes on, which no metric of Lambda or SQS shows.
  ParkedFilter:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref LogGroup
      FilterPattern: '{ $.cause = "parked:*" }'
      MetricTransformations:
        - MetricNamespace: !Sub CRM/${AWS::StackName}
          MetricName: Parked
          MetricValue: "1"
"#;

impl Alarm {
    fn yaml(&self) -> String {
        let Self { id, about, expression, threshold, minutes, .. } = self;
        let mut text = format!(
            r#"
  {id}:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: {about:?}
      AlarmActions: !If [HasAlarmEmail, [!Ref AlarmTopic], !Ref AWS::NoValue]
      ComparisonOperator: GreaterThanThreshold
      Threshold: {threshold}
      EvaluationPeriods: {minutes}
      TreatMissingData: notBreaching
      Metrics:
        - Id: result
          Expression: {expression}
"#
        );
        text.extend(self.metrics.iter().enumerate().map(|(at, metric)| metric.yaml(at + 1)));
        text
    }
}

impl Metric {
    fn yaml(&self, at: usize) -> String {
        let Self { namespace, name, dimension, resource, statistic } = self;
        let place = if dimension.is_empty() {
            format!("Namespace: !Sub {namespace}/${{AWS::StackName}}")
        } else {
            format!("Namespace: {namespace}\n              Dimensions: [{{Name: {dimension}, Value: {resource}}}]")
        };
        format!(
            r#"        - Id: m{at}
          ReturnData: false
          MetricStat:
            Metric:
              MetricName: {name}
              {place}
            Period: 60
            Stat: {statistic}
"#
        )
    }
}
