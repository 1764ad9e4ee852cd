//! What a loader and a handler are given, and what they can do with it.

use crate::answer::Answer;
use crate::headers::Headers;
use crate::identity::{Authorized, Identity};
use crate::parts::FromBody;
use crate::problem::{Code, Problem, Rejection};
use application::{App, Change, Chosen, Decision, Filter, Page, Paging, Purpose, Reached, ReachedPage, Stored, Subject};
use contract::fields::DEFAULT_LIMIT;
use contract::{FieldError, Show};
use domain::event::Act;
use domain::owner;
use domain::{Caller, Overview, Permission, Record, Row, Scope, UserId};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use store::{IdempotencyKey, SavedAnswer};

/// What a loader is given: the request's path and query and who calls.
#[derive(Clone)]
pub struct Context<I, P = (), Q = ()> {
    /// The application.
    pub app: App,
    /// Who calls.
    pub who: I,
    /// Path parameters.
    pub path: P,
    /// Query parameters.
    pub query: Arc<Q>,
    /// Whether the request is refused whatever the loader finds: something of it did not parse.
    pub is_refused: bool,
    pub(crate) cursor_text: String,
    /// Route, filters and order, without cursor and limit.
    pub(crate) filters: Arc<str>,
}

impl<I: Identity, P, Q> Context<I, P, Q> {
    /// What cursors of this list are bound to: route, filters, order and the caller's reach.
    pub fn binding(&self) -> String {
        let reach = self.who.scope().map(|scope| format!("{scope:?}")).unwrap_or_default();
        format!("{} {reach}", self.filters)
    }

    /// Reads a page: `limit` records (20 when not given) after the cursor.
    pub fn paging<'a>(&'a self, limit: Option<usize>, binding: &'a str) -> Paging<'a> {
        let cursor = (!self.cursor_text.is_empty()).then_some(self.cursor_text.as_str());
        Paging { limit: limit.unwrap_or(DEFAULT_LIMIT), cursor, binding }
    }
}

impl<P, Q> Context<Authorized, P, Q> {
    /// What the route's permission covers.
    pub fn scope(&self) -> &Scope {
        &self.who.scope
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.who.authenticated.caller
    }

    /// Whom the record is given to, where somebody is named: a person whom the route's permission covers; else
    /// the field is refused.
    pub async fn chosen(&self, named: Option<UserId>, field: &'static str) -> Result<Option<Chosen>, application::Error> {
        match named {
            Some(id) => self.app.assignable(self.caller(), id, self.scope(), field).await.map(Some),
            None => Ok(None),
        }
    }

    /// What another permission of the caller covers; `None` where the caller does not hold it.
    pub fn scope_of(&self, permission: Permission) -> Option<Scope> {
        self.who.authenticated.caller.scope(permission)
    }

    /// The record of this id, if it exists and may be read.
    pub async fn read<E: Stored>(&self, id: E::Id) -> Result<Reached<E>, Rejection> {
        Ok(self.app.reach(&self.who.scope, id, Purpose::Read).await?)
    }

    /// The record of this id, if it exists and may be changed.
    pub async fn open<E: Stored>(&self, id: E::Id) -> Result<Reached<E>, Rejection> {
        Ok(self.app.reach(&self.who.scope, id, Purpose::Change).await?)
    }

    /// The record of this id with what stands beside it.
    pub async fn page_of<E: Stored>(&self, id: E::Id) -> Result<(Reached<E>, Overview), Rejection> {
        let ReachedPage { reached, overview } = self.app.reach_page(&self.who.scope, id, Purpose::Read).await?;
        Ok((reached, overview))
    }

    /// The same, if it may be changed: a change is answered as the record is read.
    pub async fn open_page<E: Stored>(&self, id: E::Id) -> Result<ReachedPage<E>, Rejection> {
        Ok(self.app.reach_page(&self.who.scope, id, Purpose::Change).await?)
    }

    /// A page of what a filter asks for.
    pub async fn list<F: Filter>(&self, filter: &F, limit: Option<usize>) -> Result<Page<Row<F::Entity>>, Rejection> {
        let binding = self.binding();
        Ok(self.app.list(&self.who.scope, filter, self.paging(limit, &binding)).await?)
    }
}

/// A request on its way through a handler: checked, parsed, authorized.
pub struct Request<I, P = (), Q = (), B: FromBody = ()> {
    /// The application.
    pub app: App,
    /// Who calls.
    pub who: I,
    /// Path parameters.
    pub path: P,
    /// Query parameters.
    pub query: Arc<Q>,
    /// The body.
    pub body: Arc<B>,
    /// The same field by field, as rules look at it.
    pub sent: Arc<B::Sent>,
    /// Headers a handler may need.
    pub headers: Headers,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

impl<I: Identity, P, Q, B: FromBody> Request<I, P, Q, B> {
    /// Who acts and when.
    pub fn act(&self) -> Act {
        let authenticated = self.who.authenticated();
        Act {
            actor: authenticated.map(|authenticated| authenticated.caller.id),
            actor_name: authenticated.map_or_else(|| "System".to_owned(), |authenticated| authenticated.caller.name.clone()),
            ..self.app.act()
        }
    }

    /// What the access token says, if it is one of ours and not expired; whether its session still lives
    /// is not looked at.
    pub async fn claims(&self) -> Result<Option<application::tokens::Claims>, Rejection> {
        match &self.headers.token {
            Some(token) => Ok(self.app.claims(token).await?),
            None => Ok(None),
        }
    }

    /// Refuses a change to another version than the one `If-Match` names (RFC 9110 section 13.1.1).
    fn check_version(&self, version: u64) -> Result<(), Problem> {
        let Some(wanted) = &self.headers.if_match else { return Ok(()) };
        let matches = wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag == format!("\"{version}\""));
        if matches {
            return Ok(());
        }
        let problem = Problem::new(Code::VersionMismatch, format!("The record is at version {version}. Read it again and repeat the change"));
        Err(problem.with("version", json!(version)))
    }

    /// Decides and commits what the request asks for, and again on what is there now where somebody
    /// else was faster. `If-Match` is checked against the subject each time, and under an
    /// `Idempotency-Key` the answer is part of what is written, also where there is nothing else to
    /// write.
    pub async fn decide<S, T>(&self, subject: S, decide: impl Fn(&S, &Act) -> Result<Decision<Answer<T>>, Rejection>) -> Result<Answer<T>, Rejection>
    where
        S: Subject,
        T: Serialize + Show,
    {
        let decided = Box::pin(application::decide(&self.app, subject, |subject: &S| {
            if let Some(version) = subject.version() {
                self.check_version(version)?;
            }
            let decision = decide(subject, &self.act())?;
            match &self.idempotency {
                Some(key) => self.with_saved_answer(key, decision),
                None => Ok(decision),
            }
        }))
        .await;
        match decided {
            Err(Rejection::Duplicate(error)) => Err(self.explain(*error).await),
            decided => decided,
        }
    }

    /// Goes on where the request comes for the first time: for what is done outside the table, which no transaction of it keeps from
    /// being done again. One that was answered under its `Idempotency-Key` is answered so once more.
    pub async fn only_once(&self) -> Result<(), Rejection> {
        match &self.idempotency {
            Some(key) if self.app.unscoped().saved_answer(key, self.app.clock.now()).await?.is_some() => Err(Rejection::Answered),
            _ => Ok(()),
        }
    }

    /// Adds the answer to what is written, so that a repeated request gets it again.
    fn with_saved_answer<T: Serialize>(&self, key: &IdempotencyKey, decision: Decision<Answer<T>>) -> Result<Decision<Answer<T>>, Rejection> {
        let (mut change, answer) = match decision {
            Decision::Commit(change, answer) => (change, answer),
            Decision::Keep(answer) => (Change::new(), answer),
        };
        let saved = SavedAnswer {
            fingerprint: key.fingerprint.clone(),
            status: answer.status,
            headers: answer.headers(),
            body: answer.body().map_err(Problem::internal)?,
        };
        change.save_answer(key, &saved, self.app.clock.now());
        Ok(Decision::Commit(change, answer))
    }

    /// Changes a reached record as the rules say and gives it as it is afterwards.
    pub async fn change<E, T>(
        &self,
        reached: Reached<E>,
        decide: impl Fn(&Reached<E>, &Act) -> Result<owner::Change<E>, Rejection>,
        more: impl Fn(&mut Change),
        show: impl Fn(Record<E>) -> T,
    ) -> Result<Answer<T>, Rejection>
    where
        E: Stored,
        T: Serialize + Show,
    {
        self.decide(reached, |reached, act| {
            let outcome = decide(reached, act)?;
            Ok(application::decide::changed(reached, outcome).with(&more).map(|record| {
                let version = record.version;
                Answer::ok(show(record)).version(version)
            }))
        })
        .await
    }

    /// The same where the answer shows what stands beside the record as well.
    pub async fn change_page<E, T>(
        &self,
        page: ReachedPage<E>,
        decide: impl Fn(&Reached<E>, &Act) -> Result<owner::Change<E>, Rejection>,
        more: impl Fn(&mut Change),
        show: impl Fn(Record<E>, Overview) -> T,
    ) -> Result<Answer<T>, Rejection>
    where
        E: Stored,
        T: Serialize + Show,
    {
        self.decide(page, |page, act| {
            let outcome = decide(&page.reached, act)?;
            Ok(application::decide::changed(&page.reached, outcome).with(&more).map(|record| {
                let version = record.version;
                Answer::ok(show(record, page.overview.clone())).version(version)
            }))
        })
        .await
    }

    /// Archives a reached record as the rules say.
    pub async fn archive<E: Stored>(
        &self,
        reached: Reached<E>,
        decide: impl Fn(&Reached<E>, &Act) -> Result<owner::Change<E>, Rejection>,
    ) -> Result<Answer<()>, Rejection> {
        self.decide(reached, |reached, act| {
            let outcome = decide(reached, act)?;
            Ok(application::decide::changed(reached, outcome).map(|_| Answer::nothing()))
        })
        .await
    }

    /// Deletes a reached record with the event that the rules give.
    pub async fn delete<E: Stored>(
        &self,
        reached: Reached<E>,
        decide: impl Fn(&Reached<E>, &Act) -> Result<domain::event::Event, Rejection>,
    ) -> Result<Answer<()>, Rejection> {
        self.decide(reached, |reached, act| {
            let mut change = Change::new();
            change.event(&decide(reached, act)?);
            change.delete(reached);
            Ok(Decision::Commit(change, Answer::nothing()))
        })
        .await
    }

    /// What others have as 409 with `matches`, as far as the caller may see them.
    async fn explain(&self, error: store::Error) -> Rejection {
        let Some(authenticated) = self.who.authenticated() else { return Problem::of_store(error).into() };
        let (caller, fields) = (&authenticated.caller, error.duplicate_fields());
        let shown = |matches: application::duplicates::Matches| json!({"ids": matches.ids, "hidden": matches.hidden});
        if fields.is_empty() {
            return match self.app.unique_holders(caller, &error).await {
                Ok(matches) => Problem::of_store(error).with("matches", shown(matches)).into(),
                Err(failure) => failure.into(),
            };
        }
        let matches = match self.app.duplicates(caller, &error).await {
            Ok(Some(matches)) => shown(matches),
            Ok(None) => return Problem::of_store(error).into(),
            Err(failure) => return application::Error::from(failure).into(),
        };
        let detail = "A lead or customer with this e-mail address or phone number exists; allowDuplicate=true saves it all the same";
        let errors = fields.into_iter().map(|field| FieldError::new(format!("/{field}"), "unique", "another lead or customer has it"));
        Problem { errors: errors.collect(), ..Problem::new(Code::Duplicate, detail) }.with("matches", matches).into()
    }
}

impl<P, Q, B: FromBody> Request<Authorized, P, Q, B> {
    /// What the route's permission covers.
    pub fn scope(&self) -> &Scope {
        &self.who.scope
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.who.authenticated.caller
    }

    /// What another permission of the caller covers; a problem where the caller does not hold it.
    pub fn needs(&self, permission: Permission) -> Result<Scope, Rejection> {
        self.caller().scope(permission).ok_or_else(|| Problem::forbidden(permission.name()).into())
    }
}
