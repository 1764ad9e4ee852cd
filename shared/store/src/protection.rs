//! Whether the table refuses to be deleted.

use crate::error::Error;
use crate::table::{Store, call_error, pause};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use futures::FutureExt;
use std::time::Duration;
use tokio::time::Instant;

/// How long a table that is being changed is waited for, all in all: less than a custom resource may take.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long the first pause is at most, milliseconds; the longest is not above five seconds.
const FIRST_PAUSE: u64 = 150;

impl Store {
    /// The table's name.
    pub fn table_name(&self) -> &str {
        &self.table
    }

    /// Lets the table refuse to be deleted, or lets it no longer; nothing is sent where it is so already. A
    /// table that is being changed takes no other change: it is asked again for a while, then
    /// [`Error::Busy`].
    pub async fn protect(&self, enabled: bool) -> Result<(), Error> {
        let described = self.client.describe_table().table_name(&*self.table).send().boxed().await.map_err(call_error)?;
        if described.table.and_then(|table| table.deletion_protection_enabled).unwrap_or_default() == enabled {
            return Ok(());
        }
        let began = Instant::now();
        for attempt in 0.. {
            let sent = self.client.update_table().table_name(&*self.table).deletion_protection_enabled(enabled).send().boxed().await;
            let Err(error) = sent else { return Ok(()) };
            // The second is what a table answers while many are being changed.
            let in_use = matches!(error.code(), Some("ResourceInUseException" | "LimitExceededException"));
            if !in_use {
                return Err(call_error(error));
            }
            if began.elapsed() >= PATIENCE {
                return Err(Error::Busy("the table is being changed".into()));
            }
            pause(FIRST_PAUSE, attempt).await;
        }
        Ok(())
    }
}
