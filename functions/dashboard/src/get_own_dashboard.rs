//! `GET /dashboard/me`: the caller's own figures.

use crate::views::OwnDashboard;
use domain::Permission;
use edge::application::Dashboard;
use edge::{Action, Answer, Authorized, Context, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/dashboard/me", "get_own_dashboard")
        .needs(Permission::DashboardView)
        .about("Dashboards", "Get one's own figures")
        .remark("The figures follow each change within two seconds.")
        .touches(&[Action::Get, Action::QueryTable])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>) -> Result<Dashboard, Rejection> {
    Ok(context.app.own_dashboard(context.scope()).await?)
}

async fn handle(_: Request<Authorized>, dashboard: Dashboard) -> Result<Answer<OwnDashboard>, Rejection> {
    Ok(Answer::ok(OwnDashboard::new(&dashboard)))
}
