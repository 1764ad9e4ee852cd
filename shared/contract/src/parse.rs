//! How a JSON value from outside becomes a value that is valid.
//!
//! A library that stops at the first wrong field (serde) cannot name them all, hence [`Parse`];
//! `docs/decisions/0002-one-declaration-per-body.md` has the reasons.

use crate::schema::{Components, map, nullable};
use domain::Reference;
use domain::json::JsonObject;
use domain::text::{Invalid, TextValue};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body (`/address/city`), `?name` for a query parameter, or the name of a header.
    pub pointer: String,
    /// The rule that was broken: `required`, `type`, `unknown`, `length`, `format`, `enum`,
    /// `range`, `reference`, `cursor`, …
    pub rule: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

impl FieldError {
    /// A field error at a pointer.
    pub fn new(pointer: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), rule, message: message.into() }
    }
}

/// The wrong fields met so far, the records that were named, and where the parser stands.
#[derive(Debug, Default)]
pub struct Errors {
    list: Vec<FieldError>,
    references: Vec<(String, Reference)>,
    path: String,
}

impl Errors {
    /// An empty list whose pointers start with `root`: empty for a body, `?` for a query.
    pub fn at(root: &str) -> Self {
        Self { path: root.to_owned(), ..Self::default() }
    }

    /// Notes that the value at the present place is wrong.
    pub fn refuse(&mut self, invalid: Invalid) {
        self.list.push(FieldError { pointer: self.path.clone(), rule: invalid.rule, message: invalid.message });
    }

    /// Notes that the value at the present place names a record.
    pub fn refer(&mut self, reference: Reference) {
        self.references.push((self.path.clone(), reference));
    }

    /// Runs `f` one step deeper, at the field or index `name`.
    pub fn inside<T>(&mut self, name: &str, f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if self.path != "?" {
            self.path.push('/');
        }
        // RFC 6901 section 3: `~` and `/` inside a token are escaped.
        self.path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let result = f(self);
        self.path.truncate(length);
        result
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The records that were named, by where they were.
    pub fn into_references(self) -> Vec<(String, Reference)> {
        self.references
    }

    /// The wrong fields, in the order met.
    pub fn into_list(self) -> Vec<FieldError> {
        self.list
    }
}

/// A type that can be read from outside and that knows its own JSON schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field that is taken",
    note = "a value or an id of the domain is listed in shared/contract/src/values.rs; an object is declared with `body!`"
)]
pub trait Parse: Sized {
    /// Whether a missing field is fine, as for `Option` and [`Patch`].
    const OPTIONAL: bool = false;

    /// Reads the value or notes every fault in `errors` and gives `None`.
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self>;

    /// Reads a query parameter's text. Numbers and booleans override it.
    fn parse_text(text: &str, errors: &mut Errors) -> Option<Self> {
        Self::parse(&Value::String(text.to_owned()), errors)
    }

    /// The value of a missing field; `None` where the field is required.
    fn absent() -> Option<Self> {
        None
    }

    /// JSON Schema (draft 2020-12) of the type.
    fn schema(components: &mut Components) -> Value;
}

/// A [`body!`](crate::body): whatever is wrong with it, the fields that did parse are known.
pub trait Body: Parse {
    /// The fields, each `None` where it did not parse: a rule over several of them is silent then.
    type Sent: Clone + Send + Sync + 'static;

    /// Reads the fields or notes every fault in `errors`; `None` is no object.
    fn read(value: &Value, errors: &mut Errors) -> Option<Self::Sent>;

    /// The body, where all of it did parse.
    fn whole(sent: Self::Sent) -> Option<Self>;
}

/// What did parse of a body.
pub type Sent<B> = <B as Body>::Sent;

impl Parse for bool {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let found = value.as_bool();
        if found.is_none() {
            errors.refuse(Invalid::new("type", "must be true or false"));
        }
        found
    }

    fn parse_text(text: &str, errors: &mut Errors) -> Option<Self> {
        Self::parse(&text.parse::<bool>().map_or(Value::Null, Value::Bool), errors)
    }

    fn schema(_: &mut Components) -> Value {
        json!({"type": "boolean"})
    }
}

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int<const MIN: i64, const MAX: i64>(pub i64);

impl<const MIN: i64, const MAX: i64> Parse for Int<MIN, MAX> {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        match whole(value) {
            Some(number) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            Some(_) => {
                errors.refuse(Invalid::new("range", format!("must be from {MIN} to {MAX}")));
                None
            }
            None => {
                errors.refuse(Invalid::new("type", "must be a whole number"));
                None
            }
        }
    }

    fn parse_text(text: &str, errors: &mut Errors) -> Option<Self> {
        Self::parse(&text.parse::<i64>().map_or(Value::Null, Value::from), errors)
    }

    fn schema(_: &mut Components) -> Value {
        json!({"type": "integer", "minimum": MIN, "maximum": MAX})
    }
}

/// A whole number as JSON may write it: `5.0` is 5 (JSON Schema draft 2020-12, section 6.1.1 of its validation). Floats
/// are whole as far as they are exact, to 2^53.
fn whole(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = || value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT);
    value.as_i64().or_else(|| float().map(|number| number as i64))
}

impl<T: Parse> Parse for Option<T> {
    const OPTIONAL: bool = true;

    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        // A form sends an empty text for what was not filled in.
        let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
        if value.is_null() || is_blank { Some(None) } else { T::parse(value, errors).map(Some) }
    }

    fn parse_text(text: &str, errors: &mut Errors) -> Option<Self> {
        T::parse_text(text, errors).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn schema(components: &mut Components) -> Value {
        nullable(T::schema(components))
    }
}

/// A field that has to be sent, of which nobody or nothing is a value: `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nullable<T>(pub Option<T>);

impl<T: Parse> Parse for Nullable<T> {
    /// Nobody is meant by `null` alone: an empty field of a form is no decision.
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        if value.is_null() { Some(Self(None)) } else { T::parse(value, errors).map(|value| Self(Some(value))) }
    }

    fn schema(components: &mut Components) -> Value {
        Option::<T>::schema(components)
    }
}

/// A field of a partial update: left as it is when absent, set when present. `Patch<Option<T>>` is
/// a field that `null` clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field was not sent.
    #[default]
    Keep,
    /// The field was sent.
    Set(T),
}

impl<T> Patch<T> {
    /// Writes the value into `slot` if the field was sent.
    pub fn apply(self, slot: &mut T) {
        if let Self::Set(value) = self {
            *slot = value;
        }
    }

    /// Whether the field was sent.
    pub fn is_set(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    /// The value sent, else the one that is there.
    pub fn over(&self, present: &T) -> T
    where
        T: Clone,
    {
        self.value().unwrap_or(present).clone()
    }

    /// The value sent, if any.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// What was sent of a field, where it did parse and is another value than the present one.
pub fn other_than<T: Copy + PartialEq>(sent: Option<&Patch<T>>, present: T) -> Option<T> {
    sent.and_then(Patch::value).copied().filter(|sent| *sent != present)
}

impl<T: Parse> Parse for Patch<T> {
    const OPTIONAL: bool = true;

    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        T::parse(value, errors).map(Self::Set)
    }

    fn absent() -> Option<Self> {
        Some(Self::Keep)
    }

    fn schema(components: &mut Components) -> Value {
        T::schema(components)
    }
}

/// A list of at least `MIN` and at most `MAX` elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize, const MIN: usize = 0>(pub Vec<T>);

impl<T: Parse, const MAX: usize, const MIN: usize> Parse for List<T, MAX, MIN> {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let Some(elements) = value.as_array() else {
            errors.refuse(Invalid::new("type", "must be a list"));
            return None;
        };
        if elements.len() > MAX {
            errors.refuse(Invalid::new("length", format!("must have at most {MAX} elements")));
            return None;
        }
        if elements.len() < MIN {
            errors.refuse(Invalid::new("length", format!("must have at least {MIN} elements")));
            return None;
        }
        let parsed: Vec<Option<T>> =
            elements.iter().enumerate().map(|(index, element)| errors.inside(&index.to_string(), |errors| T::parse(element, errors))).collect();
        parsed.into_iter().collect::<Option<Vec<T>>>().map(Self)
    }

    fn schema(components: &mut Components) -> Value {
        let mut schema = json!({"type": "array", "maxItems": MAX, "items": T::schema(components)});
        if MIN > 0 {
            schema["minItems"] = json!(MIN);
        }
        schema
    }
}

/// An object whose keys are values of an enumeration.
impl<K: TextValue + Ord, V: Parse> Parse for BTreeMap<K, V> {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let Some(object) = value.as_object() else {
            errors.refuse(Invalid::new("type", "must be an object"));
            return None;
        };
        let parsed = object.iter().map(|(name, value)| {
            errors.inside(name, |errors| {
                let key = K::read(name).map_err(|invalid| errors.refuse(invalid)).ok();
                key.zip(V::parse(value, errors))
            })
        });
        parsed.collect::<Vec<_>>().into_iter().collect()
    }

    fn schema(components: &mut Components) -> Value {
        let value = V::schema(components);
        map::<K>(&value, components)
    }
}

impl<const MAX: usize> Parse for JsonObject<MAX> {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let Some(object) = value.as_object() else {
            errors.refuse(Invalid::new("type", "must be an object"));
            return None;
        };
        Self::new(object.clone()).map_err(|invalid| errors.refuse(invalid)).ok()
    }

    fn schema(_: &mut Components) -> Value {
        json!({"type": "object", "additionalProperties": true})
    }
}

/// `first_name` as it stands in JSON: `firstName`.
pub fn camel(name: &str) -> String {
    let mut parts = name.trim_start_matches("r#").split('_');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        if let Some(first) = letters.next() {
            result.extend(first.to_uppercase());
            result.push_str(letters.as_str());
        }
    }
    result
}

/// Reads the object behind a [`body!`](crate::body) type: wrong type and unknown fields are noted here.
pub fn object<'a>(value: &'a Value, known: &[String], errors: &mut Errors) -> Option<&'a Map<String, Value>> {
    let Some(object) = value.as_object() else {
        errors.refuse(Invalid::new("type", "must be an object"));
        return None;
    };
    for name in object.keys().filter(|name| !known.contains(name)) {
        errors.inside(name, |errors| {
            errors.refuse(Invalid::new("unknown", format!("is not a field here; known are {}", known.join(", "))));
        });
    }
    Some(object)
}

/// Reads one field of an object, or notes that it is missing.
pub fn field<T: Parse>(object: &Map<String, Value>, name: &str, errors: &mut Errors) -> Option<T> {
    errors.inside(name, |errors| match object.get(name) {
        Some(value) => T::parse(value, errors),
        None => {
            let absent = T::absent();
            if absent.is_none() {
                errors.refuse(Invalid::new("required", "is required"));
            }
            absent
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::value::Text;

    crate::body! {
        /// Probe.
        pub struct Probe {
            /// A name.
            pub first_name: Text<5>,
            /// A flag.
            pub on: Patch<bool>,
            /// Nothing or text.
            pub nick: Patch<Option<Text<5>>>,
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let mut errors = Errors::at("");
        let probe = Probe::parse(&json!({"on": 1, "nick": "toolong", "x/y": 0}), &mut errors);
        assert!(probe.is_none());
        let found: Vec<_> = errors.into_list().into_iter().map(|e| (e.pointer, e.rule)).collect();
        let expected = [("/x~1y", "unknown"), ("/firstName", "required"), ("/on", "type"), ("/nick", "length")];
        assert_eq!(found, expected.map(|(p, r)| (p.to_owned(), r)));
    }

    #[test]
    fn absent_null_and_set_are_three_things() {
        let mut errors = Errors::at("");
        let probe = Probe::parse(&json!({"firstName": "Ann", "nick": null}), &mut errors).expect("valid");
        assert_eq!((probe.first_name.as_str(), probe.on, probe.nick), ("Ann", Patch::Keep, Patch::Set(None)));
        let emptied = Probe::parse(&json!({"firstName": "Ann", "nick": ""}), &mut errors).expect("valid");
        assert_eq!(emptied.nick, Patch::Set(None), "an empty text is none");
        let blank = Probe::parse(&json!({"firstName": "Ann", "nick": " \t"}), &mut errors).expect("valid");
        assert_eq!(blank.nick, Patch::Set(None), "nor is one of blanks");
        assert!(Probe::parse(&json!({"firstName": ""}), &mut errors).is_none());
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let read = |value: Value| {
            let mut errors = Errors::at("");
            Int::<1, 10>::parse(&value, &mut errors).map(|number| number.0).ok_or_else(|| errors.into_list()[0].rule)
        };
        assert_eq!((read(json!(5)), read(json!(5.0)), read(json!(1e1))), (Ok(5), Ok(5), Ok(10)));
        assert_eq!((read(json!(5.5)), read(json!("5")), read(json!(1e300))), (Err("type"), Err("type"), Err("type")));
        assert_eq!((read(json!(0.0)), read(json!(11.0)), read(json!(u64::MAX))), (Err("range"), Err("range"), Err("type")));
    }
}
