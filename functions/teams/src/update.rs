//! `PATCH /teams/{id}`: name, manager, and the whole set of members. Records of whoever moved follow
//! in the background.

use crate::views::TeamOut;
use contract::{List, Patch};
use domain::team::Team;
use domain::value::Text;
use domain::{Permission, Record, TeamId, UserId};
use edge::application::TeamPatch;
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Json, Reached, Rejection, Request, Route};

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
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (TeamId,)>) -> Result<Reached<Team>, Rejection> {
    Ok(context.app.reach_team(context.scope(), context.path.0).await?)
}

type UpdateRequest = Request<Authorized, (TeamId,), (), Json<UpdateTeam>>;

async fn handle(request: UpdateRequest, team: Reached<Team>) -> Result<Answer<TeamOut>, Rejection> {
    let body = &request.body.0;
    let patch = TeamPatch {
        name: body.name.value().map(Text::to_string),
        manager_id: body.manager_id.value().copied(),
        members: body.member_ids.value().map(|list| list.0.clone()),
    };
    let (people, grants) = (request.app.team_people(team, patch).await?, request.app.grants_of_roles().await?);
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
