//! `POST /auth/password`: the signed-in user sets a new password; the other sessions end.

use crate::session::{SignInState, client};
use domain::credential::SignIn;
use domain::event::EventKind;
use domain::password::{self, Attempt, Password};
use domain::user::User;
use domain::{Record, UserId};
use edge::application::{Error, Subject};
use edge::{Action, Answer, App, Authenticated, Change, Code, Decision, Json, Problem, Rejection, Request, Resource, Route};
use store::Tx;

contract::body! {
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
        .touches(&[Action::Get, Action::Put, Action::Update, Action::QueryTable])
        .uses(&[Resource::Credentials, Resource::Cpu])
        .handle(handle)
}

/// The sign-in state, and the record where a demand for a new password stands in both.
#[derive(Debug, Clone)]
struct Subjects {
    state: SignInState,
    record: Option<Record<User>>,
}

impl Subjects {
    async fn with_record(app: &App, user: UserId, state: SignInState) -> Result<Self, Error> {
        let demanded = state.present.as_ref().is_some_and(|present| present.auth.must_change_password);
        let record = if demanded { app.unscoped().get_latest::<User>(user).await? } else { None };
        Ok(Self { state, record })
    }
}

impl Subject for Subjects {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        let state = self.state.reload(app).await?;
        let user = state.present.as_ref().map(|present| present.auth.user_id).ok_or(Error::NotFound)?;
        Self::with_record(app, user, state).await
    }

    fn same(&self, other: &Self) -> bool {
        let rev = |subjects: &Self| subjects.record.as_ref().map(|record| record.rev);
        self.state.same(&other.state) && rev(self) == rev(other)
    }
}

async fn handle(request: Request<Authenticated, (), (), Json<PasswordRequest>>) -> Result<Answer<()>, Rejection> {
    let Json(PasswordRequest { current_password, new_password }) = &*request.body;
    let (app, table) = (&request.app, request.app.unscoped());
    let user = request.who.caller.id;
    let now = app.clock.now();
    // A stolen session must not be able to guess either.
    let read = async { Ok(table.credential(user).await?) };
    let counted_by = format!("user {user}");
    let (guess, credential) = tokio::try_join!(app.count_guess(&counted_by, user, client(&request.headers)), read)?;
    let present = request.who.auth.clone().zip(credential).map(|(auth, credential)| SignIn { auth, credential });
    let checked_hash = present.as_ref().map(|present| present.credential.password_hash.clone()).ok_or_else(Problem::unauthenticated)?;
    let checked = rehash(checked_hash.clone(), current_password, new_password).await?;
    if matches!(checked, Checked::Wrong) {
        return Err(wrong_password().into());
    }
    app.give_back(guess).await?;
    let Checked::New(hash) = checked else {
        return Err(Problem::field("/newPassword", "same", "must be another password than the current one").into());
    };
    let subjects = Subjects::with_record(app, user, SignInState::of(user, present)).await?;
    request
        .decide(subjects, |subjects, act| {
            let same = |latest: &&SignIn| latest.auth.has_session(request.who.session, now) && latest.credential.password_hash == checked_hash;
            let present = subjects.state.present.as_ref().filter(same).ok_or_else(Problem::unauthenticated)?;
            let mut tx = Tx::new();
            tx.update_sign_in(present, &present.with_password(hash.clone(), request.who.session));
            if let Some(user) = &subjects.record {
                // The demand for a new password goes off the user's record too.
                let mut data = user.data.clone();
                data.must_change_password = false;
                if let Some((next, changes)) = user.changed(act, data, user.text.clone()) {
                    tx.update(user, &next);
                    let summary = format!("{} set a new password", act.actor_name);
                    tx.event(&next.event(act, EventKind::UserUpdated, summary, serde_json::json!({})).with_changes(changes));
                }
            }
            Ok(Decision::Commit(Change::from(tx), Answer::nothing()))
        })
        .await
}

fn wrong_password() -> Problem {
    Problem::field("/currentPassword", "mismatch", "is not the current password")
}

/// What the two passwords are, checked against the hash there is.
enum Checked {
    /// The current password is another.
    Wrong,
    /// The new password is the current one.
    Same,
    /// The hash of the new password.
    New(String),
}

async fn rehash(present: String, current: &Attempt, new: &Password) -> Result<Checked, Rejection> {
    let (current, new) = (current.clone(), new.clone());
    let salt = edge::application::tokens::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || {
        if !password::verify(&current, &present) {
            return Ok(Checked::Wrong);
        }
        if password::verify(&Attempt::from(&new), &present) {
            return Ok(Checked::Same);
        }
        password::hash(&new, &salt).map(Checked::New)
    });
    Ok(hashed.await.map_err(Problem::internal)?.map_err(Problem::internal)?)
}
