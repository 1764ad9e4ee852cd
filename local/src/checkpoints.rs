//! How far each consumer of a stream has come, durably.

use crate::state;
use crate::table::{Table, TableError};
use serde_json::json;

/// Where each named consumer's position is kept.
pub trait Checkpoints: Send + Sync {
    /// The sequence number of the last record `consumer` has finished, if any.
    fn load(&self, consumer: &str) -> impl Future<Output = Result<Option<String>, TableError>> + Send;

    /// Records that `consumer` has finished everything up to `sequence`.
    fn store(&self, consumer: &str, sequence: &str) -> impl Future<Output = Result<(), TableError>> + Send;
}

/// Checkpoints kept in the database itself.
#[derive(Debug, Clone)]
pub struct TableCheckpoints {
    table: Table,
}

impl TableCheckpoints {
    /// Prepares the table the checkpoints are kept in.
    pub async fn open(table: Table) -> Result<Self, TableError> {
        state::ensure(&table).await?;
        Ok(Self { table })
    }

    /// Forgets the stream records of `table_name` that each of these consumers has finished and that are
    /// older than ten minutes; answers how many.
    pub async fn trim(&self, table_name: &str, consumers: &[&str]) -> Result<usize, TableError> {
        let mut finished = Vec::new();
        for consumer in consumers {
            finished.push(self.load(consumer).await?);
        }
        // Whoever has finished none has all of them before him.
        match finished.into_iter().collect::<Option<Vec<String>>>().and_then(|all| all.into_iter().min()) {
            Some(oldest) => self.table.trim_stream(table_name, &oldest).await,
            None => Ok(0),
        }
    }
}

impl Checkpoints for TableCheckpoints {
    async fn load(&self, consumer: &str) -> Result<Option<String>, TableError> {
        let item = state::get(&self.table, "checkpoint", consumer).await?;
        Ok(item.and_then(|item| item["sequence"]["S"].as_str().map(str::to_owned)))
    }

    async fn store(&self, consumer: &str, sequence: &str) -> Result<(), TableError> {
        let mut item = state::key("checkpoint", consumer);
        item["sequence"] = json!({"S": sequence});
        state::commit(&self.table, vec![state::put(item)]).await
    }
}
