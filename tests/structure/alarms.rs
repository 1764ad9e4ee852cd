//! What rings: every alarm has its entry in the runbook, and no entry is about an alarm that is none; and a test that makes
//! its condition, where one can.

use crate::structure::{read, stacks};
use std::collections::BTreeSet;

/// The names of alarms in a text, where they stand after `before`.
fn named(text: &str, before: &str) -> BTreeSet<String> {
    let name =
        |line: &str| line.strip_prefix(before).map(|name| name.trim_end_matches(':').trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    text.lines().filter_map(name).filter(|name| name.ends_with("Alarm") && !name.contains(' ')).collect()
}

/// The alarms of the templates.
fn deployed() -> BTreeSet<String> {
    named(&(stacks() + &read("template.yaml")), "  ")
}

#[test]
fn every_alarm_of_the_deployment_has_its_entry_in_the_runbook() {
    assert_eq!(named(&read("docs/runbook.md"), "## "), deployed(), "left: entries of docs/runbook.md; right: alarms of the templates");
}

/// The list, which is written by hand: alarm, test, what is seen.
const CONDITIONS: &str = "tests/structure/alarm_conditions.txt";

#[test]
fn the_condition_of_every_alarm_is_made_by_a_test_or_it_is_said_why_not() {
    let list = read(CONDITIONS);
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let entry = |line: &str| {
        let [alarm, test, seen] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{CONDITIONS}: {line:?} has no three parts") };
        assert!(seen.len() > 20, "{CONDITIONS}: say what is seen of {alarm}");
        if let Some((file, name)) = test.split_once("::") {
            let source = read(file);
            let is_there = [format!("fn {name}("), format!("def {name}(")].iter().any(|head| source.contains(head.as_str()));
            assert!(is_there, "{CONDITIONS}: {file} has no test {name}");
        } else {
            assert_eq!(test, "-", "{CONDITIONS}: {alarm} needs file::function, or - and why not");
        }
        alarm.to_owned()
    };
    let listed: BTreeSet<String> = lines.map(entry).collect();
    assert_eq!(listed, deployed(), "left: {CONDITIONS}; right: alarms of the templates");
}
