//! Marker items: values that are unique, and contact data that is checked for duplicates.

use crate::accounts::TEAM_NAME;
use crate::error::Error;
use crate::item::{Item, Stored, bare, get_number, get_text, key_of, number, text};
use crate::keys;
use crate::records::{CODE, SKU, TRANSACTION};
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::customer::Customer;
use domain::lead::Lead;
use domain::text::TextValue;
use domain::value::Email;
use domain::{CustomerId, Entity, LeadId, PartyId, ProductId, PromotionId, Record, TeamId, TransactionId, UserId};
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet, HashMap};

impl Tx {
    /// Claims a unique value; refused as taken, with the field, when another has it.
    pub fn claim_unique(&mut self, space: &str, value: &str, id: &str, field: &'static str) {
        let mut item = bare(&keys::unique(space, value), "UNIQUE");
        item.insert("id".into(), text(id));
        self.put_new(item, FailedCondition::Taken(field));
    }

    /// Gives a unique value up.
    pub fn release_unique(&mut self, space: &str, value: &str) {
        self.remove(&keys::unique(space, value));
    }

    /// Moves a unique value that changed.
    pub fn move_unique(&mut self, space: &str, old: Option<&str>, new: Option<&str>, id: &str, field: &'static str) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.release_unique(space, old);
        }
        if let Some(new) = new {
            self.claim_unique(space, new, id, field);
        }
    }

    /// One update for each value of contact data: how many leads and customers have it, and who does where
    /// nobody else did. Who has it all the same (`allow`) is an item of its own, so that the marker stays
    /// small.
    pub(crate) fn write_contacts(&mut self, moves: ContactMoves, allow: bool) {
        for ((field, value), change) in moves.0 {
            let space = if field == EMAIL { "EMAIL" } else { "PHONE" };
            let names = HashMap::from([("#type".to_owned(), "type".to_owned())]);
            let mut values = HashMap::from([(":type".to_owned(), text("UNIQUE"))]);
            let (mut add, mut delete, mut free) = (Vec::new(), Vec::new(), Vec::new());
            for (holders, (leave, join)) in [(Holders::LEADS, &change.leads), (Holders::CUSTOMERS, &change.customers)] {
                let Holders { kind, set, count } = holders;
                if let (Some(leave), None) = (leave, join) {
                    values.insert(format!(":{set}"), AttributeValue::Ss(vec![leave.clone()]));
                    values.insert(":less".into(), number(-1));
                    delete.push(format!("{set} :{set}"));
                    add.push(format!("{count} :less"));
                    self.remove(&keys::holder(space, &value, kind, leave));
                }
                let Some(join) = join else { continue };
                values.insert(":more".into(), number(1));
                add.push(format!("{count} :more"));
                if allow {
                    self.put(bare(&keys::holder(space, &value, kind, join), "HOLDER"));
                } else {
                    values.insert(format!(":{set}"), AttributeValue::Ss(vec![join.clone()]));
                    add.push(format!("{set} :{set}"));
                    free.push(count);
                }
            }
            // A lead is new to us only if no customer has its address either.
            let of_lead = change.leads.1.is_some();
            if of_lead && !allow && !free.contains(&Holders::CUSTOMERS.count) {
                free.push(Holders::CUSTOMERS.count);
            }
            if !free.is_empty() {
                values.insert(":none".into(), number(0));
            }
            let condition = free.iter().map(|count| format!("(attribute_not_exists({count}) OR {count} = :none)")).collect::<Vec<_>>().join(" AND ");
            let mut expression = "SET #type = :type".to_owned();
            for (verb, parts) in [("ADD", add), ("DELETE", delete)] {
                if !parts.is_empty() {
                    expression.push_str(&format!(" {verb} {}", parts.join(", ")));
                }
            }
            let condition = (!free.is_empty()).then_some(condition.as_str());
            let refusal = FailedCondition::Duplicate { field, leads: of_lead };
            self.update_if(&keys::unique(space, &value), &expression, condition, names, values, refusal);
        }
    }
}

/// Where a marker says who of a kind has its value: a set, and how many there are with those who have
/// items of their own.
#[derive(Debug, Clone, Copy)]
struct Holders {
    kind: &'static str,
    set: &'static str,
    count: &'static str,
}

impl Holders {
    const LEADS: Self = Self { kind: Lead::KIND, set: "leads", count: "leadCount" };
    const CUSTOMERS: Self = Self { kind: Customer::KIND, set: "customers", count: "customerCount" };
}

const EMAIL: &str = "email";
const PHONE: &str = "phone";

/// Which id leaves and which joins the holders of a value.
type LeaveJoin = (Option<String>, Option<String>);

/// What changes at one value.
#[derive(Debug, Default)]
struct Change {
    leads: LeaveJoin,
    customers: LeaveJoin,
}

/// What changes at which value of which field.
#[derive(Debug, Default)]
pub(crate) struct ContactMoves(BTreeMap<(&'static str, String), Change>);

impl ContactMoves {
    /// Moves a record from the values it stood under to those it stands under.
    pub(crate) fn between<E: Stored>(&mut self, old: Option<&Record<E>>, new: Option<&Record<E>>) {
        let Some(id) = old.or(new).map(|record| record.id.to_string()) else { return };
        let of = |record: Option<&Record<E>>| record.map(|record| E::contacts(record)).unwrap_or_default();
        let (old, new) = (of(old), of(new));
        let side: fn(&mut Change) -> &mut LeaveJoin = if E::KIND == Lead::KIND { |change| &mut change.leads } else { |change| &mut change.customers };
        for (field, old, new) in [(EMAIL, old.email, new.email), (PHONE, old.phone, new.phone)] {
            if old == new {
                continue;
            }
            if let Some(value) = old {
                side(self.0.entry((field, value)).or_default()).0 = Some(id.clone());
            }
            if let Some(value) = new {
                side(self.0.entry((field, value)).or_default()).1 = Some(id.clone());
            }
        }
    }

    /// Takes over the moves of another.
    pub(crate) fn append(&mut self, other: Self) {
        for (value, change) in other.0 {
            let here = self.0.entry(value).or_default();
            for (slot, moved) in [(&mut here.leads, change.leads), (&mut here.customers, change.customers)] {
                *slot = (slot.0.take().or(moved.0), slot.1.take().or(moved.1));
            }
        }
    }
}

/// Who has a value that is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UniqueHolder {
    /// A user: an e-mail address or a name to sign in with.
    User(UserId),
    /// A team: its name.
    Team(TeamId),
    /// A product: its SKU.
    Product(ProductId),
    /// A payment or refund: its reference.
    Transaction(TransactionId),
    /// A promotion: its code.
    Promotion(PromotionId),
}

impl Error {
    /// Who has the unique values that a refused transaction wanted; `None` for one whose marker does not say.
    pub fn unique_holders(&self) -> Vec<Option<UniqueHolder>> {
        let Self::Refused(list) = self else { return Vec::new() };
        let taken = list.iter().filter(|(refusal, _)| matches!(refusal, FailedCondition::Taken(_)));
        taken.map(|(_, marker)| marker.as_ref().and_then(unique_holder)).collect()
    }
}

fn unique_holder(marker: &Item) -> Option<UniqueHolder> {
    let (id, pk) = (get_text(marker, "id")?, key_of(marker).pk);
    let is_of = |space: &str| pk.starts_with(&keys::unique(space, "").pk);
    match () {
        () if is_of(TEAM_NAME) => TeamId::read(id).map(UniqueHolder::Team).ok(),
        () if is_of(SKU) => ProductId::read(id).map(UniqueHolder::Product).ok(),
        () if is_of(CODE) => PromotionId::read(id).map(UniqueHolder::Promotion).ok(),
        () if is_of(TRANSACTION) => TransactionId::read(id).map(UniqueHolder::Transaction).ok(),
        () => UserId::read(id).map(UniqueHolder::User).ok(),
    }
}

/// Who has contact data that was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    /// Some of them: customers, and leads where they count; customers and the newest first.
    pub ids: Vec<PartyId>,
    /// How many more there are at least.
    pub more: usize,
}

/// How many of those who have a value of contact data are named at most.
const MOST_NAMED: usize = 20;

impl Store {
    /// Who already has the e-mail address or phone number that a refused transaction wanted for a record.
    pub async fn matching(&self, error: &Error) -> Result<Matching, Error> {
        let Error::Refused(list) = error else { return Ok(Matching::default()) };
        let markers = list.iter().filter_map(|(refusal, item)| match (refusal, item) {
            (FailedCondition::Duplicate { leads, .. }, Some(item)) => Some((*leads, item)),
            _ => None,
        });
        let looked_up = try_join_all(markers.map(|(leads, marker)| self.holders(marker, leads))).await?;
        let counted = looked_up.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let ids: BTreeSet<PartyId> = looked_up.into_iter().flat_map(|(ids, _)| ids).collect();
        // Those who are not named may have both values.
        let all = ids.len().max(counted);
        let customers_first = ids.iter().rev().copied().take(MOST_NAMED).collect::<Vec<_>>();
        Ok(Matching { more: all - customers_first.len(), ids: customers_first })
    }

    /// The customers with an e-mail address, twenty beside those whom nobody had it before.
    pub async fn customers_of_address(&self, address: &Email) -> Result<Vec<CustomerId>, Error> {
        let Some(marker) = self.get_item(&keys::unique("EMAIL", address.as_str()), false).await? else { return Ok(Vec::new()) };
        let (parties, _) = self.holders(&marker, false).await?;
        Ok(parties.into_iter().filter_map(|party| if let PartyId::Customer(id) = party { Some(id) } else { None }).collect())
    }

    /// Who a marker tells of, some of them by their ids, and how many they are.
    async fn holders(&self, marker: &Item, with_leads: bool) -> Result<(BTreeSet<PartyId>, usize), Error> {
        let kinds = [Some(Holders::CUSTOMERS), with_leads.then_some(Holders::LEADS)].into_iter().flatten();
        let party = |kind: &str, id: &str| match kind {
            Lead::KIND => LeadId::read(id).map(PartyId::Lead),
            _ => CustomerId::read(id).map(PartyId::Customer),
        };
        let (mut ids, mut count) = (BTreeSet::new(), 0);
        for Holders { kind, set, count: counter } in kinds {
            count += get_number::<usize>(marker, counter).unwrap_or(0);
            let named = marker.get(set).and_then(|value| value.as_ss().ok()).into_iter().flatten();
            ids.extend(named.filter_map(|id| party(kind, id).ok()));
            if ids.len() < count {
                let prefix = format!("{}{kind}#", keys::HOLDER);
                let others = self.some_children(&key_of(marker).pk, &prefix, true, MOST_NAMED as i32, false).await?;
                ids.extend(others.iter().filter_map(|item| party(kind, key_of(item).sk.strip_prefix(&prefix)?).ok()));
            }
        }
        Ok((ids, count))
    }
}
