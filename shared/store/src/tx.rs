//! Conditional transactions: a change, its events, its markers and its saved answer, all or none.

use crate::error::Error;
use crate::item::{Item, Stored, Tally, bare, key_of, number, text, to_item};
use crate::keys::Key;
use crate::table::{Store, call_error, pause};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::Record;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What it means that a condition of the transaction did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
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
        pointer: &'static str,
        /// Whether leads with it are in the way, and not customers only.
        leads: bool,
    },
    /// What this field refers to is not there or not usable.
    Reference(&'static str),
    /// The request was answered before under this idempotency key.
    Answered,
    /// A limit of the product: the last administrator, a team with members.
    Limit(&'static str),
    /// The effect was done before.
    Done,
}

/// A transaction in the making: at most 100 actions (DynamoDB's limit), each item once.
#[derive(Debug, Default)]
pub struct Tx {
    actions: Vec<TransactWriteItem>,
    refusals: Vec<Refusal>,
    failed: Option<Error>,
}

/// DynamoDB's limit of actions in one transaction.
pub const MAX_ACTIONS: usize = 100;

impl Tx {
    /// An empty transaction.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many actions it has.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether it does nothing.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Takes over the actions of another.
    pub fn append(&mut self, other: Tx) {
        self.actions.extend(other.actions);
        self.refusals.extend(other.refusals);
        self.failed = self.failed.take().or(other.failed);
    }

    /// Adds a new record with its companions and counts.
    pub fn create<E: Stored>(&mut self, record: &Record<E>) {
        match to_item(record) {
            Ok(item) => self.put_new(item, Refusal::Exists),
            Err(error) => self.fail(error),
        }
        if E::COUNTED {
            let mut item = bare(&crate::keys::counts(E::KIND, record.id), "COUNTS");
            item.insert("seq".into(), number(0));
            self.put_new(item, Refusal::Exists);
        }
        self.move_companions(None, Some(record));
        self.tally(None, Some(record));
    }

    /// Changes a record from what was read to what was decided, if it is still as read. Only the
    /// attributes that differ are written; `rev` rises. Companions and counts follow.
    pub fn update<E: Stored>(&mut self, old: &Record<E>, new: &Record<E>) {
        self.update_uncounted(old, new);
        self.tally(Some(old), Some(new));
    }

    /// The same where the counts it stood in are gone.
    pub fn update_uncounted<E: Stored>(&mut self, old: &Record<E>, new: &Record<E>) {
        let mut new = new.clone();
        new.rev = old.rev + 1;
        match (to_item(old), to_item(&new)) {
            (Ok(old), Ok(new)) => self.replace(&old, &new, Refusal::Stale),
            (Err(error), _) | (_, Err(error)) => self.fail(error),
        }
        self.move_companions(Some(old), Some(&new));
    }

    /// Removes a record, if it is still as read, with its companions and its part of the counts.
    pub fn delete<E: Stored>(&mut self, record: &Record<E>, refusal: Refusal) {
        self.delete_uncounted(record, refusal);
        self.tally(Some(record), None);
    }

    /// The same where the counts it stood in are gone.
    pub fn delete_uncounted<E: Stored>(&mut self, record: &Record<E>, refusal: Refusal) {
        self.move_companions(Some(record), None);
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
            refusal,
        );
    }

    /// Writes the companions that differ and removes those that are no more.
    fn move_companions<E: Stored>(&mut self, old: Option<&Record<E>>, new: Option<&Record<E>>) {
        let items = |record: Option<&Record<E>>| record.map_or_else(|| Ok(Vec::new()), E::companions);
        let (old, new) = match (items(old), items(new)) {
            (Ok(old), Ok(new)) => (old, new),
            (Err(error), _) | (_, Err(error)) => return self.fail(error),
        };
        let kept: Vec<Key> = new.iter().map(key_of).collect();
        for gone in old.iter().map(key_of).filter(|key| !kept.contains(key)) {
            self.remove(&gone);
        }
        for item in new.into_iter().filter(|item| !old.contains(item)) {
            self.put(item);
        }
    }

    /// Moves the counts that a record stands in from what it added to what it adds. A parent that is
    /// joined must be there and take children still.
    fn tally<E: Stored>(&mut self, old: Option<&Record<E>>, new: Option<&Record<E>>) {
        let (old, new) = (old.map(E::tallies).unwrap_or_default(), new.map(E::tallies).unwrap_or_default());
        let mut keys: Vec<&Key> = Vec::new();
        for tally in old.iter().chain(&new) {
            if !keys.contains(&&tally.key) {
                keys.push(&tally.key);
            }
        }
        for key in keys {
            let here = |list: &[Tally]| list.iter().filter(|tally| tally.key == *key).cloned().collect::<Vec<_>>();
            let (before, after) = (here(&old), here(&new));
            let mut amounts: Vec<(String, i64)> = Vec::new();
            for (tally, sign) in before.iter().map(|tally| (tally, -1)).chain(after.iter().map(|tally| (tally, 1))) {
                match amounts.iter_mut().find(|(name, _)| *name == tally.name) {
                    Some((_, amount)) => *amount += sign * tally.amount,
                    None => amounts.push((tally.name.clone(), sign * tally.amount)),
                }
            }
            amounts.retain(|(_, amount)| *amount != 0);
            let joins = before.is_empty();
            if !amounts.is_empty() || E::STIRS || joins {
                let guarded = before.iter().chain(&after).any(|tally| tally.guarded);
                self.count(key, &amounts, guarded, joins);
            }
        }
    }

    /// Adds to counters of an item. `seq` rises with each call: who derives something from what
    /// stands beside the counters makes sure by it that nothing changed meanwhile.
    fn count(&mut self, key: &Key, amounts: &[(String, i64)], guarded: bool, joins: bool) {
        let mut names = HashMap::from([("#type".to_owned(), "type".to_owned())]);
        let kind = if guarded { "COUNTS" } else { "MINUTES" };
        let mut values = HashMap::from([(":type".to_owned(), text(kind)), (":one".to_owned(), number(1))]);
        let mut add = vec!["seq :one".to_owned()];
        for (position, (name, amount)) in amounts.iter().enumerate() {
            names.insert(format!("#n{position}"), name.clone());
            values.insert(format!(":n{position}"), number(amount));
            add.push(format!("#n{position} :n{position}"));
        }
        let expression = format!("SET #type = :type ADD {}", add.join(", "));
        let condition = match (guarded, joins) {
            (true, true) => Some("attribute_exists(pk) AND attribute_not_exists(convertedTo)"),
            (true, false) => Some("attribute_exists(pk)"),
            (false, _) => None,
        };
        self.update_if(key, &expression, condition, names, values, Refusal::Parent);
    }

    /// Lets a lead take no more children: it became this customer.
    pub fn close_counts(&mut self, lead: domain::LeadId, customer: domain::CustomerId) {
        let values = HashMap::from([(":customer".to_owned(), text(customer.to_string())), (":one".to_owned(), number(1))]);
        let expression = "SET convertedTo = :customer ADD seq :one";
        let key = crate::keys::counts("LEAD", lead);
        self.update_if(&key, expression, Some("attribute_exists(pk)"), HashMap::new(), values, Refusal::Stale);
    }

    /// Requires that nothing was written beside these counters since they were read.
    pub(crate) fn require_seq(&mut self, key: &Key, seq: u64) {
        self.push(
            ConditionCheck::builder().set_key(Some(key_map(key))).condition_expression("seq = :seq").expression_attribute_values(":seq", number(seq)),
            Refusal::Stale,
        );
    }

    pub(crate) fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }

    pub(crate) fn put_new(&mut self, item: Item, refusal: Refusal) {
        self.put_if(item, "attribute_not_exists(pk)", HashMap::new(), refusal);
    }

    pub(crate) fn put_if(&mut self, item: Item, condition: &str, values: HashMap<String, AttributeValue>, refusal: Refusal) {
        let values = (!values.is_empty()).then_some(values);
        self.push(
            Put::builder()
                .set_item(Some(item))
                .condition_expression(condition)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld),
            refusal,
        );
    }

    pub(crate) fn put(&mut self, item: Item) {
        self.push(Put::builder().set_item(Some(item)), Refusal::Exists);
    }

    /// Writes the attributes in which two versions of an item differ, if `rev` is still the old one.
    pub(crate) fn replace(&mut self, old: &Item, new: &Item, refusal: Refusal) {
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
        refusal: Refusal,
    ) {
        self.push(
            Update::builder()
                .set_key(Some(key_map(key)))
                .update_expression(expression)
                .set_condition_expression(condition.map(str::to_owned))
                .set_expression_attribute_names((!names.is_empty()).then_some(names))
                .set_expression_attribute_values((!values.is_empty()).then_some(values))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld),
            refusal,
        );
    }

    /// Requires a user to be active when the transaction is carried out, else refused as a reference.
    pub fn require_active(&mut self, user: domain::UserId, pointer: &'static str) {
        self.push(
            ConditionCheck::builder()
                .set_key(Some(key_map(&crate::keys::auth(user))))
                .condition_expression("#data.#status = :active")
                .expression_attribute_names("#data", "data")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":active", text("ACTIVE")),
            Refusal::Reference(pointer),
        );
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        self.push(Delete::builder().set_key(Some(key_map(key))), Refusal::Stale);
    }

    fn push(&mut self, action: impl Action, refusal: Refusal) {
        match action.finish() {
            Ok(action) => {
                self.actions.push(action);
                self.refusals.push(refusal);
            }
            Err(error) => self.fail(error),
        }
    }
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

fn on_table(mut action: TransactWriteItem, table: &str) -> TransactWriteItem {
    if let Some(put) = &mut action.put {
        put.table_name = table.to_owned();
    }
    if let Some(update) = &mut action.update {
        update.table_name = table.to_owned();
    }
    if let Some(delete) = &mut action.delete {
        delete.table_name = table.to_owned();
    }
    if let Some(check) = &mut action.condition_check {
        check.table_name = table.to_owned();
    }
    action
}

/// How often a transaction in conflict with another is sent again before giving up: with the
/// pauses of [`pause`] about two seconds on average.
const CONFLICT_ATTEMPTS: u32 = 10;

impl Store {
    /// Sends the transaction. Conflicts with others are retried; a condition that does not hold is
    /// [`Error::Refused`] with its meaning. The request token makes a repeat by the SDK after a lost
    /// answer harmless.
    pub async fn commit(&self, tx: Tx) -> Result<(), Error> {
        if let Some(error) = tx.failed {
            return Err(error);
        }
        let actions: Vec<_> = tx.actions.into_iter().map(|action| on_table(action, &self.table)).collect();
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
                    tx.refusals
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
            attempt += 1;
            if attempt >= CONFLICT_ATTEMPTS || !is_conflict(error.as_service_error()) {
                return Err(match call_error(error) {
                    Error::Call(text) if attempt > 1 => Error::Busy(text),
                    other => other,
                });
            }
            pause(attempt).await;
        }
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
