//! How a JSON value from outside becomes a value that is valid.
//!
//! Owns: the [`Parse`] trait, the error list that names every wrong field at once, and the macros
//! that declare a request body, a query or an answer once for both parsing and the OpenAPI schema.
//! A library that stops at the first wrong field (serde) cannot name them all, hence this module;
//! `docs/decisions/0002-one-declaration-per-body.md` has the reasons.

use serde_json::{Map, Value, json};

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body (`/address/city`), or `?name` for a query parameter.
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

/// Why a single value was refused: the rule and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// See [`FieldError::rule`].
    pub rule: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

impl Invalid {
    /// A refusal by a rule.
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into() }
    }
}

/// The wrong fields met so far and where the parser stands.
#[derive(Debug, Default)]
pub struct Errors {
    list: Vec<FieldError>,
    path: String,
}

impl Errors {
    /// An empty list whose pointers start with `root`: empty for a body, `?` for a query.
    pub fn at(root: &str) -> Self {
        Self { list: Vec::new(), path: root.to_owned() }
    }

    /// Notes that the value at the present place is wrong.
    pub fn refuse(&mut self, invalid: Invalid) {
        self.list.push(FieldError { pointer: self.path.clone(), rule: invalid.rule, message: invalid.message });
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

    /// The wrong fields, in the order met.
    pub fn into_list(self) -> Vec<FieldError> {
        self.list
    }
}

/// A type that can be read from outside and that knows its own JSON schema.
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
    fn schema() -> Value;
}

/// A value that is written as text: the newtypes of this crate. One implementation of this gives
/// parsing, the schema and serde.
pub trait TextValue: Sized {
    /// The valid value, or why it is none.
    fn read(text: &str) -> Result<Self, Invalid>;
    /// JSON Schema of the text.
    fn text_schema() -> Value;
}

impl<T: TextValue> Parse for T {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let Some(text) = value.as_str() else {
            errors.refuse(Invalid::new("type", "must be a string"));
            return None;
        };
        T::read(text).map_err(|invalid| errors.refuse(invalid)).ok()
    }

    fn schema() -> Value {
        T::text_schema()
    }
}

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

    fn schema() -> Value {
        json!({"type": "boolean"})
    }
}

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int<const MIN: i64, const MAX: i64>(pub i64);

impl<const MIN: i64, const MAX: i64> Parse for Int<MIN, MAX> {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        match value.as_i64() {
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

    fn schema() -> Value {
        json!({"type": "integer", "minimum": MIN, "maximum": MAX})
    }
}

impl<T: Parse> Parse for Option<T> {
    const OPTIONAL: bool = true;

    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::parse(value, errors).map(Some) }
    }

    fn parse_text(text: &str, errors: &mut Errors) -> Option<Self> {
        T::parse_text(text, errors).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn schema() -> Value {
        nullable(T::schema())
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

    /// The value sent, if any.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T: Parse> Parse for Patch<T> {
    const OPTIONAL: bool = true;

    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        T::parse(value, errors).map(Self::Set)
    }

    fn absent() -> Option<Self> {
        Some(Self::Keep)
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// A list of at most `MAX` elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl<T: Parse, const MAX: usize> Parse for List<T, MAX> {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let Some(elements) = value.as_array() else {
            errors.refuse(Invalid::new("type", "must be a list"));
            return None;
        };
        if elements.len() > MAX {
            errors.refuse(Invalid::new("length", format!("must have at most {MAX} elements")));
            return None;
        }
        let parsed: Vec<Option<T>> =
            elements.iter().enumerate().map(|(index, element)| errors.inside(&index.to_string(), |errors| T::parse(element, errors))).collect();
        parsed.into_iter().collect::<Option<Vec<T>>>().map(Self)
    }

    fn schema() -> Value {
        json!({"type": "array", "maxItems": MAX, "items": T::schema()})
    }
}

/// A JSON object of at most `MAX` bytes when written compactly: `metadata` and preferences.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonObject<const MAX: usize>(pub Map<String, Value>);

impl<const MAX: usize> Parse for JsonObject<MAX> {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let Some(object) = value.as_object() else {
            errors.refuse(Invalid::new("type", "must be an object"));
            return None;
        };
        if value.to_string().len() > MAX {
            errors.refuse(Invalid::new("length", format!("must be at most {MAX} bytes of JSON")));
            return None;
        }
        // 32 levels is DynamoDB's own limit for a nested attribute; the record's maps take three.
        if depth(value) > 24 {
            errors.refuse(Invalid::new("depth", "must be nested at most 24 levels deep"));
            return None;
        }
        if has_wide_number(value) {
            errors.refuse(Invalid::new("range", "numbers must fit 64 bits"));
            return None;
        }
        Some(Self(object.clone()))
    }

    fn schema() -> Value {
        json!({"type": "object", "additionalProperties": true})
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// DynamoDB numbers hold 38 digits between 1E-130 and 1E+125; a double can leave that range.
fn has_wide_number(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(has_wide_number),
        Value::Object(map) => map.values().any(has_wide_number),
        Value::Number(number) => number.as_f64().is_some_and(|n| n != 0.0 && !(1e-120..1e120).contains(&n.abs())),
        _ => false,
    }
}

/// The schema with `null` allowed beside it.
pub fn nullable(mut schema: Value) -> Value {
    if let Some(object) = schema.as_object_mut()
        && let Some(kind) = object.get("type").and_then(Value::as_str).map(str::to_owned)
    {
        object.insert("type".into(), json!([kind, "null"]));
        if let Some(values) = object.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
        return schema;
    }
    json!({"anyOf": [schema, {"type": "null"}]})
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

/// The schema of an object from its fields: (name, description, schema, required).
pub fn object_schema(fields: Vec<(String, String, Value, bool)>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, description, mut schema, needed) in fields {
        if let (Some(object), false) = (schema.as_object_mut(), description.is_empty()) {
            object.entry("description").or_insert(Value::String(description));
        }
        if needed {
            required.push(Value::String(name.clone()));
        }
        properties.insert(name, schema);
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = Value::Array(required);
    }
    schema
}

/// An object's schema with more fields, all required.
pub fn extended<'a>(mut schema: Value, fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    for (name, field) in fields {
        schema["properties"][name] = field;
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(Value::String(name.to_owned()));
        }
    }
    schema
}

/// Declares a request body: a struct whose fields are all [`Parse`] types. Field names are
/// camelCase outside; a field's doc comment becomes its description in OpenAPI.
///
/// ```
/// use domain::input::{Errors, Parse, Patch};
/// use domain::value::Text;
/// domain::body! {
///     /// A new pet.
///     pub struct CreatePet {
///         /// What it answers to.
///         pub pet_name: Text<20>,
///         /// Cleared by `null`.
///         pub nick_name: Patch<Option<Text<20>>>,
///     }
/// }
/// let mut errors = Errors::at("");
/// assert!(CreatePet::parse(&serde_json::json!({"petName": 1, "age": 3}), &mut errors).is_none());
/// let pointers: Vec<_> = errors.into_list().into_iter().map(|e| e.pointer).collect();
/// assert_eq!(pointers, ["/age", "/petName"]);
/// ```
#[macro_export]
macro_rules! body {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[doc = $doc:literal])* pub $field:ident : $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name { $($(#[doc = $doc])* #[doc = ""] pub $field: $type),* }

        impl $crate::input::Parse for $name {
            fn parse(value: &$crate::input::Json, errors: &mut $crate::input::Errors) -> Option<Self> {
                let known = [$($crate::input::camel(stringify!($field))),*];
                let object = $crate::input::object(value, &known, errors)?;
                $(let $field = $crate::input::field::<$type>(object, &$crate::input::camel(stringify!($field)), errors);)*
                let _ = &object;
                Some(Self { $($field: $field?),* })
            }

            fn schema() -> $crate::input::Json {
                $crate::input::object_schema(vec![$((
                    $crate::input::camel(stringify!($field)),
                    [$($doc),*].map(str::trim).join(" "),
                    <$type as $crate::input::Parse>::schema(),
                    !<$type as $crate::input::Parse>::OPTIONAL,
                )),*])
            }
        }
    };
}

/// A JSON value, named here so that the macros need no import.
pub type Json = Value;

/// (name, description, schema, required) of a query parameter.
pub type Parameter = (String, String, Value, bool);

/// A query string's parameters as a type: every field [`Parse`], unknown parameters refused.
pub trait Query: Sized {
    /// Reads the decoded pairs or notes every fault.
    fn parse_query(pairs: &[(String, String)], errors: &mut Errors) -> Option<Self>;
    /// (name, description, schema, required) of each parameter.
    fn parameters() -> Vec<Parameter>;
}

impl Query for () {
    fn parse_query(pairs: &[(String, String)], errors: &mut Errors) -> Option<Self> {
        unknown_parameters(pairs, &[], errors);
        Some(())
    }

    fn parameters() -> Vec<Parameter> {
        Vec::new()
    }
}

/// Notes parameters that are not known here.
pub fn unknown_parameters(pairs: &[(String, String)], known: &[String], errors: &mut Errors) {
    for (name, _) in pairs.iter().filter(|(name, _)| !known.contains(name)) {
        let message = if known.is_empty() {
            "is not a parameter here; there are none".to_owned()
        } else {
            format!("is not a parameter here; known are {}", known.join(", "))
        };
        errors.inside(name, |errors| errors.refuse(Invalid::new("unknown", message)));
    }
}

/// Reads one query parameter; given twice is an error.
pub fn parameter<T: Parse>(pairs: &[(String, String)], name: &str, errors: &mut Errors) -> Option<T> {
    let mut values = pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
    let first = values.next();
    errors.inside(name, |errors| {
        if values.next().is_some() {
            errors.refuse(Invalid::new("repeated", "may be given once"));
            return None;
        }
        match first {
            Some(text) => T::parse_text(text, errors),
            None => {
                let absent = T::absent();
                if absent.is_none() {
                    errors.refuse(Invalid::new("required", "is required"));
                }
                absent
            }
        }
    })
}

/// Declares the query parameters of a route, like [`body!`](crate::body) for bodies.
#[macro_export]
macro_rules! query {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[doc = $doc:literal])* pub $field:ident : $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name { $($(#[doc = $doc])* #[doc = ""] pub $field: $type),* }

        impl $crate::input::Query for $name {
            fn parse_query(pairs: &[(String, String)], errors: &mut $crate::input::Errors) -> Option<Self> {
                let known = [$($crate::input::camel(stringify!($field))),*];
                $crate::input::unknown_parameters(pairs, &known, errors);
                $(let $field = $crate::input::parameter::<$type>(pairs, &$crate::input::camel(stringify!($field)), errors);)*
                Some(Self { $($field: $field?),* })
            }

            fn parameters() -> Vec<$crate::input::Parameter> {
                vec![$((
                    $crate::input::camel(stringify!($field)),
                    [$($doc),*].map(str::trim).join(" "),
                    <$type as $crate::input::Parse>::schema(),
                    !<$type as $crate::input::Parse>::OPTIONAL,
                )),*]
            }
        }
    };
}

/// A type that can be sent out and that knows its JSON schema.
pub trait Show: serde::Serialize {
    /// JSON Schema of the answer.
    fn schema() -> Value;
}

macro_rules! show {
    ($($type:ty => $schema:expr),* $(,)?) => {
        $(impl Show for $type { fn schema() -> Value { $schema } })*
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

impl<T: Show> Show for Option<T> {
    fn schema() -> Value {
        nullable(T::schema())
    }
}

impl<T: Show> Show for Vec<T> {
    fn schema() -> Value {
        json!({"type": "array", "items": T::schema()})
    }
}

/// Declares an answer: a serialisable struct with its schema. Every field is always there.
#[macro_export]
macro_rules! answer {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[doc = $doc:literal])* pub $field:ident : $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, $crate::serde::Serialize)]
        #[serde(rename_all = "camelCase", crate = "domain::serde")]
        pub struct $name { $($(#[doc = $doc])* #[doc = ""] pub $field: $type),* }

        impl $crate::input::Show for $name {
            fn schema() -> $crate::input::Json {
                $crate::input::object_schema(vec![$((
                    $crate::input::camel(stringify!($field)),
                    [$($doc),*].map(str::trim).join(" "),
                    <$type as $crate::input::Show>::schema(),
                    true,
                )),*])
            }
        }
    };
}

/// Gives a [`TextValue`] newtype over `String` its serde, `Display` and [`Show`] forms.
#[macro_export]
macro_rules! text_serde {
    (for each $param:ident, $name:ty) => { $crate::text_serde!(@ $name, $param); };
    ($name:ty) => { $crate::text_serde!(@ $name,); };
    (@ $name:ty, $($param:ident)?) => {
        impl $(<const $param: usize>)? $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de $(, const $param: usize)?> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                <Self as $crate::input::TextValue>::read(&text).map_err(|invalid| $crate::serde::de::Error::custom(invalid.message))
            }
        }
        impl $(<const $param: usize>)? $crate::input::Show for $name {
            fn schema() -> $crate::input::Json {
                <Self as $crate::input::TextValue>::text_schema()
            }
        }
    };
}

/// Declares an enumeration whose values are written upper case, exactly as given.
#[macro_export]
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),* }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The value as it is written in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::input::TextValue for $name {
            fn read(text: &str) -> Result<Self, $crate::input::Invalid> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err($crate::input::Invalid::new("enum", format!("must be one of {}", [$($text),*].join(", ")))),
                }
            }
            fn text_schema() -> $crate::input::Json {
                $crate::serde_json::json!({"type": "string", "enum": [$($text),*]})
            }
        }

        $crate::text_serde!($name);
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Text;

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
    }

    #[test]
    fn deep_and_wide_metadata_is_refused() {
        let mut deep = json!(1);
        for _ in 0..40 {
            deep = json!({"a": deep});
        }
        for bad in [deep, json!({"n": 1e300}), json!([])] {
            let mut errors = Errors::at("");
            assert!(JsonObject::<16384>::parse(&bad, &mut errors).is_none());
            assert!(!errors.is_empty());
        }
    }
}
