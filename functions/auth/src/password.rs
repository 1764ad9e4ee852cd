//! `POST /auth/password`: the signed-in user sets a new password; the other sessions end.

use crate::session::ATTEMPTS;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Resource, Route, Signed, Stop};
use domain::event::EventKind;
use domain::password::{self, Attempt, Password};
use domain::user::{Auth, User};
use store::{Refusal, Tx};

/// Wrong current passwords before the session has to wait: a stolen session must not be able to
/// guess.
const LIMIT: u32 = 5;

domain::body! {
    /// The current and the new password.
    pub struct PasswordRequest {
        pub current_password: Attempt,
        /// 10 to 200 characters, another one than the current.
        pub new_password: Password,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/auth/password", "password")
        .authenticated()
        .before_password_change()
        .about("Auth", "Change the own password")
        .status(204)
        .fails(&[Code::Throttled])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .uses(&[Resource::Cpu])
        .handle(handle)
}

async fn handle(call: Call<Signed, (), (), Json<PasswordRequest>>) -> Result<Answer<()>, Stop> {
    let Json(PasswordRequest { current_password, new_password }) = &*call.body;
    let store = &call.app.store;
    let user = call.who.caller.id;
    let now = call.app.clock.now();
    let subject = format!("password {user}");
    let (failures, left) = store.failures(&subject, now).await?;
    if failures >= LIMIT {
        let mut problem = Problem::new(Code::Throttled, "Too many wrong passwords. Try again later");
        problem.retry_after = Some(left.max(1));
        return Err(problem.into());
    }
    let mut auth = call.who.auth.clone().ok_or_else(Problem::unauthenticated)?;
    let checked_hash = auth.password_hash.clone();
    let Some(hash) = rehash(&auth, current_password, new_password).await? else {
        store.count_failure(&subject, now).await?;
        return Err(Problem::field("/currentPassword", "mismatch", "is not the current password").into());
    };
    for _ in 0..ATTEMPTS {
        let mut next = auth.with_only_session(Some(call.who.session));
        next.password_hash.clone_from(&hash);
        next.must_change_password = false;
        let mut tx = Tx::new();
        tx.update_auth(&auth, &next);
        if auth.must_change_password {
            clear_demand(&call, &mut tx).await?;
        }
        match store.commit(tx).await {
            Ok(()) if failures == 0 => return Ok(Answer::nothing()),
            Ok(()) => {
                store.forget_failures(&subject).await?;
                return Ok(Answer::nothing());
            }
            Err(error) if error.is_refused(&Refusal::Stale) => {
                let latest = store.auth(user).await?;
                let same = |latest: &Auth| latest.session(call.who.session, now).is_some() && latest.password_hash == checked_hash;
                auth = latest.filter(same).ok_or_else(Problem::unauthenticated)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy("the sign-in state kept changing").into())
}

/// The new hash; `None` when the current password is wrong.
async fn rehash(auth: &Auth, current: &Attempt, new: &Password) -> Result<Option<String>, Stop> {
    let (present, current, new) = (auth.password_hash.clone(), current.clone(), new.clone());
    let salt = api::tokens::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || {
        if !password::verify(&current, &present) {
            return Ok(None);
        }
        if password::verify(&Attempt::from(&new), &present) {
            return Err(Stop::from(Problem::field("/newPassword", "same", "must be another password than the current one")));
        }
        password::hash(&new, &salt).map(Some).map_err(|error| Problem::internal(error).into())
    });
    hashed.await.map_err(Problem::internal)?
}

/// Takes the demand for a new password off the user's record too.
async fn clear_demand(call: &Call<Signed, (), (), Json<PasswordRequest>>, tx: &mut Tx) -> Result<(), Stop> {
    let act = call.act();
    let user = call.app.store.get_latest::<User>(call.who.caller.id).await?.ok_or_else(Problem::not_found)?;
    let mut data = user.data.clone();
    data.must_change_password = false;
    if let Some((next, changes)) = user.changed(&act, data, user.text.clone()) {
        tx.update(&user, &next);
        let summary = format!("{} set a new password", act.actor_name);
        tx.event(&next.event(&act, EventKind::UserUpdated, summary, serde_json::json!({})).with_changes(changes));
    }
    Ok(())
}
