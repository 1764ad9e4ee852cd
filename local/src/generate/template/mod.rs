//! `template.yaml`: one function per route and per worker, and what they work with. Written as text,
//! so that it reads like a template that a person wrote.

mod alarms;
mod functions;
mod messages;
mod storage;

use application::config::SETTINGS;
use edge::Route;

/// The template.
pub(super) fn text(crates: &[(&'static str, Vec<Route>)]) -> String {
    let resources =
        [storage::resources(), messages::resources(), functions::api(), functions::of_routes(crates), functions::of_workers(), alarms::resources()];
    format!("{HEADER}{}{}\nResources:{}{}", parameters(), globals(), resources.concat(), outputs())
}

const HEADER: &str = r#"# Generated from the code by `cargo run -p local --bin generate`. Change the routes, the workers,
# the table's definition or the settings instead of this file.
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: CRM - one function per route, one table, one bus, two queues
"#;

/// A parameter of a deployment that is no setting of the CRM.
pub(super) struct Parameter {
    pub name: &'static str,
    /// None where it has to be given.
    pub default: Option<&'static str>,
    pub meaning: &'static str,
    /// Its type and limits, as YAML.
    limits: &'static [&'static str],
}

/// The parameters that are no settings.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "Architecture",
        default: Some("arm64"),
        meaning: "Processor the functions are built for, arm64 or x86_64",
        limits: &["Type: String", "AllowedValues: [arm64, x86_64]"],
    },
    Parameter { name: "Commit", default: Some(""), meaning: "The commit that is deployed, shown by GET /api/v1/health", limits: &["Type: String"] },
    Parameter {
        name: "BootstrapAdminEmail",
        default: Some("admin@example.com"),
        meaning: "E-mail address of the first administrator",
        limits: &["Type: String"],
    },
    Parameter {
        name: "BootstrapAdminPassword",
        default: None,
        meaning: "Password of the first administrator, 10 to 200 characters, hard to guess; it has to be changed at the first sign-in",
        limits: &["Type: String", "NoEcho: true", "MinLength: 10", "MaxLength: 200"],
    },
    Parameter {
        name: "KeyRotation",
        default: Some("1"),
        meaning: "Another value makes a new signing key; nobody is signed out",
        limits: &["Type: String"],
    },
    Parameter {
        name: "DeletionProtection",
        default: Some("true"),
        meaning: "Whether the table refuses to be deleted, true or false",
        limits: &["Type: String", "AllowedValues: [\"true\", \"false\"]"],
    },
    Parameter {
        name: "LogRetentionDays",
        default: Some("30"),
        meaning: "How long the log is kept",
        // What CloudWatch Logs has to offer.
        limits: &["Type: Number", "AllowedValues: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]"],
    },
    Parameter { name: "AlarmEmail", default: Some(""), meaning: "Address that alarms are sent to; empty sends none", limits: &["Type: String"] },
    Parameter { name: "ThrottleRate", default: Some("200"), meaning: "Requests a second that the API lets through", limits: &["Type: Number"] },
    Parameter { name: "ThrottleBurst", default: Some("400"), meaning: "Requests at one moment that the API lets through", limits: &["Type: Number"] },
];

fn parameters() -> String {
    let own = PARAMETERS.iter().map(|own| {
        let limits: String = own.limits.iter().map(|limit| format!("    {limit}\n")).collect();
        let is_number = own.limits.contains(&"Type: Number");
        let default = own.default.map(|default| if is_number { format!("    Default: {default}\n") } else { format!("    Default: {default:?}\n") });
        let default = default.unwrap_or_default();
        format!("  {}:\n{limits}{default}    Description: {:?}\n", own.name, own.meaning)
    });
    let settings = SETTINGS.iter().map(|setting| {
        let (name, default, meaning) = (setting.parameter, setting.default, setting.meaning);
        format!("  {name}:\n    Type: String\n    Default: {default:?}\n    Description: {meaning:?}\n")
    });
    std::iter::once("\nParameters:\n".to_owned()).chain(own).chain(settings).collect()
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
        {suffix}: !Ref AWS::URLSuffix
        {partition}: {file}
{settings}"#,
        functions::MEMORY,
        suffix = aws::partition::SUFFIX,
        partition = aws::partition::FILE,
        file = aws::partition::PLACE,
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
        base = edge::BASE
    );
    std::iter::once(fixed).chain(queues).collect()
}
