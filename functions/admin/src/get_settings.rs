//! `GET /settings`: the settings in force.

use crate::settings_view::{SettingsOut, show};
use api::{Action, Answer, Call, Route, Seen, Signed, Stop};
use domain::Record;
use domain::settings::{Settings, SettingsId};

pub(crate) fn route() -> Route {
    Route::get("/settings", "get_settings").authenticated().about("Settings", "Get the settings").touches(&[Action::Get]).load(load).handle(handle)
}

pub(crate) async fn load<I: api::call::Identity>(seen: Seen<I>) -> Result<Option<Record<Settings>>, Stop> {
    Ok(seen.app.store.get::<Settings>(SettingsId::Company).await?)
}

async fn handle(call: Call<Signed>, stored: Option<Record<Settings>>) -> Result<Answer<SettingsOut>, Stop> {
    let settings = show(&call.app.config, stored);
    let version = settings.version;
    Ok(Answer::ok(settings).version(version))
}
