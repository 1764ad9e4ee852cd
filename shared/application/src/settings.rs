//! Records of which there is one and which everyone may read who may ask: the settings, what a role is
//! granted, message templates, loyalty levels. Until somebody changes them they are not written.

use crate::app::App;
use crate::decide::Change;
use crate::error::Error;
use crate::subject::Subject;
use domain::Record;
use domain::level::CustomerLevel;
use domain::message_template::MessageTemplate;
use domain::permission::RoleGrants;
use domain::settings::Settings;
use store::Stored;

/// A kind of which there is one record for each of a few known ids.
pub trait WellKnown: Stored {}
impl WellKnown for Settings {}
impl WellKnown for RoleGrants {}
impl WellKnown for MessageTemplate {}
impl WellKnown for CustomerLevel {}

/// A well-known record, or its absence while the defaults hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Stand<E: WellKnown> {
    id: E::Id,
    record: Option<Record<E>>,
}

impl<E: WellKnown> Stand<E> {
    /// Which one it is.
    pub fn id(&self) -> E::Id {
        self.id
    }

    /// The record, if it was written.
    pub fn record(&self) -> Option<&Record<E>> {
        self.record.as_ref()
    }
}

impl App {
    /// A well-known record as it is now.
    pub async fn well_known<E: WellKnown>(&self, id: E::Id) -> Result<Stand<E>, Error> {
        Ok(Stand { id, record: self.store().get_latest::<E>(id).await? })
    }
}

impl<E: WellKnown> Subject for Stand<E> {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.well_known(self.id).await
    }

    fn same(&self, other: &Self) -> bool {
        let rev = |stand: &Self| stand.record.as_ref().map(|record| record.rev);
        rev(self) == rev(other)
    }

    fn version(&self) -> Option<u64> {
        Some(self.record.as_ref().map_or(0, |record| record.version))
    }
}

impl Change {
    /// A well-known record from what stands there to what was decided.
    pub fn well_known<E: WellKnown>(&mut self, stand: &Stand<E>, next: &Record<E>) {
        match &stand.record {
            Some(record) => self.tx.update(record, next),
            None => self.tx.create(next),
        }
    }

    /// A well-known record that is not written has to be as it was read.
    pub fn require_well_known<E: WellKnown>(&mut self, stand: &Stand<E>) {
        match &stand.record {
            Some(record) => self.tx.require_same(record),
            None => self.tx.require_unwritten::<E>(stand.id),
        }
    }
}
