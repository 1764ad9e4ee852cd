//! `GET /auth/me`: who is signed in, with team and permissions.

use api::views::UserOut;
use api::{Action, Answer, Call, Problem, Route, Seen, Signed, Stop};
use domain::team::Team;
use domain::user::User;
use domain::{Record, TeamId};

domain::answer! {
    /// A team by name.
    pub struct TeamName {
        pub id: TeamId,
        pub name: String,
    }
}

/// The signed-in user.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Me {
    #[serde(flatten)]
    user: UserOut,
    team: Option<TeamName>,
    scopes: Vec<String>,
}

impl domain::input::Show for Me {
    fn schema() -> serde_json::Value {
        let more = [("team", <Option<TeamName>>::schema()), ("scopes", <Vec<String>>::schema())];
        domain::input::extended(UserOut::schema(), more)
    }
}

pub(crate) fn route() -> Route {
    Route::get("/auth/me", "me")
        .authenticated()
        .before_password_change()
        .about("Auth", "The signed-in user with team and permissions")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Signed>) -> Result<(Record<User>, Option<Record<Team>>), Stop> {
    let (store, caller) = (&seen.app.store, &seen.who.caller);
    let team = async {
        match caller.team {
            Some(team) => store.get::<Team>(team).await,
            None => Ok(None),
        }
    };
    let (user, team) = tokio::try_join!(store.get::<User>(caller.id), team)?;
    Ok((user.ok_or_else(Problem::not_found)?, team))
}

async fn handle(call: Call<Signed>, (user, team): (Record<User>, Option<Record<Team>>)) -> Result<Answer<Me>, Stop> {
    let version = user.version;
    let team = team.map(|team| TeamName { id: team.id, name: team.data.name });
    Ok(Answer::ok(Me { user: user.into(), team, scopes: call.who.caller.grants.scopes() }).version(version))
}
