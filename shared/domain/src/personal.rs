//! Which values are nobody's: what the bus carries of a change, and what is shown of a failed message, has no others.

use crate::text::TextValue;
use crate::time::Time;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The fields whose text is one of a few words, or a day that is nobody's birthday.
const WORDS: [&str; 23] = [
    "status",
    "closeReason",
    "priority",
    "type",
    "direction",
    "lifecycle",
    "engagement",
    "role",
    "locale",
    "emailStatus",
    "channels",
    "permissions",
    "unit",
    "scope",
    "startDate",
    "endDate",
    "workDate",
    "until",
    "trigger",
    "beneficiary",
    "discountType",
    "applyTo",
    "levelCodes",
];

/// Whether a text is an id, the key of a record, or a time.
pub fn is_plain(text: &str) -> bool {
    let id = text.split_once('#').map_or(text, |(_, id)| id);
    let kind = text.split_once('#').map_or("", |(kind, _)| kind);
    let is_kind = kind.chars().all(|c| c.is_ascii_uppercase());
    (is_kind && id.len() == 36 && Uuid::try_parse(id).is_ok()) || Time::read(text).is_ok()
}

/// Whether a field's value says nothing of a person: numbers, ids, times, and words of a list.
fn is_nobodys(name: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => WORDS.contains(&name) || is_plain(text),
        Value::Array(items) => items.iter().all(|item| is_nobodys(name, item)),
        // A client's own data, whatever its members are called.
        Value::Object(_) if name == "metadata" => false,
        Value::Object(members) => members.iter().all(|(name, value)| is_nobodys(name, value)),
    }
}

/// The changes of an event without what they say of persons: names, addresses, numbers, birthdays and free text are named as
/// changed, `{"email": {}}`, and have no values.
pub fn without_values(changes: &Map<String, Value>) -> Map<String, Value> {
    let bare = |(name, change): (&String, &Value)| {
        let sides = change.as_object().into_iter().flat_map(Map::values);
        let kept = sides.clone().count() > 0 && sides.into_iter().all(|side| is_nobodys(name, side));
        (name.clone(), if kept { change.clone() } else { Value::Object(Map::new()) })
    };
    changes.iter().map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_of_what_is_somebodys_is_named_without_its_values() {
        let id = "0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a";
        let kept = json!({
            "status": {"old": "NEW", "new": "CONTACTED"},
            "ownerId": {"old": null, "new": id},
            "memberIds": {"old": [], "new": [id]},
            "dueAt": {"old": "2026-01-31T09:30:00.000Z", "new": null},
            "recurrence": {"old": null, "new": {"every": 1, "unit": "WEEK"}},
            "mustChangePassword": {"old": false, "new": true},
            "pushTokens": {"old": 0, "new": 1},
        });
        let named = json!({
            "email": {"old": null, "new": "ada@example.com"},
            "birthday": {"old": null, "new": "1815-12-10"},
            "address": {"old": {"line1": "1 Dorset Street"}, "new": null},
            "metadata": {"old": null, "new": {"type": "Ada"}},
            "title": {"old": "A mill", "new": "Two mills"},
        });
        let all: Map<String, Value> =
            [&kept, &named].into_iter().filter_map(Value::as_object).flatten().map(|(n, v)| (n.clone(), v.clone())).collect();
        let bare = without_values(&all);
        for (name, change) in &all {
            let expected = if kept[name].is_null() { json!({}) } else { change.clone() };
            assert_eq!(bare[name], expected, "{name}");
        }
    }
}
