//! `PATCH /settings`: changes the settings that are sent; time zone and currency belong to the
//! deployment.

use crate::get_settings::load;
use crate::settings_view::{SettingsOut, shown};
use contract::{Components, Errors, Int, Json, List, Parse, Patch};
use domain::event::{Act, EventKind};
use domain::settings::{Settings, SettingsData, SettingsId, bounds_in_order};
use domain::text::Invalid;
use domain::value::{Locale, Text};
use domain::{Permission, Record};
use edge::application::Stand;
use edge::{Action, Answer, Authorized, Change, Decision, Rejection, Request, Route};
use serde_json::json;

/// A threshold: positive and small enough for any business.
type Bound = Int<1, 1_000_000_000>;

/// Four thresholds, each above the one before, or else below it.
#[derive(Debug, Clone)]
pub struct Bounds<const RISING: bool>(Vec<i64>);

impl<const RISING: bool> Parse for Bounds<RISING> {
    fn parse(value: &Json, errors: &mut Errors) -> Option<Self> {
        let bounds = List::<Bound, 4>::parse(value, errors)?.0.iter().map(|bound| bound.0).collect::<Vec<_>>();
        if bounds_in_order(&bounds, RISING) {
            return Some(Self(bounds));
        }
        let order = if RISING { "rising" } else { "falling" };
        errors.refuse(Invalid::new("order", format!("must have four bounds, each {order}")));
        None
    }

    fn schema(components: &mut Components) -> Json {
        List::<Bound, 4>::schema(components)
    }
}

contract::body! {
    /// RFM thresholds; each list has four bounds for the scores 5, 4, 3, 2.
    pub struct RfmInput {
        /// Rising.
        pub recency_days: Bounds<true>,
        /// Falling.
        pub frequency: Bounds<false>,
        /// Falling, in major units.
        pub monetary: Bounds<false>,
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

type UpdateRequest = Request<Authorized, (), (), edge::Json<UpdateSettings>>;

async fn handle(request: UpdateRequest, stand: Stand<Settings>) -> Result<Answer<SettingsOut>, Rejection> {
    let (body, config) = (&request.body.0, &request.app.config);
    request
        .decide(stand, |stand, act| {
            let present = stand.record().cloned().unwrap_or_else(|| defaults(act));
            let Some((next, changes)) = present.changed(act, patched(&present.data, body), ()) else {
                return Ok(Decision::Keep(shown(config, present.row.data, present.row.version)));
            };
            let summary = format!("{} changed the settings", act.actor_name);
            let mut change = Change::new();
            let detail = json!({"rfmChanged": next.data.rfm != present.data.rfm});
            change.event(&next.event(act, EventKind::SettingsUpdated, summary, detail).with_changes(changes));
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

fn patched(present: &SettingsData, body: &UpdateSettings) -> SettingsData {
    let mut data = present.clone();
    if let Patch::Set(sources) = &body.lead_sources {
        data.lead_sources = sources.0.iter().map(Text::to_string).collect();
    }
    if let Patch::Set(days) = &body.due_soon_days {
        data.due_soon_days = days.0;
    }
    if let Patch::Set(rfm) = &body.rfm {
        data.rfm.recency_days.clone_from(&rfm.recency_days.0);
        data.rfm.frequency.clone_from(&rfm.frequency.0);
        data.rfm.monetary.clone_from(&rfm.monetary.0);
    }
    if let Patch::Set(locale) = &body.locale {
        data.locale = locale.to_string();
    }
    data
}
