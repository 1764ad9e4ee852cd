//! `PUT /settings`: replaces the settings that are sent; time zone and currency belong to the
//! deployment.

use crate::get_settings::load;
use crate::settings_view::{SettingsOut, show};
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Stop};
use domain::event::{Act, EventKind};
use domain::input::{Int, List, Patch};
use domain::settings::{Settings, SettingsData, SettingsId, bounds_in_order};
use domain::value::{Locale, Text};
use domain::{FieldError, Permission, Record};
use serde_json::json;
use store::{Refusal, Tx};

/// A threshold: positive and small enough for any business.
type Bound = Int<1, 1_000_000_000>;

domain::body! {
    /// RFM thresholds; each list has four bounds for the scores 5, 4, 3, 2.
    pub struct RfmIn {
        /// Rising.
        pub recency_days: List<Bound, 4>,
        /// Falling.
        pub frequency: List<Bound, 4>,
        /// Falling, in major units.
        pub monetary: List<Bound, 4>,
    }
}

domain::body! {
    /// The settings to change.
    pub struct UpdateSettings {
        pub lead_sources: Patch<List<Text<50>, 100>>,
        pub due_soon_days: Patch<Int<1, 60>>,
        pub rfm: Patch<RfmIn>,
        pub locale: Patch<Locale>,
    }
}

pub(crate) fn route() -> Route {
    Route::put("/settings", "update_settings")
        .needs(Permission::SettingsUpdate)
        .about("Settings", "Change the settings")
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn handle(call: Call<Scoped, (), (), Json<UpdateSettings>>, stored: Option<Record<Settings>>) -> Result<Answer<SettingsOut>, Stop> {
    let body = &call.body.0;
    check(body)?;
    let stored = match stored {
        Some(stored) => stored,
        None => begin(&call).await?,
    };
    let decide = |present: &Record<Settings>, act: &Act| {
        let Some((next, changes)) = present.changed(act, patched(&present.data, body), ()) else { return Ok(None) };
        let mut tx = Tx::new();
        let summary = format!("{} changed the settings", act.actor_name);
        tx.event(&next.event(act, EventKind::SettingsUpdated, summary, json!({})).with_changes(changes));
        Ok(Some((next, tx)))
    };
    let settings = show(&call.app.config, Some(call.change(stored, None, decide).await?));
    let version = settings.version;
    Ok(Answer::ok(settings).version(version))
}

/// Writes the defaults down as version 0, so that every change has something to change.
async fn begin(call: &Call<Scoped, (), (), Json<UpdateSettings>>) -> Result<Record<Settings>, Stop> {
    call.check_version(0)?;
    let mut defaults: Record<Settings> = Record::new(SettingsId::Company, &call.act(), SettingsData::default(), (), ());
    defaults.version = 0;
    let mut tx = Tx::new();
    tx.create(&defaults);
    match call.app.store.commit(tx).await {
        Ok(()) => Ok(defaults),
        Err(error) if error.is_refused(&Refusal::Exists) => {
            let written = call.app.store.get_latest::<Settings>(SettingsId::Company).await?;
            Ok(written.ok_or_else(Problem::not_found)?)
        }
        Err(error) => Err(error.into()),
    }
}

fn bounds(list: &List<Bound, 4>) -> Vec<i64> {
    list.0.iter().map(|bound| bound.0).collect()
}

fn check(body: &UpdateSettings) -> Result<(), Problem> {
    let Patch::Set(rfm) = &body.rfm else { return Ok(()) };
    let rules = [("recencyDays", &rfm.recency_days, true), ("frequency", &rfm.frequency, false), ("monetary", &rfm.monetary, false)];
    let wrong = |(name, list, rising): &(&str, &List<Bound, 4>, bool)| {
        let order = if *rising { "rising" } else { "falling" };
        let message = format!("must have four bounds, each {order}");
        (!bounds_in_order(&bounds(list), *rising)).then(|| FieldError::new(format!("/rfm/{name}"), "order", message))
    };
    let wrong: Vec<FieldError> = rules.iter().filter_map(wrong).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Problem::fields(wrong)) }
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
