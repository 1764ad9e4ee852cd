//! What is sent out, with its schema.

use crate::schema::{Components, map, nullable};
use domain::text::TextValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A type that can be sent out and that knows its JSON schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field that is shown",
    note = "a value or an id of the domain is listed in shared/contract/src/values.rs; an object is declared with `answer!`, `row!` or `whole!`"
)]
pub trait Show: serde::Serialize {
    /// JSON Schema of the answer.
    fn schema(components: &mut Components) -> Value;
    /// Which of its fields the system keeps by itself, as they are written in Rust: they change without a new
    /// version.
    fn kept() -> Vec<&'static str> {
        Vec::new()
    }
}

macro_rules! show {
    ($($type:ty => $schema:expr),* $(,)?) => {
        $(impl Show for $type { fn schema(_: &mut Components) -> Value { $schema } })*
    };
}

show! {
    () => json!({"type": "null"}),
    bool => json!({"type": "boolean"}),
    String => json!({"type": "string"}),
    i64 => json!({"type": "integer"}),
    u64 => json!({"type": "integer", "minimum": 0}),
    u32 => json!({"type": "integer", "minimum": 0}),
    Value => json!({}),
    Map<String, Value> => json!({"type": "object", "additionalProperties": true}),
    &'static str => json!({"type": "string"}),
}

impl<K: TextValue + Ord + serde::Serialize, V: Show> Show for BTreeMap<K, V> {
    fn schema(components: &mut Components) -> Value {
        let value = V::schema(components);
        map::<K>(&value, components)
    }
}

impl<const MAX: usize> Show for domain::json::JsonObject<MAX> {
    fn schema(_: &mut Components) -> Value {
        json!({"type": "object", "additionalProperties": true})
    }
}

impl<T: Show> Show for Option<T> {
    fn schema(components: &mut Components) -> Value {
        nullable(T::schema(components))
    }
}

impl<T: Show> Show for Vec<T> {
    fn schema(components: &mut Components) -> Value {
        json!({"type": "array", "items": T::schema(components)})
    }
}
