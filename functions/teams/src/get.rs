//! `GET /teams/{id}`: one team with manager and members.

use crate::views::TeamOut;
use domain::team::Team;
use domain::{Permission, TeamId};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/teams/{id}", "get_team")
        .needs(Permission::TeamsRead)
        .about("Roles and teams", "Get a team with its people")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (TeamId,)>) -> Result<Reached<Team>, Rejection> {
    context.read(context.path.0).await
}

async fn handle(_: Request<Authorized, (TeamId,)>, team: Reached<Team>) -> Result<Answer<TeamOut>, Rejection> {
    let version = team.version;
    Ok(Answer::ok(TeamOut::new(team.into_record().row)).version(version))
}
