//! Every list, asked for by every caller in every way, against what `rules` say.
//!
//! `LIST_SEED=7` looks at the company of that seed alone, in every way; `LIST_SEEDS=100` at so many.

use crate::lists::rules::{Asked, LISTS, List, expected, followed, is_refused, minutes};
use crate::lists::world::{Caller, Company};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::lanes::{in_lanes, runtime};
use tests::number_in_environment;
use tests::people::text;
use tests::random::Random;

/// How many companies are looked at.
const SEEDS: u64 = 3;
/// Of how many callers and values each is asked for, where not everything is.
const ONE_OF: usize = 6;
/// How many differences are shown.
const SHOWN: usize = 8;
const LIMITS: [usize; 3] = [1, 3, 100];
/// How many pages a list is read in at most.
const PAGES: usize = 60;
/// Parameters of a page, which narrow nothing.
const OF_PAGES: [&str; 3] = ["limit", "cursor", "sort"];
/// Where rows have the beginning of a long text.
const LONG: [&str; 3] = ["body", "notes", "description"];
const CUT: usize = 200;

fn route(list: &List) -> edge::Route {
    let mut routes = local::routes().into_iter().flat_map(|(_, routes)| routes);
    routes.find(|route| route.method == http::Method::GET && route.path == list.path).expect("a route")
}

/// The values that a parameter's schema lists.
fn values(list: &List, name: &str) -> Vec<String> {
    let parameters = tests::schemas::query(&route(list));
    let schema = parameters.into_iter().find(|(found, ..)| found == name).map(|(_, _, schema, _)| schema).unwrap_or_default();
    schema["enum"].as_array().into_iter().flatten().map(text).filter(|value| !value.is_empty()).collect()
}

#[test]
fn every_list_and_every_parameter_has_its_rule() {
    for route in local::routes().into_iter().flat_map(|(_, routes)| routes).filter(|route| route.method == http::Method::GET) {
        let parameters: Vec<String> = tests::schemas::query(&route).into_iter().map(|(name, ..)| name).collect();
        // What takes no parameters is answered whole: roles, permissions, one's own sessions. What hangs below one record is told by
        // that record's own probes.
        if parameters.is_empty() || route.path.contains('{') {
            continue;
        }
        let list = LISTS.iter().find(|list| list.path == route.path);
        let list = list.unwrap_or_else(|| panic!("say in tests/lists/rules.rs what {} shows", route.path));
        let known: BTreeSet<&str> = list.filters.iter().map(|filter| filter.name).chain(OF_PAGES).collect();
        for name in &parameters {
            assert!(known.contains(name.as_str()), "say in tests/lists/rules.rs what {name} of {} keeps", route.path);
        }
        assert!(list.filters.iter().all(|filter| parameters.iter().any(|name| name == filter.name)), "{} lost a parameter", route.path);
        let orders: BTreeSet<String> = list.orders.iter().map(|order| order.name.to_owned()).collect();
        let sorts: BTreeSet<String> = values(list, "sort").into_iter().collect();
        assert!(sorts.is_empty() || sorts == orders, "say in tests/lists/rules.rs what the orders of {} are: {sorts:?}", route.path);
    }
}

/// What a caller looks at.
struct Look<'a> {
    company: &'a Company,
    caller: &'a Caller,
    random: Random,
    /// Whether everything is asked for, not a part of it.
    all: bool,
    wrong: Vec<String>,
    asked: usize,
}

impl Look<'_> {
    /// What of a collection the caller can read one by one. Work logs, teams and dead letters have no such
    /// route, or had none: of them it is everything, and the rules say by hand what of it is inside reach.
    async fn readable(&mut self, list: &List) -> Vec<Value> {
        let records = self.company.all(list.path);
        let detail = format!("{}/{{id}}", list.path);
        let mut routes = local::routes().into_iter().flat_map(|(_, routes)| routes);
        if !routes.any(|route| route.path == detail && route.method == http::Method::GET) {
            return records.to_vec();
        }
        let mut readable = Vec::new();
        for record in records {
            let path = format!("{}/{}", list.path, text(&record["id"]));
            let reply = self.caller.person.get(&path).await;
            match reply.status {
                200 if reply.data() == record => readable.push(record.clone()),
                200 => self.wrong.push(format!("{path} is {} and for an administrator {record}", reply.data())),
                _ => {}
            }
        }
        readable
    }

    fn is_asked(&mut self) -> bool {
        self.all || self.random.below(ONE_OF) == 0
    }

    async fn list(&mut self, list: &List) {
        let Some(reach) = self.caller.reach(list.permission) else {
            let status = self.caller.person.get(list.path).await.status;
            if status != 403 {
                self.wrong.push(format!("{} without {} is {status}", list.path, list.permission));
            }
            return;
        };
        let readable = self.readable(list).await;
        let mut values_of: Vec<(&str, Vec<String>)> = Vec::new();
        for filter in list.filters {
            let more = (filter.values)(self.company);
            values_of.push((filter.name, values(list, filter.name).into_iter().chain(more).collect()));
        }
        let sorts: Vec<String> = values(list, "sort");
        let mut queries: Vec<Vec<(String, String)>> = Vec::new();
        let pair = |name: &str, value: &String| (name.to_owned(), value.clone());
        // Each order by itself; what is not listed without a filter has one.
        for sort in sorts.iter().map(Some).chain([None]) {
            let mut query: Vec<(String, String)> = sort.map(|sort| pair("sort", sort)).into_iter().collect();
            if list.path == "/activities" {
                query.push(("createdBy".to_owned(), "me".to_owned()));
            }
            queries.push(query);
        }
        // Each value of each filter, in any order.
        for (name, values) in &values_of {
            for value in values {
                let mut query = vec![pair(name, value)];
                if list.path == "/activities" && !["leadId", "customerId", "createdBy"].contains(name) {
                    let (of, ids) = self.random.of(&values_of[..3]).clone();
                    query.push(pair(of, self.random.of(&ids)));
                }
                if *name == "entityId" {
                    let kind = followed(self.company).find(|(_, id)| id == value).map_or("ROLE", |(kind, _)| kind);
                    query.push(("entityType".to_owned(), kind.to_owned()));
                }
                if *name != "q" && !sorts.is_empty() && self.random.below(2) == 0 {
                    query.push(pair("sort", self.random.of(&sorts)));
                }
                queries.push(query);
            }
        }
        // Two or three at once.
        for _ in 0..8 * values_of.len() {
            let mut query: Vec<(String, String)> = Vec::new();
            for _ in 0..2 + self.random.below(2) {
                let (name, values) = self.random.of(&values_of).clone();
                if query.iter().all(|(found, _)| found != name) {
                    query.push(pair(name, self.random.of(&values)));
                }
            }
            if !sorts.is_empty() && self.random.below(2) == 0 {
                query.push(pair("sort", self.random.of(&sorts)));
            }
            queries.push(query);
        }
        for query in queries {
            if !is_refused(list, &query) && self.is_asked() {
                // A long list is not read one by one.
                let limit = (*self.random.of(&LIMITS)).max(self.company.all(list.path).len() / PAGES);
                let asked = Asked { company: self.company, caller: self.caller, reach, query };
                let wanted = expected(list, &asked, &readable);
                if let Err(difference) = self.compare(list, &asked, limit, wanted, &readable).await {
                    self.wrong.push(difference);
                }
            }
        }
    }

    /// Reads a list to its end and compares.
    async fn compare(
        &mut self,
        list: &List,
        asked: &Asked<'_>,
        limit: usize,
        wanted: Result<Vec<Value>, u16>,
        readable: &[Value],
    ) -> Result<(), String> {
        let query: Vec<String> = asked.query.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "%20"))).collect();
        let path = format!("{}?limit={limit}{}", list.path, query.iter().map(|part| format!("&{part}")).collect::<String>());
        let fails = |what: String| Err(format!("{} {path}: {what}", self.caller.name));
        let (mut rows, mut cursor): (Vec<Value>, String) = (Vec::new(), String::new());
        loop {
            self.asked += 1;
            let page = self.caller.person.get(&format!("{path}{cursor}")).await;
            let wanted = match (&wanted, page.status) {
                (Err(status), found) if *status == found => return Ok(()),
                (Ok(wanted), 200) => wanted,
                _ => return fails(format!("{} {}, expected {:?}", page.status, page.text, wanted.map(|rows| rows.len()))),
            };
            let (data, meta) = (page.data().as_array().expect("a list"), &page.body["meta"]);
            let next = text(&meta["nextCursor"]);
            if meta["limit"] != json!(limit) {
                return fails(format!("the limit is {}", meta["limit"]));
            }
            if data.len() > limit {
                return fails(format!("{} rows", data.len()));
            }
            if !next.is_empty() && data.len() < limit && meta["scannedTo"].is_null() {
                return fails(format!("a page of {} rows that does not say how far it looked", data.len()));
            }
            if data.is_empty() && next.is_empty() && !rows.is_empty() {
                return fails("the last page is empty".to_owned());
            }
            if list.path == "/worklogs" {
                let (sum, told) = minutes(asked, wanted);
                let found = &meta["totalMinutes"];
                if *found != json!(sum) && (told || !found.is_null()) {
                    return fails(format!("totalMinutes is {found}, expected {sum}"));
                }
            }
            for queue in meta["queues"].as_array().into_iter().flatten() {
                let parked = self.company.all(list.path).iter().filter(|parked| parked["queue"] == queue["name"]).count();
                if queue["dead"] != json!(parked) {
                    return fails(format!("{queue}, of which {parked} are parked"));
                }
            }
            rows.extend(data.iter().cloned());
            if next.is_empty() {
                break;
            }
            cursor = format!("&cursor={next}");
        }
        let wanted = wanted.unwrap_or_default();
        let ids = |rows: &[Value]| -> Vec<String> { rows.iter().map(|row| text(&row["id"])).collect() };
        if ids(&rows) != ids(&wanted) {
            return fails(format!("\n  shows    {}\n  expected {}", shown(&rows), shown(&wanted)));
        }
        for (row, record) in rows.iter().zip(&wanted) {
            if !readable.contains(record) {
                return fails(format!("{} is listed and cannot be read", record["id"]));
            }
            if let Some(difference) = differs(row, record) {
                return fails(format!("the row of {}: {difference}", record["id"]));
            }
        }
        Ok(())
    }
}

/// Rows in a line, with what they are ordered and filtered by.
fn shown(rows: &[Value]) -> String {
    let fields = ["title", "name", "createdAt", "updatedAt", "dueAt", "occurredAt", "workDate", "status", "ownerId", "teamId"];
    let row = |row: &Value| {
        let fields = fields.iter().filter(|field| !row[**field].is_null()).map(|field| format!("{field}={}", text(&row[*field])));
        format!("{} {}", text(&row["id"]), fields.collect::<Vec<_>>().join(" "))
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n           ")
}

/// How a row differs from the record: it has the beginning of its long texts and everything else as it is.
fn differs(row: &Value, record: &Value) -> Option<String> {
    for (name, value) in row.as_object().into_iter().flatten() {
        let whole = &record[name];
        let beginning = || {
            let whole = whole.as_str().unwrap_or_default();
            let beginning: String = whole.chars().take(CUT).collect();
            if whole.chars().count() > CUT { json!(format!("{beginning}…")) } else { json!(whole) }
        };
        if value != whole && !(LONG.contains(&name.as_str()) && *value == beginning()) {
            return Some(format!("{name} is {value} and not {whole}"));
        }
    }
    None
}

async fn look(seed: u64, all: bool) -> Result<usize, String> {
    let company = Company::make(seed).await;
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for (number, caller) in company.callers.iter().enumerate() {
        let mut look = Look { company: &company, caller, random: Random::new(seed * 100 + number as u64), all, wrong: Vec::new(), asked: 0 };
        for list in LISTS {
            look.list(list).await;
        }
        wrong.append(&mut look.wrong);
        asked += look.asked;
    }
    wrong.extend(missing(&company));
    let count = wrong.len();
    wrong.truncate(SHOWN);
    if count == 0 {
        Ok(asked)
    } else {
        Err(format!("{count} differences (LIST_SEED={seed} cargo test --workspace --test crm lists::):\n{}", wrong.join("\n")))
    }
}

/// What has no route of its own was read from its list, which has to show all that was made.
fn missing(company: &Company) -> Vec<String> {
    let mut missing = Vec::new();
    for collection in ["/worklogs", "/transactions", "/teams", "/admin/dead-letters"] {
        let listed = company.all(collection);
        for made in company.made(collection) {
            match listed.iter().find(|row| row["id"] == made["id"]) {
                Some(row) => {
                    let differ = ["minutes", "workDate", "cause", "failedAt"].iter().filter(|name| row[**name] != made[**name]);
                    missing.extend(differ.map(|name| format!("{row} has another {name} than {made}")));
                }
                None => missing.push(format!("{collection} does not show {made}")),
            }
        }
    }
    missing
}

#[test]
fn a_list_shows_what_one_would_pick_from_everything_that_one_can_read() {
    let one = number_in_environment("LIST_SEED");
    let seeds = one.map_or(1..number_in_environment("LIST_SEEDS").unwrap_or(SEEDS) + 1, |seed| seed..seed + 1);
    let outcome = in_lanes(seeds, |seed| {
        let asked = runtime().block_on(look(seed, one.is_some()))?;
        println!("seed {seed}: {asked} pages");
        Ok(())
    });
    if let Err(differences) = outcome {
        panic!("{differences}");
    }
}
