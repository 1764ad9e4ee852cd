//! The table as it is, item by item: for looking at what was really written.

use crate::Crm;
use serde_json::{Map, Value};

/// An item with plain values.
#[derive(Debug, Clone)]
pub struct Raw(pub Map<String, Value>);

impl Raw {
    /// A text attribute, empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What stands below an attribute.
    pub fn at(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// A set of texts, sorted.
    pub fn set(&self, name: &str) -> Vec<String> {
        let mut set: Vec<String> = self.at(name).as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        set.sort();
        set
    }
}

/// A value without DynamoDB's type tags.
pub fn plain(tagged: &Value) -> Value {
    let Some((tag, value)) = tagged.as_object().and_then(|map| map.iter().next()) else { return Value::Null };
    match tag.as_str() {
        "N" => value.as_str().and_then(|n| serde_json::from_str(n).ok()).unwrap_or(Value::Null),
        "M" => value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>().into(),
        "L" => value.as_array().into_iter().flatten().map(plain).collect::<Vec<_>>().into(),
        "NULL" => Value::Null,
        _ => value.clone(),
    }
}

impl Crm {
    /// Every item of the table.
    pub async fn items(&self) -> Vec<Raw> {
        let items = self.embedded().table.items(local::TABLE).await.expect("items").into_iter();
        items.map(|item| Raw(item.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), plain(value))).collect())).collect()
    }

    /// The items of one type.
    pub async fn items_of(&self, kind: &str) -> Vec<Raw> {
        self.items().await.into_iter().filter(|item| item.text("type") == kind).collect()
    }
}

/// What of the customers does not agree with their markers, events and, where asked for, words.
pub fn disagreements(items: &[Raw], with_words: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let of = |kind: &'static str| items.iter().filter(move |item| item.text("type") == kind);
    let mut holders: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for customer in of("CUSTOMER") {
        let (pk, data) = (customer.text("pk"), customer.at("data"));
        let id = pk.trim_start_matches("CUSTOMER#").to_owned();
        let archived = data["archivedAt"].is_string();
        for (space, field) in [("CUSTOMER_EMAIL", "email"), ("CUSTOMER_PHONE", "phone")] {
            if let Some(value) = data[field].as_str().filter(|_| !archived) {
                holders.entry(format!("UNIQUE#{space}#{value}")).or_default().push(id.clone());
            }
        }
        let events = of("EVENT").filter(|event| event.text("pk") == pk).collect::<Vec<_>>();
        let moments: std::collections::BTreeSet<&str> = events.iter().filter_map(|event| event.at("data")["at"].as_str()).collect();
        // Each version came with at least one event, and none came without.
        let version = customer.at("version").as_u64().unwrap_or_default();
        if (events.len() as u64) < version || moments.len() as u64 > version {
            wrong.push(format!("{pk} at version {version} has {} events at {} moments", events.len(), moments.len()));
        }
        if with_words {
            let texts = ["name", "email", "company", "firstName", "lastName", "phone"].map(|field| data[field].as_str().unwrap_or_default());
            let expected = domain::search::record_words(texts);
            let state = if archived { "ARCHIVED" } else { "LIVE" };
            let tokens: Vec<&Raw> = of("TOKEN").filter(|token| token.text("pk") == pk).collect();
            let mut found: Vec<&str> = tokens.iter().map(|token| token.text("sk").trim_start_matches("TOKEN#")).collect();
            found.sort_unstable();
            let owner = data["ownerId"].as_str().unwrap_or("NONE");
            let placed = |token: &&Raw| token.text("o").starts_with(&format!("USER#{owner}#CUSTOMER#{state}#Q#"));
            if found != expected || !tokens.iter().all(placed) {
                wrong.push(format!("{pk}: words {found:?}, expected {expected:?} for {owner} {state}"));
            }
        }
    }
    for marker in of("UNIQUE").filter(|item| item.text("pk").starts_with("UNIQUE#CUSTOMER_")) {
        let mut expected = holders.remove(marker.text("pk")).unwrap_or_default();
        expected.sort();
        if marker.set("ids") != expected {
            wrong.push(format!("{}: {:?}, expected {expected:?}", marker.text("pk"), marker.set("ids")));
        }
    }
    wrong.extend(holders.into_iter().map(|(marker, ids)| format!("{marker} is missing for {ids:?}")));
    wrong
}
