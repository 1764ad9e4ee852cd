//! The table's calls, each counted. They are boxed: the SDK's futures are large, and handlers and workers
//! hold many of them inside each other.

use crate::error::Error;
use crate::item::{Item, Stored, text, to_record};
use crate::keys::{Index, Key, SORT, Shards};
use crate::list::AT_ONCE;
use crate::meter::Meter;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, WriteRequest};
use domain::{Entity, Record};
use futures::FutureExt;
use futures::future::try_join_all;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// The table of this deployment, with a meter for one request.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Arc<aws::OnUse<Client>>,
    pub(crate) table: Arc<str>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) shards: Shards,
}

/// A range of a partition's sort keys: from `from`, up to and without `until`, beyond `after`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Range {
    pub from: Option<String>,
    pub until: Option<String>,
    pub after: Option<String>,
    pub ascending: bool,
}

/// What one query brought.
pub(crate) struct Slice {
    pub items: Vec<Item>,
    pub more: bool,
}

impl Store {
    /// The table of this name.
    pub fn new(sdk: &aws::Sdk, table: &str) -> Self {
        Self::on(sdk.on_use(Client::new), table)
    }

    /// The table of this name, through this client.
    pub fn on(client: aws::OnUse<Client>, table: &str) -> Self {
        Self { client: Arc::new(client), table: table.into(), meter: Arc::default(), shards: Shards::default() }
    }

    /// Makes the client, so that a start takes the time and no request. A function that never asks the table
    /// goes without.
    pub fn prepare(&self) {
        LazyLock::force(&self.client);
    }

    /// The same table, spread over this many shards.
    #[must_use]
    pub fn spread(self, shards: Shards) -> Self {
        Self { shards, ..self }
    }

    /// The same table with a meter of its own: one per request.
    #[must_use]
    pub fn metered(&self) -> Self {
        Self { meter: Arc::default(), ..self.clone() }
    }

    /// What was used through this handle.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The record of this id, eventually consistent. `None` when there is none.
    pub async fn get<E: Stored>(&self, id: E::Id) -> Result<Option<Record<E>>, Error> {
        self.get_record(id, false).await
    }

    /// The record of this id, strongly consistent: for deciding anew after a conflict.
    pub async fn get_latest<E: Stored>(&self, id: E::Id) -> Result<Option<Record<E>>, Error> {
        self.get_record(id, true).await
    }

    async fn get_record<E: Stored>(&self, id: E::Id, consistent: bool) -> Result<Option<Record<E>>, Error> {
        let item = self.get_item(&crate::keys::record(<E as Entity>::KIND, id), consistent).await?;
        item.as_ref().map(to_record).transpose()
    }

    pub(crate) async fn get_item(&self, key: &Key, consistent: bool) -> Result<Option<Item>, Error> {
        let _in_flight = self.meter.begin();
        let answer = self
            .client
            .get_item()
            .table_name(&*self.table)
            .key("pk", text(&*key.pk))
            .key("sk", text(&*key.sk))
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(call_error)?;
        self.meter.add(&answer.consumed_capacity, false);
        Ok(answer.item)
    }

    /// The items of these keys, in any order, at most 100, eventually consistent.
    pub(crate) async fn get_items(&self, keys: &[Key]) -> Result<Vec<Item>, Error> {
        self.get_some(keys, false).await
    }

    /// The records of these ids, strongly consistent, in any order; what there is not is left out.
    pub async fn latest_of<E: Stored>(&self, ids: &[E::Id]) -> Result<Vec<Record<E>>, Error> {
        let keys: Vec<Key> = ids.iter().map(|id| crate::keys::record(E::KIND, *id)).collect();
        self.get_latest_items(&keys).await?.iter().map(to_record).collect()
    }

    /// The same, strongly consistent, however many they are.
    pub(crate) async fn get_latest_items(&self, keys: &[Key]) -> Result<Vec<Item>, Error> {
        Ok(try_join_all(keys.chunks(AT_ONCE).map(|keys| self.get_some(keys, true))).await?.concat())
    }

    /// The records of these ids, at most 100, in any order, eventually consistent.
    pub async fn records_of<E: Stored>(&self, ids: &[E::Id]) -> Result<Vec<Record<E>>, Error> {
        let keys: Vec<Key> = ids.iter().map(|id| crate::keys::record(E::KIND, *id)).collect();
        self.get_items(&keys).await?.iter().map(to_record).collect()
    }

    async fn get_some(&self, keys: &[Key], consistent: bool) -> Result<Vec<Item>, Error> {
        let mut wanted: Vec<HashMap<String, AttributeValue>> =
            keys.iter().map(|key| HashMap::from([("pk".to_owned(), text(&*key.pk)), ("sk".to_owned(), text(&*key.sk))])).collect();
        let mut found = Vec::new();
        for attempt in 0..5u32 {
            if wanted.is_empty() {
                return Ok(found);
            }
            if attempt > 0 {
                pause(FIRST_PAUSE, attempt).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(consistent)
                .build()
                .map_err(|e| Error::Call(e.to_string()))?;
            let _in_flight = self.meter.begin();
            let answer = self
                .client
                .batch_get_item()
                .request_items(&*self.table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .boxed()
                .await
                .map_err(call_error)?;
            self.meter.add(answer.consumed_capacity(), false);
            found.extend(answer.responses.unwrap_or_default().remove(&*self.table).unwrap_or_default());
            // Unprocessed keys come back when the table throttles; they are asked for again.
            let rest = answer.unprocessed_keys.unwrap_or_default().remove(&*self.table);
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
        }
        if wanted.is_empty() { Ok(found) } else { Err(Error::Busy("keys were left unread".into())) }
    }

    /// At most `limit` rows of a partition of an index, or of the table itself, in order.
    pub(crate) async fn query(&self, index: Option<Index>, partition: &str, range: &Range, limit: i32) -> Result<Slice, Error> {
        let _in_flight = self.meter.begin();
        let (condition, values) = key_condition(partition, range);
        let names = HashMap::from([("#p".to_owned(), index.map_or("pk", Index::attribute).to_owned())]);
        let names = if values.len() > 1 { with_name(names, "#s", index.map_or("sk", |_| SORT)) } else { names };
        let answer = self
            .client
            .query()
            .table_name(&*self.table)
            .set_index_name(index.map(|index| index.name().to_owned()))
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .scan_index_forward(range.ascending)
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(call_error)?;
        self.meter.add(&answer.consumed_capacity, false);
        let more = answer.last_evaluated_key.is_some();
        Ok(Slice { items: answer.items.unwrap_or_default(), more })
    }

    /// The items of a record's partition whose sort key begins so, strongly consistent, all pages
    /// of them: only for groups with a bound, such as a record's search words.
    pub(crate) async fn children(&self, pk: &str, prefix: &str) -> Result<Vec<Item>, Error> {
        let query = self.client.query().key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        let query = query.expression_attribute_values(":prefix", text(prefix)).consistent_read(true);
        self.all_pages(query.expression_attribute_values(":pk", text(pk))).await
    }

    /// The items of a partition between two sort keys, both included, eventually consistent: only
    /// for groups with a bound.
    pub(crate) async fn children_between(&self, pk: &str, first: &str, last: &str) -> Result<Vec<Item>, Error> {
        let query = self.client.query().key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last");
        let query = query.expression_attribute_values(":first", text(first)).expression_attribute_values(":last", text(last));
        self.all_pages(query.expression_attribute_values(":pk", text(pk))).await
    }

    async fn all_pages(&self, query: QueryFluentBuilder) -> Result<Vec<Item>, Error> {
        let query = query.table_name(&*self.table).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let _in_flight = self.meter.begin();
            let answer = query.clone().set_exclusive_start_key(start).send().boxed().await.map_err(call_error)?;
            self.meter.add(&answer.consumed_capacity, false);
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// The first or the last items of a record's partition whose sort key begins so.
    pub(crate) async fn some_children(&self, pk: &str, prefix: &str, ascending: bool, limit: i32, consistent: bool) -> Result<Vec<Item>, Error> {
        let _in_flight = self.meter.begin();
        let answer = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":prefix", text(prefix))
            .scan_index_forward(ascending)
            .limit(limit)
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(call_error)?;
        self.meter.add(&answer.consumed_capacity, false);
        Ok(answer.items.unwrap_or_default())
    }

    pub(crate) async fn put_item(&self, mut item: Item) -> Result<(), Error> {
        self.shards.spread(&mut item);
        let _in_flight = self.meter.begin();
        let answer = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(call_error)?;
        self.meter.add(&answer.consumed_capacity, true);
        Ok(())
    }

    /// Puts items and deletes others, whatever stands there, 25 in a call (DynamoDB's limit), side by side.
    /// Items stand in their shards already.
    pub(crate) async fn write_items(&self, items: Vec<Item>, gone: Vec<Key>) -> Result<(), Error> {
        let failed = |error: aws_sdk_dynamodb::error::BuildError| Error::Call(error.to_string());
        let mut writes = Vec::new();
        for item in items {
            let put = PutRequest::builder().set_item(Some(item)).build().map_err(failed)?;
            writes.push(WriteRequest::builder().put_request(put).build());
        }
        for key in gone {
            let delete = DeleteRequest::builder().key("pk", text(key.pk)).key("sk", text(key.sk)).build().map_err(failed)?;
            writes.push(WriteRequest::builder().delete_request(delete).build());
        }
        try_join_all(writes.chunks(25).map(|chunk| self.write_batch(chunk.to_vec()))).await.map(drop)
    }

    async fn write_batch(&self, mut writes: Vec<WriteRequest>) -> Result<(), Error> {
        for attempt in 0..8u32 {
            if attempt > 0 {
                pause(FIRST_PAUSE, attempt).await;
            }
            let _in_flight = self.meter.begin();
            let answer = self
                .client
                .batch_write_item()
                .request_items(&*self.table, std::mem::take(&mut writes))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .boxed()
                .await
                .map_err(call_error)?;
            self.meter.add(answer.consumed_capacity(), true);
            // Unprocessed writes come back when the table throttles; they are sent again.
            writes = answer.unprocessed_items.unwrap_or_default().remove(&*self.table).unwrap_or_default();
            if writes.is_empty() {
                return Ok(());
            }
        }
        Err(Error::Busy("items were left unwritten".into()))
    }

    /// Whether the table answers: one read of an item that always exists.
    pub async fn ping(&self) -> Result<(), Error> {
        self.get_item(&crate::keys::jwks(), false).await.map(|_| ())
    }
}

fn with_name(mut names: HashMap<String, String>, placeholder: &str, name: &str) -> HashMap<String, String> {
    names.insert(placeholder.to_owned(), name.to_owned());
    names
}

/// The key condition of a range. `after` bounds the side the order runs away from; DynamoDB allows
/// one condition on the sort key, so two bounds become a BETWEEN whose edge row the caller drops.
fn key_condition(partition: &str, range: &Range) -> (String, HashMap<String, AttributeValue>) {
    let (mut low, mut high) = (range.from.clone(), range.until.clone());
    if let Some(after) = &range.after {
        let side = if range.ascending { &mut low } else { &mut high };
        let tighter = match side.as_ref() {
            None => true,
            Some(bound) => {
                if range.ascending {
                    after > bound
                } else {
                    after < bound
                }
            }
        };
        if tighter {
            *side = Some(after.clone());
        }
    }
    let mut values = HashMap::from([(":p".to_owned(), text(partition))]);
    let condition = match (low, high) {
        (None, None) => "#p = :p".to_owned(),
        (Some(low), None) => {
            values.insert(":low".into(), text(low));
            "#p = :p AND #s >= :low".to_owned()
        }
        (None, Some(high)) => {
            values.insert(":high".into(), text(high));
            "#p = :p AND #s < :high".to_owned()
        }
        // An empty range is a question that no row answers, not an error of the caller.
        (Some(low), Some(high)) if low > high => {
            values.insert(":low".into(), text("\u{10FFFF}"));
            "#p = :p AND #s > :low".to_owned()
        }
        (Some(low), Some(high)) => {
            values.insert(":low".into(), text(low));
            values.insert(":high".into(), text(high));
            "#p = :p AND #s BETWEEN :low AND :high".to_owned()
        }
    };
    (condition, values)
}

/// How long the first pause before a call that failed is at most, milliseconds.
pub(crate) const FIRST_PAUSE: u64 = 20;

/// Waits a little before trying again: jittered, under a ceiling of `first` milliseconds that doubles with
/// each of the first five attempts. The jitter needs no quality, so it comes from the clock's nanoseconds.
pub async fn pause(first: u64, attempt: u32) {
    let ceiling = first << attempt.min(5);
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| u64::from(d.subsec_nanos()));
    tokio::time::sleep(std::time::Duration::from_millis(1 + nanos % ceiling)).await;
}

/// A failed call as an error: throttling is `Busy`, no answer `Unreached`, what the table finds invalid `Invalid`, everything
/// else `Call`.
pub(crate) fn call_error<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let unreached = matches!(error, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_));
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default().to_owned();
    let text = aws::cause(&error);
    match code.as_str() {
        _ if unreached => Error::Unreached(text),
        "InternalServerError" => Error::Unreached(text),
        "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" | "TransactionInProgressException" => {
            Error::Busy(text)
        }
        // The table will never take it: trying again would only hold up what waits behind it.
        "ValidationException" | "ItemCollectionSizeLimitExceededException" => Error::Invalid(text),
        _ => Error::Call(text),
    }
}

#[cfg(test)]
mod tests {
    use aws::partition::{FILE, SUFFIX};
    use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
    use std::process::Command;

    /// Says where the SDK would call the table in the region of this process.
    #[tokio::test]
    async fn the_sdk_knows_where_the_table_is() {
        let Ok(region) = std::env::var("AWS_REGION") else { return };
        aws::Sdk::from_environment().expect("starts");
        let place = Params::builder().region(region).build().expect("parameters");
        println!("calls {}", DefaultResolver::new().resolve_endpoint(&place).await.expect("an address").url());
    }

    /// In processes of their own, since the SDK reads its table of partitions once.
    fn address(region: &str, variables: &[(&str, &str)]) -> String {
        let mut told = Command::new(std::env::current_exe().expect("this test"));
        told.args(["--exact", "table::tests::the_sdk_knows_where_the_table_is", "--nocapture"]);
        told.env_remove(FILE).envs([("AWS_REGION", region), ("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key")]);
        let output = told.envs(variables.iter().copied()).output().expect("runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let address = text.lines().find_map(|line| line.split_once("calls ")).map(|(_, address)| address.to_owned());
        address.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    #[test]
    fn the_file_of_a_function_leads_to_the_same_addresses_as_the_sdks_own_table() {
        let file = std::env::temp_dir().join(format!("partition-{}.json", std::process::id())).to_string_lossy().into_owned();
        // The suffixes are those of AWS::URLSuffix.
        for (region, suffix) in [
            ("eu-central-1", "amazonaws.com"),
            ("us-gov-west-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("eusc-de-east-1", "amazonaws.eu"),
            ("us-iso-east-1", "c2s.ic.gov"),
        ] {
            let own = address(region, &[]);
            assert_eq!(own, format!("https://dynamodb.{region}.{suffix}"));
            assert_eq!(address(region, &[(FILE, &file), (SUFFIX, suffix)]), own);
        }
        std::fs::remove_file(file).expect("the file was written");
    }
}
