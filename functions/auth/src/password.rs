//! `POST /auth/password`: the signed-in user sets a new password; the other sessions end.

use crate::session::{SignInState, client};
use contract::{FieldError, Sent};
use domain::Record;
use domain::credential::SignIn;
use domain::event::EventKind;
use domain::password::{self, Attempt, Password};
use domain::user::{User, UserData};
use edge::application::{Error, Subject};
use edge::{Action, Answer, App, Authenticated, Change, Code, Context, Decision, Json, Problem, Rejection, Request, Resource, Route};
use std::sync::Arc;
use store::Tx;

contract::body! {
    /// The current and the new password.
    pub struct PasswordRequest {
        pub current_password: Attempt,
        /// 10 to 200 characters, hard to guess, another one than the current.
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
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update, Action::Count])
        .uses(&[Resource::Credentials, Resource::Cpu])
        .load_sent(load)
        .handle(handle)
}

/// The sign-in state, and the record: where a demand for a new password stands in both, it is read as it is now.
#[derive(Debug, Clone)]
struct Subjects {
    state: SignInState,
    record: Record<User>,
}

impl Subjects {
    async fn with_record(app: &App, record: Record<User>, state: SignInState) -> Result<Self, Error> {
        let demanded = state.present.as_ref().is_some_and(|present| present.auth.must_change_password);
        let record = if demanded { app.unscoped().get_latest::<User>(record.id).await?.ok_or(Error::NotFound)? } else { record };
        Ok(Self { state, record })
    }
}

impl Subject for Subjects {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        Self::with_record(app, self.record.clone(), self.state.reload(app).await?).await
    }

    fn same(&self, other: &Self) -> bool {
        self.state.same(&other.state) && self.record.rev == other.record.rev
    }
}

/// The own record, and what is wrong with the new password. Of a body that is right otherwise that is told together
/// with what is wrong with the current one, which is tried only then: an attempt counts.
struct Loaded {
    own: Record<User>,
    weak: Option<FieldError>,
}

async fn load(context: Context<Authenticated>, sent: Arc<Sent<PasswordRequest>>) -> Result<Loaded, Rejection> {
    let own = context.app.unscoped().get::<User>(context.who.caller.id).await?.ok_or_else(Problem::not_found)?;
    let new = sent.new_password.as_ref();
    let weak = new.and_then(|new| new.check_strength(&own.data.known_words()).err());
    match weak.map(|weak| FieldError::new("/newPassword", weak.rule, weak.message)) {
        Some(weak) if context.is_refused => Err(Problem::fields(vec![weak]).into()),
        weak => Ok(Loaded { own, weak }),
    }
}

async fn handle(request: Request<Authenticated, (), (), Json<PasswordRequest>>, loaded: Loaded) -> Result<Answer<()>, Rejection> {
    let Loaded { own, weak } = loaded;
    let Json(PasswordRequest { current_password, new_password }) = &*request.body;
    let (app, user) = (&request.app, request.who.caller.id);
    let now = app.clock.now();
    // A stolen session must not be able to guess either.
    let credential = app.confirm_password(user, current_password, client(&request.headers)).await?;
    let credential = match (credential, weak) {
        (Some(credential), None) => credential,
        (Some(_), Some(weak)) => return Err(Problem::fields(vec![weak]).into()),
        (None, weak) => return Err(Problem::fields([wrong_password()].into_iter().chain(weak).collect()).into()),
    };
    let checked_hash = credential.password_hash.clone();
    let hash = rehash(checked_hash.clone(), new_password).await?;
    let present = request.who.auth.clone().map(|auth| SignIn { auth, credential });
    let subjects = Subjects::with_record(app, own, SignInState::of(user, present)).await?;
    request
        .decide(subjects, |subjects, act| {
            let present = subjects.state.present.as_ref().ok_or_else(Problem::unauthenticated)?;
            // Somebody set another one meanwhile, which may have ended this session too.
            if present.credential.password_hash != checked_hash {
                return Err(Problem::fields(vec![wrong_password()]).into());
            }
            if !present.auth.has_session(request.who.session, now) {
                return Err(Problem::unauthenticated().into());
            }
            let mut tx = Tx::new();
            tx.update_sign_in(present, &present.with_password(hash.clone(), request.who.session));
            let (user, summary) = (&subjects.record, format!("{} set a new password", act.actor_name));
            // The demand for a new password goes off the user's record too.
            let data = UserData { must_change_password: false, ..user.data.clone() };
            let (next, changes) = user.changed(act, data, user.text.clone()).unzip();
            if let Some(next) = &next {
                tx.update(user, next);
            }
            let event = next.as_ref().unwrap_or(user).event(act, EventKind::UserPasswordChanged, summary, serde_json::json!({"reset": false}));
            tx.event(&event.with_changes(changes.unwrap_or_default()));
            Ok(Decision::Commit(Change::from(tx), Answer::nothing()))
        })
        .await
}

fn wrong_password() -> FieldError {
    FieldError::new("/currentPassword", "mismatch", "is not the current password")
}

/// The hash of the new password, which has to be another than the one behind the present hash.
async fn rehash(present: String, new: &Password) -> Result<String, Rejection> {
    let new = new.clone();
    let salt = edge::application::keys::random().map_err(Problem::internal)?;
    let hashed = tokio::task::spawn_blocking(move || {
        let another = !password::verify(&Attempt::from(&new), &present);
        another.then(|| password::hash(&new, &salt)).transpose()
    });
    let hash = hashed.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    Ok(hash.ok_or_else(|| Problem::field("/newPassword", "same", "must be another password than the current one"))?)
}
