//! `PATCH /settings`: changes the settings that are sent; time zone and currency belong to the
//! deployment.

use crate::get_settings::load;
use crate::settings_view::{SettingsOut, shown};
use contract::{Int, List, Patch};
use domain::event::{Act, EventKind};
use domain::settings::{Settings, SettingsData, SettingsId, bounds_in_order};
use domain::value::{Locale, Text};
use domain::{FieldFault, Permission, Record, Refused};
use edge::application::Stand;
use edge::{Action, Answer, Authorized, Change, Decision, Json, Rejection, Request, Route};
use serde_json::json;

/// A threshold: positive and small enough for any business.
type Bound = Int<1, 1_000_000_000>;

contract::body! {
    /// RFM thresholds; each list has four bounds for the scores 5, 4, 3, 2.
    pub struct RfmInput {
        /// Rising.
        pub recency_days: List<Bound, 4>,
        /// Falling.
        pub frequency: List<Bound, 4>,
        /// Falling, in major units.
        pub monetary: List<Bound, 4>,
    }
}

contract::body! {
    /// The settings to change.
    pub struct UpdateSettings {
        pub lead_sources: Patch<List<Text<50>, 100>>,
        pub due_soon_days: Patch<Int<1, 60>>,
        pub rfm: Patch<RfmInput>,
        pub locale: Patch<Locale>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/settings", "update_settings")
        .needs(Permission::SettingsUpdate)
        .about("Settings", "Change the settings")
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

type UpdateRequest = Request<Authorized, (), (), Json<UpdateSettings>>;

async fn handle(request: UpdateRequest, stand: Stand<Settings>) -> Result<Answer<SettingsOut>, Rejection> {
    let (body, config) = (&request.body.0, &request.app.config);
    check(body)?;
    request
        .decide(stand, |stand, act| {
            let present = stand.record().cloned().unwrap_or_else(|| defaults(act));
            let Some((next, changes)) = present.changed(act, patched(&present.data, body), ()) else {
                return Ok(Decision::Keep(shown(config, present.row.data, present.row.version)));
            };
            let summary = format!("{} changed the settings", act.actor_name);
            let mut change = Change::new();
            change.event(&next.event(act, EventKind::SettingsUpdated, summary, json!({})).with_changes(changes));
            change.well_known(stand, &next);
            Ok(Decision::Commit(change, shown(config, next.row.data, next.row.version)))
        })
        .await
}

/// The settings while nobody has changed any: version 0, so that the first change makes the first
/// version.
fn defaults(act: &Act) -> Record<Settings> {
    let mut defaults: Record<Settings> = Record::new(SettingsId::Company, act, SettingsData::default(), (), ());
    defaults.version = 0;
    defaults
}

fn bounds(list: &List<Bound, 4>) -> Vec<i64> {
    list.0.iter().map(|bound| bound.0).collect()
}

fn check(body: &UpdateSettings) -> Result<(), Refused> {
    let Patch::Set(rfm) = &body.rfm else { return Ok(()) };
    let rules = [("recencyDays", &rfm.recency_days, true), ("frequency", &rfm.frequency, false), ("monetary", &rfm.monetary, false)];
    let wrong = |(name, list, rising): &(&str, &List<Bound, 4>, bool)| {
        let order = if *rising { "rising" } else { "falling" };
        let message = format!("must have four bounds, each {order}");
        (!bounds_in_order(&bounds(list), *rising)).then(|| FieldFault::new(format!("rfm/{name}"), "order", message))
    };
    Refused::any(rules.iter().filter_map(wrong).collect())
}

fn patched(present: &SettingsData, body: &UpdateSettings) -> SettingsData {
    let mut data = present.clone();
    if let Patch::Set(sources) = &body.lead_sources {
        data.lead_sources = sources.0.iter().map(Text::to_string).collect();
    }
    if let Patch::Set(days) = &body.due_soon_days {
        data.due_soon_days = days.0;
    }
    if let Patch::Set(rfm) = &body.rfm {
        data.rfm.recency_days = bounds(&rfm.recency_days);
        data.rfm.frequency = bounds(&rfm.frequency);
        data.rfm.monetary = bounds(&rfm.monetary);
    }
    if let Patch::Set(locale) = &body.locale {
        data.locale = locale.to_string();
    }
    data
}
