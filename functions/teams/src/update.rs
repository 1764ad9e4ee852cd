//! `PATCH /teams/{id}`: name, manager, and the whole set of members. Records of whoever moved follow
//! in the background.

use crate::views::TeamOut;
use contract::{List, Patch, Sent};
use domain::team::Team;
use domain::value::Text;
use domain::{Permission, Record, TeamId, UserId};
use edge::application::{TeamPatch, TeamPeople};
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Json, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// The fields to change.
    pub struct UpdateTeam {
        /// Unique, upper and lower case being the same.
        pub name: Patch<Text<100>>,
        /// An active user, or null.
        pub manager_id: Patch<Option<UserId>>,
        /// The whole set of members; who is in another team leaves it. At most 20 may come or go at once.
        pub member_ids: Patch<List<UserId, 1000>>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/teams/{id}", "update_team")
        .needs(Permission::TeamsUpdate)
        .about("Roles and teams", "Rename a team, set its manager and members")
        .fails(&[Code::Duplicate, Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (TeamId,)>, sent: Arc<Sent<UpdateTeam>>) -> Result<TeamPeople, Rejection> {
    let team = context.app.reach_team(context.scope(), context.path.0).await?;
    let patch = TeamPatch {
        name: sent.name.as_ref().and_then(Patch::value).map(Text::to_string),
        manager_id: sent.manager_id.as_ref().and_then(Patch::value).copied(),
        members: sent.member_ids.as_ref().and_then(Patch::value).map(|list| list.0.clone()),
    };
    let people = context.app.team_people(team, patch).await?;
    people.check_named()?;
    Ok(people)
}

type UpdateRequest = Request<Authorized, (TeamId,), (), Json<UpdateTeam>>;

async fn handle(request: UpdateRequest, people: TeamPeople) -> Result<Answer<TeamOut>, Rejection> {
    let grants = request.app.grants_of_roles().await?;
    request
        .decide(people, |people, act| {
            people.check_movable(request.caller(), &grants)?;
            let Some(changed) = people.change(act)? else { return Ok(Decision::Keep(shown((**people.team()).clone()))) };
            let mut change = Change::new();
            change.change_team(people.team(), &changed);
            Ok(Decision::Commit(change, shown(changed.team)))
        })
        .await
}

fn shown(team: Record<Team>) -> Answer<TeamOut> {
    let version = team.version;
    Answer::ok(TeamOut::new(team.row)).version(version)
}
