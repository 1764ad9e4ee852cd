//! Dependencies point one way: functions to shared crates, shared crates to the domain, the domain
//! to nothing that runs. Inside a shared crate modules are a line, too.

use crate::structure::{metadata, read, sources};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
/// The shared crates whose modules are not a line: the kinds of record know each other, and so do the
/// table and what is written to it.
const WOVEN: &[&str] = &["domain", "store"];
/// What the domain may use: data and arithmetic.
const FOR_DOMAIN: &[&str] = &[
    "argon2",
    "idna",
    "iso_currency",
    "jiff",
    "minijinja",
    "rust_iso3166",
    "serde",
    "serde_json",
    "thiserror",
    "unicode-normalization",
    "unicode-script",
    "uuid",
    "zxcvbn",
];

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

/// What the modules of a crate name of each other. A name that the crate re-exports counts as its module's.
fn modules(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let word = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned();
    let root = read(&format!("{folder}/lib.rs"));
    let exports: Vec<&str> = root.lines().filter_map(|line| line.strip_prefix("pub use ")).collect();
    let home = |name: &str| {
        let of = exports.iter().find(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == name));
        of.map_or_else(|| name.to_owned(), |line| word(line))
    };
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, source) in sources(folder).into_iter().filter(|(path, _)| !path.ends_with("/lib.rs")) {
        let code: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n").replace("$crate::", "");
        assert!(!code.contains("crate::{"), "{path}: one `use crate::…` for each module, so that its arrows can be read");
        let named = code.split("crate::").skip(1).map(|rest| home(&word(rest)));
        found.entry(word(&path[folder.len() + 1..])).or_default().extend(named);
    }
    let known: BTreeSet<String> = found.keys().cloned().collect();
    for (module, named) in &mut found {
        named.retain(|other| other != module && known.contains(other));
    }
    found
}

/// A way through modules that comes back to where it began.
fn circle(mut modules: BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    // What names nothing that is left is below everything that is; in the end only circles are left.
    while let Some(lowest) = modules.iter().find(|(_, named)| named.is_empty()).map(|(module, _)| module.clone()) {
        modules.remove(&lowest);
        modules.values_mut().for_each(|named| named.retain(|other| *other != lowest));
    }
    let mut way = vec![modules.keys().next()?];
    loop {
        let next = modules[*way.last()?].first()?;
        if let Some(begin) = way.iter().position(|module| *module == next) {
            let round: Vec<&str> = way[begin..].iter().chain([&next]).map(|module| module.as_str()).collect();
            return Some(round.join(" → "));
        }
        way.push(next);
    }
}

#[test]
fn the_modules_of_a_shared_crate_are_a_line() {
    let crates = SHARED.iter().filter(|(name, _)| !WOVEN.contains(name)).map(|(name, _)| format!("shared/{name}/src"));
    let circles: Vec<String> = crates.filter_map(|folder| circle(modules(&folder)).map(|way| format!("{folder}: {way}"))).collect();
    assert!(circles.is_empty(), "modules use each other in a circle; move what both need into a module below them\n{}", circles.join("\n"));
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
        for (client, owner) in [
            ("aws-sdk-dynamodb", "store"),
            ("aws-sdk-ses", "messaging"),
            ("aws-sdk-sns", "messaging"),
            ("aws-sdk-sqs", "messaging"),
            ("aws-sdk-eventbridge", "messaging"),
            ("aws-sdk-secretsmanager", "aws"),
        ] {
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
fn what_is_somebodys_goes_with_who_leaves() {
    let owned = sources("shared/domain/src").into_iter().flat_map(|(_, text)| {
        text.lines().filter_map(|line| line.strip_prefix("impl Owned for ")?.split(' ').next().map(str::to_owned)).collect::<Vec<_>>()
    });
    let walked = read("functions/workers/src/work/owned.rs");
    let missing: Vec<String> = owned.filter(|kind| !walked.contains(&format!("walk.owned::<{kind}>("))).collect();
    assert!(missing.is_empty(), "{missing:?} stay with whoever leaves: list them at the end of `each_owned` in functions/workers/src/work/owned.rs");
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
