//! `DELETE /teams/{id}`: only a team without members.

use domain::team::{self, Team};
use domain::{Permission, TeamId};
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::delete("/teams/{id}", "delete_team")
        .needs(Permission::TeamsDelete)
        .about("Roles and teams", "Delete an empty team")
        .status(204)
        .fails(&[Code::TeamNotEmpty])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (TeamId,)>) -> Result<Reached<Team>, Rejection> {
    Ok(context.app.reach_team(context.scope(), context.path.0).await?)
}

async fn handle(request: Request<Authorized, (TeamId,)>, team: Reached<Team>) -> Result<Answer<()>, Rejection> {
    let managed = request.app.managed_team(team).await?;
    request
        .decide(managed, |managed, act| {
            let event = team::delete(managed.team(), act)?;
            let mut change = Change::new();
            change.delete_team(managed.team(), managed.manager(), &event);
            Ok(Decision::Commit(change, Answer::nothing()))
        })
        .await
}
