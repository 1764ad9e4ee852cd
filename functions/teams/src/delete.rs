//! `DELETE /teams/{id}`: only a team without active members; disabled ones leave it, twenty at most.

use domain::team::Team;
use domain::{Permission, TeamId};
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::delete("/teams/{id}", "delete_team")
        .needs(Permission::TeamsDelete)
        .about("Roles and teams", "Delete a team without active members")
        .status(204)
        .fails(&[Code::TeamNotEmpty, Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (TeamId,)>) -> Result<Reached<Team>, Rejection> {
    Ok(context.app.reach_team(context.scope(), context.path.0).await?)
}

async fn handle(request: Request<Authorized, (TeamId,)>, team: Reached<Team>) -> Result<Answer<()>, Rejection> {
    let (people, grants) = (request.app.team_to_delete(team).await?, request.app.grants_of_roles().await?);
    request
        .decide(people, |people, act| {
            people.check_movable(request.caller(), &grants)?;
            let mut change = Change::new();
            change.delete_team(people.team(), &people.delete(act)?);
            Ok(Decision::Commit(change, Answer::nothing()))
        })
        .await
}
