//! What can go wrong with a database file: claiming it, looking at it, and saying what is wrong.

use dynoxide::DynoxideError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};

const LOCK_FILE: &str = "crm.lock";
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// Why the database could not be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file is something else, or its beginning is destroyed.
    #[error("{} is not a CRM database, or is damaged beyond reading; restore a copy", .0.display())]
    NotADatabase(PathBuf),
    /// The file is a database that cannot be read correctly.
    #[error("{} is damaged ({why}); restore a copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        why: String,
    },
    /// The folder cannot be created or written.
    #[error("{} cannot be written: {why}", path.display())]
    Unwritable {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// Another process has the database open.
    #[error("{} is in use by another process; stop it first", .0.display())]
    Locked(PathBuf),
    /// The database refused a request.
    #[error("{code}: {message}")]
    Refused {
        /// The exception's short name.
        code: String,
        /// What it says.
        message: String,
    },
    /// The work was cut short, as when the runtime stops.
    #[error("the database call did not finish: {0}")]
    Interrupted(String),
}

impl From<DynoxideError> for TableError {
    fn from(error: DynoxideError) -> Self {
        let code = error.error_type();
        Self::Refused { code: code.rsplit('#').next().unwrap_or(code).to_owned(), message: error.to_string() }
    }
}

/// Claims the folder for this process until the file is dropped.
pub(super) fn lock(folder: &Path) -> Result<File, TableError> {
    let unwritable = |error| unwritable(folder, error);
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK_FILE)).map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TableError::Locked(folder.into())),
        Err(TryLockError::Error(error)) => Err(unwritable(error)),
    }
}

/// Looks at the first bytes before SQLite may touch the file.
pub(super) fn check_header(path: &Path, folder: &Path) -> Result<(), TableError> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            return Err(TableError::NotADatabase(path.into()));
        }
        Err(error) => return Err(unwritable(folder, error)),
    };
    let mut start = Vec::new();
    let read = file.by_ref().take(SQLITE_MAGIC.len() as u64).read_to_end(&mut start);
    match read {
        Ok(0) => Ok(()),
        Ok(_) if start == SQLITE_MAGIC => Ok(()),
        Ok(_) => Err(TableError::NotADatabase(path.into())),
        Err(error) => Err(damaged(path, error)),
    }
}

pub(super) fn unusable(path: &Path, error: &DynoxideError) -> TableError {
    let text = error.to_string();
    if text.contains("not a valid SQLite database") || text.contains("not a database") {
        TableError::NotADatabase(path.into())
    } else if text.contains("locked") {
        TableError::Locked(path.into())
    } else if text.contains("readonly") || text.contains("unable to open") {
        unwritable(path, text)
    } else {
        damaged(path, text)
    }
}

pub(super) fn unwritable(path: &Path, why: impl ToString) -> TableError {
    TableError::Unwritable { path: path.into(), why: why.to_string() }
}

pub(super) fn damaged(path: &Path, why: impl ToString) -> TableError {
    TableError::Damaged { path: path.into(), why: why.to_string() }
}
