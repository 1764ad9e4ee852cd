//! What was read can be sent back: fields of a change that are as the record shows them now.

use contract::FieldError;
use serde_json::{Map, Value};

/// A body without the fields that are as they are present; `None` where it is no object. An empty text
/// stands for null, as a form sends it.
pub(crate) fn left_out(body: &[u8], present: &Map<String, Value>) -> Option<Vec<u8>> {
    let Ok(Value::Object(mut sent)) = serde_json::from_slice::<Value>(body) else { return None };
    sent.retain(|name, value| match present.get(name) {
        Some(Value::Null) => !value.is_null() && value != "",
        now => now != Some(value),
    });
    serde_json::to_vec(&sent).ok()
}

/// Errors in which a field that the record shows is not unknown: it cannot be changed.
pub(crate) fn read_only(errors: Vec<FieldError>, present: &Map<String, Value>) -> Vec<FieldError> {
    let shown = |error: &FieldError| error.rule == "unknown" && error.pointer.strip_prefix('/').is_some_and(|name| present.contains_key(name));
    let message = "cannot be changed here and is not as it was sent; read the record again";
    errors.into_iter().map(|error| if shown(&error) { FieldError::new(error.pointer, "readonly", message) } else { error }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn present() -> Map<String, Value> {
        json!({"id": "a", "version": 3, "name": "Ann", "email": null}).as_object().cloned().expect("object")
    }

    #[test]
    fn what_is_as_it_was_is_left_out() {
        let sent = json!({"id": "a", "version": 2, "name": "Bob", "email": "", "colour": "red"}).to_string();
        let left: Value = serde_json::from_slice(&left_out(sent.as_bytes(), &present()).expect("object")).expect("json");
        assert_eq!(left, json!({"version": 2, "name": "Bob", "colour": "red"}));
        assert_eq!(left_out(b"[]", &present()), None);
    }

    #[test]
    fn a_field_that_is_shown_is_read_only_and_another_unknown() {
        let errors = ["/version", "/colour", "/address/planet"].map(|pointer| FieldError::new(pointer, "unknown", ""));
        let rules: Vec<_> = read_only(errors.to_vec(), &present()).into_iter().map(|error| error.rule).collect();
        assert_eq!(rules, ["readonly", "unknown", "unknown"]);
    }
}
