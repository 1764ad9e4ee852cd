//! The project's own rules: which way dependencies point, one name everywhere, no action too many.

mod access_patterns;
mod arrows;
mod names;
mod policies;
mod unscoped;

use std::path::{Path, PathBuf};

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the project.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
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
