//! Accounts: a user's record with the sign-in state that changes with it, reached like the user.

use crate::app::App;
use crate::error::Error;
use crate::reach::Purpose;
use crate::subject::Subject;
use domain::account::Account;
use domain::user::User;
use domain::{Caller, Record, Scope, UserId};
use std::ops::Deref;

/// An account inside the caller's reach.
#[derive(Debug, Clone, PartialEq)]
pub struct ReachedAccount {
    account: Account,
    scope: Scope,
}

impl Deref for ReachedAccount {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.account
    }
}

impl App {
    /// The caller's own record, whatever the role may do.
    pub async fn oneself(&self, caller: &Caller) -> Result<Record<User>, Error> {
        self.store().get::<User>(caller.id).await?.ok_or(Error::NotFound)
    }

    /// The account of this user, strongly consistent, if the scope reaches the user for changing it.
    pub async fn reach_account(&self, scope: &Scope, user: UserId) -> Result<ReachedAccount, Error> {
        let Account { user, auth } = self.store().account(user).await?.ok_or(Error::NotFound)?;
        let user = self.check(scope, user, Purpose::Change).await?.into_record();
        Ok(ReachedAccount { account: Account { user, auth }, scope: scope.clone() })
    }
}

impl Subject for ReachedAccount {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.reach_account(&self.scope, self.user.id).await
    }

    fn same(&self, other: &Self) -> bool {
        self.user.rev == other.user.rev && self.auth.rev == other.auth.rev
    }

    fn version(&self) -> Option<u64> {
        Some(self.user.version)
    }
}
