//! The settings as they are sent.

use api::Config;
use domain::Record;
use domain::settings::{Settings, SettingsData};

domain::answer! {
    /// RFM thresholds, best score first.
    pub struct RfmOut {
        /// At most so many days since the last order for the scores 5, 4, 3, 2.
        pub recency_days: Vec<i64>,
        /// At least so many orders for the scores 5, 4, 3, 2.
        pub frequency: Vec<i64>,
        /// At least so much spent, in major units, for the scores 5, 4, 3, 2.
        pub monetary: Vec<i64>,
    }
}

domain::answer! {
    /// The settings of the deployment.
    pub struct SettingsOut {
        /// IANA time zone; from the deployment.
        pub time_zone: String,
        /// ISO 4217 code; from the deployment.
        pub currency: String,
        pub lead_sources: Vec<String>,
        pub due_soon_days: i64,
        pub rfm: RfmOut,
        pub locale: String,
        pub version: u64,
    }
}

/// The settings in force: the stored ones, or the defaults at version 0.
pub(crate) fn show(config: &Config, stored: Option<Record<Settings>>) -> SettingsOut {
    let version = stored.as_ref().map_or(0, |record| record.version);
    let data = stored.map_or_else(SettingsData::default, |record| record.data);
    SettingsOut {
        time_zone: config.zone_name.clone(),
        currency: config.currency.clone(),
        lead_sources: data.lead_sources,
        due_soon_days: data.due_soon_days,
        rfm: RfmOut { recency_days: data.rfm.recency_days, frequency: data.rfm.frequency, monetary: data.rfm.monetary },
        locale: data.locale,
        version,
    }
}
