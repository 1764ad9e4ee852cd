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
