//! `GET /dashboard`: the figures of the caller's teams, or of the company.

use crate::views::DashboardOut;
use domain::{Permission, Reach};
use edge::application::TeamDashboard;
use edge::{Action, Answer, Authorized, Context, Problem, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/dashboard", "get_dashboard")
        .needs(Permission::DashboardView)
        .about("Dashboards", "Get the figures of one's teams, or of the company")
        .remark(
            "The figures follow each change within two seconds. Needs the permission for a team or for all; with it for one's own records alone there is \
             `/dashboard/me`. What has no team, as the pool, counts for the company alone.",
        )
        .touches(&[Action::Get, Action::BatchGet, Action::Query, Action::QueryTable])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>) -> Result<TeamDashboard, Rejection> {
    if context.scope().reach() == Reach::Own {
        return Err(Problem::forbidden(&format!("{}{}", Permission::DashboardView.name(), Reach::Team.suffix())).into());
    }
    Ok(context.app.team_dashboard(context.scope()).await?)
}

async fn handle(_: Request<Authorized>, dashboard: TeamDashboard) -> Result<Answer<DashboardOut>, Rejection> {
    Ok(Answer::ok(DashboardOut::new(dashboard)))
}
