//! Requests that succeed wherever authorisation and reach let them, made from a route's declaration.

use crate::security::matrix::answers::Outcome;
use crate::security::matrix::kinds::{Kind, Named, Standing, named};
use crate::security::matrix::rules::permission;
use crate::security::matrix::world::{Actor, World};
use domain::Role;
use edge::{Access, Route};
use serde_json::{Map, Value, json};
use tests::Person;
use tests::crm::{PASSWORD, unique};
use tests::example::smallest;

/// Every route.
pub fn routes() -> Vec<Route> {
    local::routes().into_iter().flat_map(|(_, routes)| routes).collect()
}

/// An id that nothing has.
pub const NOTHING: &str = "01900000-0000-7000-8000-000000000000";

/// Method and path as people write them.
pub fn title(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// What the caller needs, for the document.
pub fn needs(route: &Route) -> String {
    match route.access {
        Access::Needs(permission) => format!("`{}`", permission.name()),
        Access::Authenticated => "a token".into(),
        Access::Optional | Access::Public => "nothing".into(),
    }
}

/// The path with a record in it.
pub fn path(route: &Route, id: &str) -> String {
    route.path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/")
}

/// The fields of an object's schema.
pub fn fields(schema: &Value) -> Vec<(String, Value)> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, schema)| (name.clone(), schema.clone())).collect()
}

/// A body that is valid, so that only authorisation and reach can refuse: what is required, and where
/// nothing is, something that changes the record. What it names is the caller's own.
pub async fn body(world: &World, route: &Route, actor: Option<&Actor>) -> Option<Value> {
    let (schema, _) = tests::schemas::body(route)?;
    let refresh = async || world.crm.sign_in(&world.stranger.email, PASSWORD).await.refresh;
    match route.name {
        "login" => return Some(json!({"email": world.mate.email, "password": PASSWORD})),
        // Somebody else's session each time, so that nobody who is asked again is signed out.
        "refresh" | "logout" => return Some(json!({"refreshToken": refresh().await})),
        "password" => return Some(json!({"currentPassword": PASSWORD, "newPassword": format!("{PASSWORD} {}", unique())})),
        "create_notification" => {
            let recipient = actor.map_or(NOTHING, |actor| actor.person.id.as_str());
            return Some(json!({"recipientId": recipient, "type": "IN_APP", "title": "Told", "message": "Told"}));
        }
        "assign_customer" | "assign_lead" => return Some(json!({"ownerId": null})),
        "update_message_template" => {
            return Some(json!({"subject": "Finished", "body": unique(), "channels": ["IN_APP"], "enabled": true}));
        }
        "assign_promotion" => {
            let customer = match actor {
                Some(actor) => world.parent(Kind::Customer, Standing::Own, actor).await.id,
                None => NOTHING.to_owned(),
            };
            return Some(json!({"customerId": customer}));
        }
        "update_role_permissions" => return Some(json!({"permissions": world.grants("MANAGER").await})),
        _ => {}
    }
    let mut body = smallest(&unique(), &schema);
    let object = body.as_object_mut().expect("bodies are objects");
    if route.method == http::Method::POST && Kind::at(route.path).is_some() && !route.path.contains('{') {
        name_parents(world, &schema, object, actor).await;
    }
    if route.method == http::Method::PATCH {
        move_on(&schema, object);
    }
    if object.is_empty() {
        object.extend(first_plain(&schema));
    }
    if route.name == "create_order" {
        object.insert("items".to_owned(), json!([{"productId": world.product().await, "quantity": 1}]));
    }
    if route.name == "create_activity" {
        object.insert("body".to_owned(), json!("A note has a text."));
    }
    Some(body)
}

/// Fills in what a new record has to hang below: what is required, else the first there is.
async fn name_parents(world: &World, schema: &Value, object: &mut Map<String, Value>, actor: Option<&Actor>) {
    let parents = ["leadId", "customerId", "projectId", "taskId"];
    let wanted = match parents.iter().find(|name| object.contains_key(**name)) {
        Some(required) => Some(*required),
        None => parents.iter().copied().find(|name| schema["properties"].get(*name).is_some()),
    };
    let Some(field) = wanted else { return };
    let Some(Named::Record(kind)) = named(field, &schema["properties"][field]) else { return };
    let id = match actor {
        Some(actor) => world.parent(kind, Standing::Own, actor).await.id,
        None => NOTHING.to_owned(),
    };
    object.insert(field.to_owned(), json!(id));
}

/// A status is moved to the second there is, since a new record has the first.
fn move_on(schema: &Value, object: &mut Map<String, Value>) {
    if object.contains_key("status")
        && let Some(second) = schema["properties"]["status"]["enum"].get(1)
    {
        object.insert("status".to_owned(), second.clone());
    }
}

/// The first field that is a plain text or number, with a new value.
fn first_plain(schema: &Value) -> Option<(String, Value)> {
    let kind = |schema: &Value| schema["type"].as_array().map_or_else(|| schema["type"].clone(), |kinds| kinds[0].clone());
    let plain = |(name, schema): &(String, Value)| {
        let simple = schema["enum"].is_null() && schema["format"].is_null() && named(name, schema).is_none();
        simple && (kind(schema) == "string" || kind(schema) == "integer")
    };
    fields(schema).into_iter().find(plain).map(|(name, schema)| (name.clone(), smallest(&name, &schema)))
}

/// Calls a route. A refusal must not have written anything.
pub async fn call(world: &World, route: &Route, person: &Person, path: &str, body: Option<&Value>) -> Outcome {
    let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|method| *method == route.method.as_str()).expect("method");
    world.forget_writes();
    let reply = person.ask(method, path, body, &[]).await;
    assert!(reply.status < 500, "{route:?}: {}", reply.text);
    let outcome = Outcome::of(&reply);
    let refused = matches!(outcome, Outcome::No(_) | Outcome::Reference);
    assert!(!refused || !world.wrote(route.name), "{route:?} refuses {path} with {outcome} and writes all the same");
    // And the watch over that is awake: what is created is written.
    assert!(reply.status != 201 || world.wrote(route.name), "{route:?} creates without writing");
    outcome
}

/// The query without which a list is not answered: the caller's own of what it asks for first.
pub async fn needed_query(world: &World, route: &Route, actor: &Actor) -> String {
    if !route.is_list || permission(route).is_none_or(|permission| actor.scope(permission).is_none()) {
        return String::new();
    }
    let reply = actor.person.get(route.path).await;
    let asked = reply.pointers().first().and_then(|pointer| pointer.strip_prefix('?')).map(str::to_owned);
    let Some(field) = asked.filter(|_| reply.status == 422) else { return String::new() };
    let (_, _, schema, _) = tests::schemas::query(route).into_iter().find(|(name, ..)| *name == field).expect("a parameter");
    match named(&field, &schema) {
        Some(Named::Record(kind)) => format!("?{field}={}", world.parent(kind, Standing::Own, actor).await.id),
        Some(Named::Person) => format!("?{field}={}", actor.person.id),
        None => panic!("no probe can be built for {route:?}, which needs {field}: say so in `needed_query` in tests/security/matrix/requests.rs"),
    }
}

/// A caller for one call, where the call changes or removes the caller.
pub async fn caller(world: &World, route: &Route, role: Role) -> Actor {
    let spends = route.name == "password" || (Kind::at(route.path) == Some(Kind::User) && route.method != http::Method::GET);
    match world.actors.iter().find(|actor| actor.role() == role) {
        Some(known) if !spends => known.clone(),
        _ => world.actor(role).await,
    }
}
