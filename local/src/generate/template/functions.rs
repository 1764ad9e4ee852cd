//! The functions of the routes and of the workers, each with its role, and with what calls it.

use super::alarms;
use super::messages::WORKER_TIMEOUT;
use super::stacks::{Stack, dead_variable, queue_variable};
use super::storage::TABLE_NAME;
use crate::generate::pascal;
use crate::generate::policy::{self, Statement, UNDELIVERED, dead_queues, queue_id};
use application::config::SETTINGS;
use edge::{Resource, Route};
use http::Method;
use messaging::{DEAD_BATCH, Queue};
use workers::{BACKGROUND, Interest, Need, Trigger, Worker, bootstrap};

/// MB of a function that mostly waits.
const MEMORY: u32 = 256;
/// MB at which a function has one whole processor
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const CPU_MEMORY: u32 = 1769;
/// Seconds a route's function may take. API Gateway waits for 30.
const ROUTE_TIMEOUT: u32 = 10;
const _: () = assert!(aws::CALL_SECONDS < edge::DEADLINE_SECONDS && edge::DEADLINE_SECONDS < ROUTE_TIMEOUT as u64);
/// How old a record of the stream may get before its batch is given up, seconds: 20 of the 24 hours that the stream
/// keeps it (<https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html>).
const LONGEST_WAIT: u32 = 72_000;
/// The alias that callers call, which a deployment moves to the new version.
const ALIAS: &str = "live";

/// The nested stacks: the bootstrap, which everything waits for, each crate of routes, and the workers.
pub(super) fn stacks(crates: &[(&'static str, Vec<Route>)]) -> Vec<Stack> {
    let first = Stack {
        name: "bootstrap",
        about: "checks the parameters, makes the signing keys and the first administrator".to_owned(),
        resources: of_worker(&bootstrap::WORKER) + BOOTSTRAP_OUTPUT,
        alarms: Vec::new(),
    };
    let routes = crates.iter().map(|(package, routes)| {
        let names: Vec<&str> = routes.iter().map(|route| route.name).chain((*package == UNKNOWN.1).then_some(UNKNOWN.0)).collect();
        let mut resources: String = routes.iter().map(|route| of_route(package, route)).collect();
        if *package == UNKNOWN.1 {
            resources.push_str(&unknown());
        }
        published(package, format!("functions and routes of {package}"), &names, resources)
    });
    let names: Vec<&str> = BACKGROUND.iter().map(|worker| worker.name).collect();
    let last =
        published("workers", "what runs behind the API".to_owned(), &names, BACKGROUND.iter().map(of_worker).chain([alarms::of_workers()]).collect());
    std::iter::once(first).chain(routes).chain([last]).collect()
}

/// The name of every function, without that of the deployment in front.
pub(super) fn names(crates: &[(&'static str, Vec<Route>)]) -> Vec<&'static str> {
    let routes = crates.iter().flat_map(|(_, routes)| routes.iter().map(|route| route.name));
    routes.chain([UNKNOWN.0]).chain(workers::WORKERS.iter().map(|worker| worker.name)).collect()
}

/// A stack whose functions go live together with their alarms.
fn published(name: &'static str, about: String, functions: &[&str], resources: String) -> Stack {
    let (alarms, yaml) = alarms::of_functions(name, functions);
    Stack { name, about, resources: resources + &yaml, alarms }
}

/// Whether a deployment goes through CodeDeploy, which acts only while no alarm rings.
const GUARDS: &str = r#"
Mappings:
  Deployment:
    AllAtOnce: {IsGuarded: "false"}
    Canary10Percent5Minutes: {IsGuarded: "true"}
"#;

/// The parameters that every function reads, and so those whose change makes new versions.
fn settings() -> String {
    let own = [("COMMIT", "Commit"), ("AWS_CA_BUNDLE", "CaBundle")];
    let all = own.into_iter().chain(SETTINGS.iter().map(|setting| (setting.name, setting.parameter)));
    all.map(|(variable, parameter)| format!("        {variable}: !Ref {parameter}\n")).collect()
}

/// What all functions of a stack have.
pub(super) fn globals(stack: &str, alarms: &[String]) -> String {
    let (guards, published) = if alarms.is_empty() {
        ("", String::new())
    } else {
        let published = format!(
            r#"    AutoPublishAlias: {ALIAS}
    VersionDeletionPolicy: Delete
    DeploymentPreference:
      Enabled: !FindInMap [Deployment, !Ref DeploymentPreference, IsGuarded]
      Type: !Ref DeploymentPreference
      Alarms: [{}]
"#,
            alarms.iter().map(|alarm| format!("!Ref {alarm}")).collect::<Vec<_>>().join(", ")
        );
        (GUARDS, published)
    };
    format!(
        r#"{guards}
Globals:
  Function:
    Runtime: provided.al2023
    Architectures: [!Ref Architecture]
    MemorySize: {MEMORY}
    Timeout: {ROUTE_TIMEOUT}
{published}    Tracing: !Ref Tracing
    LoggingConfig:
      LogFormat: JSON
      LogGroup: !Ref LogGroupName
    Environment:
      Variables:
        TABLE_NAME: !Ref TableName
        METRICS_NAMESPACE: !Sub CRM/${{Stack}}
        {crate_name}: {stack}
        {suffix}: !Ref AWS::URLSuffix
        {partition}: {file}
{settings}"#,
        settings = settings(),
        crate_name = application::metric::CRATE,
        suffix = aws::partition::SUFFIX,
        partition = aws::partition::FILE,
        file = aws::partition::PLACE,
    )
}

/// What differs between functions.
struct Function<'a> {
    name: &'a str,
    package: &'a str,
    binary: &'a str,
    about: &'a str,
    memory: u32,
    timeout: u32,
    /// Whether it has versions: each change of its code or its settings is one.
    is_published: bool,
    /// Whether it sends to the queue that starts it, which Lambda ends after sixteen times unless it is told
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>). A run has its own bound.
    hands_on: bool,
    variables: Vec<(String, String)>,
    statements: Vec<Statement>,
}

impl Function<'_> {
    fn yaml(&self) -> String {
        let Self { name, package, binary, about, .. } = self;
        let mut text = format!(
            r#"
  {id}Function:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: rust-cargolambda
      BuildProperties: {{Binary: {binary}}}
    Properties:
      FunctionName: !Sub ${{Stack}}-{name}
      Description: {about:?}
      CodeUri: ../functions/{package}/
      Handler: {name}
"#,
            id = pascal(name)
        );
        if self.is_published {
            // SAM sees changed text, and the description changed values.
            text.push_str("      AutoPublishAliasAllProperties: true\n      VersionDescription: !Ref SettingsId\n");
        }
        if self.hands_on {
            text.push_str("      RecursiveLoop: Allow\n");
        }
        if self.memory != MEMORY {
            text.push_str(&format!("      MemorySize: {}\n", self.memory));
        }
        if self.timeout != ROUTE_TIMEOUT {
            text.push_str(&format!("      Timeout: {}\n", self.timeout));
        }
        if !self.variables.is_empty() {
            text.push_str("      Environment:\n        Variables:\n");
            text.extend(self.variables.iter().map(|(name, value)| format!("          {name}: {value}\n")));
        }
        text.push_str(&policy::yaml(&self.statements));
        text
    }
}

/// Name and package of the function for paths that are none.
const UNKNOWN: (&str, &str) = (docs::unknown::NAME, "docs");

fn unknown() -> String {
    let (name, package) = UNKNOWN;
    let function = Function {
        name,
        package,
        binary: package,
        about: "Any other path or method: 404 and 405 as problem details",
        memory: MEMORY,
        timeout: ROUTE_TIMEOUT,
        is_published: true,
        hands_on: false,
        variables: Vec::new(),
        statements: Vec::new(),
    };
    format!("{}{}", function.yaml(), called(name, "*", [("Route".to_owned(), "$default".to_owned())]))
}

fn of_route(package: &str, route: &Route) -> String {
    let mut variables = Vec::new();
    for resource in route.resources {
        match resource {
            Resource::Secret => variables.push(secret_variable()),
            Resource::Links => variables.push(links_variable()),
            Resource::Send(queue) => variables.push(queue_variable(*queue)),
            Resource::SendAll => variables.extend(Queue::ALL.map(queue_variable)),
            Resource::QueueDepths => variables.extend(Queue::ALL.into_iter().flat_map(|queue| [queue_variable(queue), dead_variable(queue)])),
            Resource::Probes => variables.push(bus_variable()),
            Resource::Credentials | Resource::Roles | Resource::Cpu => {}
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
        timeout: ROUTE_TIMEOUT,
        is_published: true,
        hands_on: false,
        variables,
        statements: policy::of_route(route),
    };
    let path = format!("{}{}", edge::BASE, route.path);
    let keys = route.methods().into_iter().map(|method| {
        // PUT shares the integration of PATCH, and whatever else has two methods.
        let id = if method == route.method { "Route".to_owned() } else { format!("{}Route", pascal(&method.as_str().to_lowercase())) };
        (id, route_key(&method, &path))
    });
    format!("{}{}", function.yaml(), called(route.name, &in_arn(&path), keys))
}

/// A route as API Gateway names it.
pub(super) fn route_key(method: &Method, path: &str) -> String {
    format!("{method} {path}")
}

/// A path as it stands in the ARN of a permission, with `*` for its parameters.
fn in_arn(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
    format!("*{}", parts.collect::<Vec<_>>().join("/"))
}

/// How API Gateway comes to call a function: the leave, the integration, and its routes by the end of
/// their logical ids.
fn called(name: &str, path: &str, routes: impl IntoIterator<Item = (String, String)>) -> String {
    let id = pascal(name);
    let routes: String = routes
        .into_iter()
        .map(|(end, key)| {
            format!(
                r#"
  {id}{end}:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref HttpApiId
      RouteKey: {key}
      Target: !Sub integrations/${{{id}Integration}}
"#
            )
        })
        .collect();
    format!(
        r#"
  {id}Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref {id}Function.Alias
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{HttpApiId}}/*/{path}

  {id}Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref HttpApiId
      IntegrationType: AWS_PROXY
      IntegrationUri: !Ref {id}Function.Alias
      PayloadFormatVersion: "2.0"
{routes}"#
    )
}

fn bus_variable() -> (String, String) {
    ("BUS_NAME".to_owned(), "!Ref BusName".to_owned())
}

fn secret_variable() -> (String, String) {
    ("SECRET_ARN".to_owned(), "!Ref SecretArn".to_owned())
}

fn links_variable() -> (String, String) {
    ("LINKS_SECRET_ARN".to_owned(), "!Ref LinksSecretArn".to_owned())
}

fn of_worker(worker: &Worker) -> String {
    let mut variables: Vec<(String, String)> = Vec::new();
    for need in worker.needs {
        match need {
            Need::Bus => variables.push(bus_variable()),
            Need::Send(queue) => variables.push(queue_variable(*queue)),
            Need::SendAll => variables.extend(Queue::ALL.map(queue_variable)),
            Need::Secret => variables.push(secret_variable()),
            Need::Undelivered => variables.push(("UNDELIVERED_BUCKET".to_owned(), format!("!Ref {UNDELIVERED}Name"))),
            Need::Senders => variables.push(("MAIL_CONFIGURATION_SET".to_owned(), "!Ref MailSetName".to_owned())),
            Need::Links => {
                let api = "!Sub https://${HttpApiId}.execute-api.${AWS::Region}.${AWS::URLSuffix}".to_owned();
                variables.extend([links_variable(), ("API_URL".to_owned(), api)]);
            }
            Need::Credentials | Need::Cpu | Need::Pushes => {}
        }
    }
    if worker.trigger == Trigger::CustomResource {
        variables.push(("ADMIN_SECRET_ARN".to_owned(), "!Ref AdminSecretArn".to_owned()));
    }
    variables.sort();
    let function = Function {
        name: worker.name,
        package: "workers",
        binary: worker.binary(),
        about: worker.about,
        memory: if worker.needs.contains(&Need::Cpu) { CPU_MEMORY } else { MEMORY },
        timeout: WORKER_TIMEOUT,
        is_published: worker.trigger != Trigger::CustomResource,
        hands_on: matches!(worker.trigger, Trigger::Queue(queue) if worker.needs.contains(&Need::Send(queue)) || worker.needs.contains(&Need::SendAll)),
        variables,
        statements: policy::of_worker(worker),
    };
    format!("{}{}", function.yaml(), source(worker))
}

/// What starts a worker. Mappings stand by themselves: those that SAM makes of events bring managed
/// policies over every queue and stream of the account.
fn source(worker: &Worker) -> String {
    let id = pascal(worker.name);
    let from_queue = |source: &str, batch: u32, at_once: Option<u32>| {
        let scaling = at_once.map(|most| format!("      ScalingConfig: {{MaximumConcurrency: {most}}}\n")).unwrap_or_default();
        format!(
            r#"
  {id}From{source}:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref {id}Function.Alias
      EventSourceArn: !Ref {source}Arn
      BatchSize: {batch}
{scaling}      FunctionResponseTypes: [ReportBatchItemFailures]
"#
        )
    };
    match worker.trigger {
        Trigger::Stream(interest) => format!(
            r#"
  {id}FromStream:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref {id}Function.Alias
      EventSourceArn: !Ref TableStreamArn
      MetricsConfig: {{Metrics: [EventCount]}}
      StartingPosition: TRIM_HORIZON
      BatchSize: 100
      # The worker parks what it cannot do. What it has to try again (a table that throttles, a bus that is down) is
      # tried until it is too old, however often that is, and four hours before the stream forgets it; what crashes
      # it is found by halves. What is given up on goes to the bucket whole, and is parked from there.
      BisectBatchOnFunctionError: true
      MaximumRetryAttempts: -1
      MaximumRecordAgeInSeconds: {LONGEST_WAIT}
      FunctionResponseTypes: [ReportBatchItemFailures]
      DestinationConfig:
        OnFailure:
          Destination: !Ref {UNDELIVERED}Arn
      FilterCriteria:
        Filters:
          - Pattern: '{}'
"#,
            filter(interest)
        ),
        Trigger::Queue(queue) => from_queue(&queue_id(queue), queue.batch(), queue.at_once()),
        Trigger::DeadLetters => dead_queues().iter().map(|queue| from_queue(queue, DEAD_BATCH, None)).collect(),
        Trigger::CustomResource => {
            // Another table and whether calls are traced make new versions as well.
            let settings = format!("{}        TABLE_NAME: !Ref TableName\n        TRACING: !Ref Tracing\n", settings());
            format!(
                r#"
  # Before anything else is changed: the settings are checked here, as the functions will read them. Another table, secret or
  # setting makes it run again.
  {id}:
    Type: Custom::{id}
    Properties:
      ServiceToken: !GetAtt {id}Function.Arn
      ServiceTimeout: {WORKER_TIMEOUT}
      Rotation: !Ref KeyRotation
      Stack: !Ref Stack
      Table: !Ref TableName
      Stream: !Ref TableStreamArn
      Preference: !Ref DeploymentPreference
      Secret: !Ref SecretArn
      Settings:
{settings}"#
            )
        }
    }
}

/// Whether the table refuses to be deleted; the last thing of a deployment, so that one that fails can be taken
/// back.
pub(super) fn protection() -> String {
    format!(
        r#"
  Protection:
    Type: Custom::Protection
    DependsOn: ApiStage
    Properties:
      ServiceToken: !GetAtt BootstrapStack.Outputs.FunctionArn
      ServiceTimeout: {WORKER_TIMEOUT}
      Table: {TABLE_NAME}
      Enabled: !Ref DeletionProtection
"#
    )
}

/// What `template.yaml` reads of the bootstrap's stack.
const BOOTSTRAP_OUTPUT: &str = r#"
Outputs:
  FunctionArn:
    Description: The bootstrap's function
    Value: !GetAtt BootstrapFunction.Arn
  SettingsId:
    Description: What the settings are, in a word
    Value: !GetAtt Bootstrap.SettingsId
  Rotation:
    Description: What became of KeyRotation
    Value: !GetAtt Bootstrap.Rotation
"#;

/// The records a worker is interested in, as an event filter.
fn filter(interest: Interest) -> serde_json::Value {
    use serde_json::json;
    match interest {
        Interest::Inserted(prefix) => json!({"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": prefix}]}}}}),
        Interest::Records(kinds) => json!({"dynamodb": {"Keys": {"sk": {"S": kinds}}}}),
    }
}
