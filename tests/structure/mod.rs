//! The project's own rules: which way dependencies point, one name everywhere, no action too many.

mod access_patterns;
mod alarms;
mod arrows;
mod credentials;
mod names;
mod policies;
mod targets;
mod unscoped;

use serde_json::Value;
use std::path::{Path, PathBuf};

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the project.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The nested stacks of the template, one after another.
pub fn stacks() -> String {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("stacks")).expect("stacks").map(|file| file.expect("file").path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).expect("text")).collect()
}

/// What cargo knows of the workspace.
pub fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    let output = command.args(["metadata", "--offline", "--no-deps", "--format-version", "1"]).current_dir(root()).output().expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The Rust files below a folder of the project, by path, with their text.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).expect("folder").map(|entry| entry.expect("entry")) {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("type").is_dir() {
            found.extend(sources(&path).into_iter().filter(|(path, _)| !path.contains("/target/")));
        } else if path.ends_with(".rs") {
            found.push((path.clone(), read(&path)));
        }
    }
    found.sort();
    found
}
