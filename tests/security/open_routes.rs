//! The routes that need no permission are those of `open_routes.txt`, which people write and nothing
//! generates: a route that was opened by mistake is not there.

use edge::Access;
use std::collections::BTreeMap;

const FILE: &str = include_str!("open_routes.txt");

const THINK: &str = "

Every route that needs no permission stands in tests/security/open_routes.txt with the reason why that is right. Before you
add a line there, think about this, and if one answer is no, declare the route with .needs(Permission::…) instead:

  - May anybody on the internet (public, optional), or every user of any role and team (signed-in), have all of its answer?
  - Does it change nothing but what the caller already proves to own, by password, token or session?
  - Is there no id in its path or body through which one could reach what belongs to somebody else?
  - May it be called a million times a day by somebody who wishes harm?

A line that no route needs any more has to go, so that nothing can be opened in its place.";

/// What the file says: method and path with how open it is.
fn listed() -> BTreeMap<String, String> {
    let lines = FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut listed = BTreeMap::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [open, method, path, reason @ ..] = words.as_slice() else { panic!("open_routes.txt: how open, method, path and reason: {line}") };
        assert!(reason.len() >= 3, "open_routes.txt has to say why {method} {path} is open");
        let before = listed.insert(format!("{method} {path}"), (*open).to_owned());
        assert!(before.is_none(), "open_routes.txt has {method} {path} twice");
    }
    listed
}

#[test]
fn a_route_without_a_permission_is_one_that_was_thought_about() {
    let mut declared = BTreeMap::new();
    for route in local::routes().into_iter().flat_map(|(_, routes)| routes) {
        let open = match route.access {
            Access::Public => "public",
            Access::Optional => "optional",
            Access::Authenticated => "signed-in",
            Access::Needs(_) => continue,
        };
        declared.insert(format!("{} {}", route.method, route.path), open.to_owned());
    }
    let listed = listed();
    for (route, open) in &declared {
        let known = listed.get(route).map_or("not there", String::as_str);
        assert_eq!(open, known, "{route} is declared {open}, and in tests/security/open_routes.txt it is {known}.{THINK}");
    }
    for route in listed.keys() {
        assert!(declared.contains_key(route), "{route} stands in tests/security/open_routes.txt and needs a permission, or is gone.{THINK}");
    }
}
