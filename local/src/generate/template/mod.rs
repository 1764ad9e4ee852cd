//! `template.yaml`: one function per route and per worker, and what they work with. Written as text,
//! so that it reads like a template that a person wrote.

pub(crate) mod alarms;
mod dashboard;
mod functions;
mod gateway;
mod messages;
mod stacks;
mod storage;

use application::config::SETTINGS;
use edge::Route;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `template.yaml`, and the nested stacks that it has.
pub(super) fn files(crates: &[(&'static str, Vec<Route>)]) -> BTreeMap<PathBuf, String> {
    let stacks = functions::stacks(crates);
    let nested = std::iter::once(STACKS.to_owned()).chain(stacks.iter().map(stacks::Stack::resource)).collect();
    let resources = [
        storage::resources(),
        messages::resources(),
        gateway::api(),
        nested,
        gateway::stage(crates, &stacks),
        functions::protection(),
        alarms::resources(),
        dashboard::resource(crates),
    ]
    .concat();
    let template = format!("{HEADER}{}{CONDITIONS}\nResources:{resources}{}", parameters(), outputs());
    let files = stacks.iter().map(|stack| (stack.file().into(), stack.text()));
    files.chain([("template.yaml".into(), template)]).collect()
}

use storage::{STREAM_ARN, TABLE_NAME};

const HEADER: &str = r#"# Generated from the code by `cargo run -p local --bin generate`. Change the routes, the workers,
# the table's definition or the settings instead of this file.
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: CRM - what is kept and shared; the functions are in the nested stacks
"#;

const STACKS: &str = "
  # ----- The functions: a nested stack for each of their crates -----
";

const CONDITIONS: &str = r#"
Conditions:
  IsTableNamed: !Not [!Equals [!Ref TableName, ""]]
  MakesTable: !Equals [!Ref TableStreamArn, own]
  HasCorsOrigins: !Not [!Equals [!Ref CorsOrigins, ""]]
  HasAlarmEmail: !Not [!Equals [!Ref AlarmEmail, ""]]
  SendsMail: !Not [!Equals [!Ref MailFrom, ""]]
  IsMailDomainKnown: !Not [!Equals [!Ref MailDomain, ""]]
  MakesMailIdentity: !And [!Condition SendsMail, !Not [!Condition IsMailDomainKnown]]
  PushesToDevices: !Not [!Equals [!Ref PushApplicationArn, ""]]
  HasDomain: !Not [!Equals [!Ref DomainName, ""]]

Rules:
  SomebodyIsRung:
    RuleCondition: !Equals [!Ref Stage, prod]
    Assertions:
      - Assert: !Not [!Equals [!Ref AlarmEmail, ""]]
        AssertDescription: A deployment of stage prod needs AlarmEmail, or its alarms ring nobody
  DomainHasCertificate:
    RuleCondition: !Not [!Equals [!Ref DomainName, ""]]
    Assertions:
      - Assert: !Not [!Equals [!Ref CertificateArn, ""]]
        AssertDescription: DomainName needs CertificateArn
  TableIsNamed:
    RuleCondition: !Not [!Equals [!Ref TableStreamArn, own]]
    Assertions:
      - Assert: !Not [!Equals [!Ref TableName, ""]]
        AssertDescription: TableStreamArn needs the TableName it is the stream of
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
        name: "CaBundle",
        default: Some(""),
        meaning: "File of trusted certificates in the functions' image, such as /etc/pki/tls/certs/ca-bundle.crt; empty trusts Amazon's own roots",
        limits: &["Type: String", r#"AllowedPattern: '(/\S*)?'"#],
    },
    Parameter {
        name: "BootstrapAdminEmail",
        default: Some("admin@example.com"),
        meaning: "E-mail address of the first administrator, who is made with the stack and never again; the password is drawn, see the output AdminSecretArn",
        limits: &["Type: String", r#"AllowedPattern: '[^\s"\\]+@[^\s"\\]+'"#],
    },
    Parameter {
        name: "KeyRotation",
        default: Some("1"),
        meaning: "Another value makes a new signing key and nobody is signed out; one that begins with leaked makes the old ones unknown at once",
        limits: &["Type: String", "AllowedPattern: '[!-~]{1,64}'"],
    },
    Parameter {
        name: "TableName",
        default: Some(""),
        meaning: "Name of the table, empty is the stack's; a table that is there already needs TableStreamArn as well",
        limits: &["Type: String", r#"AllowedPattern: '([A-Za-z0-9_.-]{3,255})?'"#],
    },
    Parameter {
        name: "TableStreamArn",
        // No empty text: sam keeps the value of the last deployment where none is given, and takes no empty one.
        default: Some("own"),
        meaning: "ARN of the stream of TableName where that table is brought in: one that a deleted stack left, or that was restored; own makes one",
        limits: &["Type: String", r#"AllowedPattern: 'own|arn:\S+:table/\S+/stream/\S+'"#],
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
    Parameter {
        name: "MailDomain",
        default: Some(""),
        meaning: "Domain of MailFrom where SES knows that already; empty has SES ask the owner of MailFrom by a mail",
        limits: &["Type: String"],
    },
    Parameter {
        name: "Stage",
        default: Some("dev"),
        meaning: "What the deployment is for, dev or prod; prod insists on AlarmEmail",
        limits: &["Type: String", "AllowedValues: [dev, prod]"],
    },
    Parameter {
        name: "DeploymentPreference",
        default: Some("AllAtOnce"),
        meaning: "How a new version goes live: AllAtOnce, or Canary10Percent5Minutes, which is taken back when functions fail and refused while they do",
        limits: &["Type: String", "AllowedValues: [AllAtOnce, Canary10Percent5Minutes]"],
    },
    Parameter {
        name: "Tracing",
        // Not PassThrough, Lambda's word for off: SAM gives every role its policy for X-Ray but with Disabled, which it reads before
        // it expands the template (samtranslator's `Tracing` in `sam_resources.py`). X-Ray knows no resources to narrow it to.
        default: Some("Disabled"),
        meaning: "Whether X-Ray is told of calls of the functions: Disabled, or Active, which gives every role leave to write traces",
        limits: &["Type: String", "AllowedValues: [Disabled, Active]"],
    },
    Parameter {
        name: "DomainName",
        default: Some(""),
        meaning: "Domain of one's own, for instance crm.example.com; empty has none",
        limits: &["Type: String"],
    },
    Parameter {
        name: "CertificateArn",
        default: Some(""),
        meaning: "ARN of the certificate of DomainName in Certificate Manager, in the same region",
        limits: &["Type: String", r#"AllowedPattern: "(arn:.*)?""#],
    },
    Parameter { name: "ThrottleRate", default: Some("200"), meaning: "Requests a second that the API lets through", limits: &["Type: Number"] },
    Parameter { name: "ThrottleBurst", default: Some("400"), meaning: "Requests at one moment that the API lets through", limits: &["Type: Number"] },
    Parameter {
        name: "SignInRate",
        default: Some("20"),
        meaning: "Requests a second that each route lets through where a password is hashed",
        limits: &["Type: Number"],
    },
    Parameter {
        name: "SignInBurst",
        default: Some("40"),
        meaning: "Requests at one moment that each route lets through where a password is hashed",
        limits: &["Type: Number"],
    },
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
    Value: {TABLE_NAME}
  BusName:
    Description: The bus of domain events
    Value: !Ref Bus
  TableStreamArn:
    Description: The stream of the table
    Value: {STREAM_ARN}
  SecretArn:
    Description: The secret with the signing keys
    Value: !GetAtt Secret.Id
  AdminSecretArn:
    Description: The secret with the first administrator's password (aws secretsmanager get-secret-value --secret-id)
    Value: !GetAtt AdminSecret.Id
  KeyRotationOutcome:
    Description: What became of KeyRotation
    Value: !GetAtt BootstrapStack.Outputs.Rotation
  AlarmTopicArn:
    Description: The topic that alarms are sent to
    Value: !Ref AlarmTopic
  MailState:
    Description: Whether mails are sent, and from where
    Value: !If [SendsMail, !Sub 'sent from ${{MailFrom}}', 'off: MailFrom is empty']
  DashboardUrl:
    Description: What there is to see of the deployment
    Value: !Sub https://${{AWS::Region}}.console.aws.amazon.com/cloudwatch/home#dashboards:name=${{AWS::StackName}}
  DomainTarget:
    Condition: HasDomain
    Description: What DomainName has to point to, as CNAME or alias record
    Value: !GetAtt ApiDomain.RegionalDomainName
"#,
        base = edge::BASE
    );
    std::iter::once(fixed).chain(queues).collect()
}
