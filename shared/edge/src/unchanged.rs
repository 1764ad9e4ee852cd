//! What was read can be sent back: fields of a change that are as the record shows them now.

use contract::FieldError;
use serde_json::{Map, Value};

/// A record that is to be changed, as it is shown now.
pub(crate) struct Present {
    /// Its fields.
    pub shown: Map<String, Value>,
    /// Those that the system keeps by itself: they change without a new version.
    pub kept: Vec<String>,
}

fn object(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// The field of which a body does not know what it is, where it is one of the body itself.
fn unknown(error: &FieldError) -> Option<&str> {
    error.pointer.strip_prefix('/').filter(|_| error.rule == "unknown")
}

impl Present {
    /// A body without the fields that are as they are now; `None` where it is no object. An empty text
    /// stands for null, as a form sends it.
    pub fn left_out(&self, body: &[u8]) -> Option<Vec<u8>> {
        let mut sent = object(body)?;
        sent.retain(|name, value| match self.shown.get(name) {
            Some(Value::Null) => !value.is_null() && value != "",
            now => now != Some(value),
        });
        serde_json::to_vec(&sent).ok()
    }

    /// Whether a body says that it is about the present version.
    pub fn is_of_version(&self, body: &[u8]) -> bool {
        object(body).is_some_and(|sent| sent.contains_key("version") && sent.get("version") == self.shown.get("version"))
    }

    /// A body without those unknown fields that the system keeps: nobody's edit fails because they moved on.
    pub fn kept_left_out(&self, body: &[u8], errors: &[FieldError]) -> Option<Vec<u8>> {
        let mut sent = object(body)?;
        for name in errors.iter().filter_map(unknown).filter(|name| self.kept.iter().any(|kept| kept == name)) {
            sent.remove(name);
        }
        serde_json::to_vec(&sent).ok()
    }

    /// Errors in which a field that the record shows is not unknown: it cannot be changed.
    pub fn read_only(&self, errors: Vec<FieldError>) -> Vec<FieldError> {
        let shown = |error: &FieldError| unknown(error).is_some_and(|name| self.shown.contains_key(name));
        let message = "cannot be changed here and is not as it was sent; read the record again";
        errors.into_iter().map(|error| if shown(&error) { FieldError::new(error.pointer, "readonly", message) } else { error }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn present() -> Present {
        let shown = json!({"id": "a", "version": 3, "name": "Ann", "email": null, "counts": 5}).as_object().cloned().expect("object");
        Present { shown, kept: vec!["counts".into()] }
    }

    fn text(body: Value) -> Vec<u8> {
        body.to_string().into_bytes()
    }

    fn read(body: Option<Vec<u8>>) -> Value {
        serde_json::from_slice(&body.expect("object")).expect("json")
    }

    #[test]
    fn what_is_as_it_was_is_left_out() {
        let sent = text(json!({"id": "a", "version": 2, "name": "Bob", "email": "", "colour": "red"}));
        assert_eq!(read(present().left_out(&sent)), json!({"version": 2, "name": "Bob", "colour": "red"}));
        assert_eq!(present().left_out(b"[]"), None);
        assert!(!present().is_of_version(&sent) && present().is_of_version(&text(json!({"version": 3}))) && !present().is_of_version(b"{}"));
    }

    #[test]
    fn what_the_system_keeps_may_have_moved_on() {
        let errors = ["/counts", "/id"].map(|pointer| FieldError::new(pointer, "unknown", ""));
        let sent = text(json!({"id": "b", "counts": 4, "name": "Bob"}));
        assert_eq!(read(present().kept_left_out(&sent, &errors)), json!({"id": "b", "name": "Bob"}));
    }

    #[test]
    fn a_field_that_is_shown_is_read_only_and_another_unknown() {
        let errors = ["/version", "/colour", "/address/planet"].map(|pointer| FieldError::new(pointer, "unknown", ""));
        let rules: Vec<_> = present().read_only(errors.to_vec()).into_iter().map(|error| error.rule).collect();
        assert_eq!(rules, ["readonly", "unknown", "unknown"]);
    }
}
