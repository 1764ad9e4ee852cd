//! What the routes that change an account share: reading it, and hashing.

use domain::UserId;
use domain::password::{self, Password};
use domain::user::UserData;
use edge::application::{ReachedAccount, keys};
use edge::{Authorized, Context, Problem, Rejection};

/// The account in the path, if it is inside reach.
pub(crate) async fn load<Q>(context: Context<Authorized, (UserId,), Q>) -> Result<ReachedAccount, Rejection> {
    Ok(context.app.reach_account(context.scope(), context.path.0).await?)
}

/// Refuses a password that is easy to guess for whoever knows the user.
pub(crate) fn check_strength(password: &Password, user: &UserData) -> Result<(), Problem> {
    password.check_strength(&user.known_words()).map_err(|weak| Problem::field("/password", weak.rule, weak.message))
}

/// Hashes a password away from the thread that serves requests.
pub(crate) async fn hash(password: &Password) -> Result<String, Rejection> {
    let password = password.clone();
    let salt = keys::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password, &salt)).await.map_err(Problem::internal)?;
    Ok(hashed.map_err(Problem::internal)?)
}
