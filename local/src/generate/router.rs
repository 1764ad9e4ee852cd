//! The router of `cargo lambda watch` in the workspace's manifest: which package serves which path.

use edge::BASE;
use edge::Route;
use std::collections::BTreeSet;

const BEGIN: &str = "# generated: router of `cargo lambda watch`\n";
const END: &str = "# end of generated\n";

/// The manifest with today's router between the markers, which are added where they are missing.
pub(super) fn manifest(manifest: &str, crates: &[(&str, Vec<Route>)]) -> String {
    let table = table(crates);
    match (manifest.find(BEGIN), manifest.find(END)) {
        (Some(begin), Some(end)) if begin < end => format!("{}{table}{}", &manifest[..begin], &manifest[end + END.len()..]),
        _ => format!("{}\n\n{table}", manifest.trim_end()),
    }
}

fn table(crates: &[(&str, Vec<Route>)]) -> String {
    let mut text = format!("{BEGIN}[workspace.metadata.lambda.watch.router]\n");
    for (name, routes) in crates {
        let paths: BTreeSet<&str> = routes.iter().map(|route| route.path).collect();
        text.extend(paths.iter().map(|path| format!("\"{BASE}{path}\" = \"{name}\"\n")));
    }
    // Everything else is an unknown path, which the docs package answers as such.
    text.push_str("\"/{*path}\" = \"docs\"\n");
    text.push_str(END);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_manifest_stays_as_it_is() {
        let first = manifest("[workspace]\nmembers = []\n", &[]);
        assert!(first.starts_with("[workspace]\nmembers = []\n\n# generated"));
        let more = format!("{first}\n[profile.dev]\n");
        assert_eq!(manifest(&more, &[]), more);
    }
}
