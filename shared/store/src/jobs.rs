//! Jobs: up to when each was done.

use crate::error::Error;
use crate::item::{bare, get_text, text};
use crate::keys;
use crate::table::Store;
use domain::Time;
use domain::text::TextValue;

impl Store {
    /// The moment up to which a job was last done to its end; `None` before its first run.
    pub async fn job_done(&self, name: &str) -> Result<Option<Time>, Error> {
        let item = self.get_item(&keys::job(name), true).await?;
        Ok(item.as_ref().and_then(|item| get_text(item, "done")).and_then(|done| Time::read(done).ok()))
    }

    /// Notes that a job is done up to a moment.
    pub async fn note_job(&self, name: &str, done: Time) -> Result<(), Error> {
        let mut item = bare(&keys::job(name), "JOB");
        item.insert("done".into(), text(done.to_string()));
        self.put_item(item).await
    }
}
