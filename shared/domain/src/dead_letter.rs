//! Dead letters: messages that no consumer could take, and what of them may be shown.

use crate::event::{Act, Event, EventKind};
use crate::id::ParkedId;
use crate::personal::is_plain;
use crate::value::cut;
use serde_json::{Map, Value, json};

/// The kind of record that its event is about.
pub const KIND: &str = "DEADLETTER";

/// How much of a message is shown, characters.
const SHOWN: usize = 2_000;

/// The members of messages whose text says what kind of thing it is, and of nobody.
const KINDS: [&str; 10] = ["task", "job", "type", "kind", "source", "detail-type", "eventName", "eventSource", "status", "requestId"];

/// A message as it may be shown: its members, ids, times, numbers and kinds as they are, every other text as `…`, since it may
/// be personal. What is not JSON is told by its length.
pub fn shown(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => cut(&masked("", value).to_string(), SHOWN),
        Err(_) => format!("{} bytes that are not JSON", body.len()),
    }
}

fn masked(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) if KINDS.contains(&name) || is_plain(&text) => Value::String(text),
        Value::String(_) => Value::String("…".into()),
        Value::Array(items) => items.into_iter().map(|item| masked(name, item)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name.clone(), masked(&name, value))).collect::<Map<_, _>>().into(),
        other => other,
    }
}

/// The event that somebody gave a message up, and why.
pub fn discarded(act: &Act, id: ParkedId, queue: &str, cause: &str, reason: &str) -> Event {
    let summary = format!("{} discarded a message of {queue}: {reason}", act.actor_name);
    let data = json!({"queue": queue, "cause": cause});
    let changes = Map::from_iter([("reason".to_owned(), json!({"old": null, "new": reason}))]);
    Event::new(act, EventKind::DeadLetterDiscarded, (KIND, id.to_string(), format!("A message of {queue}")), summary, data).with_changes(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_personal_is_not_shown() {
        let id = "0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a";
        let body = json!({
            "task": "project", "user": id, "at": "2026-01-31T09:30:00.000Z", "tries": 3,
            "record": {"NewImage": {"pk": {"S": format!("LEAD#{id}")}, "email": {"S": "ada@example.com"}, "names": ["Ada", "Lovelace"]}},
        });
        let shown: Value = serde_json::from_str(&shown(&body.to_string())).expect("JSON");
        let image = json!({"pk": {"S": format!("LEAD#{id}")}, "email": {"S": "…"}, "names": ["…", "…"]});
        assert_eq!(shown, json!({"task": "project", "user": id, "at": "2026-01-31T09:30:00.000Z", "tries": 3, "record": {"NewImage": image}}));
        assert_eq!(super::shown("Ada's e-mail"), "12 bytes that are not JSON");
        assert!(super::shown(&json!({"pk": "UNIQUE#EMAIL#ada@example.com"}).to_string()).contains('…'));
        assert!(super::shown(&json!(vec!["x"; 10_000]).to_string()).chars().count() <= SHOWN + 1);
    }
}
