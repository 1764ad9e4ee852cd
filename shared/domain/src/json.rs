//! Free JSON of the frontend: metadata and preferences, within what the table can hold.

use crate::text::Invalid;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON object of at most `MAX` bytes when written compactly.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonObject<const MAX: usize>(Map<String, Value>);

/// The metadata of a record.
pub type Metadata = JsonObject<16_384>;

impl<const MAX: usize> JsonObject<MAX> {
    /// The object, where the table can hold it.
    pub fn new(object: Map<String, Value>) -> Result<Self, Invalid> {
        let value = Value::Object(object);
        if value.to_string().len() > MAX {
            return Err(Invalid::new("length", format!("must be at most {MAX} bytes of JSON")));
        }
        // 32 levels is DynamoDB's own limit for a nested attribute; the record's maps take three.
        if depth(&value) > 24 {
            return Err(Invalid::new("depth", "must be nested at most 24 levels deep"));
        }
        if has_wide_number(&value) {
            return Err(Invalid::new("range", "numbers must lie between -2^53 and 2^53: others are rounded by those who read them"));
        }
        // DynamoDB takes no attribute without a name.
        if has_empty_key(&value) {
            return Err(Invalid::new("key", "keys must not be empty, at any depth"));
        }
        match value {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(Invalid::new("type", "must be an object")),
        }
    }

    /// The object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Beyond 2^53 not every whole number is one that readers of JSON can hold.
const WIDEST: f64 = 9_007_199_254_740_992.0;

/// Numbers that would not come back as they are: wider than readers hold exactly, or nearer to nothing
/// than DynamoDB's 1E-130.
fn has_wide_number(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(has_wide_number),
        Value::Object(map) => map.values().any(has_wide_number),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => whole.unsigned_abs() > WIDEST as u64,
            (None, Some(_)) => true,
            (None, None) => number.as_f64().is_none_or(|n| n != 0.0 && !(1e-120..=WIDEST).contains(&n.abs())),
        },
        _ => false,
    }
}

fn has_empty_key(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(has_empty_key),
        Value::Object(map) => map.iter().any(|(key, value)| key.is_empty() || has_empty_key(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Metadata, Invalid> {
        Metadata::new(value.as_object().cloned().expect("an object"))
    }

    #[test]
    fn what_the_table_cannot_hold_is_refused_with_its_rule() {
        let mut deep = json!(1);
        for _ in 0..40 {
            deep = json!({"a": deep});
        }
        let long = json!({"a": "x".repeat(16_384)});
        for (bad, rule) in [(deep, "depth"), (json!({"n": [1e300]}), "range"), (json!({"a": [{"": 1}]}), "key"), (long, "length")] {
            assert_eq!(read(bad).expect_err("refused").rule, rule);
        }
        assert!(read(json!({"a": [{"b": null}], "c": 1e10})).is_ok());
        let widest: i64 = 1 << 53;
        assert!(read(json!({"a": [widest, -widest, 0.1, 0.0, 9e15]})).is_ok());
        for wide in [json!(widest + 1), json!(-widest - 1), json!(u64::MAX), json!(1e16), json!(1e-200)] {
            assert_eq!(read(json!({"a": wide})).expect_err("refused").rule, "range");
        }
    }
}
