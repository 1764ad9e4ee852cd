//! Who may touch the hashes of passwords and refresh tokens: the searched list of the functions whose
//! policy does not refuse them.

use crate::structure::{read, stacks};
use domain::UserId;
use local::Table;
use std::collections::BTreeSet;
use store::Store;
use tests::Crm;
use tests::background::worker;

/// The list, which is written by hand: function, why.
const LIST: &str = "tests/structure/credentials.txt";

/// What refuses the credentials, as the template says it.
const DENIED: &str = r#"
            - Effect: Deny
              Action: [dynamodb:*]
              Resource:
                - !Ref TableArn
                - !Sub ${TableArn}/index/*
              Condition: {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": "CREDENTIAL#*"}}
"#;

fn listed() -> BTreeSet<String> {
    let lines = read(LIST);
    let lines = lines.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let entry = |line: &str| {
        let (name, reason) = line.split_once(' ').unwrap_or((line, ""));
        assert!(reason.len() > 20, "{LIST}: {name} needs a reason");
        name.to_owned()
    };
    lines.map(entry).collect()
}

/// Which route or worker a function of the stacks is.
fn handler(function: &str) -> &str {
    function.split("Handler: ").nth(1).and_then(|rest| rest.lines().next()).expect("a handler")
}

/// The table as a worker has it.
fn store_of(crm: &Crm, name: &str) -> Store {
    let worker = worker(name);
    crm.embedded().worker_app(worker).unscoped().clone()
}

#[test]
fn whoever_may_touch_credentials_is_on_the_list_with_a_reason() {
    let stacks = stacks();
    let resources =
        stacks.split("\n\n  ").map(|resource| format!("{resource}\n")).filter(|resource| resource.contains("Type: AWS::Serverless::Function"));
    let allowed = |resource: &String| resource.contains("Resource: !Ref TableArn\n") || resource.contains("- !Ref TableArn\n");
    let open = resources.filter(allowed).filter(|resource| !resource.contains(DENIED));
    assert_eq!(open.map(|resource| handler(&resource).to_owned()).collect::<BTreeSet<_>>(), listed(), "left: what the stacks open; right: {LIST}");
}

/// What refuses writing the published keys or roles, as the stacks say it.
fn refuses_writing(resource: &str, partition: &str) -> bool {
    let denies = resource.split("- Effect: Deny").skip(1);
    denies.filter(|statement| statement.contains("LeadingKeys") && statement.contains(&format!("{partition:?}"))).any(|statement| {
        let actions = |effect: &str| {
            let line = effect.lines().find(|line| line.contains("Action: [")).expect("actions");
            line.trim().trim_start_matches("Action: [").trim_end_matches(']').split(", ").map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let writes = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"];
        let allowed = resource.split("- Effect: Allow").skip(1).filter(|statement| statement.contains("!Ref TableArn")).flat_map(actions);
        allowed.filter(|action| writes.contains(&action.as_str())).all(|action| actions(statement).contains(&action))
    })
}

#[test]
fn keys_and_roles_are_written_by_one_function_each() {
    let stacks = stacks();
    let resources = stacks.split("\n\n  ").filter(|resource| resource.contains("Type: AWS::Serverless::Function"));
    // Whoever only counts attempts is allowed that alone.
    let counts = |resource: &str| resource.contains("\"ForAllValues:StringLike\"");
    let writes = |resource: &&str| {
        ["PutItem", "DeleteItem", "BatchWriteItem"].iter().any(|write| resource.contains(write))
            || resource.contains("UpdateItem") && !counts(resource)
    };
    let writers: Vec<&str> = resources.filter(writes).collect();
    assert!(writers.len() > 30);
    let open = |partition: &str| {
        writers.iter().filter(|resource| !refuses_writing(resource, partition)).map(|resource| handler(resource)).collect::<Vec<_>>()
    };
    assert_eq!((open("JWKS"), open("ROLE#*")), (vec!["bootstrap"], vec!["update_role_permissions"]));
}

#[tokio::test]
async fn what_is_reserved_is_refused_in_the_embedded_table_as_well() {
    let crm = Crm::idle(Table::memory().expect("memory")).await;
    let store = store_of(&crm, "work");
    let published = store.published().await.expect("may read");
    let refused = store.publish_keys(&published, Vec::new()).await.expect_err("may not write");
    assert!(refused.to_string().contains("keys"), "{refused}");
}

#[tokio::test]
async fn credentials_are_refused_to_whoever_did_not_declare_them() {
    let crm = Crm::idle(Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let user = <UserId as domain::text::TextValue>::read(&admin.id).expect("id");
    assert!(store_of(&crm, "work").auth(user).await.expect("may read").is_some());
    let refused = store_of(&crm, "work").credential(user).await.expect_err("may not read hashes");
    assert!(refused.to_string().contains("AccessDenied"), "{refused}");
    assert!(store_of(&crm, "bootstrap").credential(user).await.expect("declares them").is_some());
}
