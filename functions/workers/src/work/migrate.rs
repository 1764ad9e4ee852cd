//! A migration on the work queue: one piece of what brings stored records into the present shape.

use crate::failure::Failure;
use application::App;
use std::time::Instant;
use store::migrations::{MIGRATIONS, Migration};

/// About how many records one message looks at before it hands on to the next: well inside the function's time-out.
const RECORDS_PER_MESSAGE: usize = 300;

/// Goes on with a run, or begins one; gives its number where there is more to do. What another piece goes on with, and
/// what is done already, is left alone.
pub(crate) async fn migrate(app: &App, message: &str, name: &str, dry_run: bool, run: Option<u64>) -> Result<Option<u64>, Failure> {
    let started = Instant::now();
    let migration = Migration::named(name).ok_or_else(|| {
        let known: Vec<&str> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        Failure::Nonsense(format!("there is no such migration, but {}", known.join(", ")))
    })?;
    let (table, now) = (app.unscoped(), app.clock.now());
    let progress = match run {
        None => table.begin_migration(migration, dry_run, message, now).await?,
        Some(run) => table.migration_progress(name, dry_run).await?.filter(|progress| progress.run == run && progress.finished_at.is_none()),
    };
    let Some(progress) = progress else { return Ok(None) };
    let done = Box::pin(table.backfill(migration, progress, now, RECORDS_PER_MESSAGE)).await?;
    for (record, cause) in &done.failed {
        application::log::fault("migrate", &format!("{record} is left as it is: {cause}"));
    }
    application::log::migrated(&done.progress, started);
    let more = done.progress.finished_at.is_none() && !done.overtaken;
    Ok(more.then_some(done.progress.run))
}
