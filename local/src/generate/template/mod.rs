//! `template.yaml`: one function per route and per worker, and what they work with. Written as text,
//! so that it reads like a template that a person wrote.

mod alarms;
mod functions;
mod messages;
mod storage;

use api::Route;
use api::config::SETTINGS;

/// The template.
pub(super) fn text(crates: &[(&'static str, Vec<Route>)]) -> String {
    let resources = [storage::resources(), messages::resources(), functions::api(), functions::of_routes(crates), functions::of_workers(), alarms::resources()];
    format!("{}{}{}\nResources:{}{}", HEADER, parameters(), globals(), resources.concat(), outputs())
}

const HEADER: &str = r#"# Generated from the code by `cargo run -p local --bin generate`. Change the routes, the workers,
# the table's definition or the settings instead of this file.
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: CRM - one function per route, one table, one bus, two queues

Parameters:
  Architecture:
    Type: String
    Default: arm64
    AllowedValues: [arm64, x86_64]
    Description: Processor the functions are built for
  Commit:
    Type: String
    Default: ""
    Description: The commit that is deployed, shown by GET /api/v1/health
  BootstrapAdminEmail:
    Type: String
    Default: admin@example.com
    Description: E-mail address of the first administrator
  BootstrapAdminPassword:
    Type: String
    NoEcho: true
    MinLength: 10
    MaxLength: 200
    Description: Password of the first administrator, good for one sign-in; it then has to be changed
  KeyRotation:
    Type: String
    Default: "1"
    Description: Another value here makes a new signing key; nobody is signed out
  DeletionProtection:
    Type: String
    Default: "true"
    AllowedValues: ["true", "false"]
    Description: Whether the table refuses to be deleted
  LogRetentionDays:
    Type: Number
    Default: 30
    AllowedValues: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]
    Description: How long the log is kept
  AlarmEmail:
    Type: String
    Default: ""
    Description: Address that alarms are sent to; empty sends none
  ThrottleRate:
    Type: Number
    Default: 200
    Description: Requests a second the API lets through
  ThrottleBurst:
    Type: Number
    Default: 400
    Description: Requests at one moment the API lets through
"#;

fn parameters() -> String {
    let setting = |setting: &api::config::Setting| {
        let (name, default, meaning) = (setting.parameter, setting.default, setting.meaning);
        format!("  {name}:\n    Type: String\n    Default: {default:?}\n    Description: {meaning:?}\n")
    };
    SETTINGS.iter().map(setting).collect()
}

fn globals() -> String {
    let settings: String = SETTINGS.iter().map(|setting| format!("        {}: !Ref {}\n", setting.name, setting.parameter)).collect();
    format!(
        r#"
Conditions:
  HasCorsOrigins: !Not [!Equals [!Ref CorsOrigins, ""]]
  HasAlarmEmail: !Not [!Equals [!Ref AlarmEmail, ""]]

Globals:
  Function:
    Runtime: provided.al2023
    Architectures: [!Ref Architecture]
    MemorySize: {}
    Timeout: 10
    LoggingConfig:
      LogFormat: JSON
      LogGroup: !Ref LogGroup
    Environment:
      Variables:
        TABLE_NAME: !Ref Table
        COMMIT: !Ref Commit
{settings}"#,
        functions::MEMORY
    )
}

fn outputs() -> String {
    let queues = messaging::Queue::ALL.into_iter().map(|queue| {
        let id = super::policy::queue_id(queue);
        format!("  {id}Url:\n    Description: The queue {}\n    Value: !Ref {id}\n", queue.name())
    });
    let fixed = format!(
        r#"
Outputs:
  ApiUrl:
    Description: Base address of the API
    Value: !Sub https://${{HttpApi}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}{base}
  DocsUrl:
    Description: The documentation
    Value: !Sub https://${{HttpApi}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}{base}/docs
  TableName:
    Description: The table
    Value: !Ref Table
  BusName:
    Description: The bus of domain events
    Value: !Ref Bus
  SecretArn:
    Description: The secret with the signing keys
    Value: !GetAtt Secret.Id
"#,
        base = api::edge::BASE
    );
    std::iter::once(fixed).chain(queues).collect()
}
