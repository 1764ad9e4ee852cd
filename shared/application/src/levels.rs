//! Loyalty levels as they stand, and by what customers are scored.

use crate::app::App;
use crate::error::Error;
use crate::settings::Stand;
use domain::customer::LevelCode;
use domain::level::{CustomerLevel, Floors, floors};
use domain::rfm::Rules;
use domain::settings::{Settings, SettingsData, SettingsId};
use futures::future::try_join_all;
use jiff::tz::TimeZone;

/// The floors of levels as they were read.
pub fn floors_of<'a>(stands: impl IntoIterator<Item = &'a Stand<CustomerLevel>>) -> Floors {
    floors(stands.into_iter().filter_map(Stand::record).map(|level| &level.row))
}

/// By what customers are scored and which level a score is.
#[derive(Debug, Clone)]
pub struct Scoring {
    settings: SettingsData,
    exponent: u32,
    zone: TimeZone,
    /// From which score a customer has each level.
    pub floors: Floors,
}

impl Scoring {
    /// The rules of the scores.
    pub fn rules(&self) -> Rules<'_> {
        Rules { thresholds: &self.settings.rfm, exponent: self.exponent, zone: &self.zone }
    }
}

impl App {
    /// By what customers are scored now.
    pub async fn scoring(&self) -> Result<Scoring, Error> {
        let (settings, levels) = tokio::try_join!(self.well_known::<Settings>(SettingsId::Company), self.levels())?;
        let settings = settings.record().map(|settings| settings.data.clone()).unwrap_or_default();
        let exponent = self.config.currency.decimals();
        Ok(Scoring { settings, exponent, zone: self.config.zone.clone(), floors: floors_of(&levels) })
    }

    /// The levels as they are now, the lowest first.
    pub async fn levels(&self) -> Result<Vec<Stand<CustomerLevel>>, Error> {
        try_join_all(LevelCode::ALL.iter().map(|code| self.well_known(*code))).await
    }
}
