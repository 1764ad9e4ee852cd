//! `DELETE /teams/{id}`: only a team without members.

use crate::refused::problem;
use api::problem::Code;
use api::{Action, Answer, Call, Problem, Route, Scoped, Seen, Stop};
use domain::team::{self, Team};
use domain::{Permission, Record, TeamId};
use store::{Refusal, Tx};

/// How often it is decided anew when the team or its manager changed meanwhile.
const ATTEMPTS: usize = 40;

pub(crate) fn route() -> Route {
    Route::delete("/teams/{id}", "delete_team")
        .needs(Permission::TeamsDelete)
        .about("Roles and teams", "Delete an empty team")
        .status(204)
        .fails(&[Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (TeamId,)>) -> Result<Record<Team>, Stop> {
    seen.app.store.get_latest::<Team>(seen.path.0).await?.ok_or_else(|| Problem::not_found().into())
}

async fn handle(call: Call<Scoped, (TeamId,)>, mut team: Record<Team>) -> Result<Answer<()>, Stop> {
    let store = &call.app.store;
    for _ in 0..ATTEMPTS {
        call.check_version(team.version)?;
        let event = team::delete(&team, &call.act()).map_err(|refused| problem(&refused, &[]))?;
        let manager = match team.data.manager_id {
            Some(id) => store.auth(id).await?,
            None => None,
        };
        let mut tx = Tx::new();
        tx.delete_team(&team, manager.as_ref(), &event);
        match store.commit(tx).await {
            Ok(()) => return Ok(Answer::nothing()),
            Err(error) if error.is_refused(&Refusal::Stale) => {
                team = store.get_latest::<Team>(team.id).await?.ok_or_else(Problem::not_found)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy("the team kept changing").into())
}
