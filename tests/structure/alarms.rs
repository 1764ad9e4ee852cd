//! What rings: every alarm has its entry in the runbook, and no entry is about an alarm that is none.

use crate::structure::{read, stacks};
use std::collections::BTreeSet;

/// The names of alarms in a text, where they stand after `before`.
fn named(text: &str, before: &str) -> BTreeSet<String> {
    let name =
        |line: &str| line.strip_prefix(before).map(|name| name.trim_end_matches(':').trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    text.lines().filter_map(name).filter(|name| name.ends_with("Alarm") && !name.contains(' ')).collect()
}

#[test]
fn every_alarm_of_the_deployment_has_its_entry_in_the_runbook() {
    let deployed = named(&(stacks() + &read("template.yaml")), "  ");
    assert_eq!(named(&read("docs/runbook.md"), "## "), deployed, "left: entries of docs/runbook.md; right: alarms of the templates");
}
