//! The crates with routes, as this crate links them: what stands in `functions` and is not linked yet is
//! put among its dependencies and its routes. Lines that are there stay as and where they are.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

const DEPENDENCIES: &str = "local/Cargo.toml";
const ROUTES: &str = "local/src/routes.rs";

/// Both files with a line for each crate.
pub(super) fn files(root: &Path) -> io::Result<BTreeMap<PathBuf, String>> {
    let crates = with_routes(root)?;
    let file = |path: &str| std::fs::read_to_string(root.join(path));
    let dependency = |name: &str| format!("{name} = {{ path = \"../functions/{name}\" }}\n");
    let routes = |name: &str| format!("        (\"{name}\", {name}::routes()),\n");
    Ok(BTreeMap::from([
        (DEPENDENCIES.into(), with_lines(&file(DEPENDENCIES)?, &crates, dependency, "domain.workspace")),
        (ROUTES.into(), with_lines(&file(ROUTES)?, &crates, routes, "        (\"admin\"")),
    ]))
}

/// The names of the crates that have routes.
fn with_routes(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root.join("functions"))? {
        let entry = entry?;
        let library = std::fs::read_to_string(entry.path().join("src/lib.rs")).unwrap_or_default();
        if library.contains("pub fn routes()") {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// A text with the lines that it lacks, before the place that begins so.
fn with_lines(text: &str, crates: &[String], line: impl Fn(&str) -> String, before: &str) -> String {
    let missing: String = crates.iter().map(|name| line(name)).filter(|line| !text.contains(line.as_str())).collect();
    let at = text.find(before).unwrap_or(text.len());
    format!("{}{missing}{}", &text[..at], &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_and_what_is_missing_is_put_in() {
        let crates = ["leads".to_owned(), "parcels".to_owned()];
        let linked = with_lines("leads\nusers\nend\n", &crates, |name| format!("{name}\n"), "end");
        assert_eq!(linked, "leads\nusers\nparcels\nend\n");
        assert_eq!(with_lines(&linked, &crates, |name| format!("{name}\n"), "end"), linked);
    }
}
