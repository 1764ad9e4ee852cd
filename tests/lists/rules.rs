//! What each list shows, said by hand: which records, by which filters, in which order.

use crate::lists::world::{Caller, Company, Reach, SOURCES, TODAY, WORDS, plain, respelled};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use tests::people::text;

/// The id of nothing.
const NOTHING: &str = "01900000-0000-7000-8000-000000000000";
/// What counts as soon, in days ahead: the setting's default.
const SOON_ENDS: &str = "2026-03-09";

/// A list.
pub struct List {
    /// Its path, under which its records are kept.
    pub path: &'static str,
    /// The permission it is read by.
    pub permission: &'static str,
    /// Whether it shows a record that the caller can read, where no parent is asked for.
    pub shows: fn(&Asked<'_>, &Value) -> bool,
    pub filters: &'static [Filter],
    /// The parameters that name a parent, the narrowest first: who reaches it sees all its children.
    pub parents: &'static [&'static str],
    /// Its orders; the first one holds where none is asked for.
    pub orders: &'static [Order],
}

/// A parameter that narrows a list.
pub struct Filter {
    pub name: &'static str,
    /// Values to ask for beside those that its schema lists.
    pub values: fn(&Company) -> Vec<String>,
    /// Whether a record passes.
    pub keeps: fn(&Asked<'_>, &Value, &str) -> bool,
}

/// A value of `sort`.
pub struct Order {
    pub name: &'static str,
    /// The place of a record; what has none comes last in either direction.
    pub place: fn(&Value) -> Option<String>,
}

/// A request for a list.
pub struct Asked<'a> {
    pub company: &'a Company,
    pub caller: &'a Caller,
    pub reach: Reach,
    pub query: Vec<(String, String)>,
}

impl Asked<'_> {
    pub fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Whose records are meant.
    fn person<'b>(&'b self, value: &'b str) -> &'b str {
        if value == "me" { &self.caller.person.id } else { value }
    }

    /// Whether somebody is inside reach.
    fn covers_person(&self, value: &str) -> bool {
        let person = self.person(value);
        let user = self.company.find("/users", person);
        user.is_some_and(|user| self.caller.covers(self.reach, Some(person), user["teamId"].as_str()))
    }

    /// Whether a record that is somebody's is inside reach by itself.
    fn covers(&self, record: &Value, person: &str) -> bool {
        self.caller.covers(self.reach, record[person].as_str(), record["teamId"].as_str())
    }

    fn is_member(&self, project: &Value) -> bool {
        project["memberIds"].as_array().into_iter().flatten().any(|member| *member == self.caller.person.id.as_str())
    }

    /// Whether the parent that a parameter names is inside reach; a converted lead is where its customer is.
    fn reaches(&self, parameter: &str, id: &str) -> bool {
        let find = |collection: &str| self.company.find(collection, id);
        let below =
            |record: &Value, parents: &[&str]| parents.iter().any(|parent| record[*parent].as_str().is_some_and(|id| self.reaches(parent, id)));
        match parameter {
            "leadId" => find("/leads").is_some_and(|lead| match lead["convertedCustomerId"].as_str() {
                Some(customer) => self.reaches("customerId", customer),
                None => self.covers(lead, "ownerId"),
            }),
            "entityId" => self.follows(id),
            "customerId" => find("/customers").is_some_and(|customer| self.covers(customer, "ownerId")),
            "orderId" => find("/orders").is_some_and(|order| below(order, &["customerId"])),
            "projectId" => {
                find("/projects").is_some_and(|project| self.covers(project, "ownerId") || self.is_member(project) || below(project, &["customerId"]))
            }
            _ => find("/tasks").is_some_and(|task| self.covers(task, "ownerId") || below(task, &["leadId", "customerId", "projectId"])),
        }
    }

    /// Whether the events of one record are shown: who may open it sees them, no further than the feed goes.
    /// What is nobody's by nature, and what is gone, is for who sees everything.
    fn follows(&self, id: &str) -> bool {
        let kind = self.value("entityType").unwrap_or_default();
        let Some((_, collection, permission)) = FOLLOWED.iter().find(|(known, ..)| *known == kind) else {
            let opens = |permission: &str| self.caller.reach(permission) == Some(Reach::All);
            return self.reach == Reach::All && NOBODYS.iter().all(|(known, permission)| *known != kind || opens(permission));
        };
        let Some(reach) = self.caller.reach(permission).map(|reach| reach.min(self.reach)) else { return false };
        let Some(record) = self.company.find(collection, id) else { return reach == Reach::All };
        let asked = Asked { reach, query: Vec::new(), ..*self };
        let below = |parents: &[&str]| parents.iter().any(|parent| record[*parent].as_str().is_some_and(|id| asked.reaches(parent, id)));
        match kind {
            "LEAD" => asked.reaches("leadId", id),
            "CUSTOMER" => asked.reaches("customerId", id),
            "PROJECT" => asked.reaches("projectId", id),
            "TASK" => asked.reaches("taskId", id),
            "ORDER" | "TRANSACTION" | "MESSAGE" => below(&["customerId"]),
            "ACTIVITY" => below(&["leadId", "customerId"]),
            "FOLLOWUP" => asked.covers(record, "assigneeId") || below(&["leadId", "customerId"]),
            "WORKLOG" => asked.covers(record, "userId") || below(&["taskId", "projectId", "customerId"]),
            // A team is its manager's.
            "TEAM" => record["managerId"].is_string() && self.caller.covers(reach, record["managerId"].as_str(), Some(id)),
            // What everybody may look at is its owner's to follow.
            "CAMPAIGN" => asked.covers(record, "ownerId"),
            _ => self.caller.covers(reach, Some(id), record["teamId"].as_str()),
        }
    }
}

/// The kinds of record that are somebody's: the feed's name, the collection, and the permission to open one.
const FOLLOWED: &[(&str, &str, &str)] = &[
    ("LEAD", "/leads", "leads:read"),
    ("CUSTOMER", "/customers", "customers:read"),
    ("PROJECT", "/projects", "projects:read"),
    ("TASK", "/tasks", "tasks:read"),
    ("ACTIVITY", "/activities", "activities:read"),
    ("FOLLOWUP", "/follow-ups", "followups:read"),
    ("WORKLOG", "/worklogs", "worklogs:read"),
    ("ORDER", "/orders", "orders:read"),
    ("TRANSACTION", "/transactions", "transactions:read"),
    ("MESSAGE", "/messages", "messages:read"),
    ("CAMPAIGN", "/campaigns", "campaigns:read"),
    ("USER", "/users", "users:read"),
    ("TEAM", "/teams", "teams:read"),
];

/// Other kinds that are opened by a permission: no record of theirs is asked for.
const NOBODYS: &[(&str, &str)] = &[
    ("CUSTOMERPROMOTION", "customers:read"),
    ("LEVEL", "levels:read"),
    ("NOTIFICATION", "notifications:read"),
    ("PRODUCT", "products:read"),
    ("PROMOTION", "promotions:read"),
    ("ROLE", "roles:read"),
    ("TEMPLATE", "message-templates:read"),
];

/// What a list has to answer: its records in their order, or a status.
pub fn expected(list: &List, asked: &Asked<'_>, readable: &[Value]) -> Result<Vec<Value>, u16> {
    // Somebody else's inbox.
    if list.path == "/notifications"
        && asked.reach != Reach::All
        && asked.value("recipientId").is_some_and(|of| asked.person(of) != asked.caller.person.id)
    {
        return Err(403);
    }
    let parent = list.parents.iter().find_map(|name| asked.value(name).map(|id| (*name, id)));
    let mut rows: Vec<Value> = match parent {
        Some((name, id)) if !asked.reaches(name, id) => return Err(404),
        Some(_) => asked.company.all(list.path).to_vec(),
        None => readable.iter().filter(|record| (list.shows)(asked, record)).cloned().collect(),
    };
    for (name, value) in &asked.query {
        if let Some(filter) = list.filters.iter().find(|filter| filter.name == name) {
            rows.retain(|record| (filter.keeps)(asked, record, value));
        }
    }
    if asked.value("archived").is_none() {
        rows.retain(|record| record["archived"] != true);
    }
    match (asked.value("q"), asked.value("sort")) {
        (Some(query), _) => rows.sort_by(|a, b| by_word(a, b, query)),
        (None, sort) => {
            let order = sort.map_or(list.orders.first(), |sort| list.orders.iter().find(|order| order.name == sort));
            let order = order.unwrap_or_else(|| panic!("{} has no order {sort:?}: say in tests/lists/rules.rs what it is", list.path));
            rows.sort_by(|a, b| by_place(a, b, order));
        }
    }
    Ok(rows)
}

/// By the field, then by the id in the same direction; what has no place last in either direction.
fn by_place(a: &Value, b: &Value, order: &Order) -> Ordering {
    let backwards = order.name.starts_with('-');
    let (place_a, place_b) = ((order.place)(a), (order.place)(b));
    let key = place_a.cmp(&place_b).then_with(|| text(&a["id"]).cmp(&text(&b["id"])));
    place_a.is_none().cmp(&place_b.is_none()).then(if backwards { key.reverse() } else { key })
}

/// By the word found, then newest first.
fn by_word(a: &Value, b: &Value, query: &str) -> Ordering {
    let place = |record: &Value| (found_at(record, query), std::cmp::Reverse(text(&record["createdAt"])), text(&record["id"]));
    place(a).cmp(&place(b))
}

/// What a record is found by, with its other spelling: the words of its names, its e-mail address from each
/// part on but the last, and the digits of its phone number from the last one on.
fn words(record: &Value) -> BTreeSet<(String, String)> {
    let mut words = BTreeSet::new();
    for field in ["title", "name", "company", "firstName", "lastName", "username", "sku", "category", "code"] {
        let name = record[field].as_str().unwrap_or_default();
        words.extend(name.split(' ').filter(|word| !word.is_empty()).map(|word| (plain(word), respelled(word))));
    }
    let mut exactly = |word: String| words.insert((word.clone(), word));
    if let Some(email) = record["email"].as_str() {
        let (_, domain) = email.split_once('@').unwrap_or_default();
        exactly(email.to_owned());
        exactly(domain.to_owned());
    }
    if let Some(phone) = record["phone"].as_str() {
        exactly(phone.chars().rev().filter(char::is_ascii_digit).collect());
    }
    words
}

/// The first of its words that the longest word of a query begins, where the others begin words as well.
/// An umlaut may be typed, and written, as two letters.
fn found_at(record: &Value, query: &str) -> Option<String> {
    let words = words(record);
    let digits = query.chars().all(|c| c.is_ascii_digit());
    let asked: Vec<String> = query.split(' ').map(|word| if digits { word.chars().rev().collect() } else { word.to_owned() }).collect();
    let begins = |(word, other): &(String, String), asked: &str| {
        word.starts_with(&plain(asked)) || word.starts_with(&respelled(asked)) || other.starts_with(&respelled(asked))
    };
    let longest = asked.iter().max_by_key(|word| word.chars().count())?;
    let all = asked.iter().all(|asked| words.iter().any(|word| begins(word, asked)));
    all.then(|| words.iter().find(|word| begins(word, longest)).map(|(word, _)| word.clone()))?
}

/// A filter by the value of a field.
macro_rules! equal {
    ($name:literal, $field:literal, $values:expr) => {
        Filter { name: $name, values: $values, keeps: |_, record, value| record[$field] == value }
    };
}

/// A filter by a person's id, `me`, or `none`.
macro_rules! of_person {
    ($name:literal, $field:literal, $values:expr) => {
        Filter {
            name: $name,
            values: $values,
            keeps: |asked, record, value| if value == "none" { record[$field].is_null() } else { record[$field] == asked.person(value) },
        }
    };
}

/// A filter that ends or begins a period: by date both days are inside, by time the end is not.
macro_rules! from {
    ($name:literal, $field:literal, $values:expr) => {
        Filter { name: $name, values: $values, keeps: |_, record, value| text(&record[$field]).as_str() >= value }
    };
}
macro_rules! to {
    ($name:literal, $field:literal, $values:expr) => {
        Filter {
            name: $name,
            values: $values,
            keeps: |_, record, value| {
                let at = text(&record[$field]);
                if value.len() == 10 { &at[..10] <= value } else { at.as_str() < value }
            },
        }
    };
}

macro_rules! order {
    ($name:literal, $field:literal) => {
        Order { name: $name, place: |record| record[$field].as_str().map(str::to_owned) }
    };
}

const NEWEST: Order = order!("-createdAt", "createdAt");
const OLDEST: Order = order!("createdAt", "createdAt");
const UPDATED: Order = order!("-updatedAt", "updatedAt");
const STALEST: Order = order!("updatedAt", "updatedAt");
const BY_DUE: &[Order] = &[order!("dueAt", "dueAt"), order!("-dueAt", "dueAt")];

const Q: Filter = Filter { name: "q", values: queries, keeps: |_, record, value| found_at(record, value).is_some() };
const ARCHIVED: Filter = Filter { name: "archived", values: flags, keeps: |_, record, value| record["archived"] == (value == "true") };
const DUE: Filter = Filter { name: "due", values: dues, keeps: |_, record, value| is_due(record, value) };
const CREATED_FROM: Filter = from!("createdFrom", "createdAt", created);
const CREATED_TO: Filter = to!("createdTo", "createdAt", created);
const BY_LEAD: Filter = equal!("leadId", "leadId", |company| ids(company, "/leads"));
const BY_CUSTOMER: Filter = equal!("customerId", "customerId", |company| ids(company, "/customers"));
const BY_PROJECT: Filter = equal!("projectId", "projectId", |company| ids(company, "/projects"));
const BY_OWNER: Filter = of_person!("ownerId", "ownerId", people);
const STATUS: Filter = equal!("status", "status", listed);

/// The orders of leads and customers; the name of a lead is its title.
const BY_NAME_TOO: &[Order] = &[NEWEST, OLDEST, UPDATED, STALEST, Order { name: "name", place: name }, Order { name: "-name", place: name }];

fn name(record: &Value) -> Option<String> {
    record["title"].as_str().or(record["name"].as_str()).map(plain)
}

/// Every list.
pub const LISTS: &[List] = &[
    List {
        path: "/leads",
        permission: "leads:read",
        shows: everything,
        filters: &[
            Q,
            STATUS,
            of_person!("ownerId", "ownerId", people_or_nobody),
            equal!("source", "source", |_| SOURCES.iter().chain(&["nowhere"]).map(|source| (*source).to_owned()).collect()),
            ARCHIVED,
            CREATED_FROM,
            CREATED_TO,
        ],
        parents: &[],
        orders: BY_NAME_TOO,
    },
    List {
        path: "/customers",
        permission: "customers:read",
        shows: everything,
        filters: &[
            Q,
            equal!("engagement", "engagement", listed),
            equal!("lifecycle", "lifecycle", listed),
            equal!("levelCode", "levelCode", listed),
            of_person!("ownerId", "ownerId", people_or_nobody),
            ARCHIVED,
            Filter {
                name: "notContactedSince",
                values: |_| {
                    ["2026-01-05", "2026-01-20", "2026-01-20T09:00:00.000Z", "2026-01-21", "2026-01-22", "2030-01-01"].map(str::to_owned).to_vec()
                },
                keeps: |_, customer, value| customer["lastContactedAt"].as_str().is_none_or(|last| last < value),
            },
            CREATED_FROM,
            CREATED_TO,
        ],
        parents: &[],
        orders: BY_NAME_TOO,
    },
    List {
        path: "/activities",
        permission: "activities:read",
        // What somebody outside reach wrote is not told in a list of its own.
        shows: |asked, _| asked.value("createdBy").is_some_and(|author| asked.covers_person(author)),
        filters: &[
            BY_LEAD,
            Filter {
                name: "customerId",
                values: |company| ids(company, "/customers"),
                // A converted customer's list has its lead's.
                keeps: |asked, activity, value| {
                    let lead = activity["leadId"].as_str().and_then(|lead| asked.company.find("/leads", lead));
                    activity["customerId"] == value || lead.is_some_and(|lead| lead["convertedCustomerId"] == value)
                },
            },
            of_person!("createdBy", "createdBy", people),
            equal!("type", "type", listed),
            from!("from", "occurredAt", occurred),
            to!("to", "occurredAt", occurred),
        ],
        parents: &["leadId", "customerId"],
        orders: &[order!("-occurredAt", "occurredAt"), order!("occurredAt", "occurredAt")],
    },
    List {
        path: "/follow-ups",
        permission: "followups:read",
        shows: |asked, follow_up| asked.covers(follow_up, "assigneeId"),
        filters: &[BY_LEAD, BY_CUSTOMER, of_person!("assigneeId", "assigneeId", people), STATUS, DUE],
        parents: &["leadId", "customerId"],
        orders: BY_DUE,
    },
    List {
        path: "/tasks",
        permission: "tasks:read",
        shows: |asked, task| asked.covers(task, "ownerId"),
        filters: &[
            BY_OWNER,
            Filter { name: "status", values: listed, keeps: |_, task, value| if value == "open" { is_open(task) } else { task["status"] == value } },
            DUE,
            BY_PROJECT,
            BY_CUSTOMER,
            BY_LEAD,
        ],
        parents: &["projectId", "leadId", "customerId"],
        orders: BY_DUE,
    },
    List {
        path: "/projects",
        permission: "projects:read",
        shows: |asked, project| asked.covers(project, "ownerId") || asked.is_member(project),
        filters: &[Q, BY_CUSTOMER, STATUS, BY_OWNER],
        parents: &["customerId"],
        orders: &[NEWEST, OLDEST],
    },
    List {
        path: "/products",
        permission: "products:read",
        shows: everything,
        filters: &[
            Q,
            Filter { name: "active", values: flags, keeps: |_, product, value| product["active"] == (value == "true") },
            Filter {
                name: "category",
                values: |_| WORDS.iter().map(|word| word.to_uppercase()).chain(["nothing".to_owned()]).collect(),
                keeps: |_, product, value| product["category"].as_str().map(plain) == Some(plain(value)),
            },
        ],
        parents: &[],
        orders: &[Order { name: "name", place: name }, Order { name: "-name", place: name }],
    },
    List {
        path: "/promotions",
        permission: "promotions:read",
        shows: everything,
        filters: &[Q, STATUS, equal!("trigger", "trigger", listed)],
        parents: &[],
        orders: &[NEWEST, OLDEST],
    },
    List { path: "/campaigns", permission: "campaigns:read", shows: everything, filters: &[Q, STATUS], parents: &[], orders: &[NEWEST, OLDEST] },
    List {
        path: "/orders",
        permission: "orders:read",
        shows: |asked, order| asked.covers(order, "ownerId"),
        filters: &[
            BY_CUSTOMER,
            STATUS,
            equal!("paymentStatus", "paymentStatus", listed),
            from!("from", "placedAt", placed),
            to!("to", "placedAt", placed),
        ],
        parents: &["customerId"],
        orders: &[order!("-placedAt", "placedAt"), order!("placedAt", "placedAt")],
    },
    List {
        path: "/transactions",
        permission: "transactions:read",
        shows: |asked, transaction| asked.covers(transaction, "ownerId"),
        filters: &[
            equal!("orderId", "orderId", |company| ids(company, "/orders")),
            BY_CUSTOMER,
            equal!("type", "type", listed),
            STATUS,
            from!("from", "occurredAt", occurred),
            to!("to", "occurredAt", occurred),
        ],
        parents: &["orderId", "customerId"],
        orders: &[order!("-occurredAt", "occurredAt"), order!("occurredAt", "occurredAt")],
    },
    List {
        path: "/messages",
        permission: "messages:read",
        shows: |asked, message| asked.covers(message, "ownerId"),
        filters: &[
            BY_CUSTOMER,
            equal!("campaignId", "campaignId", campaigns),
            equal!("kind", "kind", listed),
            STATUS,
            from!("from", "createdAt", created),
            to!("to", "createdAt", created),
        ],
        parents: &["customerId"],
        orders: &[order!("-createdAt", "createdAt"), order!("createdAt", "createdAt")],
    },
    List {
        path: "/worklogs",
        permission: "worklogs:read",
        shows: |asked, log| asked.covers(log, "userId"),
        filters: &[
            BY_CUSTOMER,
            BY_PROJECT,
            equal!("taskId", "taskId", |company| ids(company, "/tasks")),
            of_person!("userId", "userId", people),
            from!("from", "workDate", worked),
            to!("to", "workDate", worked),
        ],
        parents: &["taskId", "projectId", "customerId"],
        orders: &[order!("-workDate", "workDate"), order!("workDate", "workDate")],
    },
    List {
        path: "/users",
        permission: "users:read",
        shows: everything,
        filters: &[
            Q,
            equal!("role", "role", listed),
            equal!("teamId", "teamId", |company| company.teams.iter().cloned().chain([NOTHING.to_owned()]).collect()),
            STATUS,
        ],
        parents: &[],
        orders: &[NEWEST, OLDEST],
    },
    List { path: "/teams", permission: "teams:read", shows: everything, filters: &[], parents: &[], orders: &[NEWEST, OLDEST] },
    List {
        path: "/notifications",
        permission: "notifications:read",
        // One's own inbox in the application, where nothing else is asked for.
        shows: |asked, notification| {
            let recipient = asked.person(asked.value("recipientId").unwrap_or("me"));
            let channel = asked.value("type").unwrap_or("IN_APP");
            let inside = asked.reach == Reach::All || recipient == asked.caller.person.id;
            inside && notification["recipientId"] == recipient && (channel == "ALL" || notification["type"] == channel)
        },
        filters: &[
            Filter { name: "recipientId", values: people, keeps: |_, _, _| true },
            Filter { name: "type", values: listed, keeps: |_, _, _| true },
            Filter {
                name: "unread",
                values: flags,
                keeps: |_, notification, value| (notification["type"] == "IN_APP" && notification["readAt"].is_null()) == (value == "true"),
            },
            STATUS,
        ],
        parents: &[],
        orders: &[NEWEST],
    },
    List {
        path: "/feed",
        permission: "feed:read",
        // As owner and team were then; what was nobody's is for who sees everything.
        shows: |asked, event| asked.reach == Reach::All || (!event["ownerId"].is_null() && asked.covers(event, "ownerId")),
        filters: &[
            equal!("entityType", "entityType", listed),
            equal!("entityId", "entityId", |company| followed(company)
                .map(|(_, id)| id)
                .chain([NOTHING, "MANAGER", "COMPANY"].map(str::to_owned))
                .collect()),
        ],
        parents: &["entityId"],
        orders: &[order!("-at", "at")],
    },
    List {
        path: "/admin/dead-letters",
        permission: "deadletters:read",
        shows: everything,
        filters: &[
            equal!("queue", "queue", listed),
            Filter {
                name: "cause",
                values: |_| ["cause 1", "CAUSE", "nothing"].map(str::to_owned).to_vec(),
                keeps: |_, letter, value| text(&letter["cause"]).contains(&value.to_lowercase()),
            },
        ],
        parents: &[],
        orders: &[order!("-failedAt", "failedAt")],
    },
];

fn everything(_: &Asked<'_>, _: &Value) -> bool {
    true
}

/// What the schema lists is all there is.
fn listed(_: &Company) -> Vec<String> {
    Vec::new()
}

fn flags(_: &Company) -> Vec<String> {
    ["true", "false"].map(str::to_owned).to_vec()
}

fn ids(company: &Company, collection: &str) -> Vec<String> {
    company.all(collection).iter().map(|record| text(&record["id"])).chain([NOTHING.to_owned()]).collect()
}

/// Some records of each kind that has a feed of its own.
pub fn followed(company: &Company) -> impl Iterator<Item = (&'static str, String)> {
    let of = |(kind, collection, _): &(&'static str, &str, &str)| {
        let kind = *kind;
        company.all(collection).iter().step_by(3).map(move |record| (kind, text(&record["id"]))).collect::<Vec<_>>()
    };
    FOLLOWED.iter().flat_map(of)
}

fn campaigns(company: &Company) -> Vec<String> {
    ids(company, "/campaigns")
}

fn people(company: &Company) -> Vec<String> {
    company.users.iter().cloned().chain(["me", NOTHING].map(str::to_owned)).collect()
}

fn people_or_nobody(company: &Company) -> Vec<String> {
    people(company).into_iter().chain(["none".to_owned()]).collect()
}

/// Moments and days at which leads and customers were made, and one before and after all.
fn created(company: &Company) -> Vec<String> {
    let records = company.all("/leads").iter().chain(company.all("/customers")).step_by(4);
    let moments: Vec<String> = records.map(|record| text(&record["createdAt"])).collect();
    let days = moments.iter().map(|moment| moment[..10].to_owned()).chain(["2020-01-01", "2030-01-01"].map(str::to_owned));
    days.collect::<BTreeSet<_>>().into_iter().chain(moments.iter().cloned()).collect()
}

/// Moments and days at which orders were placed, and one before and after all.
fn placed(company: &Company) -> Vec<String> {
    let moments: Vec<String> = company.all("/orders").iter().step_by(4).map(|order| text(&order["placedAt"])).collect();
    let days = moments.iter().map(|moment| moment[..10].to_owned()).chain(["2020-01-01", "2030-01-01"].map(str::to_owned));
    days.collect::<BTreeSet<_>>().into_iter().chain(moments.iter().cloned()).collect()
}

fn occurred(_: &Company) -> Vec<String> {
    ["2026-01-01", "2026-01-05", "2026-01-20", "2026-01-20T09:00:00.000Z", "2026-01-21", "2026-01-21T00:00:00.000Z", "2026-02-01"]
        .map(str::to_owned)
        .to_vec()
}

fn worked(_: &Company) -> Vec<String> {
    ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-15", "2026-01-31", "2026-02-01"].map(str::to_owned).to_vec()
}

/// Words as they stand and as people type them, their beginnings, two at once, addresses, last digits, and
/// what nothing has.
fn queries(_: &Company) -> Vec<String> {
    let words = WORDS.iter().flat_map(|word| [(*word).to_owned(), plain(word), plain(word).chars().take(2).collect()]);
    let more = ["birch ceda", "hazel FIR", "alder 12", "oak.ex", "elm.example", "user3", "sku1", "1003", "1010", "Person", "hazel gruen", "nothing"];
    words.chain(more.map(str::to_owned)).collect()
}

fn dues(_: &Company) -> Vec<String> {
    let words = ["overdue", "today", "soon"].map(str::to_owned);
    let days = [TODAY, "2026-03-01", "2026-03-10", "2020-01-01"];
    words.into_iter().chain(days.iter().flat_map(|day| [format!("before:{day}"), format!("after:{day}")])).collect()
}

/// Still to be done: an open task, a pending follow-up.
pub fn is_open(record: &Value) -> bool {
    ["TODO", "IN_PROGRESS", "PENDING"].iter().any(|status| record["status"] == *status)
}

/// By its date; the words mean what is open.
fn is_due(record: &Value, value: &str) -> bool {
    let Some(day) = record["dueAt"].as_str().map(|due| &due[..10]) else { return false };
    match value.split_once(':') {
        Some(("before", limit)) => day < limit,
        Some((_, limit)) => day > limit,
        None if !is_open(record) => false,
        None if value == "overdue" => day < TODAY,
        None if value == "today" => day == TODAY,
        None => (TODAY..=SOON_ENDS).contains(&day),
    }
}

/// Whether the product refuses a query, so that it is not asked: `q` sorts by itself, some parameters
/// exclude each other, periods end where they begin at the earliest.
pub fn is_refused(list: &List, query: &[(String, String)]) -> bool {
    let value = |name: &str| query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let closed = |status: &str| !["open", "TODO", "IN_PROGRESS", "PENDING"].contains(&status);
    let backwards = |from: &str, to: &str| {
        value(from).zip(value(to)).is_some_and(|(from, to)| from[..10] > to[..10] || (from.len() != to.len()) || (from.len() > 10 && from > to))
    };
    let word_and_closed = value("due").is_some_and(|due| !due.contains(':')) && value("status").is_some_and(closed);
    let given = ["leadId", "customerId", "createdBy"].iter().filter(|name| value(name).is_some()).count();
    let wrong_parents = match list.path {
        "/activities" => given != 1,
        "/follow-ups" => value("leadId").is_some() && value("customerId").is_some(),
        _ => false,
    };
    // A record is named by its kind and its id.
    let unnamed = list.path == "/feed"
        && value("entityId").is_some_and(|id| match value("entityType") {
            None => true,
            Some("ROLE") => id != "MANAGER",
            Some("LEVEL") => !domain::customer::LevelCode::ALL.iter().any(|code| code.as_str() == id),
            Some("TEMPLATE") => !domain::message_template::TemplateKind::ALL.iter().any(|kind| kind.as_str() == id),
            Some("SETTINGS") => id != "COMPANY",
            Some(_) => id.len() != NOTHING.len(),
        });
    unnamed
        || (value("q").is_some() && value("sort").is_some())
        || backwards("from", "to")
        || backwards("createdFrom", "createdTo")
        || word_and_closed
        || wrong_parents
}

/// The minutes that a list of work logs tells, and whether it has to: of one parent, or of one person
/// inside reach between two dates.
pub fn minutes(asked: &Asked<'_>, rows: &[Value]) -> (u64, bool) {
    let sum = rows.iter().filter_map(|log| log["minutes"].as_u64()).sum();
    let parents = ["taskId", "projectId", "customerId"].iter().filter(|name| asked.value(name).is_some()).count();
    let dated = asked.value("from").is_some() && asked.value("to").is_some();
    let told = match (parents, asked.value("userId")) {
        (1, None) => true,
        (0, Some(user)) => dated && asked.covers_person(user),
        _ => false,
    };
    (sum, told)
}
