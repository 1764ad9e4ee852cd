//! Nested stacks: one for each crate of functions, with what it is given of `template.yaml`. A stack is given what
//! its text names, so nothing is listed twice.

use super::storage::{STREAM_ARN, TABLE_ARN, TABLE_NAME};
use super::{PARAMETERS, functions};
use crate::generate::pascal;
use crate::generate::policy::{dead_id, dead_queues, queue_id};
use application::config::SETTINGS;
use messaging::Queue;
use std::collections::BTreeSet;

/// A nested stack.
pub(super) struct Stack {
    /// The name of its file, and of the crate whose functions it has.
    pub name: &'static str,
    /// One line on what it has.
    pub about: String,
    /// Its resources, as YAML.
    pub resources: String,
    /// The alarms that take a deployment of its functions back; without any they have no versions.
    pub alarms: Vec<String>,
}

/// What `template.yaml` can give to a nested stack: the parameter's name, and the value.
fn shared() -> Vec<(String, String)> {
    let mut values: Vec<(String, String)> = [
        ("Stack", "!Ref AWS::StackName"),
        ("TableName", TABLE_NAME),
        ("TableArn", TABLE_ARN),
        ("TableStreamArn", STREAM_ARN),
        ("SecretArn", "!GetAtt Secret.Id"),
        ("AdminSecretArn", "!GetAtt AdminSecret.Id"),
        ("LinksSecretArn", "!GetAtt LinksSecret.Id"),
        ("LogGroupName", "!Ref LogGroup"),
        ("BusName", "!Ref Bus"),
        ("BusArn", "!GetAtt Bus.Arn"),
        ("HttpApiId", "!Ref HttpApi"),
        ("AlarmTopicArn", "!Ref AlarmTopic"),
        ("UndeliveredName", "!Ref Undelivered"),
        ("UndeliveredArn", "!GetAtt Undelivered.Arn"),
        ("MailIdentityArn", MAIL_IDENTITY),
        ("MailSetArn", "!Sub arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${AWS::StackName}"),
        ("MailSetName", "!If [SendsMail, !Ref AWS::StackName, '']"),
        ("PushTargetArn", PUSH_TARGET),
        ("SettingsId", "!GetAtt BootstrapStack.Outputs.SettingsId"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for queue in Queue::ALL.iter().map(|queue| queue_id(*queue)).chain(dead_queues()) {
        values.push((format!("{queue}Arn"), format!("!GetAtt {queue}.Arn")));
        values.push((format!("{queue}Url"), format!("!Ref {queue}")));
    }
    let own = PARAMETERS.iter().map(|own| own.name).chain(SETTINGS.iter().map(|setting| setting.parameter));
    // Of the table a stack is given what comes of the parameters.
    let own: Vec<&str> = own.filter(|name| !values.iter().any(|(known, _)| known == name)).collect();
    values.extend(own.into_iter().map(|name| (name.to_owned(), format!("!Ref {name}"))));
    values
}

/// The environment variable and value of a queue's address, as a nested stack is given it.
pub(super) fn queue_variable(queue: Queue) -> (String, String) {
    (format!("{}_QUEUE_URL", queue.name().to_uppercase()), format!("!Ref {}Url", queue_id(queue)))
}

/// See [`queue_variable`].
pub(super) fn dead_variable(queue: Queue) -> (String, String) {
    (format!("{}_DEAD_QUEUE_URL", queue.name().to_uppercase()), format!("!Ref {}Url", dead_id(queue)))
}

/// The address that mails come from, or its domain where SES knows that.
const MAIL_IDENTITY: &str = "!Sub ['arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${Identity}', \
                             {Identity: !If [IsMailDomainKnown, !Ref MailDomain, !Ref MailFrom]}]";
/// Without an application one that there is not, as no policy has an empty resource.
const PUSH_TARGET: &str =
    "!If [PushesToDevices, !Ref PushApplicationArn, !Sub 'arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:app/none/none']";

impl Stack {
    /// Its file below the project root.
    pub fn file(&self) -> String {
        format!("stacks/{}.yaml", self.name)
    }

    /// Its logical id in `template.yaml`.
    pub fn id(&self) -> String {
        format!("{}Stack", pascal(self.name))
    }

    /// The text of its file.
    pub fn text(&self) -> String {
        let body = format!("{}\nResources:{}", functions::globals(self.name, &self.alarms), self.resources);
        let parameters: String = self.given(&body).iter().map(|(name, _)| format!("  {name}: {{Type: String}}\n")).collect();
        format!("{HEADER}Description: {:?}\n\nParameters:\n{parameters}{body}", format!("CRM - {}", self.about))
    }

    /// Its resource in `template.yaml`.
    pub fn resource(&self) -> String {
        let given: String = self.given(&self.text()).iter().map(|(name, value)| format!("        {name}: {value}\n")).collect();
        format!(
            "\n  {}:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: {}\n      Parameters:\n{given}",
            self.id(),
            self.file()
        )
    }

    /// Of what can be given, that which a text names.
    fn given(&self, text: &str) -> Vec<(String, String)> {
        let named = named(text);
        shared().into_iter().filter(|(name, _)| named.contains(name.as_str())).collect()
    }
}

/// What `!Ref` and `!Sub` of a text name.
fn named(text: &str) -> BTreeSet<&str> {
    let end = |rest: &str| rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    ["!Ref ", "${"].iter().flat_map(|mark| text.split(mark).skip(1)).map(|rest| &rest[..end(rest)]).collect()
}

const HEADER: &str = r#"# Generated from the code by `cargo run -p local --bin generate`. Change the routes or the workers
# instead of this file. It is a part of template.yaml, which gives it its parameters.
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_given_what_its_text_names() {
        let stack = Stack { name: "some", about: String::new(), resources: "\n\n  A: !Ref BusArn\n".into(), alarms: Vec::new() };
        let given = stack.given("a: !Ref TableName\nb: !Sub ${TableArn}/index/*\nc: [!Ref WorkQueueUrl]\nd: !Ref AWS::Region");
        let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["TableName", "TableArn", "WorkQueueUrl"]);
        assert!(stack.resource().contains("        BusArn: !GetAtt Bus.Arn\n"));
    }
}
