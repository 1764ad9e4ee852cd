//! `DELETE /users/{id}`: closes sign-in and ends every session. The record stays, since others refer
//! to it; open records move in the background, to `?reassignTo=` where it is given.

use crate::account::load;
use contract::FieldError;
use domain::granting::may_make;
use domain::{Permission, UserId};
use edge::application::ReachedAccount;
use edge::{Action, Answer, Authorized, Change, Code, Decision, Problem, Rejection, Request, Route};

contract::query! {
    /// What becomes of the user's records.
    pub struct DeleteUser {
        /// The active user who gets the open records.
        pub reassign_to: Option<UserId>,
    }
}

pub(crate) fn route() -> Route {
    Route::delete("/users/{id}", "delete_user")
        .needs(Permission::UsersDelete)
        .about("Users", "Disable a user and hand over the open records")
        .status(204)
        .fails(&[Code::LastAdmin])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load(load::<DeleteUser>)
        .handle(handle)
}

async fn handle(request: Request<Authorized, (UserId,), DeleteUser>, account: ReachedAccount) -> Result<Answer<()>, Rejection> {
    let to = request.query.reassign_to;
    if to == Some(account.user.id) {
        return Err(Problem::field("?reassignTo", "reference", "must be another user").into());
    }
    let grants = request.app.grants_of_roles().await?;
    let decided = request.decide(account, |account, act| {
        let role = account.user.data.role;
        may_make(request.caller(), role, &grants.of(role))?;
        let Some((next, events)) = account.disable(act, to) else { return Ok(Decision::Keep(Answer::nothing())) };
        let mut change = Change::new();
        if let Some(to) = to {
            change.require_active_user(to, "reassignTo");
        }
        change.events(&events);
        change.account(account, &next, None);
        Ok(Decision::Commit(change, Answer::nothing()))
    });
    decided.await.map_err(in_query)
}

/// There is no body, so a field that is wrong stands in the query: `?reassignTo`.
fn in_query(rejection: Rejection) -> Rejection {
    let parameter = |error: FieldError| FieldError { pointer: error.pointer.replacen('/', "?", 1), ..error };
    match rejection {
        Rejection::Problem(problem) if problem.code == Code::Validation => {
            Problem::fields(problem.errors.into_iter().map(parameter).collect()).into()
        }
        rejection => rejection,
    }
}
