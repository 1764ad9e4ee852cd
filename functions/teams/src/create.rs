//! `POST /teams`: a new team without members.

use crate::refused::problem;
use crate::views::TeamOut;
use api::call::CommitError;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Stop, location};
use domain::team::{self, Team};
use domain::user::Auth;
use domain::value::Text;
use domain::{Permission, UserId};
use store::{Refusal, Tx};

/// How often it is decided anew when the manager's sign-in state changed meanwhile.
const ATTEMPTS: usize = 40;

domain::body! {
    /// A new team.
    pub struct CreateTeam {
        /// Unique, upper and lower case being the same.
        pub name: Text<100>,
        /// An active user.
        pub manager_id: Option<UserId>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/teams", "create_team")
        .needs(Permission::TeamsCreate)
        .about("Roles and teams", "Create a team")
        .status(201)
        .fails(&[Code::Duplicate, Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .handle(handle)
}

async fn handle(call: Call<Scoped, (), (), Json<CreateTeam>>) -> Result<Answer<TeamOut>, Stop> {
    let body = &call.body.0;
    for _ in 0..ATTEMPTS {
        let manager = manager(&call, body.manager_id).await?;
        let (team, event) = team::create(&call.act(), body.name.to_string(), manager.as_ref());
        let mut tx = Tx::new();
        tx.create_team(&team, manager.as_ref(), &event);
        let (place, version) = (location::<Team>("teams", team.id), team.version);
        let answer = Answer::created(TeamOut::from(team), place).version(version);
        match call.commit(tx, &answer).await {
            Ok(()) => return Ok(answer),
            // An answer saved under the same idempotency key counts more than a stale manager.
            Err(CommitError::Store(error)) if error.is_refused(&Refusal::Stale) && !error.is_refused(&Refusal::Answered) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy("the manager's sign-in state kept changing").into())
}

/// The sign-in state of the manager, who has to be able to be one.
async fn manager(call: &Call<Scoped, (), (), Json<CreateTeam>>, id: Option<UserId>) -> Result<Option<Auth>, Stop> {
    let Some(id) = id else { return Ok(None) };
    let auth = call.app.store.auth(id).await?;
    team::manager(auth.as_ref()).map_err(|refused| problem(&refused, &[]))?;
    Ok(auth)
}
