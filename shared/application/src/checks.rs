//! Several checks whose wrong fields are named at once.

use crate::error::Error;
use domain::{FieldFault, Refused};

/// The wrong fields that were found so far.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldFault>);

impl Checks {
    /// Notes wrong fields.
    pub fn note(&mut self, faults: impl IntoIterator<Item = FieldFault>) {
        self.0.extend(faults);
    }

    /// The outcome of a check, or its wrong fields noted. What is no wrong field is an error at once.
    pub fn of<T>(&mut self, checked: Result<T, impl Into<Error>>) -> Result<Option<T>, Error> {
        match checked.map_err(Into::into) {
            Ok(found) => Ok(Some(found)),
            Err(Error::Refused(Refused::Fields(wrong))) => {
                self.note(wrong);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a field was wrong.
    pub fn names(&self, field: &str) -> bool {
        self.0.iter().any(|fault| fault.field == field)
    }

    /// What was found, if nothing was wrong. Where something could not be looked at, as it did not parse, there
    /// is nothing to give either, and nothing more is wrong than what is noted.
    pub fn give<T>(self, found: Option<T>) -> Result<T, Error> {
        found.filter(|_| self.is_empty()).ok_or(Error::Refused(Refused::Fields(self.0)))
    }
}
