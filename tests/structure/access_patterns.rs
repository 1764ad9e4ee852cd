//! `ACCESS_PATTERNS.md` has a row for every key and every index.

use crate::structure::read;
use store::keys::Index;

/// The first cells of a table's rows, below the heading of this name.
fn rows(document: &str, heading: &str) -> Vec<String> {
    let section = document.split(&format!("## {heading}")).nth(1).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n## ").next().expect("section");
    let cells = section.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('`').nth(1));
    cells.map(str::to_owned).collect()
}

#[test]
fn every_key_function_has_a_row_and_every_row_a_key_function() {
    let keys = read("shared/store/src/keys.rs");
    let mut functions: Vec<String> =
        keys.lines().filter_map(|line| line.strip_prefix("pub fn ")).map(|line| line.split('(').next().expect("name").to_owned()).collect();
    functions.sort();
    let mut found = rows(&read("shared/store/ACCESS_PATTERNS.md"), "Keys");
    found.sort();
    assert_eq!(found, functions);
}

#[test]
fn every_index_has_a_row() {
    let mut found = rows(&read("shared/store/ACCESS_PATTERNS.md"), "Indexes");
    found.sort();
    let mut names: Vec<&str> = Index::ALL.iter().map(|index| index.name()).collect();
    names.sort_unstable();
    assert_eq!(found, names);
}

#[test]
fn every_list_has_its_rows() {
    let lists = rows(&read("shared/store/ACCESS_PATTERNS.md"), "Lists");
    let routes =
        local::routes().into_iter().flat_map(|(_, routes)| routes).filter(|route| route.is_list && route.actions.contains(&edge::Action::Query));
    for route in routes {
        assert!(
            lists.iter().any(|list| list.split('?').next() == Some(route.path)),
            "GET {} has no row under Lists in shared/store/ACCESS_PATTERNS.md",
            route.path
        );
        for (name, ..) in tests::schemas::query(&route).into_iter().filter(|(name, ..)| !matches!(name.as_str(), "limit" | "cursor" | "sort")) {
            let filtered = |list: &&String| list.split('?').next() == Some(route.path) && list.contains(&format!("{name}="));
            assert!(
                lists.iter().any(|list| filtered(&list)),
                "GET {} has no row for {name} under Lists in shared/store/ACCESS_PATTERNS.md",
                route.path
            );
        }
    }
}
