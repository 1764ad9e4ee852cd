//! What the loyalty levels are called, read from the table and kept for ten seconds.

use domain::Time;
use domain::customer::LevelCode;
use domain::level::{CustomerLevel, LevelNames};
use futures::future::try_join_all;
use std::sync::RwLock;
use store::Store;

/// How long names are kept, milliseconds: a new name is shown everywhere after it.
const KEPT_MILLIS: i64 = 10_000;

#[derive(Debug, Default)]
pub(crate) struct LevelCache {
    known: RwLock<Option<(i64, LevelNames)>>,
}

impl LevelCache {
    /// The names in force; while they cannot be read, those that were: no request fails for a name.
    pub(crate) async fn get(&self, store: &Store, now: Time) -> Result<LevelNames, store::Error> {
        let known = self.known.read().ok().and_then(|known| known.clone());
        if let Some((_, names)) = known.as_ref().filter(|(at, _)| now.millis() - at < KEPT_MILLIS && *at <= now.millis()) {
            return Ok(names.clone());
        }
        let read = try_join_all(LevelCode::ALL.iter().map(|code| store.get::<CustomerLevel>(*code))).await;
        match (read, known) {
            (Ok(stored), _) => {
                let names = LevelNames::of(stored.iter().flatten().map(|level| &level.row));
                self.put(Some((now.millis(), names.clone())));
                Ok(names)
            }
            (Err(_), Some((_, names))) => Ok(names),
            (Err(error), None) => Err(error),
        }
    }

    /// Lets them be read again.
    pub(crate) fn forget(&self) {
        self.put(None);
    }

    fn put(&self, names: Option<(i64, LevelNames)>) {
        if let Ok(mut known) = self.known.write() {
            *known = names;
        }
    }
}
