//! `events/`: for each function an event as AWS sends it, for `cargo lambda invoke --data-file`. They
//! tell of the records of one story, in which each of them succeeds.

use super::gateway::{self, Ask};
use super::recorded;
use super::story::Story;
use contract::{Components, example};
use edge::BASE;
use edge::{Access, Route};
use http::Method;
use serde_json::{Map, Value, json};
use std::io;
use std::path::PathBuf;

/// Where a real token has to be put.
pub const TOKEN: &str = "<access token from POST /api/v1/auth/login>";
/// Where a real refresh token has to be put.
pub const REFRESH: &str = "<refresh token from POST /api/v1/auth/login>";

/// Where the end of a real link has to be put.
pub const LINK: &str = "<end of a link from a mail>";

/// Every sample by its path.
pub(super) fn all(crates: &[(&'static str, Vec<Route>)]) -> io::Result<Vec<(PathBuf, Value)>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let story = Story::tell().await.map_err(io::Error::other)?;
        let recorded = recorded::events(&story).await.map_err(io::Error::other)?;
        let place = |folder: &str, name: &str| PathBuf::from(format!("events/{folder}/{name}.json"));
        let mut samples: Vec<_> = recorded.into_iter().map(|(name, event)| (place("workers", name), event)).collect();
        for (folder, routes) in crates {
            for route in routes {
                samples.push((place(folder, route.name), request(route, &story)?));
            }
        }
        Ok(samples)
    })
}

fn request(route: &Route, story: &Story) -> io::Result<Value> {
    let mut parameters = Map::new();
    for name in edge::openapi::path_names(route.path) {
        let value = match name.as_str() {
            "role" => Some("SALES_REP"),
            "token" => Some(LINK),
            _ => story.id_in(route.path),
        };
        let value = value.ok_or_else(|| io::Error::other(format!("{}: make a record for it in local/src/generate/story.rs", route.path)))?;
        parameters.insert(name, json!(value));
    }
    let path = |name: &str| match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some(name) => parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned(),
        None => name.to_owned(),
    };
    let full = format!("{BASE}{}", route.path);
    let called = full.split('/').map(path).collect::<Vec<_>>().join("/");
    let mut headers = Vec::new();
    if !matches!(route.access, Access::Public) && route.name != "ready" {
        headers.push(("authorization", format!("Bearer {TOKEN}")));
    }
    if route.method == Method::POST && !route.path.starts_with("/auth/") {
        headers.push(("idempotency-key", format!("sample-{}", route.name)));
    }
    let (query, body) = (query(route, story), body(route, story));
    let ask =
        Ask { method: route.method.as_str(), route: &full, path: &called, path_parameters: parameters, query: &query, headers, body: body.as_ref() };
    Ok(gateway::event(&ask))
}

/// The first page of a list; what else can be asked for is optional.
fn query(route: &Route, story: &Story) -> String {
    let mut components = Components::default();
    let pairs = (route.query)(&mut components).into_iter().filter_map(|(name, _, schema, required)| {
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = match (name.as_str(), route.name) {
            ("limit", _) => "20".to_owned(),
            // Whose activities has to be said.
            ("leadId", "list_activities") => story.ids["/leads"].clone(),
            _ if required => text(example::answer(&name, &schema, &components)),
            _ => return None,
        };
        Some(format!("{name}={value}"))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// A valid body: from the schema, and for rules between fields and for what it names by hand.
pub(super) fn body(route: &Route, story: &Story) -> Option<Value> {
    let mut components = Components::default();
    let (schema, _) = (route.body)(&mut components)?;
    let mut body = example::request(&schema, &components);
    let fields = body.as_object_mut()?;
    // Which records there are only the story knows.
    for name in ["leadId", "customerId"] {
        fields.remove(name);
    }
    let mut set = |name: &str, value: &str| drop(fields.insert(name.to_owned(), json!(value)));
    match route.name {
        "refresh" => set("refreshToken", REFRESH),
        // Somebody who is not there yet.
        "create_user" => {
            set("email", "joan@example.com");
            set("username", "joan");
        }
        "create_activity" | "create_follow_up" | "create_task" => set("leadId", &story.ids["/leads"]),
        "create_project" | "create_work_log" => set("customerId", &story.ids["/customers"]),
        // Its terms are fixed, since somebody has it.
        "update_promotion" => fields.retain(|name, _| name == "name" || name == "description"),
        // A draft, in words that can be filled in.
        "create_campaign" => {
            set("channel", "EMAIL");
            set("subject", "New mills, {{ firstName or name }}");
            fields.insert("scheduledAt".to_owned(), Value::Null);
            fields.insert("segment".to_owned(), json!({"lifecycle": ["PROSPECT", "CUSTOMER"], "ownerIds": [story.ids["/users"]]}));
        }
        "update_campaign" => fields.retain(|name, _| name == "name" || name == "body"),
        "create_notification" => set("recipientId", &story.ids["/users"]),
        // Who does not have it yet.
        "assign_promotion" => set("customerId", &story.converted.customer),
        // One that is not there yet, and can be given.
        "create_promotion" => {
            set("code", "AUTUMN-10");
            set("status", "ACTIVE");
        }
        "assign_customer" | "assign_lead" => set("ownerId", &story.ids["/users"]),
        "create_order" => {
            set("customerId", &story.ids["/customers"]);
            fields.insert("items".to_owned(), json!([{"productId": story.ids["/products"], "quantity": 2}]));
            fields.remove("promotionCodes");
        }
        // A reason goes with closing only.
        "set_lead_status" => {
            set("status", "CLOSED");
            set("closeReason", "WON");
        }
        // The day of the story, and no time, which other jobs are about.
        "run_job" => fields.retain(|name, _| name == "dryRun"),
        // What cannot be changed is left out.
        "update_customer_level" => {
            fields.retain(|name, _| ["minScore", "benefits"].contains(&name.as_str()));
            fields.insert("name".to_owned(), json!("Gold circle"));
        }
        // The session of the access token.
        "logout" => drop(fields.remove("refreshToken")),
        _ => {}
    }
    Some(body)
}
