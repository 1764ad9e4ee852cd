//! Dependencies point one way: functions to shared crates, shared crates to the domain, the domain
//! to nothing that runs.

use crate::structure::{metadata, read, sources};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the crates below `shared` may use of this workspace.
const SHARED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("aws", &[]),
    ("contract", &["domain"]),
    ("store", &["aws", "domain"]),
    ("messaging", &["aws", "domain"]),
    ("application", &["aws", "domain", "messaging", "store"]),
    ("edge", &["application", "aws", "contract", "domain", "messaging", "store"]),
];
/// What a function may use of this workspace; a resource has no table (see `unscoped.rs`), and the
/// workers no word of HTTP.
const FOR_FUNCTIONS: &[&str] = &["application", "aws", "contract", "domain", "edge", "messaging", "store"];
/// What no worker uses: it answers no request.
const NOT_FOR_WORKERS: &[&str] = &["contract", "edge", "lambda_http", "http"];
/// What the domain may use: data and arithmetic.
const FOR_DOMAIN: &[&str] = &["argon2", "jiff", "rust_iso3166", "serde", "serde_json", "thiserror", "unicode-normalization", "uuid"];

/// Whether a crate is part of what is deployed; the others put the whole together and may use it all.
fn is_deployed(manifest: &str) -> bool {
    manifest.contains("/shared/") || manifest.contains("/functions/")
}

/// Each crate of the workspace with its normal dependencies and its folder.
fn crates() -> BTreeMap<String, (Vec<String>, String)> {
    let metadata = metadata();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let normal = |package: &Value| {
        let list = package["dependencies"].as_array().expect("list").iter();
        list.filter(|dependency| dependency["kind"].is_null()).map(|dependency| text(&dependency["name"])).collect()
    };
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages.map(|package| (text(&package["name"]), (normal(package), text(&package["manifest_path"])))).collect()
}

#[test]
fn dependencies_inside_the_workspace_point_one_way() {
    let crates = crates();
    for (name, (dependencies, manifest)) in &crates {
        let allowed = match SHARED.iter().find(|(shared, _)| shared == name) {
            Some((_, allowed)) => *allowed,
            None if !is_deployed(manifest) => continue,
            None => FOR_FUNCTIONS,
        };
        assert_eq!(manifest.contains("/shared/"), SHARED.iter().any(|(shared, _)| shared == name), "{name} stands where it belongs");
        for dependency in dependencies.iter().filter(|dependency| crates.contains_key(*dependency)) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn workers_know_no_http() {
    let crates = crates();
    let (dependencies, _) = &crates["workers"];
    assert!(!dependencies.iter().any(|dependency| NOT_FOR_WORKERS.contains(&dependency.as_str())), "{dependencies:?}");
    for (path, source) in sources("shared/application/src").into_iter().chain(sources("shared/store/src")).chain(sources("shared/domain/src")) {
        for word in ["HTTP", "OpenAPI", "JSON pointer", "http::", "StatusCode"] {
            // A module may say that HTTP is not its matter.
            let said = source.lines().filter(|line| !line.starts_with("//!")).any(|line| line.contains(word));
            assert!(!said, "{path} speaks of {word}");
        }
    }
}

#[test]
fn the_domain_depends_on_nothing_that_runs() {
    let crates = crates();
    let (dependencies, _) = &crates["domain"];
    for dependency in dependencies {
        assert!(FOR_DOMAIN.contains(&dependency.as_str()), "domain must not depend on {dependency}");
    }
    for (path, source) in sources("shared/domain/src") {
        for word in ["std::env", "std::fs", "std::net", "async fn", "SystemTime::now", "Uuid::now_v7()", "Timestamp::now", "tokio"] {
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains(word));
            assert!(!code, "{path} uses {word}");
        }
    }
}

#[test]
fn each_aws_client_has_one_crate() {
    for (name, (dependencies, manifest)) in crates() {
        for (client, owner) in
            [("aws-sdk-dynamodb", "store"), ("aws-sdk-sqs", "messaging"), ("aws-sdk-eventbridge", "messaging"), ("aws-sdk-secretsmanager", "aws")]
        {
            let may = name == owner || !is_deployed(&manifest);
            assert!(may || !dependencies.contains(&client.to_owned()), "{name} must not depend on {client}");
        }
    }
}

#[test]
fn nothing_of_the_product_scans_the_table() {
    for (path, source) in sources("shared").into_iter().chain(sources("functions")) {
        assert!(!source.contains(".scan()") && !source.contains(".scan("), "{path} scans");
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let all = ["shared", "functions", "local", "tests"].into_iter().flat_map(sources);
    for (path, source) in all {
        assert!(source.starts_with("//! "), "{path} does not begin with //!");
    }
}

#[test]
fn no_test_sleeps_is_ignored_or_tries_again() {
    for (path, source) in sources("tests").into_iter().filter(|(path, _)| !path.ends_with("arrows.rs") && !path.ends_with("support/crm.rs")) {
        for word in ["sleep(", "#[ignore", "should_panic"] {
            assert!(!source.contains(word), "{path} has {word}");
        }
    }
    assert_eq!(read("tests/support/crm.rs").matches("sleep(").count(), 2, "the clock and `eventually` wait, nothing else");
}
