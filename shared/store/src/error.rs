//! What can go wrong at the table.

use crate::item::Item;
use crate::tx::FailedCondition;

/// A failure of the table or a refused transaction.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Conditions of a transaction did not hold: which, with the item that stood in the way.
    /// The items are left out of the text: they are personal.
    #[error("the transaction was refused: {}", conditions(.0))]
    Refused(Vec<(FailedCondition, Option<Item>)>),
    /// Throttled or in conflict for longer than was worth waiting: nothing was changed, try again later.
    #[error("the table is busy: {0}")]
    Busy(String),
    /// No answer, or that of a table that fails itself: whether a change was made is not known.
    #[error("the table is out of reach: {0}")]
    Unreached(String),
    /// A transaction that cannot be sent or that the table finds invalid: trying again does not help.
    #[error("the transaction is invalid: {0}")]
    Invalid(String),
    /// A cursor that is not one of this list's.
    #[error("the cursor does not belong to this list")]
    Cursor,
    /// An item that cannot be read as what it should be.
    #[error("item {key} cannot be read: {cause}")]
    Unreadable {
        /// Its partition and sort key.
        key: String,
        /// The reason.
        cause: String,
    },
    /// The call failed: network, permission, service.
    #[error("the table did not answer: {0}")]
    Call(String),
}

fn conditions(refused: &[(FailedCondition, Option<Item>)]) -> String {
    refused.iter().map(|(condition, _)| format!("{condition:?}")).collect::<Vec<_>>().join(", ")
}

/// Why something cannot be read, without the value that stood there: values are personal, and causes are logged. Serde
/// puts values, and names of fields that are missing, in quotes.
pub fn cause_of(error: impl std::fmt::Display) -> String {
    const QUOTES: [char; 3] = ['"', '`', '\''];
    let text = error.to_string();
    let Some(value) = text.find(QUOTES).filter(|_| !text.starts_with("missing field")) else { return text };
    let expected = text.rfind(", expected").filter(|expected| *expected > value);
    let rest = expected.or_else(|| text.rfind(QUOTES).map(|quote| quote + 1)).unwrap_or(text.len());
    format!("{}…{}", &text[..value], &text[rest..])
}

impl Error {
    /// Whether the transaction was refused with this among the reasons.
    pub fn is_refused(&self, refusal: &FailedCondition) -> bool {
        matches!(self, Self::Refused(list) if list.iter().any(|(found, _)| found == refusal))
    }

    /// The fields whose contact data others have.
    pub fn duplicate_fields(&self) -> Vec<&'static str> {
        let Self::Refused(list) = self else { return Vec::new() };
        list.iter().filter_map(|(found, _)| if let FailedCondition::Duplicate { field, .. } = found { Some(*field) } else { None }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;

    #[test]
    fn a_cause_does_not_repeat_what_it_is_about() {
        let of = |text: &str| cause_of(serde_json::from_str::<Vec<u8>>(text).expect_err("wrong"));
        assert_eq!(of(r#"["ada@example.com, expected"]"#), "invalid type: string …, expected u8 at line 1 column 28");
        assert_eq!(of("[700]"), "invalid value: integer …, expected u8 at line 1 column 4");
        assert_eq!(of("["), "EOF while parsing a list at line 1 column 1");
        assert_eq!(cause_of("missing field `name`"), "missing field `name`");
        assert_eq!(cause_of("unknown variant `ada`, expected `CALL`"), "unknown variant …, expected `CALL`");
        assert_eq!(cause_of("Failed to parse 'ada' as an integer"), "Failed to parse … as an integer");
        let item = Item::from([("data".to_owned(), AttributeValue::S("ada@example.com".to_owned()))]);
        let unread = crate::item::from_attribute::<Vec<u8>>(&item, "data").expect_err("no list").to_string();
        assert!(unread.contains("data: ") && !unread.contains("ada"), "{unread}");
    }

    #[test]
    fn a_refused_transaction_does_not_repeat_the_items() {
        let item = Item::from([("email".to_owned(), AttributeValue::S("ada@example.com".to_owned()))]);
        let error = Error::Refused(vec![(FailedCondition::Stale, Some(item)), (FailedCondition::Taken("email"), None)]);
        assert_eq!(error.to_string(), r#"the transaction was refused: Stale, Taken("email")"#);
    }
}
