//! `DELETE /users/{id}`: closes sign-in and ends every session. The record stays, since others refer
//! to it; open records move in the background, to `?reassignTo=` where it is given.

use crate::account::{UserCall, change, load};
use api::problem::Code;
use api::{Action, Answer, Problem, Route, Stop};
use domain::account::Account;
use domain::event::Act;
use domain::{Permission, UserId};
use store::Tx;

domain::query! {
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
        .fails(&[Code::LimitReached])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load(load::<DeleteUser>)
        .handle(handle)
}

async fn handle(call: UserCall<DeleteUser, ()>, account: Account) -> Result<Answer<()>, Stop> {
    let to = call.query.reassign_to;
    if to == Some(account.user.id) {
        return Err(Problem::field("?reassignTo", "reference", "must be another user").into());
    }
    let decide = |account: &Account, act: &Act| {
        let (next, events) = account.disable(act, to)?;
        let mut tx = Tx::new();
        if let Some(to) = to {
            tx.require_active(to, "?reassignTo");
        }
        tx.events(&events);
        Some((next, tx))
    };
    change(&call, account, decide).await?;
    Ok(Answer::nothing())
}
