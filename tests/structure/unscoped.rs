//! Who sees everything: the searched list of the places that read or write whatever the caller's reach.

use crate::structure::{read, sources};
use std::collections::BTreeMap;

/// The list, which is written by hand: path, how often, why.
const LIST: &str = "tests/structure/unscoped.txt";

/// The words that ask for something whatever the reach.
const WORDS: [&str; 2] = ["unscoped()", "unscoped_record"];

/// Where these words are made.
const MADE_IN: [&str; 2] = ["shared/application/src/app.rs", "shared/application/src/reach.rs"];

fn listed() -> BTreeMap<String, usize> {
    let lines = read(LIST);
    let lines = lines.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let entry = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let path = parts.next().expect("a path").to_owned();
        let count = parts.next().and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{LIST}: no count in {line:?}"));
        assert!(parts.next().is_some_and(|reason| reason.len() > 20), "{LIST}: {path} needs a reason");
        (path, count)
    };
    lines.map(entry).collect()
}

#[test]
fn whatever_sees_everything_is_on_the_list_with_a_reason() {
    let all = sources("shared").into_iter().chain(sources("functions"));
    let found: BTreeMap<String, usize> = all
        .filter(|(path, _)| !MADE_IN.contains(&path.as_str()))
        .map(|(path, source)| {
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            (path, code.map(|line| WORDS.iter().map(|word| line.matches(word).count()).sum::<usize>()).sum())
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(found, listed(), "left: what the code has; right: {LIST}. Read through the caller's reach, or say there why not");
}

#[test]
fn a_resource_knows_no_table() {
    // Sign-in and the workers, which come before reach and after it.
    let may = ["functions/auth/Cargo.toml", "functions/workers/Cargo.toml"];
    for folder in std::fs::read_dir(crate::structure::root().join("functions")).expect("folder").map(|entry| entry.expect("entry")) {
        let path = format!("functions/{}/Cargo.toml", folder.file_name().to_string_lossy());
        let manifest = read(&path);
        assert!(may.contains(&path.as_str()) || !manifest.contains("store.workspace"), "{path}: a handler has no transaction of its own");
    }
}
