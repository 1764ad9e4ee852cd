//! `GET /settings`: the settings in force.

use crate::settings_view::{SettingsOut, shown};
use domain::settings::{Settings, SettingsData, SettingsId};
use edge::application::Stand;
use edge::{Action, Answer, Authenticated, Context, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/settings", "get_settings").authenticated().about("Settings", "Get the settings").touches(&[Action::Get]).load(load).handle(handle)
}

/// Where the settings stand.
pub(crate) async fn load<I>(context: Context<I>) -> Result<Stand<Settings>, Rejection> {
    Ok(context.app.well_known(SettingsId::Company).await?)
}

async fn handle(request: Request<Authenticated>, stand: Stand<Settings>) -> Result<Answer<SettingsOut>, Rejection> {
    let (data, version) = stand.record().map_or_else(|| (SettingsData::default(), 0), |record| (record.data.clone(), record.version));
    Ok(shown(&request.app.config, data, version))
}
