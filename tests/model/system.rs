//! The system under test: an embedded CRM in memory with a time of its own, whose ids are known to
//! the model by name.

use crate::model::calendar::number_of;
use crate::model::call::{Call, is_name};
use crate::model::customers::Customer;
use crate::model::expected::misses;
use crate::model::forms::email;
use crate::model::registry::{RESOURCES, Records};
use crate::model::world::{After, PEOPLE, Role, START_SECONDS_OF_DAY, TODAY, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;
use tests::background::{Post, settle};
use tests::crm::PASSWORD;
use tests::lanes::runtime;
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, Reply};
use tokio::runtime::Runtime;

const SECONDS_A_DAY: i64 = 86_400;
/// When the second look at what moved is taken.
const A_MINUTE: Duration = Duration::from_secs(61);

/// A CRM, the people who call it, and what the model calls things.
pub struct System {
    runtime: Runtime,
    inside: Inside,
}

struct Inside {
    crm: Crm,
    posts: Vec<Post>,
    people: Vec<Person>,
    names: Names,
}

/// Names for ids and ids for names.
#[derive(Clone, Default)]
struct Names {
    ids: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
}

impl Names {
    fn add(&mut self, name: &str, id: String) {
        self.names.insert(id.clone(), name.to_owned());
        self.ids.insert(name.to_owned(), id);
    }

    /// A text with an id instead of a name.
    fn id(&self, text: &str) -> String {
        self.ids.get(text).cloned().unwrap_or_else(|| text.to_owned())
    }

    fn of(known: &BTreeMap<String, String>, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(known.get(text).unwrap_or(text)),
            Value::Array(list) => list.iter().map(|value| Self::of(known, value)).collect(),
            Value::Object(members) => Value::Object(members.iter().map(|(name, value)| (name.clone(), Self::of(known, value))).collect()),
            _ => value.clone(),
        }
    }

    fn with_ids(&self, value: &Value) -> Value {
        Self::of(&self.ids, value)
    }

    fn with_names(&self, value: &Value) -> Value {
        Self::of(&self.names, value)
    }

    /// A path with ids instead of names.
    fn path(&self, path: &str) -> String {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path: Vec<String> = path.split('/').map(|part| self.id(part)).collect();
        let query: Vec<String> =
            query.split('&').map(|part| part.split_once('=').map_or(part.to_owned(), |(name, value)| format!("{name}={}", self.id(value)))).collect();
        if query == [""] { path.join("/") } else { format!("{}?{}", path.join("/"), query.join("&")) }
    }
}

/// What every run begins with: made once, for making people is slow.
struct Beginning {
    crm: Crm,
    people: Vec<Person>,
    names: Names,
    records: Records,
}

/// When the model's first call comes, and a moment before, when people were made.
fn start_ms() -> i64 {
    (number_of(TODAY) * SECONDS_A_DAY + START_SECONDS_OF_DAY) * 1000
}

fn beginning() -> &'static Beginning {
    static BEGINNING: OnceLock<Beginning> = OnceLock::new();
    BEGINNING.get_or_init(|| runtime().block_on(Beginning::make()))
}

/// The state of the model at the beginning.
pub fn world() -> World {
    let records = beginning().records.clone();
    let named = records.customers.keys().cloned().collect();
    World::new(records, named)
}

impl Beginning {
    /// The people, and a customer for each owner there can be.
    async fn make() -> Self {
        let crm = Crm::timed(local::Table::memory().expect("memory"), Passing::by_hand(start_ms() - 1)).await;
        let mut posts = crm.posts().await;
        let admin = crm.admin().await;
        let (mut names, mut records, mut people) = (Names::default(), Records::default(), Vec::new());
        for team in ["team", "other team"] {
            names.add(team, text(&admin.post("/teams", json!({"name": team})).await.expect(201).data()["id"]));
        }
        for person in &PEOPLE {
            let role = match person.role {
                Role::Admin => {
                    names.add(person.name, admin.id.clone());
                    people.push(admin.clone());
                    continue;
                }
                Role::Manager => "MANAGER",
                Role::Rep => "SALES_REP",
            };
            let email = format!("{}@crm.test", person.name);
            let team = person.team.map(|team| names.id(team));
            let body = json!({"email": email, "password": PASSWORD, "firstName": "Test", "lastName": person.name, "role": role, "teamId": team, "mustChangePassword": false});
            let made = admin.post("/users", body).await.expect(201);
            names.add(person.name, text(&made.data()["id"]));
            match person.active {
                true => people.push(crm.sign_in(&email, PASSWORD).await),
                false => drop(admin.delete(&format!("/users/{}", names.id(person.name))).await.expect(204)),
            }
        }
        for (place, owner) in [Some("rep"), Some("manager"), Some("stranger"), Some("admin"), None].into_iter().enumerate() {
            let body = json!({"name": format!("Customer {place}"), "email": email(place), "ownerId": owner.map(|owner| names.id(owner))});
            let made = admin.customer(body).await;
            let id = format!("customer-{place:05}");
            names.add(&id, text(&made["id"]));
            let (name, email) = (text(&made["name"]), made["email"].as_str().map(str::to_owned));
            let customer = Customer {
                id: id.clone(),
                name,
                first_name: None,
                last_name: None,
                company: None,
                email,
                phone: None,
                owner: owner.map(str::to_owned),
                archived: false,
                from_lead: None,
                version: 1,
            };
            records.customers.insert(id, customer);
        }
        settle(&mut posts).await;
        Self { crm, people, names, records }
    }
}

impl System {
    /// A CRM at the beginning.
    pub fn start() -> Self {
        let beginning = beginning();
        let runtime = runtime();
        let inside = runtime.block_on(async {
            // After the beginning, so that ids made later are behind those made before.
            let time = Passing::by_hand(start_ms());
            let crm = beginning.crm.copied(local::Table::memory().expect("memory"), time).await;
            let people = beginning.people.iter().map(|person| Person { crm: crm.clone(), ..person.clone() }).collect();
            Inside { posts: crm.posts().await, crm, people, names: beginning.names.clone() }
        });
        Self { runtime, inside }
    }

    /// Makes a call; how the answer, or what follows from it, differs from what the model expects.
    pub fn call(&mut self, call: &Call, world: &World) -> Result<(), String> {
        self.runtime.block_on(self.inside.call(call, world))
    }

    /// Looks at everything once more; how it differs.
    pub fn recount(&mut self, world: &World) -> Result<(), String> {
        self.runtime.block_on(self.inside.recount(world))
    }
}

impl Inside {
    async fn call(&mut self, call: &Call, world: &World) -> Result<(), String> {
        self.crm.time.advance(Duration::from_millis(1));
        let caller = PEOPLE.iter().position(|person| person.name == call.who).and_then(|place| self.people.get(place)).expect("somebody who calls");
        let tag = call.tag.map(|tag| format!("\"{tag}\""));
        let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
        let path = self.names.path(&call.path());
        let body = call.json().map(|body| self.names.with_ids(&body));
        let mut reply = caller.ask(call.act.method, &path, body.as_ref(), &headers).await;
        let rows = if reply.status == 200 && world.expected.rows.is_some() { all_pages(caller, &path, &reply).await? } else { Vec::new() };
        if reply.status < 300 && !call.makes.is_empty() {
            let data = &reply.body["data"];
            let made = if data["customer"].is_object() { &data["customer"]["id"] } else { &data["id"] };
            if !self.names.names.contains_key(&text(made)) {
                self.names.add(&call.makes, text(made));
            }
        }
        reply.body = self.names.with_names(&reply.body);
        let rows: Vec<Value> = rows.iter().map(|row| self.names.with_names(row)).collect();
        if let Some(difference) = world.expected.differs_from(&reply, &rows) {
            return Err(format!("{difference}\nthe answer: {}", reply.body));
        }
        if !world.after.is_empty() {
            settle(&mut self.posts).await;
            self.look(&world.after).await?;
        }
        Ok(())
    }

    /// Looks whether paths answer as they must.
    async fn look(&self, after: &[After]) -> Result<(), String> {
        for (path, wanted) in after {
            let reply = self.people[0].get(&self.names.path(path)).await;
            let wrong = match wanted {
                None => (reply.status != 404).then(|| "is still there".to_owned()),
                Some(_) if reply.status != 200 => Some(reply.text),
                Some(wanted) => misses(wanted, &self.names.with_names(&reply.body["data"]), ""),
            };
            if let Some(wrong) = wrong {
                return Err(format!("afterwards {path}: {wrong}"));
            }
        }
        Ok(())
    }

    /// Everything that the model knows, the columns that lists get in the background, and the table
    /// itself.
    async fn recount(&mut self, world: &World) -> Result<(), String> {
        settle(&mut self.posts).await;
        self.crm.time.advance(A_MINUTE);
        settle(&mut self.posts).await;
        let pages: Vec<After> = RESOURCES.iter().flat_map(|resource| (resource.pages)(world)).collect();
        self.look(&pages).await?;
        let gone = world
            .gone
            .iter()
            .filter(|name| is_name(name))
            .map(|name| (format!("/{}s/{name}", name.trim_end_matches(|c: char| c == '-' || c.is_ascii_digit())), None));
        self.look(&gone.collect::<Vec<_>>()).await?;
        for list in RESOURCES.iter().flat_map(|resource| resource.lists) {
            let admin = &self.people[0];
            for row in all_pages(admin, list, &admin.get(list).await).await? {
                let row = self.names.with_names(&row);
                let path = format!("{}/{}", list.split('?').next().unwrap_or_default(), text(&row["id"]));
                let page = pages.iter().find(|(known, _)| *known == path).and_then(|(_, page)| page.as_ref());
                let Some(Value::Object(page)) = page else { return Err(format!("in {list} there is {row}")) };
                let both: Value =
                    page.iter().filter(|(name, _)| row.get(*name).is_some()).map(|(name, value)| (name.clone(), value.clone())).collect();
                if let Some(wrong) = misses(&both, &row, "") {
                    return Err(format!("in {list} the row of {path}: {wrong}"));
                }
            }
        }
        let parked = self.people[0].get("/admin/dead-letters").await;
        if parked.body["data"] != json!([]) {
            return Err(format!("parked: {}", parked.text));
        }
        let wrong = disagreements(&self.crm.items().await, Look::Settled);
        if wrong.is_empty() { Ok(()) } else { Err(format!("the table: {}", wrong.join("\n"))) }
    }
}

/// The rows of a list, page by page to its end.
async fn all_pages(caller: &Person, path: &str, first: &Reply) -> Result<Vec<Value>, String> {
    let (mut rows, mut page) = (Vec::new(), first.clone());
    loop {
        rows.extend(page.body["data"].as_array().into_iter().flatten().cloned());
        let cursor = text(&page.body["meta"]["nextCursor"]);
        if cursor.is_empty() {
            return Ok(rows);
        }
        let sign = if path.contains('?') { '&' } else { '?' };
        page = caller.get(&format!("{path}{sign}cursor={cursor}")).await;
        if page.status != 200 {
            return Err(format!("the next page: {}", page.text));
        }
    }
}
