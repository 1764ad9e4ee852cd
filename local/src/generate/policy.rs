//! What a function is allowed: one statement per kind of resource, each action by its name, each
//! resource by its ARN. Whoever may touch the table is refused the credentials in it, unless they are
//! declared.

use edge::{Access, Action, Resource, Route};
use messaging::Queue;
use std::collections::BTreeSet;
use store::keys::{COUNTERS, Index, Reserved};
use workers::{Need, Trigger, Worker};

/// A statement: actions, and resources as YAML.
pub(super) struct Statement {
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    /// Refused, whatever else allows it, for partition keys like these; without any the statement allows.
    denies: Vec<String>,
    /// Allowed for partition keys like these alone.
    only: Vec<String>,
    /// The resources are those that it is not about.
    but: bool,
}

impl Statement {
    fn new(actions: &[&str], resources: Vec<String>) -> Self {
        Self { actions: actions.iter().map(|action| (*action).to_owned()).collect(), resources, denies: Vec::new(), only: Vec::new(), but: false }
    }
}

/// The ARN of a resource of `template.yaml`, as a nested stack is given it.
pub(super) fn arn(resource: &str) -> String {
    format!("!Ref {resource}Arn")
}

/// The logical id of a queue.
pub(super) fn queue_id(queue: Queue) -> String {
    format!("{}Queue", super::pascal(queue.name()))
}

/// The logical id of a queue's dead-letter queue.
pub(super) fn dead_id(queue: Queue) -> String {
    format!("{}DeadQueue", super::pascal(queue.name()))
}

/// The bucket of the batches that the stream's mappings gave up on.
pub(super) const UNDELIVERED: &str = "Undelivered";

/// The objects in it.
fn in_undelivered() -> String {
    format!("!Sub ${{{UNDELIVERED}Arn}}/*")
}

/// The queue on which the bucket tells of them, which belongs to no other queue.
pub(super) const STREAM_DEAD: &str = "StreamDeadQueue";

/// The table's statements. Queries of lists go to the indexes, those of what stands beside a record
/// to the table. What is allowed on the table is so for every item in it but what is reserved for others.
fn table(actions: &BTreeSet<Action>, declared: &[Reserved]) -> Vec<Statement> {
    let mut statements = Vec::new();
    let is_apart = |action: &Action| matches!(action, Action::Query | Action::QueryTable | Action::Count);
    let items: Vec<String> = actions.iter().filter(|action| !is_apart(action)).map(|action| format!("dynamodb:{}", action.name())).collect();
    if !items.is_empty() {
        statements.push(Statement { actions: items, ..Statement::new(&[], vec![arn("Table")]) });
    }
    // Whoever may update anything may count as well.
    if actions.contains(&Action::Count) && !actions.contains(&Action::Update) {
        statements.push(Statement { only: vec![format!("{COUNTERS}*")], ..Statement::new(&["dynamodb:UpdateItem"], vec![arn("Table")]) });
    }
    let table = actions.contains(&Action::QueryTable).then(|| arn("Table"));
    let indexes = actions.contains(&Action::Query).then(|| Index::ALL.iter().map(|index| format!("!Sub ${{TableArn}}/index/{}", index.name())));
    let queried: Vec<String> = table.into_iter().chain(indexes.into_iter().flatten()).collect();
    if !queried.is_empty() {
        statements.push(Statement::new(&["dynamodb:Query"], queried));
    }
    let kept_off = |is_secret: bool| -> Vec<String> {
        let others = Reserved::ALL.into_iter().filter(|reserved| reserved.is_secret() == is_secret && !declared.contains(reserved));
        // A partition that is one item is named as it is, and the others by their beginning.
        others
            .map(|reserved| if reserved.partition().ends_with('#') { format!("{}*", reserved.partition()) } else { reserved.partition().to_owned() })
            .collect()
    };
    let unseen = kept_off(true);
    if !statements.is_empty() && !unseen.is_empty() {
        let resources = vec![arn("Table"), "!Sub ${TableArn}/index/*".to_owned()];
        statements.push(Statement { denies: unseen, ..Statement::new(&["dynamodb:*"], resources) });
    }
    let writes = [Action::Put, Action::Update, Action::Delete, Action::BatchWrite].into_iter().filter(|action| actions.contains(action));
    let (writes, unwritten): (Vec<String>, _) = (writes.map(|action| format!("dynamodb:{}", action.name())).collect(), kept_off(false));
    if !writes.is_empty() && !unwritten.is_empty() {
        statements.push(Statement { actions: writes, denies: unwritten, ..Statement::new(&[], vec![arn("Table")]) });
    }
    statements
}

/// The leave to send to these queues.
fn sending_to(queues: &[Queue]) -> Statement {
    Statement::new(&["sqs:SendMessage"], queues.iter().map(|queue| arn(&queue_id(*queue))).collect())
}

/// The statements of a route's function; the edge reads the caller, wherever there can be one.
pub(super) fn of_route(route: &Route) -> Vec<Statement> {
    let mut actions: BTreeSet<Action> = route.actions.iter().copied().collect();
    if route.access != Access::Public || !actions.is_empty() {
        actions.insert(Action::Get);
    }
    let mut statements = table(&actions, &route.reserved());
    for resource in route.resources {
        match resource {
            Resource::Secret => statements.push(Statement::new(&["secretsmanager:GetSecretValue"], vec![arn("Secret")])),
            Resource::Links => statements.push(Statement::new(&["secretsmanager:GetSecretValue"], vec![arn("LinksSecret")])),
            Resource::Send(queue) => statements.push(sending_to(&[*queue])),
            Resource::SendAll => statements.push(sending_to(&Queue::ALL)),
            Resource::QueueDepths => {
                let queues = Queue::ALL.iter().flat_map(|queue| [arn(&queue_id(*queue)), arn(&dead_id(*queue))]);
                statements.push(Statement::new(&["sqs:GetQueueAttributes"], queues.collect()));
            }
            Resource::Probes => statements.extend(probing()),
            Resource::Credentials | Resource::Roles | Resource::Cpu => {}
        }
    }
    statements
}

/// The statements of a worker: its source, then what it does.
pub(super) fn of_worker(worker: &Worker) -> Vec<Statement> {
    let receive = |queues: Vec<String>| Statement::new(&["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queues);
    let mut statements = match worker.trigger {
        Trigger::Stream(_) => vec![
            Statement::new(
                &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
                vec!["!Ref TableStreamArn".to_owned()],
            ),
            Statement::new(&["s3:PutObject"], vec![in_undelivered()]),
            Statement::new(&["s3:ListBucket"], vec![arn(UNDELIVERED)]),
        ],
        Trigger::Queue(queue) => vec![receive(vec![arn(&queue_id(queue))])],
        Trigger::DeadLetters => vec![receive(dead_queues().iter().map(|queue| arn(queue)).collect())],
        Trigger::CustomResource => vec![Statement::new(&["secretsmanager:GetSecretValue"], vec![arn("AdminSecret")])],
    };
    statements.extend(table(&worker.actions.iter().copied().collect(), &worker.reserved()));
    for need in worker.needs {
        match need {
            Need::Bus => statements.push(Statement::new(&["events:PutEvents"], vec![arn("Bus")])),
            Need::Send(queue) => statements.push(sending_to(&[*queue])),
            Need::SendAll => statements.push(sending_to(&Queue::ALL)),
            Need::Secret => {
                let actions = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"];
                statements.push(Statement::new(&actions, vec![arn("Secret")]));
            }
            Need::Senders => statements.extend(sending()),
            Need::Pushes => statements.extend(pushing()),
            Need::Links => statements.push(Statement::new(&["secretsmanager:GetSecretValue"], vec![arn("LinksSecret")])),
            // Who may not list is told of what is gone that it is forbidden
            // (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).
            Need::Undelivered => {
                statements.push(Statement::new(&["s3:GetObject"], vec![in_undelivered()]));
                statements.push(Statement::new(&["s3:ListBucket"], vec![arn(UNDELIVERED)]));
            }
            Need::Credentials | Need::Cpu => {}
        }
    }
    statements
}

/// What it takes to send: mails from the one address, and text messages, for which numbers are no resources: whatever is no topic,
/// application or device of SNS
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html>).
fn sending() -> [Statement; 2] {
    let mails = vec![arn("MailIdentity"), arn("MailSet")];
    [
        Statement::new(&["ses:SendRawEmail"], mails),
        Statement { but: true, ..Statement::new(&["sns:Publish"], vec!["!Sub arn:${AWS::Partition}:sns:*:*:*".to_owned()]) },
    ]
}

/// What it takes to push to the devices of the one application.
fn pushing() -> [Statement; 2] {
    [
        Statement::new(&["sns:CreatePlatformEndpoint"], vec![arn("PushTarget")]),
        Statement::new(&["sns:Publish"], vec!["!Sub arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:endpoint/*".to_owned()]),
    ]
}

/// What it takes to ask how the bus, mails and text messages stand. Of mails and text messages it is the account that is asked,
/// which is no resource (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html>, and the same of
/// SNS).
fn probing() -> [Statement; 2] {
    [
        Statement::new(&["events:DescribeEventBus"], vec![arn("Bus")]),
        Statement::new(&["ses:GetAccountSendingEnabled", "sns:GetSMSSandboxAccountStatus"], vec!["\"*\"".to_owned()]),
    ]
}

/// Every dead-letter queue.
pub(super) fn dead_queues() -> Vec<String> {
    Queue::ALL.iter().map(|queue| dead_id(*queue)).chain([STREAM_DEAD.to_owned()]).collect()
}

/// `Policies` of a function, as YAML; nothing where nothing is allowed.
pub(super) fn yaml(statements: &[Statement]) -> String {
    if statements.is_empty() {
        return String::new();
    }
    let mut text = String::from("      Policies:\n        - Version: \"2012-10-17\"\n          Statement:\n");
    for statement in statements {
        let (effect, actions) = (if statement.denies.is_empty() { "Allow" } else { "Deny" }, statement.actions.join(", "));
        text.push_str(&format!("            - Effect: {effect}\n              Action: [{actions}]\n"));
        let member = if statement.but { "NotResource" } else { "Resource" };
        match statement.resources.as_slice() {
            [one] => text.push_str(&format!("              {member}: {one}\n")),
            many => {
                text.push_str(&format!("              {member}:\n"));
                text.extend(many.iter().map(|resource| format!("                - {resource}\n")));
            }
        }
        let of_keys = [("ForAnyValue", &statement.denies), ("ForAllValues", &statement.only)];
        for (quantor, partitions) in of_keys.into_iter().filter(|(_, keys)| !keys.is_empty()) {
            let keys = match partitions.as_slice() {
                [one] => format!("{one:?}"),
                many => format!("{many:?}"),
            };
            let condition = format!("{{\"{quantor}:StringLike\": {{\"dynamodb:LeadingKeys\": {keys}}}}}");
            text.push_str(&format!("              Condition: {condition}\n"));
        }
    }
    text
}
