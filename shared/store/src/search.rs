//! Search words: items beside a record that put it into prefix partitions, kept by the projector.

use crate::error::Error;
use crate::item::{Item, Stored, bare, from_attribute, get_text, put_index_keys, to_attribute, to_row};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{Page, Paging, Plan};
use crate::table::Store;
use domain::search::Search;
use domain::{Entity, Record, Row, Time, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What stands in a word's item.
#[derive(Serialize, Deserialize)]
struct TokenData {
    /// The word.
    w: String,
    /// All words of the record, sorted.
    all: Vec<String>,
}

/// A record that can be found by `q`.
pub trait Searchable: Stored {
    /// Its findable words, sorted.
    fn words(row: &Row<Self>) -> Vec<String>;
    /// LIVE or ARCHIVED.
    fn state(row: &Row<Self>) -> &'static str;
    /// People who find it among their own beside its owner.
    fn sharers(_: &Row<Self>) -> Vec<UserId> {
        Vec::new()
    }
    /// Whether people without an owner for it have a pool: unowned records stand under nobody.
    const POOLED: bool;
}

/// How many word items were written and removed for a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenChange {
    /// Written.
    pub put: usize,
    /// Removed.
    pub removed: usize,
}

/// The newest first, among equal words: milliseconds counted down from the end of year 9999.
fn newest_first(at: Time) -> String {
    format!("{:015}", 253_402_300_799_999_i64.saturating_sub(at.millis()))
}

fn token_item<E: Searchable>(record: &Record<E>, word: &str, all: &[String]) -> Result<Item, Error> {
    let id = record.id.to_string();
    let mut item = bare(&keys::token(E::KIND, &id, word), "TOKEN");
    item.insert("data".into(), to_attribute(&TokenData { w: word.to_owned(), all: all.to_vec() })?);
    let state = keys::search_state(E::state(record), word);
    let owner = E::owner(record);
    let mut partitions = vec![(Index::All, keys::of_all(E::KIND, &state))];
    if owner.is_some() || E::POOLED {
        partitions.push((Index::Owner, keys::of_owner(owner, E::KIND, &state)));
    }
    if let Some(team) = E::team(record) {
        partitions.push((Index::Team, keys::of_team(team, E::KIND, &state)));
    }
    let sort = format!("{word}#{}#{id}", newest_first(record.created_at));
    put_index_keys(&mut item, &IndexKeys { partitions, sort });
    Ok(item)
}

/// A word under one of the people the record is shared with.
fn shared_item<E: Searchable>(record: &Record<E>, word: &str, all: &[String], person: UserId) -> Result<Item, Error> {
    let id = record.id.to_string();
    let mut item = bare(&keys::shared_token(E::KIND, &id, word, person), "TOKEN");
    item.insert("data".into(), to_attribute(&TokenData { w: word.to_owned(), all: all.to_vec() })?);
    let state = keys::search_state(E::state(record), word);
    let partitions = vec![(Index::Owner, keys::of_owner(Some(person), E::KIND, &state))];
    let sort = format!("{word}#{}#{id}", newest_first(record.created_at));
    put_index_keys(&mut item, &IndexKeys { partitions, sort });
    Ok(item)
}

/// The word items of a record, as the projector keeps them.
pub fn token_items<E: Searchable>(record: &Record<E>) -> Result<Vec<Item>, Error> {
    let (words, sharers) = (E::words(record), E::sharers(record));
    let mut items = Vec::new();
    for word in &words {
        items.push(token_item(record, word, &words)?);
        for person in &sharers {
            items.push(shared_item(record, word, &words, *person)?);
        }
    }
    Ok(items)
}

impl Store {
    /// Makes the word items of a record what they have to be: reads the record and its words as
    /// they are now, so a repeated or late call does no harm.
    pub async fn reindex<E: Searchable>(&self, id: E::Id) -> Result<TokenChange, Error> {
        let pk = keys::record(E::KIND, id).pk;
        let (record, present) = tokio::try_join!(self.get_latest::<E>(id), self.children(&pk, "TOKEN#"))?;
        let mut wanted: BTreeMap<Key, Item> = BTreeMap::new();
        if let Some(record) = &record {
            wanted.extend(token_items(record)?.into_iter().map(|item| (crate::item::key_of(&item), item)));
        }
        let mut change = TokenChange::default();
        for item in present {
            let key = crate::item::key_of(&item);
            match wanted.get(&key) {
                Some(same) if *same == item => {
                    wanted.remove(&key);
                }
                Some(_) => {}
                None => {
                    self.delete_item(&key).await?;
                    change.removed += 1;
                }
            }
        }
        for item in wanted.into_values() {
            self.put_item(item).await?;
            change.put += 1;
        }
        Ok(change)
    }

    /// A page of rows found by `q` in the plan's partitions (which are of words), in the order of the
    /// word and then newest first. The words give ids; the records are read as they are now and have to
    /// pass `keep`, so what moved a moment ago is not shown to the wrong people.
    pub async fn search<E: Stored>(
        &self,
        plan: &Plan,
        search: &Search,
        paging: Paging<'_>,
        keep: impl Fn(&Row<E>) -> bool,
    ) -> Result<Page<Row<E>>, Error> {
        let found = self
            .pick(plan, paging, |item| {
                let token: TokenData = from_attribute(item, "data")?;
                let pk = get_text(item, "pk").unwrap_or_default().to_owned();
                Ok((search.shown_at(&token.all) == Some(token.w.as_str())).then_some(pk))
            })
            .await?;
        let keys: Vec<Key> = found.items.iter().map(|pk| Key::new(pk.clone(), <E as Entity>::KIND)).collect();
        let items = self.get_items(&keys).await?;
        let mut rows = HashMap::new();
        for item in &items {
            rows.insert(crate::item::key_of(item).pk, to_row::<E>(item)?);
        }
        let items = found.items.iter().filter_map(|pk| rows.remove(pk)).filter(|row| keep(row)).collect();
        Ok(Page { items, next: found.next })
    }
}
