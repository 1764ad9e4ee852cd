//! How the parameters of a query become values that are valid.

use crate::parse::{Errors, Parse};
use crate::schema::{Components, Field};
use domain::text::Invalid;

/// (name, description, schema, required) of a query parameter.
pub type Parameter = Field;

/// A query string's parameters as a type: every field [`Parse`], unknown parameters refused.
pub trait Query: Sized {
    /// Reads the decoded pairs or notes every fault.
    fn parse_query(pairs: &[(String, String)], errors: &mut Errors) -> Option<Self>;
    /// (name, description, schema, required) of each parameter.
    fn parameters(components: &mut Components) -> Vec<Parameter>;
}

/// Any parameters, which say nothing: of links that others add to on the way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ignored;

impl Query for Ignored {
    fn parse_query(_: &[(String, String)], _: &mut Errors) -> Option<Self> {
        Some(Self)
    }

    fn parameters(_: &mut Components) -> Vec<Parameter> {
        Vec::new()
    }
}

impl Query for () {
    fn parse_query(pairs: &[(String, String)], errors: &mut Errors) -> Option<Self> {
        unknown_parameters(pairs, &[], errors);
        Some(())
    }

    fn parameters(_: &mut Components) -> Vec<Parameter> {
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
