//! Table, secret and log.

use serde_json::Value;

/// The name of the table, the stack's own or one that was brought in, as YAML.
pub(super) const TABLE_NAME: &str = "!If [IsTableNamed, !Ref TableName, !Ref AWS::StackName]";
/// Its ARN. That of a table which the stack does not have can be told, and its stream has to be given.
pub(super) const TABLE_ARN: &str =
    "!If [MakesTable, !GetAtt Table.Arn, !Sub 'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}']";
/// The ARN of its stream.
pub(super) const STREAM_ARN: &str = "!If [MakesTable, !GetAtt Table.StreamArn, !Ref TableStreamArn]";

/// The resources that keep something.
pub(super) fn resources() -> String {
    let definition = store::schema::definition();
    let ttl = store::schema::TTL;
    let part = |name: &str| yaml(&definition[name], 6);
    format!(
        r#"
  # ----- What is kept -----

  # Kept when the stack is deleted, but for a first deployment that failed. Protection, below, refuses even
  # deleting it by hand, from the moment on that a deployment has succeeded.
  Table:
    Type: AWS::DynamoDB::Table
    Condition: MakesTable
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      # By its name an update that would replace it is refused.
      TableName: {TABLE_NAME}
      BillingMode: {billing}
      PointInTimeRecoverySpecification:
        PointInTimeRecoveryEnabled: true
      TimeToLiveSpecification:
        AttributeName: {ttl}
        Enabled: true
      StreamSpecification:
        StreamViewType: {stream}
      AttributeDefinitions:{attributes}
      KeySchema:{keys}
      GlobalSecondaryIndexes:{indexes}

  # The signing keys; its value is written by the bootstrap.
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      Description: !Sub Signing keys of ${{AWS::StackName}}

  # The first administrator: the address, and a password that nobody has seen, good for one sign-in.
  AdminSecret:
    Type: AWS::SecretsManager::Secret
    Properties:
      Description: !Sub First administrator of ${{AWS::StackName}}
      GenerateSecretString:
        SecretStringTemplate: !Sub '{{"email": "${{BootstrapAdminEmail}}"}}'
        GenerateStringKey: password
        PasswordLength: 32

  # What signs the links by which customers say that they want no messages. It stays as it is drawn: a link is valid for ever.
  LinksSecret:
    Type: AWS::SecretsManager::Secret
    Properties:
      Description: !Sub Key of the links in messages of ${{AWS::StackName}}
      GenerateSecretString:
        PasswordLength: 64
        ExcludePunctuation: true

  LogGroup:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /crm/${{AWS::StackName}}
      RetentionInDays: !Ref LogRetentionDays
"#,
        billing = definition["BillingMode"].as_str().unwrap_or_default(),
        stream = definition["StreamSpecification"]["StreamViewType"].as_str().unwrap_or_default(),
        attributes = part("AttributeDefinitions"),
        keys = part("KeySchema"),
        indexes = part("GlobalSecondaryIndexes"),
    )
}

/// A value as block YAML: objects with their identifying members first, texts alone in brackets.
fn yaml(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            format!(" [{}]", texts.join(", "))
        }
        Value::Array(items) => items
            .iter()
            .map(|item| format!("\n{pad}  -{}", yaml(item, indent + 4).trim_start_matches('\n').replacen(&" ".repeat(indent + 4), " ", 1)))
            .collect(),
        Value::Object(map) => {
            let mut members: Vec<(&String, &Value)> = map.iter().collect();
            members.sort_by_key(|(name, _)| (!name.ends_with("Name"), (*name).clone()));
            members.iter().map(|(name, value)| format!("\n{pad}{name}:{}", yaml(value, indent + if value.is_array() { 0 } else { 2 }))).collect()
        }
        Value::String(text) => format!(" {text}"),
        other => format!(" {other}"),
    }
}
