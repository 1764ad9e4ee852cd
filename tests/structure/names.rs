//! A route has one name: handler file, event sample, operation id, function of the template.

use crate::structure::{read, root};
use serde_json::Value;

/// Where the handler of a route may stand: under its own name, or under its verb in the crate of its
/// noun. The names that read otherwise are these.
fn handler_files(krate: &str, name: &str) -> Vec<String> {
    let verb = name.split('_').next().expect("a name");
    let special = match name {
        "docs_page" => Some("page"),
        _ => None,
    };
    let stems = [Some(name), Some(verb), special].into_iter().flatten();
    stems.map(|stem| format!("functions/{krate}/src/{stem}.rs")).collect()
}

#[test]
fn every_route_has_one_name_everywhere() {
    let document: Value = serde_json::from_str(&read("docs/openapi.json")).expect("JSON");
    let mut ids = Vec::new();
    for item in document["paths"].as_object().expect("paths").values() {
        ids.extend(item.as_object().expect("item").values().filter_map(|operation| operation["operationId"].as_str()));
    }
    let mut names = Vec::new();
    for (krate, routes) in local::routes() {
        for route in routes {
            let name = route.name;
            let file = handler_files(krate, name).into_iter().find(|path| root().join(path).is_file());
            let file = file.unwrap_or_else(|| panic!("{name} has no handler file in functions/{krate}/src"));
            let source = read(&file);
            assert!(source.contains(&format!("\"{name}\"")), "{file} does not declare {name}");
            assert!(source.contains(&format!("`{} {}`", route.method, route.path)), "{file} does not begin with its method and path");
            assert!(root().join(format!("events/{krate}/{name}.json")).is_file(), "{name} has no event sample");
            assert!(ids.contains(&name), "{name} is no operation of docs/openapi.json");
            assert!(
                read(&format!("stacks/{krate}.yaml")).contains(&format!("      Handler: {name}\n")),
                "{name} is no function of stacks/{krate}.yaml"
            );
            assert!(!route.summary.is_empty() && !route.tag.is_empty(), "{name} says nothing of itself");
            names.push(name);
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name is used twice");
    let puts = ids.iter().filter(|id| id.starts_with("put_")).count();
    assert_eq!(ids.len(), count + puts, "docs/openapi.json has operations that no route has");
}

#[test]
fn every_worker_has_one_name_everywhere() {
    let stacks = ["bootstrap", "workers"].map(|name| read(&format!("stacks/{name}.yaml"))).concat();
    for worker in workers::WORKERS {
        let name = worker.name;
        for path in [format!("functions/workers/src/{name}.rs"), format!("events/workers/{name}.json")] {
            assert!(root().join(&path).is_file(), "{path} is missing");
        }
        assert!(stacks.contains(&format!("      Handler: {name}\n")), "{name} is no function of a stack");
    }
}

#[test]
fn what_is_generated_is_fresh() {
    let stale = local::generate::stale(&root()).expect("reads");
    assert!(stale.is_empty(), "stale: {stale:?}; run cargo run -p local --bin generate");
}
