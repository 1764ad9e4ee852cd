//! What the routes that change an account share: reading it, and hashing.

use domain::password::{self, Password};
use domain::{Refused, UserId};
use edge::application::{ReachedAccount, keys};
use edge::{Authorized, Context, Problem, Rejection};

/// The account in the path, if it is inside reach.
pub(crate) async fn load<Q>(context: Context<Authorized, (UserId,), Q>) -> Result<ReachedAccount, Rejection> {
    Ok(context.app.reach_account(context.scope(), context.path.0).await?)
}

/// Refuses a password that is easy to guess for whoever knows these words about its owner.
pub(crate) fn check_strength(password: &Password, words: &[String]) -> Result<(), Refused> {
    password.check_strength(words).map_err(|weak| Refused::field("password", weak.rule, weak.message))
}

/// Hashes a password away from the thread that serves requests.
pub(crate) async fn hash(password: &Password) -> Result<String, Rejection> {
    let password = password.clone();
    let salt = keys::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password, &salt)).await.map_err(Problem::internal)?;
    Ok(hashed.map_err(Problem::internal)?)
}
