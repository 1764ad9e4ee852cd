//! `GET /auth/me`: who is signed in, with team and permissions.

use contract::views::UserOut;
use domain::team::Team;
use domain::user::User;
use domain::{Record, TeamId};
use edge::{Action, Answer, Authenticated, Context, Problem, Rejection, Request, Route};

contract::answer! {
    /// A team by name.
    pub struct TeamName {
        pub id: TeamId,
        pub name: String,
    }
}

contract::page! {
    /// The signed-in user.
    pub struct Me of UserOut {
        team: Option<TeamName>,
        /// What the user may do; `*` is everything.
        scopes: Vec<String>,
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

type Found = (Record<User>, Option<Record<Team>>);

/// One's own record and team, which no permission is needed for.
async fn load(context: Context<Authenticated>) -> Result<Found, Rejection> {
    let (table, caller) = (context.app.unscoped(), &context.who.caller);
    let team = async {
        match caller.team {
            Some(team) => table.get::<Team>(team).await,
            None => Ok(None),
        }
    };
    let (user, team) = tokio::try_join!(table.get::<User>(caller.id), team)?;
    Ok((user.ok_or_else(Problem::not_found)?, team))
}

async fn handle(request: Request<Authenticated>, (user, team): Found) -> Result<Answer<Me>, Rejection> {
    let version = user.version;
    let team = team.map(|team| TeamName { id: team.id, name: team.data.name.clone() });
    let scopes = request.who.caller.grants.scopes();
    Ok(Answer::ok(Me { whole: UserOut::new(user), team, scopes }).version(version))
}
