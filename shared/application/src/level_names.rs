//! What the loyalty levels are called, read from the table and kept for ten seconds.

use crate::kept::Kept;
use domain::Time;
use domain::customer::LevelCode;
use domain::level::{CustomerLevel, LevelNames};
use futures::future::try_join_all;
use std::sync::RwLock;
use store::Store;

#[derive(Debug, Default)]
pub(crate) struct LevelCache {
    known: RwLock<Option<Kept<LevelNames>>>,
}

impl LevelCache {
    /// The names in force; while they cannot be read, those that were, else the product's own: no request fails for a name.
    pub(crate) async fn get(&self, store: &Store, now: Time) -> LevelNames {
        let known = self.known.read().ok().and_then(|known| known.clone());
        if let Some(names) = known.as_ref().and_then(|kept| kept.fresh(now)) {
            return names.clone();
        }
        let read = try_join_all(LevelCode::ALL.iter().map(|code| store.get::<CustomerLevel>(*code))).await;
        match (read, known) {
            (Ok(stored), _) => {
                let names = LevelNames::of(stored.iter().flatten().map(|level| &level.row));
                self.put(Some(Kept::new(names.clone(), now)));
                names
            }
            (Err(_), known) => known.map(|kept| kept.value).unwrap_or_default(),
        }
    }

    /// Lets them be read again.
    pub(crate) fn forget(&self) {
        self.put(None);
    }

    fn put(&self, names: Option<Kept<LevelNames>>) {
        if let Ok(mut known) = self.known.write() {
            *known = names;
        }
    }
}
