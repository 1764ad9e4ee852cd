//! What dynoxide leaves out of its storage: an index on the stream's history, without which
//! every write reads all of it, and a way to cut that history back.
//!
//! Both work on dynoxide 3's own `_stream_records` table, through a connection of ours beside
//! its own; the tests of this module fail if a later dynoxide stores its stream differently.

use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// What makes a public sequence number out of a stored one.
const SEQUENCE_OFFSET: u128 = 100_000_000_000_000_000_000;
/// How long what everybody has read is kept.
const KEEP_SECONDS: i64 = 10 * 60;
/// How many records are removed at once: who writes waits that long.
const AT_ONCE: i64 = 2_000;
const INDEX: &str = "CREATE INDEX IF NOT EXISTS crm_stream_sequence ON _stream_records \
     (table_name, CAST(sequence_number AS INTEGER), shard_id)";

/// Adds the index to the database file at `path`, which dynoxide has set up.
pub(super) fn index(path: &Path) -> Result<(), String> {
    let connection = connect(path)?;
    connection.execute_batch(INDEX).map_err(text)
}

/// Removes records of `table` before the one numbered `before` that are also older than ten minutes;
/// answers how many.
pub(super) fn trim(path: &Path, table: &str, before: &str, now_s: i64) -> Result<usize, String> {
    let stored = before.parse::<u128>().ok();
    let stored = stored.and_then(|number| number.checked_sub(SEQUENCE_OFFSET));
    let Some(stored) = stored.and_then(|number| i64::try_from(number).ok()) else {
        return Err(format!("{before} is not a sequence number"));
    };
    let statement = "DELETE FROM _stream_records WHERE rowid IN (SELECT rowid FROM _stream_records WHERE table_name = ?1 \
         AND CAST(sequence_number AS INTEGER) < ?2 AND created_at < ?3 LIMIT ?4)";
    let oldest_kept = now_s - KEEP_SECONDS;
    let connection = connect(path)?;
    let mut removed = 0;
    loop {
        match connection.execute(statement, params![table, stored, oldest_kept, AT_ONCE]).map_err(text)? {
            0 => return Ok(removed),
            count => removed += count,
        }
    }
}

/// An empty dynoxide database with the index, as the bytes of a file: dynoxide's in-memory
/// databases can be given an index only by restoring one.
pub(super) fn template() -> Result<&'static [u8], String> {
    static TEMPLATE: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let made = TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().map_err(text)?;
        let path = folder.path().join("template.db");
        let name = path.to_str().ok_or("the temporary folder's name is not UTF-8")?;
        drop(dynoxide::Database::new(name).map_err(text)?);
        index(&path)?;
        std::fs::read(&path).map_err(text)
    });
    made.as_deref().map_err(Clone::clone)
}

/// Gives an in-memory database the index.
pub(super) fn prepare_memory(db: &dynoxide::Database) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(text)?;
    let path = folder.path().join("template.db");
    std::fs::write(&path, template()?).map_err(text)?;
    let name = path.to_str().ok_or("the temporary folder's name is not UTF-8")?;
    db.restore_from(name).map_err(text)
}

fn connect(path: &Path) -> Result<Connection, String> {
    let connection = Connection::open(path).map_err(text)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(text)?;
    Ok(connection)
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn dynoxide_s_own_questions_use_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        std::fs::write(&path, template().unwrap()).unwrap();
        let connection = connect(&path).unwrap();
        for question in [
            "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = ?1",
            "SELECT event_name FROM _stream_records WHERE table_name = ?1 AND shard_id = ?2 \
             AND CAST(sequence_number AS INTEGER) > ?3 ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT ?4",
        ] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {question}")).unwrap();
            let count = plan.parameter_count();
            let parameters = rusqlite::params_from_iter(vec![rusqlite::types::Null; count]);
            let lines = plan.query_map(parameters, |row| row.get::<_, String>(3)).unwrap();
            let lines: Vec<String> = lines.map(Result::unwrap).collect();
            assert!(lines[0].contains("crm_stream_sequence"), "{lines:?}");
            assert!(!lines.iter().any(|line| line.contains("TEMP B-TREE")), "{lines:?}");
        }
    }

    #[test]
    fn only_old_records_before_the_given_one_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        std::fs::write(&path, template().unwrap()).unwrap();
        let connection = connect(&path).unwrap();
        for (number, created) in [(1, 0), (2, 0), (3, 99_900), (4, 0)] {
            let row = "INSERT INTO _stream_records (table_name, event_name, keys_json, \
                 sequence_number, shard_id, created_at) VALUES ('t', 'INSERT', '{}', ?1, 's', ?2)";
            connection.execute(row, params![number.to_string(), created]).unwrap();
        }
        let fourth = (SEQUENCE_OFFSET + 4).to_string();
        assert_eq!(trim(&path, "t", &fourth, 100_000).unwrap(), 2);
        assert_eq!(trim(&path, "other", &fourth, 100_000).unwrap(), 0);
        assert!(trim(&path, "t", "4", 100_000).is_err());
    }
}
