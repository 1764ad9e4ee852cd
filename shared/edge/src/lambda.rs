//! Running routes on Lambda, or under `cargo lambda watch`.

use crate::identity::Access;
use crate::route::Route;
use crate::router::Router;
use application::App;
use application::Config;
use application::clock::Clock;
use lambda_http::{Error, service_fn};
use store::Store;

/// The application as the environment describes it: the table named by `TABLE_NAME`.
pub fn app(sdk: &aws::Sdk) -> Result<App, Error> {
    let table = std::env::var("TABLE_NAME").map_err(|_| "TABLE_NAME is not set")?;
    Ok(App::new(Store::new(sdk, &table), Clock::system(), Config::from_environment()?))
}

/// Serves the route that `_HANDLER` names, with the one that reads what it changes; or all of them where it
/// names none of these (as under `cargo lambda watch`, which leaves it unset).
pub async fn serve(app: App, routes: Vec<Route>) -> Result<(), Error> {
    application::log::start();
    application::metric::start();
    let wanted = std::env::var("_HANDLER").unwrap_or_default();
    let served = match routes.iter().find(|route| route.name == wanted) {
        Some(named) => routes.iter().filter(|route| route.name == wanted || route.reads_for(named)).cloned().collect(),
        None => routes,
    };
    let needs_table = served.iter().any(|route| route.access != Access::Public || !route.actions.is_empty());
    let router = Router::new(served)?;
    // The table is asked once during init, so that the first request finds the connection open.
    if needs_table && application::config::warms_up() {
        app.warm_up().await?;
    }
    let (app, router) = (&app, &router);
    lambda_http::run(service_fn(move |request| async move { Ok::<_, Error>(router.answer(app, request).await) })).await
}
