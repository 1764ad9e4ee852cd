//! Bus, queues, dead-letter queues and the rules between them.

use crate::generate::policy::{STREAM_DEAD, dead_id, queue_id};
use domain::job::Start;
use messaging::{JOBS, Queue, SUBSCRIPTIONS, Subscription, TICK, TICK_RATE, Timed};

/// Longest time a worker may take, seconds. A message stays hidden for six times as long
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>).
pub(super) const WORKER_TIMEOUT: u32 = 60;
/// 14 days, the longest there is.
const DEAD_RETENTION: u32 = 1_209_600;
/// A week: a campaign to a hundred thousand waits for days where a provider takes one a second. Its age goes on in the dead letters.
const RETENTION: u32 = 604_800;

/// The resources that carry messages.
pub(super) fn resources() -> String {
    let bus = r#"
  # ----- How changes travel -----

  Bus:
    Type: AWS::Events::EventBus
    Properties:
      Name: !Ref AWS::StackName
"#;
    let queues = Queue::ALL.into_iter().flat_map(|queue| [of(queue), dead(&dead_id(queue), &queue.dead_name())]);
    let stream = dead(STREAM_DEAD, "stream-dead");
    let rules = SUBSCRIPTIONS.iter().enumerate().map(|(at, subscription)| rule(at, subscription));
    let jobs = JOBS.iter().filter_map(|job| Some(schedule(job.name.as_str(), job.about, job.cron?, &Timed::Start(Start::scheduled(job.name)))));
    let tick = schedule(TICK, "Starts what was due and was not done", TICK_RATE, &Timed::Tick);
    let schedules = std::iter::once(SCHEDULER.to_owned()).chain(jobs).chain([tick]);
    std::iter::once(bus.to_owned())
        .chain(queues)
        .chain([stream, UNDELIVERED.to_owned()])
        .chain(rules)
        .chain(schedules)
        .chain([MAIL.to_owned()])
        .collect()
}

/// Where the batches go that the stream's mappings gave up on: whole, so that they can be done again. They hold what the table held,
/// and are read when they come.
const UNDELIVERED: &str = r#"
  # ----- What of the table's stream was given up on -----

  UndeliveredToQueue:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref StreamDeadQueue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: s3.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt StreamDeadQueue.Arn
            Condition: {StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}

  # Kept when the stack is deleted: a bucket that holds something would keep it from being deleted.
  Undelivered:
    Type: AWS::S3::Bucket
    DependsOn: UndeliveredToQueue
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
      OwnershipControls:
        Rules:
          - ObjectOwnership: BucketOwnerEnforced
      LifecycleConfiguration:
        Rules:
          - {Id: parked, Status: Enabled, ExpirationInDays: 30, AbortIncompleteMultipartUpload: {DaysAfterInitiation: 1}}
      NotificationConfiguration:
        QueueConfigurations:
          - {Event: "s3:ObjectCreated:*", Queue: !GetAtt StreamDeadQueue.Arn}

  UndeliveredPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Undelivered
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: OnlyEncrypted
            Effect: Deny
            Principal: "*"
            Action: "s3:*"
            Resource:
              - !GetAtt Undelivered.Arn
              - !Sub ${Undelivered.Arn}/*
            Condition: {Bool: {"aws:SecureTransport": "false"}}
"#;

/// Mails: whom they come from, and what is told of those that do not arrive.
const MAIL: &str = r#"
  # ----- Mails -----

  # SES asks the owner of the address by a mail.
  MailIdentity:
    Type: AWS::SES::EmailIdentity
    Condition: MakesMailIdentity
    Properties:
      EmailIdentity: !Ref MailFrom

  MailSet:
    Type: AWS::SES::ConfigurationSet
    Condition: SendsMail
    Properties:
      Name: !Ref AWS::StackName
      ReputationOptions: {ReputationMetricsEnabled: true}
      # An address that mails came back from takes none of the account any more.
      SuppressionOptions: {SuppressedReasons: [BOUNCE, COMPLAINT]}

  MailTopic:
    Type: AWS::SNS::Topic
    Condition: SendsMail
    Properties:
      TopicName: !Sub ${AWS::StackName}-mail

  MailToTopic:
    Type: AWS::SNS::TopicPolicy
    Condition: SendsMail
    Properties:
      Topics: [!Ref MailTopic]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: ses.amazonaws.com}
            Action: sns:Publish
            Resource: !Ref MailTopic
            Condition: {StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}

  MailEvents:
    Type: AWS::SES::ConfigurationSetEventDestination
    Condition: SendsMail
    DependsOn: MailToTopic
    Properties:
      ConfigurationSetName: !Ref MailSet
      EventDestination:
        Name: bounces
        Enabled: true
        MatchingEventTypes: [bounce, complaint]
        SnsDestination: {TopicARN: !Ref MailTopic}

  MailToQueue:
    Type: AWS::SQS::QueuePolicy
    Condition: SendsMail
    Properties:
      Queues: [!Ref BouncesQueue, !Ref BouncesDeadQueue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: sqs:SendMessage
            Resource: [!GetAtt BouncesQueue.Arn, !GetAtt BouncesDeadQueue.Arn]
            Condition: {ArnEquals: {"aws:SourceArn": !Ref MailTopic}}

  MailSubscription:
    Type: AWS::SNS::Subscription
    Condition: SendsMail
    DependsOn: MailToQueue
    Properties:
      TopicArn: !Ref MailTopic
      Protocol: sqs
      Endpoint: !GetAtt BouncesQueue.Arn
      RawMessageDelivery: true
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt BouncesDeadQueue.Arn
"#;

/// The leave to put what the clock starts on the queue of the jobs.
const SCHEDULER: &str = r#"
  # ----- What the clock starts -----

  SchedulerRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: scheduler.amazonaws.com}
            Action: sts:AssumeRole
            Condition: {StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}
      Policies:
        - PolicyName: SendJobs
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: sqs:SendMessage
                Resource: [!GetAtt JobsQueue.Arn, !GetAtt JobsDeadQueue.Arn]

  # A group of its own, since the scheduler's metrics are those of a group.
  Schedules:
    Type: AWS::Scheduler::ScheduleGroup
    Properties:
      Name: !Ref AWS::StackName
"#;

/// A schedule in the deployment's time zone. What cannot be delivered within a day joins the dead letters of the queue: the
/// message is the same.
fn schedule(name: &str, about: &str, expression: &str, timed: &Timed) -> String {
    let id = crate::generate::pascal(&name.replace('-', "_"));
    let input = serde_json::to_string(timed).unwrap_or_default();
    format!(
        r#"
  {id}Schedule:
    Type: AWS::Scheduler::Schedule
    # Which checks the time zone first.
    DependsOn: BootstrapStack
    Properties:
      Name: !Sub ${{AWS::StackName}}-{name}
      GroupName: !Ref Schedules
      Description: {about}
      ScheduleExpression: {expression}
      ScheduleExpressionTimezone: !Ref TimeZone
      FlexibleTimeWindow: {{Mode: "OFF"}}
      Target:
        Arn: !GetAtt JobsQueue.Arn
        RoleArn: !GetAtt SchedulerRole.Arn
        Input: '{input}'
        DeadLetterConfig:
          Arn: !GetAtt JobsDeadQueue.Arn
        RetryPolicy:
          MaximumEventAgeInSeconds: 86400
          MaximumRetryAttempts: 185
"#
    )
}

fn of(queue: Queue) -> String {
    let (id, dead, name, receives) = (queue_id(queue), dead_id(queue), queue.name(), queue.max_receives());
    format!(
        r#"
  {id}:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${{AWS::StackName}}-{name}
      SqsManagedSseEnabled: true
      VisibilityTimeout: {}
      MessageRetentionPeriod: {RETENTION}
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt {dead}.Arn
        maxReceiveCount: {receives}
"#,
        6 * WORKER_TIMEOUT
    )
}

fn dead(id: &str, name: &str) -> String {
    format!(
        r#"
  {id}:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${{AWS::StackName}}-{name}
      SqsManagedSseEnabled: true
      VisibilityTimeout: {}
      MessageRetentionPeriod: {DEAD_RETENTION}
"#,
        6 * WORKER_TIMEOUT
    )
}

/// The logical id of the rule of a subscription.
fn rule_id(at: usize) -> String {
    let name = SUBSCRIPTIONS[at].queue.name();
    format!("{}Rule{}", crate::generate::pascal(name), if at == 0 { String::new() } else { (at + 1).to_string() })
}

/// The name of the rule of a subscription, as YAML.
pub(super) fn rule_name(at: usize) -> String {
    format!("!Sub ${{AWS::StackName}}-{}", rule_id(at))
}

/// The rule of a subscription, and the leave to send that it needs.
fn rule(at: usize, subscription: &Subscription) -> String {
    let (queue, dead) = (queue_id(subscription.queue), dead_id(subscription.queue));
    let (name, id) = (subscription.queue.name(), rule_id(at));
    let events: String = subscription.events.iter().map(|event| format!("\n          - {}", event.as_str())).collect();
    let allow = |target: &str| {
        format!(
            r#"
  {id}To{target}:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref {target}]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{Service: events.amazonaws.com}}
            Action: sqs:SendMessage
            Resource: !GetAtt {target}.Arn
            Condition: {{ArnEquals: {{"aws:SourceArn": !GetAtt {id}.Arn}}}}
"#
        )
    };
    format!(
        r#"
  {id}:
    Type: AWS::Events::Rule
    Properties:
      Name: {}
      Description: Domain events that the queue {name} takes
      EventBusName: !Ref Bus
      EventPattern:
        detail-type:{events}
      Targets:
        - Id: {name}
          Arn: !GetAtt {queue}.Arn
          # What cannot be delivered joins the queue's own dead letters: the message is the same.
          DeadLetterConfig:
            Arn: !GetAtt {dead}.Arn
{}{}"#,
        rule_name(at),
        allow(&queue),
        allow(&dead)
    )
}
