//! `POST /teams`: a new team without members.

use crate::views::TeamOut;
use contract::Sent;
use domain::value::Text;
use domain::{Permission, UserId, team};
use edge::application::Candidate;
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
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
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateTeam>>) -> Result<Option<Candidate>, Rejection> {
    let Some(id) = sent.manager_id.flatten() else { return Ok(None) };
    let candidate = context.app.candidate(context.scope(), id).await?;
    candidate.manager()?;
    Ok(Some(candidate))
}

async fn handle(request: Request<Authorized, (), (), Json<CreateTeam>>, candidate: Option<Candidate>) -> Result<Answer<TeamOut>, Rejection> {
    let body = &request.body.0;
    request
        .decide(candidate, |candidate, act| {
            let manager = candidate.as_ref().map(Candidate::manager).transpose()?;
            let (team, event) = team::create(act, body.name.to_string(), manager);
            let mut change = Change::new();
            change.create_team(&team, manager, &event);
            Ok(Answer::creation(change, "teams", team, |team| TeamOut::new(team.row)))
        })
        .await
}
