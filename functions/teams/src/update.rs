//! `PATCH /teams/{id}`: name, manager, and the whole set of members. Records of whoever moved follow
//! in the background.

use crate::refused::problem;
use crate::views::TeamOut;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::input::{List, Patch};
use domain::team::{self, Team, TeamChange, TeamWanted};
use domain::value::Text;
use domain::{Permission, Record, TeamId, UserId};
use store::{Refusal, Tx};

/// How often it is decided anew when the team or one of its people changed meanwhile.
const ATTEMPTS: usize = 40;

domain::body! {
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

type UpdateCall = Call<Scoped, (TeamId,), (), Json<UpdateTeam>>;

/// The team as it is now: what is not changed is answered from it, so it must not be an old one.
async fn load(seen: Seen<Scoped, (TeamId,)>) -> Result<Record<Team>, Stop> {
    seen.app.store.get_latest::<Team>(seen.path.0).await?.ok_or_else(|| Problem::not_found().into())
}

async fn handle(call: UpdateCall, mut team: Record<Team>) -> Result<Answer<TeamOut>, Stop> {
    for _ in 0..ATTEMPTS {
        call.check_version(team.version)?;
        let Some(change) = decide(&call, &team).await? else { return Ok(shown(team)) };
        let mut tx = Tx::new();
        tx.change_team(&team, &change);
        match call.app.store.commit(tx).await {
            Ok(()) => return Ok(shown(change.team)),
            Err(error) if error.is_refused(&Refusal::Stale) => {
                team = call.app.store.get_latest::<Team>(team.id).await?.ok_or_else(Problem::not_found)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy("the team kept changing").into())
}

fn shown(team: Record<Team>) -> Answer<TeamOut> {
    let version = team.version;
    Answer::ok(TeamOut::from(team)).version(version)
}

/// What the request means for the team as it is, and for those who come and go.
async fn decide(call: &UpdateCall, team: &Record<Team>) -> Result<Option<TeamChange>, Stop> {
    let body = &call.body.0;
    let mut data = team.data.clone();
    if let Patch::Set(name) = &body.name {
        data.name = name.to_string();
    }
    body.manager_id.clone().apply(&mut data.manager_id);
    let sent: &[UserId] = body.member_ids.value().map(|list| list.0.as_slice()).unwrap_or_default();
    let wanted = TeamWanted { data, members: body.member_ids.is_set().then(|| sent.iter().copied().collect()) };
    let people = wanted.people(team).map_err(|refused| problem(&refused, sent))?;
    let accounts = call.app.store.accounts(people).await?;
    Ok(team::change(team, &call.act(), &wanted, &accounts).map_err(|refused| problem(&refused, sent))?)
}
