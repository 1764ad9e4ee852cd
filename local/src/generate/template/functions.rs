//! The HTTP API, the routes' functions and the workers'.

use super::messages::WORKER_TIMEOUT;
use crate::generate::pascal;
use crate::generate::policy::{self, STREAM_DEAD, Statement, dead_id, dead_queues, queue_id};
use edge::cors;
use edge::{Resource, Route};
use http::Method;
use messaging::Queue;
use workers::{Interest, Need, Trigger, WORKERS, Worker};

/// MB of a function that mostly waits.
pub(super) const MEMORY: u32 = 256;
/// MB at which a function has one whole processor
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const CPU_MEMORY: u32 = 1769;

/// The HTTP API.
pub(super) fn api() -> String {
    format!(
        r#"
  # ----- The API: one function per route -----

  HttpApi:
    Type: AWS::Serverless::HttpApi
    Properties:
      Name: !Ref AWS::StackName
      DefaultRouteSettings:
        ThrottlingRateLimit: !Ref ThrottleRate
        ThrottlingBurstLimit: !Ref ThrottleBurst
      # One condition around all of it: SAM drops the rest where only the origins have one.
      CorsConfiguration: !If
        - HasCorsOrigins
        - AllowOrigins: !Split [",", !Ref CorsOrigins]
          AllowMethods: [{}]
          AllowHeaders: [{}]
          ExposeHeaders: [{}]
          MaxAge: 600
        - !Ref AWS::NoValue
"#,
        cors::ALLOWED_METHODS.join(", "),
        cors::ALLOWED_HEADERS.join(", "),
        cors::EXPOSED_HEADERS.join(", ")
    )
}

/// What differs between functions.
struct Function<'a> {
    name: &'a str,
    package: &'a str,
    binary: &'a str,
    about: &'a str,
    memory: u32,
    timeout: Option<u32>,
    variables: Vec<(String, String)>,
    statements: Vec<Statement>,
    events: String,
}

impl Function<'_> {
    fn yaml(&self) -> String {
        let Self { name, package, binary, about, .. } = self;
        let mut text = format!(
            "\n  {id}Function:\n    Type: AWS::Serverless::Function\n    Metadata:\n      BuildMethod: rust-cargolambda\n      BuildProperties: {{Binary: {binary}}}\n    Properties:\n      Description: {about:?}\n      CodeUri: functions/{package}/\n      Handler: {name}\n",
            id = pascal(name)
        );
        if self.memory != MEMORY {
            text.push_str(&format!("      MemorySize: {}\n", self.memory));
        }
        if let Some(seconds) = self.timeout {
            text.push_str(&format!("      Timeout: {seconds}\n"));
        }
        if !self.variables.is_empty() {
            text.push_str("      Environment:\n        Variables:\n");
            text.extend(self.variables.iter().map(|(name, value)| format!("          {name}: {value}\n")));
        }
        text.push_str(&policy::yaml(&self.statements));
        text.push_str(&self.events);
        text
    }
}

/// The functions of the routes, and the one for paths that are none.
pub(super) fn of_routes(crates: &[(&'static str, Vec<Route>)]) -> String {
    let all = crates.iter().flat_map(|(package, routes)| routes.iter().map(|route| of_route(package, route)));
    let unknown = Function {
        name: docs::unknown::NAME,
        package: "docs",
        binary: "docs",
        about: "Any other path or method: 404 and 405 as problem details",
        memory: MEMORY,
        timeout: None,
        variables: Vec::new(),
        statements: Vec::new(),
        events: "      Events:\n        Unknown:\n          Type: HttpApi\n          Properties: {ApiId: !Ref HttpApi}\n".to_owned(),
    };
    all.chain([unknown.yaml()]).collect()
}

fn of_route(package: &str, route: &Route) -> String {
    let methods = route.methods();
    let event = |method: &Method| {
        let id = pascal(&method.as_str().to_lowercase());
        let path = format!("{}{}", edge::BASE, route.path);
        format!("        {id}:\n          Type: HttpApi\n          Properties: {{ApiId: !Ref HttpApi, Method: {method}, Path: \"{path}\"}}\n")
    };
    let mut variables = Vec::new();
    for resource in route.resources {
        match resource {
            Resource::Secret => variables.push(("SECRET_ARN".to_owned(), "!GetAtt Secret.Id".to_owned())),
            Resource::SendQueues => variables.extend(Queue::ALL.map(queue_variable)),
            Resource::QueueDepths => variables.extend(Queue::ALL.into_iter().flat_map(|queue| [queue_variable(queue), dead_variable(queue)])),
            Resource::Credentials | Resource::Cpu => {}
        }
    }
    variables.sort();
    variables.dedup();
    let function = Function {
        name: route.name,
        package,
        binary: package,
        about: route.summary,
        memory: if route.resources.contains(&Resource::Cpu) { CPU_MEMORY } else { MEMORY },
        timeout: None,
        variables,
        statements: policy::of_route(route),
        events: format!("      Events:\n{}", methods.iter().map(event).collect::<String>()),
    };
    function.yaml()
}

fn queue_variable(queue: Queue) -> (String, String) {
    (format!("{}_QUEUE_URL", queue.name().to_uppercase()), format!("!Ref {}", queue_id(queue)))
}

fn dead_variable(queue: Queue) -> (String, String) {
    (format!("{}_DEAD_QUEUE_URL", queue.name().to_uppercase()), format!("!Ref {}", dead_id(queue)))
}

/// The functions of the workers with what starts them.
pub(super) fn of_workers() -> String {
    let heading = "\n  # ----- The workers behind the API -----\n".to_owned();
    std::iter::once(heading).chain(WORKERS.iter().map(of_worker)).collect()
}

fn of_worker(worker: &Worker) -> String {
    let mut variables: Vec<(String, String)> = Vec::new();
    for need in worker.needs {
        match need {
            Need::Bus => variables.push(("BUS_NAME".to_owned(), "!Ref Bus".to_owned())),
            Need::Send(queue) => variables.push(queue_variable(*queue)),
            Need::Secret => variables.push(("SECRET_ARN".to_owned(), "!GetAtt Secret.Id".to_owned())),
            Need::Credentials | Need::Cpu => {}
        }
    }
    if worker.trigger == Trigger::CustomResource {
        variables.extend(
            ["BOOTSTRAP_ADMIN_EMAIL", "BOOTSTRAP_ADMIN_PASSWORD"].map(|name| (name.to_owned(), format!("!Ref {}", pascal(&name.to_lowercase())))),
        );
    }
    variables.sort();
    let function = Function {
        name: worker.name,
        package: "workers",
        binary: worker.binary(),
        about: worker.about,
        memory: if worker.needs.contains(&Need::Cpu) { CPU_MEMORY } else { MEMORY },
        timeout: Some(WORKER_TIMEOUT),
        variables,
        statements: policy::of_worker(worker),
        events: String::new(),
    };
    format!("{}{}", function.yaml(), source(worker))
}

/// What starts a worker. Mappings stand by themselves: those that SAM makes of events bring managed
/// policies over every queue and stream of the account.
fn source(worker: &Worker) -> String {
    let id = pascal(worker.name);
    let from_queue = |source: &str| {
        format!(
            r#"
  {id}From{source}:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref {id}Function
      EventSourceArn: !GetAtt {source}.Arn
      BatchSize: 10
      FunctionResponseTypes: [ReportBatchItemFailures]
"#
        )
    };
    match worker.trigger {
        Trigger::Stream(interest) => format!(
            r#"
  {id}FromStream:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref {id}Function
      EventSourceArn: !GetAtt Table.StreamArn
      StartingPosition: TRIM_HORIZON
      BatchSize: 100
      # The worker parks what it cannot do; this is for a batch that crashes it.
      BisectBatchOnFunctionError: true
      MaximumRetryAttempts: 20
      MaximumRecordAgeInSeconds: 43200
      FunctionResponseTypes: [ReportBatchItemFailures]
      DestinationConfig:
        OnFailure:
          Destination: !GetAtt {STREAM_DEAD}.Arn
      FilterCriteria:
        Filters:
          - Pattern: '{}'
"#,
            filter(interest)
        ),
        Trigger::Queue(queue) => from_queue(&queue_id(queue)),
        Trigger::DeadLetters => dead_queues().iter().map(|queue| from_queue(queue)).collect(),
        Trigger::CustomResource => format!(
            r#"
  {id}:
    Type: Custom::{id}
    Properties:
      ServiceToken: !GetAtt {id}Function.Arn
      ServiceTimeout: {WORKER_TIMEOUT}
      Rotation: !Ref KeyRotation
"#
        ),
    }
}

/// The records a worker is interested in, as an event filter.
fn filter(interest: Interest) -> serde_json::Value {
    use serde_json::json;
    match interest {
        Interest::Inserted(prefix) => json!({"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": prefix}]}}}}),
        Interest::Records(kinds) => json!({"dynamodb": {"Keys": {"sk": {"S": kinds}}}}),
    }
}
