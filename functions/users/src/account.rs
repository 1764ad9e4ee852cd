//! What the routes that change an account share: reading it, hashing, deciding and committing.

use api::{Call, Problem, Scoped, Seen, Stop};
use domain::account::Account;
use domain::event::Act;
use domain::password::{self, Password};
use domain::user::User;
use domain::{Record, Scope, UserId};
use store::{Refusal, Tx};

/// How often a change is decided anew when a sign-in or another change came between: a user may sign
/// in on many devices at once.
const ATTEMPTS: usize = 60;

/// A call about one user.
pub(crate) type UserCall<Q, B> = Call<Scoped, (UserId,), Q, B>;

/// The account in the path, if it is inside reach.
pub(crate) async fn load<Q>(seen: Seen<Scoped, (UserId,), Q>) -> Result<Account, Stop> {
    inside(seen.app.store.account(seen.path.0).await?, &seen.who.scope)
}

fn inside(account: Option<Account>, scope: &Scope) -> Result<Account, Stop> {
    account.filter(|account| account.user.inside(scope)).ok_or_else(|| Problem::not_found().into())
}

/// Hashes a password away from the thread that serves requests.
pub(crate) async fn hash(password: &Password) -> Result<String, Stop> {
    let password = password.clone();
    let salt = api::tokens::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password, &salt)).await.map_err(Problem::internal)?;
    Ok(hashed.map_err(Problem::internal)?)
}

/// Decides and commits a change of an account, and again on what is there now when the record or
/// the sign-in state changed meanwhile. `decide` gives the account as it is to be and the rest of
/// its transaction, or `None` when there is nothing to change.
pub(crate) async fn change<Q, B, D>(call: &UserCall<Q, B>, mut account: Account, decide: D) -> Result<Record<User>, Stop>
where
    D: Fn(&Account, &Act) -> Option<(Account, Tx)>,
{
    for _ in 0..ATTEMPTS {
        call.check_version(account.user.version)?;
        let Some((next, mut tx)) = decide(&account, &call.act()) else { return Ok(account.user) };
        tx.change_account(&account, &next);
        match call.app.store.commit(tx).await {
            Ok(()) => return Ok(next.user),
            Err(error) if error.is_refused(&Refusal::Stale) => {
                account = inside(call.app.store.account(account.user.id).await?, call.scope())?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy("the account kept changing").into())
}
