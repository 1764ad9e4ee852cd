//! No test is left out: what cargo is told not to test has none.

use crate::structure::{metadata, root, sources};
use serde_json::Value;
use std::path::Path;

/// The folder of a target's sources, below the project's folder.
fn folder(target: &Value) -> String {
    let file = Path::new(target["src_path"].as_str().expect("path"));
    let root = root().canonicalize().expect("root");
    file.parent().and_then(|folder| folder.strip_prefix(root).ok()).expect("a folder of the project").to_string_lossy().into_owned()
}

#[test]
fn what_is_not_tested_has_no_tests() {
    for package in metadata()["packages"].as_array().expect("packages") {
        let built = |target: &&Value| target["kind"] != serde_json::json!(["custom-build"]);
        let targets: Vec<&Value> = package["targets"].as_array().expect("targets").iter().filter(built).collect();
        // A program beside a tested library has no module of its own.
        let tested: Vec<String> = targets.iter().filter(|target| target["test"] == true).map(|target| folder(target)).collect();
        for folder in targets.iter().map(|target| folder(target)).filter(|folder| !tested.contains(folder)) {
            for (path, source) in sources(&folder) {
                for word in ["#[test]", "#[tokio::test", "cfg(test)"] {
                    assert!(!source.contains(word), "{path} has tests, and Cargo.toml says test = false");
                }
            }
        }
        for library in targets.iter().filter(|target| target["kind"] == serde_json::json!(["lib"]) && target["doctest"] == false) {
            for (path, source) in sources(&folder(library)) {
                let example = source.lines().any(|line| matches!(line.trim_start(), "/// ```" | "//! ```" | "/// ```rust" | "//! ```rust"));
                assert!(!example, "{path} has an example, and Cargo.toml says doctest = false");
            }
        }
    }
}
