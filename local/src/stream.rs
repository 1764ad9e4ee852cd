//! The table's change stream: reading it in order, handing batches to a consumer in the form a
//! Lambda trigger gets, and remembering how far each consumer has come.

use crate::checkpoints::Checkpoints;
use crate::table::{Table, TableError};
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::types::AttributeValue;
use dynoxide::{Database, DynoxideError};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::Instant;
use workers::Interest;

/// How many pages of records are read at once where few of them are wanted: of what a change writes, each worker is told a small
/// part.
const READ_AHEAD: usize = 5;
/// How many records the engine gives at once, at most.
const PAGE: usize = 1000;
/// How long a reader may have had more before it than it takes at once until it counts as behind.
const SLACK: Duration = Duration::from_millis(400);
/// Lambda hands over at most 6 MB; the wire form is somewhat larger than the stored one.
const MAX_BATCH_BYTES: i64 = 4 * 1024 * 1024;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LAST_BACKOFF: Duration = Duration::from_secs(30);
/// How often to look when writes may come in over TCP, unseen by the connector.
const POLL_SERVED: Duration = Duration::from_millis(40);
/// How often to look otherwise, in case a wake-up was missed.
const POLL_IDLE: Duration = Duration::from_secs(1);

/// Why a stream could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The table has no stream.
    #[error("the table {0} has no stream")]
    NoStream(String),
    /// The database failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// One batch of changes.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The event a Lambda trigger would get.
    pub event: Value,
    /// The sequence number of the last record that was read for it, whether it is in it or not.
    pub last: String,
    /// How many records were read for it.
    pub read: usize,
    /// Whether there may be more to read at once.
    pub more: bool,
}

/// Reads one table's stream in order.
#[derive(Debug)]
pub struct StreamReader {
    table: Table,
    arn: String,
    shard: String,
    after: Option<String>,
    interest: Option<Interest>,
    /// How many records were read since it was kept how far it has come.
    passed: usize,
}

impl StreamReader {
    /// Starts after the record numbered `after`, or at the oldest one.
    pub async fn open(table: Table, table_name: &str, after: Option<String>) -> Result<Self, StreamError> {
        let name = table_name.to_owned();
        let found = table
            .with_database(move |db| {
                let streams = db.list_streams(ListStreamsRequest { table_name: Some(name), ..Default::default() })?;
                let Some(stream) = streams.streams.into_iter().next() else {
                    return Ok(None);
                };
                let description = db.describe_stream(DescribeStreamRequest { stream_arn: stream.stream_arn.clone(), ..Default::default() })?;
                let shard = description.stream_description.shards.into_iter().next();
                Ok::<_, DynoxideError>(shard.map(|shard| (stream.stream_arn, shard.shard_id)))
            })
            .await?
            .map_err(TableError::from)?;
        let (arn, shard) = found.ok_or_else(|| StreamError::NoStream(table_name.to_owned()))?;
        Ok(Self { table, arn, shard, after, interest: None, passed: 0 })
    }

    /// Only what passes the filter of a worker's event source mapping.
    #[must_use]
    pub fn of(self, interest: Interest) -> Self {
        Self { interest: Some(interest), ..self }
    }

    /// The next batch of at most `limit` records, or none when everything has been read; one without records where none of those that
    /// were read passes the filter. The position does not move: see [`StreamReader::advance`].
    pub async fn peek(&self, limit: usize) -> Result<Option<Batch>, StreamError> {
        let kind = match self.after {
            Some(_) => "AFTER_SEQUENCE_NUMBER",
            None => "TRIM_HORIZON",
        };
        let request = GetShardIteratorRequest {
            stream_arn: self.arn.clone(),
            shard_id: self.shard.clone(),
            shard_iterator_type: kind.into(),
            sequence_number: self.after.clone(),
        };
        let (limit, interest) = (limit.clamp(1, PAGE), self.interest);
        let Read { wanted, last, count, more } = self.table.reading(|db| read(db, request, limit, interest)).map_err(TableError::from)?;
        let mut event = Vec::with_capacity(wanted.len());
        for record in wanted {
            let mut wire = serde_json::to_value(&record).map_err(|error| TableError::from(DynoxideError::InternalServerError(error.to_string())))?;
            wire["eventSourceARN"] = json!(self.arn);
            let created = record.dynamodb.approximate_creation_date_time as i64;
            wire["dynamodb"]["ApproximateCreationDateTime"] = json!(created);
            event.push(wire);
        }
        Ok(last.map(|last| Batch { event: json!({ "Records": event }), last, read: count, more }))
    }

    /// Moves the position past the record numbered `sequence`.
    pub fn advance(&mut self, sequence: String) {
        self.after = Some(sequence);
    }
}

/// What was read of a stream for a batch.
#[derive(Default)]
struct Read {
    wanted: Vec<Record>,
    /// The number of the last record that was read, wanted or not.
    last: Option<String>,
    count: usize,
    more: bool,
}

/// Reads pages of a stream until a batch is full, by records or by bytes, or some pages had too few that are wanted.
fn read(db: &Database, from: GetShardIteratorRequest, limit: usize, interest: Option<Interest>) -> Result<Read, DynoxideError> {
    let mut iterator = db.get_shard_iterator(from)?.shard_iterator;
    let (mut read, mut size) = (Read { more: true, ..Read::default() }, 0);
    for _ in 0..READ_AHEAD {
        let page = db.get_records(GetRecordsRequest { shard_iterator: iterator.unwrap_or_default(), limit: Some(limit) })?;
        let is_last = page.records.len() < limit;
        for record in page.records {
            let number = record.dynamodb.sequence_number.clone();
            if wants(interest, &record) {
                size += record.dynamodb.size_bytes;
                if read.wanted.len() == limit || size > MAX_BATCH_BYTES && !read.wanted.is_empty() {
                    return Ok(read);
                }
                read.wanted.push(record);
            }
            (read.last, read.count) = (Some(number), read.count + 1);
        }
        if is_last {
            return Ok(Read { more: false, ..read });
        }
        if read.wanted.len() == limit || size > MAX_BATCH_BYTES {
            break;
        }
        iterator = page.next_shard_iterator;
    }
    Ok(read)
}

fn wants(interest: Option<Interest>, record: &Record) -> bool {
    let Some(interest) = interest else { return true };
    let sk = match record.dynamodb.keys.get("sk") {
        Some(AttributeValue::S(sk)) => sk,
        _ => "",
    };
    interest.takes(&record.event_name, sk)
}

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Everything had been read.
    Nothing,
    /// What there was.
    All,
    /// A part of what there is.
    Part,
}

/// Feeds one consumer, batches of at most `limit` records, until `shutdown` completes; a batch under way is finished first.
///
/// A batch that failed is offered again after a growing pause, and nothing is skipped: the
/// position moves only after the handler said yes. A handler may answer with
/// `batchItemFailures`; the first of them is then the next record it gets.
pub async fn run<C, H, F, E>(
    mut reader: StreamReader,
    consumer: &str,
    limit: usize,
    checkpoints: C,
    handler: H,
    shutdown: impl Future<Output = ()> + Send,
) where
    C: Checkpoints,
    H: Fn(Value) -> F + Send + Sync,
    F: Future<Output = Result<Value, E>> + Send,
    E: Display,
{
    let table = reader.table.clone();
    let mut writes = table.writes();
    let mut place = table.place();
    let mut failures = 0;
    // When it was last where the stream ends.
    let mut at_the_end = Instant::now();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        writes.borrow_and_update();
        let began = Instant::now();
        let pause = match step(&mut reader, consumer, limit, &checkpoints, &handler).await {
            Ok(found) => {
                failures = 0;
                if found != Found::Part {
                    // There was no more when it began.
                    at_the_end = began;
                }
                place.is_behind(at_the_end.elapsed() > SLACK);
                match found {
                    Found::Nothing if table.is_served() => POLL_SERVED,
                    Found::Nothing => POLL_IDLE,
                    Found::All | Found::Part => Duration::ZERO,
                }
            }
            Err(error) => {
                failures += 1;
                // Nobody waits for what may take long.
                at_the_end = Instant::now();
                place.is_behind(false);
                let pause = backoff(failures);
                application::log::fault(consumer, &format!("batch failed {failures} times: {error}"));
                pause
            }
        };
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            Ok(()) = writes.changed(), if failures == 0 => {}
            () = tokio::time::sleep(pause), if !pause.is_zero() => {}
            () = std::future::ready(()), if pause.is_zero() => {}
        }
    }
}

/// Handles one batch.
pub async fn step<C, H, F, E>(reader: &mut StreamReader, consumer: &str, limit: usize, checkpoints: &C, handler: &H) -> Result<Found, String>
where
    C: Checkpoints,
    H: Fn(Value) -> F,
    F: Future<Output = Result<Value, E>>,
    E: Display,
{
    let text = |error: StreamError| error.to_string();
    let Some(Batch { event, last, read, more }) = reader.peek(limit).await.map_err(text)? else {
        return Ok(Found::Nothing);
    };
    let found = if more { Found::Part } else { Found::All };
    let sequences: Vec<String> = sequences(&event);
    reader.passed += read;
    if sequences.is_empty() {
        // Reading them once more costs less than keeping each step.
        if reader.passed >= limit * READ_AHEAD {
            checkpoints.store(consumer, &last).await.map_err(|error| error.to_string())?;
            reader.passed = 0;
        }
        reader.advance(last);
        return Ok(found);
    }
    let answer = AssertUnwindSafe(async { handler(event).await })
        .catch_unwind()
        .await
        .map_err(|_| "the handler panicked".to_owned())?
        .map_err(|error| error.to_string())?;
    let (done, partial) = match first_failure(&answer, &sequences) {
        None => (last, false),
        Some(0) => return Err("the handler failed the first record".into()),
        Some(failed) => (sequences[failed - 1].clone(), true),
    };
    let stored = checkpoints.store(consumer, &done).await;
    stored.map_err(|error| error.to_string())?;
    reader.passed = 0;
    reader.advance(done);
    if partial {
        return Err("the handler failed part of the batch".into());
    }
    Ok(found)
}

fn sequences(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().into_iter().flatten();
    records.filter_map(|record| record["dynamodb"]["SequenceNumber"].as_str()).map(str::to_owned).collect()
}

/// The index of the earliest record named in `batchItemFailures`; as with Lambda, a name that
/// is not in the batch fails all of it.
fn first_failure(answer: &Value, sequences: &[String]) -> Option<usize> {
    let failures = answer["batchItemFailures"].as_array()?;
    let position = |failure: &Value| {
        let name = failure["itemIdentifier"].as_str();
        sequences.iter().position(|sequence| Some(sequence.as_str()) == name)
    };
    failures.iter().map(|failure| position(failure).unwrap_or(0)).min()
}

fn backoff(failures: u32) -> Duration {
    FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(16))).min(LAST_BACKOFF)
}
