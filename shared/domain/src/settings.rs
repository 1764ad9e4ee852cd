//! Settings of the deployment that an administrator changes without a deploy.

use crate::id::{TeamId, UserId};
use crate::record::{Access, Entity, Row};
use serde::{Deserialize, Serialize};

crate::choice! {
    /// There is one set of settings in a deployment.
    pub enum SettingsId {
        /// That one.
        Company = "COMPANY",
    }
}

/// RFM thresholds, best score first: four bounds separate the scores 5, 4, 3, 2 from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rfm {
    /// At most so many days since the last order; rising.
    pub recency_days: Vec<i64>,
    /// At least so many orders; falling.
    pub frequency: Vec<i64>,
    /// At least so much spent, in major units of the currency; falling.
    pub monetary: Vec<i64>,
}

/// What can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsData {
    /// Suggestions for a lead's source.
    pub lead_sources: Vec<String>,
    /// How many days ahead counts as due soon.
    pub due_soon_days: i64,
    /// RFM thresholds.
    pub rfm: Rfm,
    /// Language tag for messages.
    pub locale: String,
}

impl Default for SettingsData {
    fn default() -> Self {
        Self {
            lead_sources: ["website", "referral", "campaign", "import", "event", "phone"].map(str::to_owned).to_vec(),
            due_soon_days: 7,
            rfm: Rfm { recency_days: vec![7, 30, 90, 180], frequency: vec![20, 11, 6, 3], monetary: vec![10_000, 5_001, 1_001, 501] },
            locale: "en".to_owned(),
        }
    }
}

/// Whether bounds are four that rise (or fall) strictly and are positive.
pub fn bounds_in_order(bounds: &[i64], rising: bool) -> bool {
    bounds.len() == 4
        && bounds.iter().all(|&bound| bound > 0)
        && bounds.windows(2).all(|pair| if rising { pair[0] < pair[1] } else { pair[0] > pair[1] })
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings;

impl Entity for Settings {
    const KIND: &'static str = "SETTINGS";
    type Id = SettingsId;
    type Data = SettingsData;
    type Text = ();
    type Derived = ();

    fn owner(_: &Row<Self>) -> Option<UserId> {
        None
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Everyone
    }

    fn label(_: &Row<Self>) -> String {
        "Settings".to_owned()
    }
}
