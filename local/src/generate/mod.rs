//! What is derived from the code: the OpenAPI document, the template, the router of
//! `cargo lambda watch`, the event samples, the pages of events, alarms and settings, and which crates with routes there are.
//!
//! Owns: which files there are, writing and comparing them. Does not own any fact: those come from
//! the routes, the workers, the table's definition and the settings.

mod configuration;
mod events;
mod gateway;
mod happenings;
mod links;
mod policy;
mod recorded;
mod router;
pub mod samples;
pub mod story;
mod template;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Folders in which nothing stands that is not generated.
const OWNED: &[&str] = &["events", "stacks"];

/// Every derived file: path below the project root, and content.
pub fn files(root: &Path) -> io::Result<BTreeMap<PathBuf, String>> {
    let crates = crate::routes();
    let all: Vec<edge::Route> = crates.iter().flat_map(|(_, routes)| routes.clone()).collect();
    let mut files = BTreeMap::from([
        ("docs/openapi.json".into(), pretty(&edge::openapi::document(&all, env!("CARGO_PKG_VERSION")).map_err(io::Error::other)?)),
        ("docs/configuration.md".into(), configuration::page()),
        ("docs/alarms.md".into(), template::alarms::page()),
        ("docs/events.md".into(), events::page()?),
        ("Cargo.toml".into(), router::manifest(&std::fs::read_to_string(root.join("Cargo.toml"))?, &crates)),
    ]);
    files.extend(template::files(&crates));
    files.extend(links::files(root)?);
    files.extend(samples::all(&crates)?.into_iter().map(|(path, sample)| (path, pretty(&sample))));
    Ok(files)
}

/// The files that are not as the code would have them: changed, missing, or left over.
pub fn stale(root: &Path) -> io::Result<Vec<PathBuf>> {
    let files = files(root)?;
    let differs = |(path, content): &(&PathBuf, &String)| std::fs::read_to_string(root.join(path)).ok().as_ref() != Some(content);
    let mut stale: Vec<PathBuf> = files.iter().filter(differs).map(|(path, _)| path.clone()).collect();
    stale.extend(left_over(root, &files)?);
    Ok(stale)
}

/// Writes what differs and removes what is left over; gives the paths touched.
pub fn write(root: &Path) -> io::Result<Vec<PathBuf>> {
    let (files, stale) = (files(root)?, stale(root)?);
    for path in &stale {
        let place = root.join(path);
        match files.get(path) {
            Some(content) => {
                if let Some(folder) = place.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                std::fs::write(place, content)?;
            }
            None => std::fs::remove_file(place)?,
        }
    }
    Ok(stale)
}

/// Files in the owned folders that the code knows nothing of.
fn left_over(root: &Path, files: &BTreeMap<PathBuf, String>) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = OWNED.iter().map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        if !root.join(&folder).is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if !files.contains_key(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// `convert_lead` as it stands in the template: `ConvertLead`.
fn pascal(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.split(['_', '-']).map(capital).collect()
}
