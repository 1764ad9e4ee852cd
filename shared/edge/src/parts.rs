//! A path's parameters and a body as types.

use crate::problem::{Code, Problem};
use contract::{Body, Components, Errors, FieldError};
use domain::Reference;
use domain::text::TextValue;
use serde_json::Value;

/// A path's parameters as a type.
pub trait FromPath: Clone + Send + Sync + 'static {
    /// Reads the parameters; `None` is a path that leads nowhere.
    fn from_path(parameters: &[String]) -> Option<Self>;
    /// The schemas of the parameters.
    fn schemas(components: &mut Components) -> Vec<Value>;
}

impl FromPath for () {
    fn from_path(_: &[String]) -> Option<Self> {
        Some(())
    }

    fn schemas(_: &mut Components) -> Vec<Value> {
        Vec::new()
    }
}

/// A text in the path that is an id (or another [`TextValue`]).
impl<T: TextValue + Clone + Send + Sync + 'static> FromPath for (T,) {
    fn from_path(parameters: &[String]) -> Option<Self> {
        parameters.first().and_then(|text| T::read(text).ok()).map(|value| (value,))
    }

    fn schemas(components: &mut Components) -> Vec<Value> {
        vec![contract::schema::text(std::any::type_name::<T>(), T::form(), components)]
    }
}

/// A request's body as a type.
pub trait FromBody: Sized + Send + Sync + 'static {
    /// Whether there is a body at all.
    const EXPECTED: bool = true;
    /// What is known of it where some of it is wrong.
    type Sent: Send + Sync + 'static;
    /// Reads the body, given its media type.
    fn read(body: &[u8], media_type: Option<&str>) -> Result<Read<Self>, Problem>;
    /// The records that the body names, wrong as it may be otherwise, by pointer.
    fn references(body: &[u8]) -> Vec<(String, Reference)>;
    /// The schema and whether a body is required; `None` where there is no body.
    fn schema(components: &mut Components) -> Option<(Value, bool)>;
}

/// A body as it was read.
pub struct Read<B: FromBody> {
    /// What did parse; `None` is no object.
    pub sent: Option<B::Sent>,
    /// The body, where all of it did.
    pub whole: Option<B>,
    /// What is wrong with it.
    pub wrong: Vec<FieldError>,
}

impl<B: FromBody> Read<B> {
    fn map<C: FromBody>(self, sent: impl FnOnce(B::Sent) -> C::Sent, whole: impl FnOnce(B) -> C) -> Read<C> {
        Read { sent: self.sent.map(sent), whole: self.whole.map(whole), wrong: self.wrong }
    }
}

impl FromBody for () {
    const EXPECTED: bool = false;
    type Sent = ();

    fn read(_: &[u8], _: Option<&str>) -> Result<Read<Self>, Problem> {
        Ok(Read { sent: Some(()), whole: Some(()), wrong: Vec::new() })
    }

    fn references(_: &[u8]) -> Vec<(String, Reference)> {
        Vec::new()
    }

    fn schema(_: &mut Components) -> Option<(Value, bool)> {
        None
    }
}

/// A required JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A JSON body that may be missing.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

fn is_json(media_type: Option<&str>) -> bool {
    let bare = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    bare == "application/json" || (bare.starts_with("application/") && bare.ends_with("+json"))
}

/// Why a body was not read: it is not JSON, or it is and goes beyond what can be kept (RFC 8259 section 9
/// lets a reader limit numbers, depth and characters).
fn unread(body: &[u8], error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if std::str::from_utf8(body).is_err() || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err() {
        return Problem::new(Code::Malformed, format!("The body is not JSON: {text}"));
    }
    let (rule, fault) = match text.as_str() {
        text if text.starts_with("number out of range") => ("range", "has a number that is out of range"),
        text if text.starts_with("recursion limit exceeded") => ("depth", "is nested more than 127 levels deep"),
        _ => ("text", "has a character that is half of a pair"),
    };
    Problem::field("", rule, format!("{fault}, at line {} column {}", error.line(), error.column()))
}

impl<T: Body + Send + Sync + 'static> FromBody for Json<T> {
    type Sent = T::Sent;

    fn read(body: &[u8], media_type: Option<&str>) -> Result<Read<Self>, Problem> {
        if !is_json(media_type) {
            return Err(Problem::new(Code::UnsupportedMediaType, "Send the body as Content-Type: application/json"));
        }
        let value: Value = match serde_json::from_slice(body).map_err(|error| unread(body, &error)) {
            Ok(value) => value,
            Err(problem) if problem.code == Code::Validation => return Ok(Read { sent: None, whole: None, wrong: problem.errors }),
            Err(problem) => return Err(problem),
        };
        let mut errors = Errors::at("");
        let sent = T::read(&value, &mut errors);
        let wrong = errors.into_list();
        let whole = sent.clone().filter(|_| wrong.is_empty()).and_then(T::whole).map(Self);
        Ok(Read { sent, whole, wrong })
    }

    fn references(body: &[u8]) -> Vec<(String, Reference)> {
        let mut errors = Errors::at("");
        if let Ok(value) = serde_json::from_slice(body) {
            T::read(&value, &mut errors);
        }
        errors.into_references()
    }

    fn schema(components: &mut Components) -> Option<(Value, bool)> {
        Some((T::schema(components), true))
    }
}

impl<T: Body + Send + Sync + 'static> FromBody for OptionalJson<T> {
    type Sent = Option<T::Sent>;

    fn read(body: &[u8], media_type: Option<&str>) -> Result<Read<Self>, Problem> {
        if body.is_empty() {
            return Ok(Read { sent: Some(None), whole: Some(Self(None)), wrong: Vec::new() });
        }
        Ok(Json::<T>::read(body, media_type)?.map(Some, |Json(body)| Self(Some(body))))
    }

    fn references(body: &[u8]) -> Vec<(String, Reference)> {
        Json::<T>::references(body)
    }

    fn schema(components: &mut Components) -> Option<(Value, bool)> {
        Some((T::schema(components), false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    contract::body! {
        /// Probe.
        pub struct Probe {
            /// A name.
            pub name: domain::value::Text<50>,
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_no_json() {
        for (body, code) in
            [(&b"{\"name\":\"\xff\"}"[..], Code::Malformed), (b"{\"name\":\"\\ud800\"}", Code::Validation), (b"{\"name\":1e400}", Code::Validation)]
        {
            let refused = match Json::<Probe>::read(body, Some("application/json")) {
                Ok(read) => read.whole.map_or(Code::Validation, |body| panic!("{body:?}")),
                Err(problem) => problem.code,
            };
            assert_eq!(refused, code, "{body:?}");
        }
    }
}
