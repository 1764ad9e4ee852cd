//! Search: what people type finds what they mean. The queries are in `table`.

mod table;

use crate::search::table::{FINDS, MISSES};
use local::TABLE;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;
use tests::background::settle;
use tests::crm::{PASSWORD, unique};
use tests::people::text;
use tests::{Crm, Person};

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Lead,
    Customer,
    User,
    Project,
}

/// Country, kind, what the record says, what is typed, what another record says.
type Finds = (&'static str, Kind, &'static str, &'static str, &'static str);
/// Reason, kind, what the record says, what is typed.
type Misses = (&'static str, Kind, &'static str, &'static str);

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::Lead => "/leads",
            Self::Customer => "/customers",
            Self::User => "/users",
            Self::Project => "/projects",
        }
    }

    /// A record that says this, and nothing else that could be found.
    fn body(self, says: &str, customer: &str) -> Value {
        let field = match says {
            _ if says.starts_with('+') => "phone",
            _ if says.contains('@') => "email",
            _ if self == Self::Lead => "title",
            _ if self == Self::User => "lastName",
            _ => "name",
        };
        let mut body = match self {
            Self::Lead => json!({"title": "Untitled"}),
            Self::Customer => json!({"name": "Unnamed"}),
            Self::User => json!({"email": format!("{}@office.test", unique()), "password": PASSWORD}),
            Self::Project => json!({"customerId": customer}),
        };
        body[field] = json!(says);
        body
    }
}

/// The records of the table by what they say.
struct Records {
    admin: Person,
    ids: HashMap<(Kind, &'static str), String>,
}

impl Records {
    async fn make() -> Self {
        let crm = Crm::idle(local::Table::memory().expect("memory")).await;
        let mut posts = crm.posts().await;
        let admin = crm.admin().await;
        let customer = text(&admin.customer(json!({"name": "Anybody"})).await["id"]);
        let mut ids = HashMap::new();
        let found = FINDS.iter().flat_map(|(_, kind, says, _, other)| [(*kind, *says), (*kind, *other)]);
        for (kind, says) in found.chain(MISSES.iter().map(|(_, kind, says, _)| (*kind, *says))) {
            if let Entry::Vacant(place) = ids.entry((kind, says)) {
                let made = admin.make(kind.path(), kind.body(says, &customer)).await;
                place.insert(text(&made["id"]));
            }
        }
        settle(&mut posts).await;
        Self { admin, ids }
    }

    /// Whether a query finds the record that says this.
    async fn finds(&self, kind: Kind, typed: &str, says: &'static str) -> bool {
        let query = typed.bytes().fold(String::new(), |mut query, byte| {
            let _ = write!(query, "%{byte:02X}");
            query
        });
        self.admin.ids(&format!("{}?limit=100&q={query}", kind.path())).await.contains(&self.ids[&(kind, says)])
    }
}

#[tokio::test]
async fn people_find_what_they_type_in_many_countries() {
    let records = Records::make().await;
    let mut wrong = Vec::new();
    for (country, kind, says, typed, other) in FINDS {
        if !records.finds(*kind, typed, says).await {
            wrong.push(format!("{country}: {typed:?} does not find {says:?}"));
        }
        if records.finds(*kind, typed, other).await {
            wrong.push(format!("{country}: {typed:?} finds {other:?} as well"));
        }
    }
    for (reason, kind, says, typed) in MISSES {
        if records.finds(*kind, typed, says).await {
            wrong.push(format!("{typed:?} finds {says:?}: {reason}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), FINDS.len() + MISSES.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_full_name_without_a_blank_is_found_in_both_orders() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let mut posts = crm.posts().await;
    let admin = crm.admin().await;
    let people = [("小明", "王", ["王小明", "小明王"]), ("민수", "김", ["김민수", "민수김"]), ("太郎", "田中", ["田中太郎", "太郎田中"])];
    let mut made = Vec::new();
    for (first, last, typed) in people {
        let names = json!({"firstName": first, "lastName": last});
        let with = |field: &str, says: &str| {
            let mut body = names.clone();
            body[field] = json!(says);
            body
        };
        let lead = admin.make("/leads", with("title", "Untitled")).await;
        let customer = admin.customer(with("name", "Unnamed")).await;
        let mut user = with("password", PASSWORD);
        user["email"] = json!(format!("{}@office.test", unique()));
        let user = admin.make("/users", user).await;
        made.push((typed, [("/leads", text(&lead["id"])), ("/customers", text(&customer["id"])), ("/users", text(&user["id"]))]));
    }
    settle(&mut posts).await;
    for (typed, records) in made {
        for name in typed {
            for (path, id) in &records {
                assert_eq!(admin.ids(&format!("{path}?q={name}")).await, std::slice::from_ref(id), "{name} in {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_record_is_listed_at_its_first_word_that_matches_and_once() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let mut posts = crm.posts().await;
    let admin = crm.admin().await;
    let mut ids = Vec::new();
    for name in ["Zorillaz the Zorilla", "Zorillas", "Zorilla"] {
        ids.push(text(&admin.customer(json!({"name": name})).await["id"]));
    }
    settle(&mut posts).await;
    let listed = admin.ids("/customers?q=zorilla").await;
    assert_eq!(listed, [ids[2].clone(), ids[0].clone(), ids[1].clone()], "the word, then the newest");
    assert_eq!(admin.ids("/customers?q=zorillaz").await, [ids[0].clone()]);
}

#[tokio::test]
async fn a_record_from_before_there_were_words_beside_others_is_found_as_before_until_its_names_change() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let mut posts = crm.posts().await;
    let admin = crm.admin().await;
    let id = text(&admin.customer(json!({"name": "Zorillaz the Zorilla M & S"})).await["id"]);
    settle(&mut posts).await;
    let table = &crm.embedded().table;
    let mut gone = 0;
    for mut row in table.items(TABLE).await.expect("items") {
        let sort = text(&row["sk"]["S"]);
        if row["type"]["S"] != "FOUND#CUSTOMER" || !sort.ends_with(&id) || !row["data"].is_object() {
            continue;
        }
        if sort.starts_with("zorilla#") || sort.starts_with("ms#") {
            gone += 1;
            let key = json!({"pk": row["pk"], "sk": row["sk"]});
            table.request("DeleteItem", json!({"TableName": TABLE, "Key": key})).await.expect("removed");
            continue;
        }
        let beside = row["data"]["M"].as_object_mut().and_then(|data| data.remove("b"));
        assert!(beside.is_some(), "{row}");
        table.request("PutItem", json!({"TableName": TABLE, "Item": row})).await.expect("written");
    }
    assert_eq!(gone, 2);
    settle(&mut posts).await;
    for (query, found) in [("zorilla", true), ("zorillaz", true), ("the%20zorilla", true), ("ms", false)] {
        assert_eq!(admin.ids(&format!("/customers?q={query}")).await.contains(&id), found, "{query}");
    }
    admin.patch(&format!("/customers/{id}"), json!({"firstName": "Ada"})).await.expect(200);
    settle(&mut posts).await;
    assert_eq!(admin.ids("/customers?q=ms").await, std::slice::from_ref(&id));
    assert_eq!(admin.ids("/customers?q=zorilla").await, [id]);
}
