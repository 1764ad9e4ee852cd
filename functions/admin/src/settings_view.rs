//! The settings as they are sent.

use domain::money::Currency;
use domain::settings::SettingsData;
use edge::{Answer, Config};

contract::answer! {
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

contract::answer! {
    /// The settings of the deployment.
    pub struct SettingsOut {
        /// IANA time zone; from the deployment.
        pub time_zone: String,
        /// ISO 4217 code; from the deployment.
        pub currency: Currency,
        pub lead_sources: Vec<String>,
        pub due_soon_days: i64,
        pub rfm: RfmOut,
        pub locale: String,
        pub version: u64,
    }
}

/// Settings at a version; 0 are the defaults.
pub(crate) fn shown(config: &Config, data: SettingsData, version: u64) -> Answer<SettingsOut> {
    let SettingsData { lead_sources, due_soon_days, rfm, locale } = data;
    let settings = SettingsOut {
        time_zone: config.zone_name.clone(),
        currency: config.currency,
        lead_sources,
        due_soon_days,
        rfm: RfmOut { recency_days: rfm.recency_days, frequency: rfm.frequency, monetary: rfm.monetary },
        locale,
        version,
    };
    Answer::ok(settings).version(version)
}
