//! How what is stored changes its shape: every migration there was, each a pure function from the stored form of the old
//! shape to that of the new one.
//!
//! A record's item says in `v` in which shape of its kind it is stored. Whoever reads an older one is given it as if it were
//! stored in the present one (`item::to_row`, `item::to_record`), and every write stores the present one, so a request needs
//! no backfill to have come by. The backfill (`backfill`) writes the rest. `docs/decisions/0025` says what a migration can
//! change and what it cannot.

mod customer_birthday;
mod lead_source_key;

use crate::error::Error;
use crate::item::{Item, unreadable};
use aws_sdk_dynamodb::types::AttributeValue;
use std::borrow::Cow;
use std::collections::HashMap;

pub use customer_birthday::CUSTOMER_BIRTHDAY;
pub use lead_source_key::LEAD_SOURCE_KEY;

/// The shape that every kind began with.
pub const FIRST: u32 = 1;

/// Every migration, in the order in which they were made. They stay: whoever restores an old copy of a table reads it.
pub const MIGRATIONS: &[Migration] = &[LEAD_SOURCE_KEY, CUSTOMER_BIRTHDAY];

/// A change of the shape in which records are stored.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its one name: in messages, in the log and in the key of its progress.
    pub name: &'static str,
    /// One line on what it changes.
    pub about: &'static str,
    /// The kinds of record, as they stand in keys, that it changes.
    pub kinds: &'static [&'static str],
    /// The shape from which it leads.
    pub from: u32,
    /// The next one, to which it leads.
    pub to: u32,
    /// Makes of the short and the derived fields of the old shape those of the new one. Rows of lists have nothing else,
    /// so the long fields are not at hand. It may be asked about what has a part of the new shape already, which a release
    /// without it wrote over: what it makes goes by the old fields alone. The error says what is wrong without any value.
    pub short: fn(data: &mut Fields, derived: &mut Fields) -> Result<(), &'static str>,
    /// The same for the long fields.
    pub long: fn(text: &mut Fields) -> Result<(), &'static str>,
}

impl Migration {
    /// The migration of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        MIGRATIONS.iter().find(|migration| migration.name == name)
    }
}

/// For migrations that leave the long fields as they are.
pub fn unchanged(_: &mut Fields) -> Result<(), &'static str> {
    Ok(())
}

/// A group of stored fields, by the names they are stored under.
#[derive(Debug, Default)]
pub struct Fields(HashMap<String, AttributeValue>);

impl Fields {
    /// The text of a field; `None` where it is not there or no text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
    }

    /// Sets a field to a text, or takes it away.
    pub fn set_text(&mut self, name: &str, text: Option<String>) {
        match text {
            Some(text) => drop(self.0.insert(name.to_owned(), AttributeValue::S(text))),
            None => drop(self.0.remove(name)),
        }
    }
}

/// The present shape of a kind of record.
pub fn shape_of(kind: &str) -> u32 {
    of_kind(MIGRATIONS, kind).map(|migration| migration.to).max().unwrap_or(FIRST)
}

fn of_kind<'a>(migrations: &'a [Migration], kind: &'a str) -> impl Iterator<Item = &'a Migration> {
    migrations.iter().filter(move |migration| migration.kinds.contains(&kind))
}

/// An item or a row with its short and derived fields in the present shape; as it is where it is not older.
pub(crate) fn upgrade_short<'a>(kind: &str, shape: u32, item: &'a Item) -> Result<Cow<'a, Item>, Error> {
    short_by(MIGRATIONS, kind, shape, item)
}

/// An item with its long fields in the present shape; as it is where it is not older.
pub(crate) fn upgrade_long<'a>(kind: &str, shape: u32, item: &'a Item) -> Result<Cow<'a, Item>, Error> {
    long_by(MIGRATIONS, kind, shape, item)
}

fn short_by<'a>(migrations: &[Migration], kind: &str, shape: u32, item: &'a Item) -> Result<Cow<'a, Item>, Error> {
    let mut item = Cow::Borrowed(item);
    for migration in of_kind(migrations, kind).filter(|migration| migration.from >= shape) {
        let (mut data, mut derived) = (fields(&item, "data"), fields(&item, "derived"));
        (migration.short)(&mut data, &mut derived).map_err(|cause| unreadable(&item, format!("{}: {cause}", migration.name)))?;
        let item = item.to_mut();
        item.insert("data".to_owned(), AttributeValue::M(data.0));
        item.insert("derived".to_owned(), AttributeValue::M(derived.0));
    }
    Ok(item)
}

fn long_by<'a>(migrations: &[Migration], kind: &str, shape: u32, item: &'a Item) -> Result<Cow<'a, Item>, Error> {
    let mut item = Cow::Borrowed(item);
    for migration in of_kind(migrations, kind).filter(|migration| migration.from >= shape) {
        let mut text = fields(&item, "text");
        (migration.long)(&mut text).map_err(|cause| unreadable(&item, format!("{}: {cause}", migration.name)))?;
        item.to_mut().insert("text".to_owned(), AttributeValue::M(text.0));
    }
    Ok(item)
}

/// The fields of a group; one that is not stored has none.
fn fields(item: &Item, group: &str) -> Fields {
    Fields(item.get(group).and_then(|value| value.as_m().ok()).cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backfill::MIGRATED;
    use std::collections::BTreeSet;

    const ONE: Migration = Migration {
        name: "one",
        about: "",
        kinds: &["A"],
        from: 1,
        to: 2,
        short: |data, derived| {
            derived.set_text("key", data.text("name").map(str::to_lowercase));
            Ok(())
        },
        long: |text| {
            text.set_text("more", Some("some".into()));
            Ok(())
        },
    };
    const TWO: Migration = Migration {
        name: "two",
        kinds: &["A", "B"],
        from: 2,
        to: 3,
        short: |data, derived| {
            let key = derived.text("key").ok_or("no key")?.to_owned();
            data.set_text("name", Some(format!("{key}!")));
            Ok(())
        },
        long: unchanged,
        ..ONE
    };

    fn item(group: &str, fields: &[(&str, &str)]) -> Item {
        let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), AttributeValue::S((*text).to_owned()))).collect();
        Item::from([(group.to_owned(), AttributeValue::M(fields))])
    }

    #[test]
    fn what_is_old_goes_through_every_shape_since_and_what_is_new_stays() {
        let old = item("data", &[("name", "Ann")]);
        let both = short_by(&[ONE, TWO], "A", 1, &old).expect("upgraded");
        assert_eq!((fields(&both, "data").text("name"), fields(&both, "derived").text("key")), (Some("ann!"), Some("ann")));
        for (kind, shape) in [("A", 3), ("A", 9), ("C", 1)] {
            assert!(matches!(short_by(&[ONE, TWO], kind, shape, &old), Ok(Cow::Borrowed(_))), "{kind} of shape {shape} is read as it is");
        }
        assert!(matches!(short_by(&[ONE, TWO], "B", 2, &old), Err(Error::Unreadable { cause, .. }) if cause == "two: no key"));
    }

    #[test]
    fn long_fields_have_a_step_of_their_own_also_where_there_were_none() {
        let none = Item::new();
        let upgraded = long_by(&[ONE], "A", 1, &none).expect("upgraded");
        assert_eq!(fields(&upgraded, "text").text("more"), Some("some"));
        assert!(matches!(long_by(&[ONE], "A", 2, &none), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn migrations_have_a_name_each_and_lead_from_shape_to_shape_of_kinds_that_a_backfill_reaches() {
        let names: BTreeSet<&str> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        assert_eq!(names.len(), MIGRATIONS.len());
        for migration in MIGRATIONS {
            assert!(!migration.about.is_empty() && !migration.kinds.is_empty());
            assert_eq!(migration.to, migration.from + 1, "{}", migration.name);
            assert!(
                migration.kinds.iter().all(|kind| MIGRATED.contains(kind)),
                "{}: no backfill reaches all of {:?}",
                migration.name,
                migration.kinds
            );
        }
        for kind in MIGRATED {
            let steps: Vec<u32> = of_kind(MIGRATIONS, kind).map(|migration| migration.from).collect();
            let first = steps.first().copied().unwrap_or(FIRST);
            assert_eq!(steps, (first..).take(steps.len()).collect::<Vec<_>>(), "{kind}");
        }
    }
}
