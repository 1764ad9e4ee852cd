//! `docs/security-matrix.md`: one section per probe, each compared with what was answered.

use std::collections::BTreeMap;
use std::sync::Mutex;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/security-matrix.md");

const HEAD: &str = "# Security matrix

Written and checked by `tests/security/matrix/`: who gets what from every route. `yes` is done; 401, 403 and 404 are what is
answered, and 404 hides what is outside reach; 422 is a field that names what is outside reach. Manager and sales rep have
the grants of a fresh deployment and are of one team. A cell with several answers says for which records each is given.
";

/// The sections in their order: heading, what it shows, heads of its columns.
const SECTIONS: &[(&str, &str, &[&str])] = &[
    (
        "Routes",
        "Every route, with a record of each standing where it is about one.",
        &["route", "needs", "record", "ADMIN", "MANAGER", "SALES_REP", "no token"],
    ),
    (
        "Lists",
        "Which records a list shows, and what a filter by a record or person of each standing gives: `yes` is all that the list shows of it, `empty` is an empty page without a cursor.",
        &["list", "of", "ADMIN", "MANAGER", "SALES_REP"],
    ),
    (
        "Feed",
        "Whose events the feed shows, by whose the record was; and whether the events of one record are told, by whose it is now.",
        &["of", "ADMIN", "MANAGER", "SALES_REP"],
    ),
    (
        "Children",
        "What hangs below a record of each standing, by whose the child itself is: who wrote it, whose turn it is, who did the work.",
        &["route", "below", "child", "ADMIN", "MANAGER", "SALES_REP"],
    ),
    ("Bodies", "What a body or a query may name: a record or person of each standing.", &["route", "field", "ADMIN", "MANAGER", "SALES_REP"]),
];

/// A table of a section.
#[derive(Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.push(cells.into_iter().collect());
    }

    /// Compares the section with the document; with `UPDATE=1` writes it there first.
    pub fn compare(&self, section: &str) {
        static WRITING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = WRITING.lock().expect("lock");
        let text = self.text(section);
        if std::env::var_os("UPDATE").is_some() {
            let mut sections = read();
            sections.insert(section.to_owned(), text.clone());
            let known = SECTIONS.iter().filter_map(|(name, ..)| sections.get(*name).map(|text| format!("\n## {name}\n{text}")));
            std::fs::write(FILE, format!("{HEAD}{}", known.collect::<String>())).expect("writes");
        }
        let found = read().remove(section).unwrap_or_default();
        let without = |sign: char, lines: &str, others: &str| {
            let lines = lines.lines().filter(|line| !others.lines().any(|other| other == *line));
            lines.map(|line| format!("{sign} {line}\n")).collect::<String>()
        };
        let differs = without('-', &found, &text) + &without('+', &text, &found);
        assert!(found == text, "docs/security-matrix.md is stale in {section}: UPDATE=1 cargo test --workspace matrix\n{differs}");
    }

    fn text(&self, section: &str) -> String {
        let (_, about, heads) = SECTIONS.iter().find(|(name, ..)| *name == section).expect("listed");
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
        let rows: String = self.0.iter().map(|row| line(row)).collect();
        format!("\n{about}\n\n{}|{}\n{rows}", line(&heads), "---|".repeat(heads.len()))
    }
}

/// The sections of the document as it is.
fn read() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(FILE).unwrap_or_default();
    let sections = text.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    // Each but the last is followed by the empty line that begins the next.
    sections.map(|(name, text)| (name.to_owned(), format!("{}\n", text.trim_end_matches('\n')))).collect()
}
