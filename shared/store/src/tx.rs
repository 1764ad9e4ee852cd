//! Conditional transactions: a change, its events, its markers and its saved answer, all or none.

use crate::error::Error;
use crate::item::{CounterName, Item, Stored, bare, key_of, number, text, to_item};
use crate::keys::{Index, Key, SORT, Shards};
use crate::markers::ContactMoves;
use crate::migrations::shape_of;
use crate::table::{FIRST_PAUSE, Store, call_error, pause};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::Record;
use domain::overview::Counter;
use futures::FutureExt;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// What it means that a condition of the transaction did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailedCondition {
    /// The record changed since it was read: decide again.
    Stale,
    /// A new item's key is in use.
    Exists,
    /// The value of this field belongs to another record.
    Taken(&'static str),
    /// The parent went away or was converted in this moment: read it again.
    Parent,
    /// Other records have the contact data of this field; leads among them count for leads alone.
    Duplicate {
        /// The field.
        field: &'static str,
        /// Whether leads with it are in the way, and not customers only.
        leads: bool,
    },
    /// What this field refers to is not there or not usable.
    Reference(&'static str),
    /// The request was answered before under this idempotency key.
    Answered,
    /// The last active administrator stays.
    LastAdmin,
    /// The effect was done before.
    Done,
}

/// A transaction in the making: at most 100 actions (DynamoDB's limit), each item once. Changes of the
/// counters of one item, and of those who have one contact value, are added up.
#[derive(Debug, Default)]
pub struct Tx {
    actions: Vec<(TransactWriteItem, FailedCondition)>,
    touched: HashSet<Key>,
    counters: BTreeMap<Key, CounterChange>,
    contacts: ContactMoves,
    allow_duplicates: bool,
    failed: Option<Error>,
}

/// What a transaction does to the counters of one item.
#[derive(Debug, Default)]
struct CounterChange {
    amounts: BTreeMap<CounterName, i64>,
    /// The item has to be there.
    guarded: bool,
    /// A child is new here, so the item has to take children still.
    joins: bool,
    /// The lead became this customer and takes no more children.
    closes: Option<String>,
    /// How often it had changed when it was read: nothing of it may have moved since.
    seq: Option<u64>,
    /// What a counter may be afterwards, at most.
    most: Option<(CounterName, i64)>,
}

/// DynamoDB's limit of actions in one transaction.
pub const MAX_ACTIONS: usize = 100;

impl Tx {
    /// An empty transaction.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over the actions of another.
    pub fn append(&mut self, other: Tx) {
        self.failed = self.failed.take().or(other.failed);
        for key in other.touched {
            self.touch(key);
        }
        self.actions.extend(other.actions);
        self.contacts.append(other.contacts);
        self.allow_duplicates |= other.allow_duplicates;
        for (key, change) in other.counters {
            let here = self.counters.entry(key).or_default();
            for (name, amount) in change.amounts {
                *here.amounts.entry(name).or_default() += amount;
            }
            here.guarded |= change.guarded;
            here.joins |= change.joins;
            here.closes = here.closes.take().or(change.closes);
            here.seq = here.seq.or(change.seq);
            here.most = here.most.or(change.most);
        }
    }

    /// Lets leads and customers have contact data that others have too.
    pub fn allow_duplicates(&mut self, allow: bool) {
        self.allow_duplicates |= allow;
    }

    /// The actions with what each failed condition means: counters and contact data in one action per
    /// item. What DynamoDB would refuse as invalid is an error here, before anything is sent.
    fn finish(mut self) -> Result<Vec<(TransactWriteItem, FailedCondition)>, Error> {
        for (key, change) in std::mem::take(&mut self.counters) {
            self.write_counters(&key, &change);
        }
        let (contacts, allow) = (std::mem::take(&mut self.contacts), self.allow_duplicates);
        self.write_contacts(contacts, allow);
        match self.failed {
            Some(error) => Err(error),
            None if self.actions.len() > MAX_ACTIONS => Err(Error::Invalid(format!("{} actions, {MAX_ACTIONS} are possible", self.actions.len()))),
            None => Ok(self.actions),
        }
    }

    /// Notes that an item is written; twice in one transaction is an error.
    fn touch(&mut self, key: Key) {
        if let Some(twice) = self.touched.replace(key) {
            self.fail(Error::Invalid(format!("{twice} is written twice")));
        }
    }

    /// Adds a new record with its companions and counts.
    pub fn create<E: Stored>(&mut self, record: &Record<E>) {
        match to_item(record) {
            Ok(item) => self.put_new(item, FailedCondition::Exists),
            Err(error) => self.fail(error),
        }
        if E::COUNTED {
            let mut item = bare(&crate::keys::counts(E::KIND, record.id), "COUNTS");
            item.insert("seq".into(), number(0));
            self.put_new(item, FailedCondition::Exists);
        }
        self.move_beside(None, Some(record));
        self.rollup(None, Some(record));
    }

    /// Changes a record from what was read to what was decided, if it is still as read. Only the
    /// attributes that differ are written; `rev` rises. Companions and counts follow.
    pub fn update<E: Stored>(&mut self, old: &Record<E>, new: &Record<E>) {
        self.update_uncounted(old, new);
        self.rollup(Some(old), Some(new));
    }

    /// The same where the counts it stood in are gone.
    pub fn update_uncounted<E: Stored>(&mut self, old: &Record<E>, new: &Record<E>) {
        let mut new = new.clone();
        new.rev = old.rev + 1;
        let before = if is_present(old) { to_item(old) } else { Ok(anything(old)) };
        match (before, to_item(&new)) {
            (Ok(old), Ok(new)) => self.replace(&old, &new, FailedCondition::Stale),
            (Err(error), _) | (_, Err(error)) => self.fail(error),
        }
        self.move_beside(Some(old), Some(&new));
    }

    /// Removes a record, if it is still as read, with its companions and its part of the counts.
    pub fn delete<E: Stored>(&mut self, record: &Record<E>, refusal: FailedCondition) {
        self.delete_uncounted(record, refusal);
        self.rollup(Some(record), None);
    }

    /// The same where the counts it stood in are gone.
    pub fn delete_uncounted<E: Stored>(&mut self, record: &Record<E>, refusal: FailedCondition) {
        self.move_beside(Some(record), None);
        if E::COUNTED {
            self.remove(&crate::keys::counts(E::KIND, record.id));
        }
        let key = crate::keys::record(E::KIND, record.id);
        let values = HashMap::from([(":rev".to_owned(), number(record.rev))]);
        self.push(
            Delete::builder()
                .set_key(Some(key_map(&key)))
                .condition_expression("rev = :rev")
                .set_expression_attribute_values(Some(values))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld),
            key,
            refusal,
        );
    }

    /// Moves what stands beside a record: companions, its unique value, its place among the duplicates.
    fn move_beside<E: Stored>(&mut self, old: Option<&Record<E>>, new: Option<&Record<E>>) {
        self.move_companions(old, new);
        self.contacts.between(old, new);
        let Some(id) = old.or(new).map(|record| record.id.to_string()) else { return };
        let unique = |record: Option<&Record<E>>| record.and_then(|record| E::unique(record));
        let (old, new) = (unique(old), unique(new));
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.release_unique(old.space, &old.value);
        }
        if let Some(new) = new {
            self.claim_unique(new.space, &new.value, &id, new.field);
        }
    }

    /// Writes the companions that differ and removes those that are no more.
    fn move_companions<E: Stored>(&mut self, old: Option<&Record<E>>, new: Option<&Record<E>>) {
        let record = old;
        let items = |record: Option<&Record<E>>| record.map_or_else(|| Ok(Vec::new()), E::companions);
        let (old, new) = match (items(old), items(new)) {
            (Ok(old), Ok(new)) => (old, new),
            (Err(error), _) | (_, Err(error)) => return self.fail(error),
        };
        let kept: Vec<Key> = new.iter().map(key_of).collect();
        let reshaped = record.is_some_and(|old| !is_present(old));
        for gone in old.iter().map(key_of).filter(|key| !kept.contains(key)) {
            self.remove(&gone);
        }
        for item in new.into_iter().filter(|item| reshaped || !old.contains(item)) {
            self.put(item);
        }
    }

    /// Moves the counters that a record stands in from what it added to what it adds. A parent that is
    /// joined must be there and take children still.
    fn rollup<E: Stored>(&mut self, old: Option<&Record<E>>, new: Option<&Record<E>>) {
        let (old, new) = (old.map(E::rollups).unwrap_or_default(), new.map(E::rollups).unwrap_or_default());
        let mut changes: BTreeMap<&Key, CounterChange> = BTreeMap::new();
        for (rollup, sign) in old.iter().map(|rollup| (rollup, -1)).chain(new.iter().map(|rollup| (rollup, 1))) {
            let change = changes.entry(&rollup.key).or_default();
            *change.amounts.entry(rollup.name).or_default() += sign * rollup.amount;
            change.guarded |= rollup.guarded;
        }
        for (key, mut change) in changes {
            change.amounts.retain(|_, amount| *amount != 0);
            change.joins = !old.iter().any(|rollup| rollup.key == *key);
            if change.amounts.is_empty() && !E::TOUCHES_PARENTS && !change.joins {
                continue;
            }
            let here = self.counters.entry(key.clone()).or_default();
            for (name, amount) in change.amounts {
                *here.amounts.entry(name).or_default() += amount;
            }
            here.guarded |= change.guarded;
            here.joins |= change.joins;
        }
    }

    /// Adds to counters of an item. `seq` rises with each transaction: who derives something from what
    /// stands beside the counters makes sure by it that nothing changed meanwhile.
    fn write_counters(&mut self, key: &Key, change: &CounterChange) {
        let mut names = HashMap::from([("#type".to_owned(), "type".to_owned())]);
        let minutes = change.amounts.keys().all(|name| matches!(name, CounterName::Minutes(_)));
        let kind = match change.amounts.keys().next() {
            _ if key.sk.starts_with(crate::keys::HELD) => "HELD",
            Some(CounterName::Sales(_)) => "SALES",
            _ if minutes && !change.guarded && change.closes.is_none() => "MINUTES",
            _ => "COUNTS",
        };
        let mut values = HashMap::from([(":type".to_owned(), text(kind)), (":one".to_owned(), number(1))]);
        let mut set = vec!["#type = :type"];
        let mut add = vec!["seq :one".to_owned()];
        for (position, (name, amount)) in change.amounts.iter().filter(|(_, amount)| **amount != 0).enumerate() {
            names.insert(format!("#n{position}"), name.to_string());
            values.insert(format!(":n{position}"), number(amount));
            add.push(format!("#n{position} :n{position}"));
        }
        if let Some(customer) = &change.closes {
            values.insert(":customer".to_owned(), text(&**customer));
            set.push("convertedTo = :customer");
        }
        let expression = format!("SET {} ADD {}", set.join(", "), add.join(", "));
        let mut conditions = match (change.seq, change.guarded || change.closes.is_some(), change.joins) {
            (Some(0), ..) => vec!["attribute_not_exists(pk)"],
            (Some(seq), ..) => {
                values.insert(":seq".to_owned(), number(seq));
                vec!["seq = :seq"]
            }
            (None, true, true) => vec!["attribute_exists(pk)", "attribute_not_exists(convertedTo)"],
            (None, true, false) => vec!["attribute_exists(pk)"],
            (None, false, _) => Vec::new(),
        };
        if let Some((name, most)) = change.most {
            let added = change.amounts.get(&name).copied().unwrap_or(0);
            names.insert("#most".to_owned(), name.to_string());
            values.insert(":most".to_owned(), number(most - added));
            conditions.push("(attribute_not_exists(#most) OR #most <= :most)");
        }
        let condition = (!conditions.is_empty()).then(|| conditions.join(" AND "));
        let is_stale = change.closes.is_some() || change.seq.is_some() || change.most.is_some();
        let meaning = if is_stale { FailedCondition::Stale } else { FailedCondition::Parent };
        self.update_if(key, &expression, condition.as_deref(), names, values, meaning);
    }

    /// Lets a lead take no more children: it became this customer.
    pub fn close_counts(&mut self, lead: domain::LeadId, customer: domain::CustomerId) {
        self.counters.entry(crate::keys::counts("LEAD", lead)).or_default().closes = Some(customer.to_string());
    }

    /// Requires that a counter is at most so much with what the transaction adds.
    pub(crate) fn require_at_most(&mut self, key: Key, counter: Counter, most: i64) {
        self.counters.entry(key).or_default().most = Some((CounterName::Children(counter), most));
    }

    /// Requires that nothing was added to these counters since they were read, beside what the transaction adds itself.
    pub(crate) fn require_counted(&mut self, key: &Key, seq: u64) {
        self.counters.entry(key.clone()).or_default().seq = Some(seq);
    }

    /// Requires that an item is not there.
    pub(crate) fn require_absent(&mut self, key: &Key, refusal: FailedCondition) {
        let check = ConditionCheck::builder().set_key(Some(key_map(key))).condition_expression("attribute_not_exists(pk)");
        self.push(check, key.clone(), refusal);
    }

    /// Requires that a record is not written when the transaction is carried out.
    pub fn require_unwritten<E: Stored>(&mut self, id: E::Id) {
        self.require_absent(&crate::keys::record(E::KIND, id), FailedCondition::Stale);
    }

    /// Requires a record to be there and not archived when the transaction is carried out.
    pub fn require_unarchived<E: Stored>(&mut self, id: E::Id) {
        let key = crate::keys::record(E::KIND, id);
        let check = ConditionCheck::builder()
            .set_key(Some(key_map(&key)))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(#data.archivedAt)")
            .expression_attribute_names("#data", "data");
        self.push(check, key, FailedCondition::Parent);
    }

    /// Requires that nothing was written beside these counters since they were read.
    pub(crate) fn require_seq(&mut self, key: &Key, seq: u64) {
        self.push(
            ConditionCheck::builder().set_key(Some(key_map(key))).condition_expression("seq = :seq").expression_attribute_values(":seq", number(seq)),
            key.clone(),
            FailedCondition::Stale,
        );
    }

    /// Requires that a record which is not written is still as it was read.
    pub fn require_same<E: Stored>(&mut self, record: &Record<E>) {
        let key = crate::keys::record(E::KIND, record.id);
        self.push(
            ConditionCheck::builder()
                .set_key(Some(key_map(&key)))
                .condition_expression("rev = :rev")
                .expression_attribute_values(":rev", number(record.rev)),
            key,
            FailedCondition::Stale,
        );
    }

    pub(crate) fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }

    pub(crate) fn put_new(&mut self, item: Item, refusal: FailedCondition) {
        self.put_if(item, "attribute_not_exists(pk)", HashMap::new(), refusal);
    }

    pub(crate) fn put_if(&mut self, item: Item, condition: &str, values: HashMap<String, AttributeValue>, refusal: FailedCondition) {
        let values = (!values.is_empty()).then_some(values);
        let key = crate::item::key_of(&item);
        self.push(
            Put::builder()
                .set_item(Some(item))
                .condition_expression(condition)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld),
            key,
            refusal,
        );
    }

    pub(crate) fn put(&mut self, item: Item) {
        let key = crate::item::key_of(&item);
        self.push(Put::builder().set_item(Some(item)), key, FailedCondition::Exists);
    }

    /// Writes the attributes in which two versions of an item differ, if `rev` is still the old one.
    pub(crate) fn replace(&mut self, old: &Item, new: &Item, refusal: FailedCondition) {
        let mut names = HashMap::new();
        let mut values = HashMap::from([(":rev".to_owned(), old.get("rev").cloned().unwrap_or_else(|| number(0)))]);
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        // In the order of their names, so that the same change is the same request.
        let changed: BTreeMap<_, _> = new.iter().filter(|(name, value)| old.get(*name) != Some(value)).collect();
        let gone: BTreeSet<_> = old.keys().filter(|name| !new.contains_key(*name)).collect();
        for (position, (name, value)) in changed.into_iter().enumerate() {
            names.insert(format!("#s{position}"), name.clone());
            values.insert(format!(":s{position}"), value.clone());
            set.push(format!("#s{position} = :s{position}"));
        }
        for (position, name) in gone.into_iter().enumerate() {
            names.insert(format!("#r{position}"), name.clone());
            remove.push(format!("#r{position}"));
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression.push_str(&format!(" REMOVE {}", remove.join(", ")));
        }
        self.update_if(&crate::item::key_of(new), &expression, Some("rev = :rev"), names, values, refusal);
    }

    pub(crate) fn update_if(
        &mut self,
        key: &Key,
        expression: &str,
        condition: Option<&str>,
        names: HashMap<String, String>,
        values: HashMap<String, AttributeValue>,
        refusal: FailedCondition,
    ) {
        self.push(
            Update::builder()
                .set_key(Some(key_map(key)))
                .update_expression(expression)
                .set_condition_expression(condition.map(str::to_owned))
                .set_expression_attribute_names((!names.is_empty()).then_some(names))
                .set_expression_attribute_values((!values.is_empty()).then_some(values))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld),
            key.clone(),
            refusal,
        );
    }

    /// Requires a user to be active when the transaction is carried out, else refused as a reference.
    pub fn require_active(&mut self, user: domain::UserId, field: &'static str) {
        let key = crate::keys::auth(user);
        self.push(
            ConditionCheck::builder()
                .set_key(Some(key_map(&key)))
                .condition_expression("#data.#status = :active")
                .expression_attribute_names("#data", "data")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":active", text("ACTIVE")),
            key,
            FailedCondition::Reference(field),
        );
    }

    /// Removes an item, if a condition holds.
    pub(crate) fn remove_if(&mut self, key: &Key, condition: &str, values: HashMap<String, AttributeValue>, refusal: FailedCondition) {
        let action = Delete::builder().set_key(Some(key_map(key))).condition_expression(condition).set_expression_attribute_values(Some(values));
        self.push(action, key.clone(), refusal);
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        self.push(Delete::builder().set_key(Some(key_map(key))), key.clone(), FailedCondition::Stale);
    }

    fn push(&mut self, action: impl Action, key: Key, refusal: FailedCondition) {
        self.touch(key);
        match action.finish() {
            Ok(action) => self.actions.push((action, refusal)),
            Err(error) => self.fail(error),
        }
    }
}

/// Whether a record is stored in the present shape of its kind, so that what was read is what stands there.
fn is_present<E: Stored>(record: &Record<E>) -> bool {
    record.shape == shape_of(E::KIND)
}

/// An item that differs from every other of this key in everything but its `rev`: one that is stored in another shape is
/// written whole, and loses what the present shape has not.
fn anything<E: Stored>(record: &Record<E>) -> Item {
    let key = crate::keys::record(E::KIND, record.id);
    let optional = Index::ALL.iter().map(|index| index.attribute()).chain([SORT, "text"]);
    let mut item: Item = optional.map(|name| (name.to_owned(), AttributeValue::Null(true))).collect();
    item.extend(key_map(&key));
    item.insert("rev".to_owned(), number(record.rev));
    item
}

fn key_map(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".to_owned(), text(&*key.pk)), ("sk".to_owned(), text(&*key.sk))])
}

/// One of the four kinds of action; the table's name is filled in when the transaction is sent.
trait Action {
    fn finish(self) -> Result<TransactWriteItem, Error>;
}

const TABLE_PLACEHOLDER: &str = "table";

macro_rules! action {
    ($builder:ty, $setter:ident) => {
        impl Action for $builder {
            fn finish(self) -> Result<TransactWriteItem, Error> {
                let action = self.table_name(TABLE_PLACEHOLDER).build().map_err(|e| Error::Call(e.to_string()))?;
                Ok(TransactWriteItem::builder().$setter(action).build())
            }
        }
    };
}

action!(aws_sdk_dynamodb::types::builders::PutBuilder, put);
action!(aws_sdk_dynamodb::types::builders::UpdateBuilder, update);
action!(aws_sdk_dynamodb::types::builders::DeleteBuilder, delete);
action!(aws_sdk_dynamodb::types::builders::ConditionCheckBuilder, condition_check);

/// The action in the table, with the item in its shards.
fn on_table(mut action: TransactWriteItem, table: &str, shards: Shards) -> TransactWriteItem {
    if let Some(put) = &mut action.put {
        put.table_name = table.to_owned();
        shards.spread(&mut put.item);
    }
    if let Some(update) = &mut action.update {
        update.table_name = table.to_owned();
        spread_update(update, shards);
    }
    if let Some(delete) = &mut action.delete {
        delete.table_name = table.to_owned();
    }
    if let Some(check) = &mut action.condition_check {
        check.table_name = table.to_owned();
    }
    action
}

/// The same for what an update sets: `#s1 = :s1`, as [`Tx::replace`] writes it.
fn spread_update(update: &mut Update, shards: Shards) {
    let id = update.key.get("pk").and_then(|pk| pk.as_s().ok()).cloned().unwrap_or_default();
    let (Some(names), Some(values)) = (&update.expression_attribute_names, &mut update.expression_attribute_values) else { return };
    for (placeholder, name) in names {
        if Index::ALL.iter().any(|index| index.attribute() == name)
            && let Some(AttributeValue::S(partition)) = values.get_mut(&placeholder.replace('#', ":"))
        {
            *partition = shards.place(partition, &id);
        }
    }
}

/// How often a transaction in conflict with another is sent again before giving up: with the
/// pauses of [`pause`] about two seconds on average.
const CONFLICT_ATTEMPTS: u32 = 10;

impl Store {
    /// Sends the transaction. Conflicts with others are retried; a condition that does not hold is
    /// [`Error::Refused`] with its meaning. The request token makes a repeat by the SDK after a lost
    /// answer harmless.
    pub async fn commit(&self, tx: Tx) -> Result<(), Error> {
        let (actions, conditions): (Vec<_>, Vec<_>) = tx.finish()?.into_iter().unzip();
        let actions: Vec<_> = actions.into_iter().map(|action| on_table(action, &self.table, self.shards)).collect();
        let mut attempt = 0;
        loop {
            let _in_flight = self.meter.begin();
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(actions.clone()))
                .client_request_token(Uuid::now_v7().to_string())
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .boxed()
                .await;
            let error = match sent {
                Ok(answer) => {
                    self.meter.add(answer.consumed_capacity(), true);
                    return Ok(());
                }
                Err(error) => error,
            };
            let refused = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    let reasons = canceled.cancellation_reasons();
                    let failed = |code: Option<&str>| code == Some("ConditionalCheckFailed");
                    conditions
                        .iter()
                        .zip(reasons)
                        .filter(|(_, reason)| failed(reason.code()))
                        .map(|(refusal, reason)| (refusal.clone(), reason.item().cloned()))
                        .collect()
                }
                _ => Vec::new(),
            };
            if !refused.is_empty() {
                return Err(Error::Refused(refused));
            }
            if is_invalid(error.as_service_error()) {
                return Err(Error::Invalid(aws::cause(&error)));
            }
            attempt += 1;
            if attempt >= CONFLICT_ATTEMPTS || !is_conflict(error.as_service_error()) {
                return Err(match call_error(error) {
                    Error::Call(text) if attempt > 1 => Error::Busy(text),
                    other => other,
                });
            }
            pause(FIRST_PAUSE, attempt).await;
        }
    }
}

/// Whether an action of the transaction is one that the table will never take.
fn is_invalid(error: Option<&TransactWriteItemsError>) -> bool {
    match error {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            canceled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ValidationError"))
        }
        _ => false,
    }
}

/// Whether the transaction was cancelled for contention or throttling alone.
fn is_conflict(error: Option<&TransactWriteItemsError>) -> bool {
    match error {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            let codes = canceled.cancellation_reasons().iter().filter_map(|reason| reason.code()).filter(|code| *code != "None");
            let retryable = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
            let mut codes = codes.peekable();
            codes.peek().is_some() && codes.all(|code| retryable.contains(&code))
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => true,
        Some(other) => matches!(other.code(), Some("ThrottlingException" | "RequestLimitExceeded" | "TransactionConflictException")),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead() -> Key {
        crate::keys::counts("LEAD", "1")
    }

    fn counting(amounts: &[(Counter, i64)]) -> Tx {
        let mut tx = Tx::new();
        let change = tx.counters.entry(lead()).or_default();
        change.guarded = true;
        change.amounts = amounts.iter().map(|(counter, amount)| (CounterName::Children(*counter), *amount)).collect();
        tx
    }

    #[test]
    fn changes_of_the_counters_of_one_item_are_added_up_in_one_action() {
        let mut tx = counting(&[(Counter::TasksOpen, 1), (Counter::Activities, 2)]);
        tx.append(counting(&[(Counter::TasksOpen, 1), (Counter::Activities, -2)]));
        tx.close_counts(domain::LeadId::new(Uuid::nil()), domain::CustomerId::new(Uuid::nil()));
        let actions = tx.finish().expect("one action for each item");
        let updates: Vec<&Update> = actions.iter().filter_map(|(action, _)| action.update.as_ref()).collect();
        assert_eq!(updates.len(), 2, "the counters of two leads");
        let counted = updates.iter().find(|update| update.key["pk"] == text("LEAD#1")).expect("the counters");
        let values = counted.expression_attribute_values.as_ref().expect("values");
        assert_eq!(counted.update_expression, "SET #type = :type ADD seq :one, #n0 :n0", "what adds up to nothing is left out");
        assert_eq!(values[":n0"], number(2));
    }

    #[test]
    fn one_item_twice_is_an_error_before_anything_is_sent() {
        let mut tx = Tx::new();
        tx.put(bare(&lead(), "COUNTS"));
        tx.remove(&lead());
        assert!(matches!(tx.finish(), Err(Error::Invalid(cause)) if cause.contains("written twice")));
        let mut tx = counting(&[(Counter::Tasks, 1)]);
        tx.put(bare(&lead(), "COUNTS"));
        assert!(matches!(tx.finish(), Err(Error::Invalid(_))), "counters are of an item as well");
    }

    #[test]
    fn more_actions_than_dynamodb_takes_are_an_error_before_anything_is_sent() {
        let of = |count: usize| {
            let mut tx = Tx::new();
            (0..count).for_each(|n| tx.put(bare(&crate::keys::counts("LEAD", n), "COUNTS")));
            tx.finish().map(|actions| actions.len())
        };
        assert!(matches!(of(MAX_ACTIONS), Ok(MAX_ACTIONS)));
        assert!(matches!(of(MAX_ACTIONS + 1), Err(Error::Invalid(_))));
    }
}
