//! What a loader and a handler are given, and what a handler gives back.

use crate::problem::{Code, Problem, Rejection};
use crate::router::Headers;
use application::{App, Change, Decision, Filter, Page, Paging, Purpose, Reached, ReachedPage, Stored, Subject};
use contract::fields::DEFAULT_LIMIT;
use contract::{Components, Errors, FieldError, Parse, Show};
use domain::event::Act;
use domain::owner;
use domain::text::TextValue;
use domain::user::Auth;
use domain::{Caller, Entity, Overview, Permission, Record, Row, Scope, SessionId};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use store::{IdempotencyKey, SavedAnswer};

/// Someone with a live session.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Who.
    pub caller: Caller,
    /// The session of the token.
    pub session: SessionId,
    /// The sign-in state as it was read for this request; absent while it is only presumed.
    pub auth: Option<Auth>,
}

/// Someone with a live session who holds the route's permission.
#[derive(Debug, Clone)]
pub struct Authorized {
    /// Who.
    pub authenticated: Authenticated,
    /// What the permission covers.
    pub scope: Scope,
}

/// Who is calling, as far as the route's declaration lets the handler know.
pub trait Identity: Clone + Send + Sync + 'static {
    /// From who signed in, if anyone did; `None` where that is not enough for this route.
    fn from_authenticated(signed: Option<Authenticated>, permission: Option<domain::Permission>) -> Result<Self, Problem>;
    /// Who signed in.
    fn authenticated(&self) -> Option<&Authenticated>;
    /// The reach, for binding cursors.
    fn scope(&self) -> Option<&Scope> {
        None
    }
}

impl Identity for () {
    fn from_authenticated(_: Option<Authenticated>, _: Option<domain::Permission>) -> Result<Self, Problem> {
        Ok(())
    }

    fn authenticated(&self) -> Option<&Authenticated> {
        None
    }
}

impl Identity for Option<Authenticated> {
    fn from_authenticated(signed: Option<Authenticated>, _: Option<domain::Permission>) -> Result<Self, Problem> {
        Ok(signed)
    }

    fn authenticated(&self) -> Option<&Authenticated> {
        self.as_ref()
    }
}

impl Identity for Authenticated {
    fn from_authenticated(signed: Option<Authenticated>, _: Option<domain::Permission>) -> Result<Self, Problem> {
        signed.ok_or_else(Problem::unauthenticated)
    }

    fn authenticated(&self) -> Option<&Authenticated> {
        Some(self)
    }
}

impl Identity for Authorized {
    fn from_authenticated(signed: Option<Authenticated>, permission: Option<domain::Permission>) -> Result<Self, Problem> {
        let authenticated = signed.ok_or_else(Problem::unauthenticated)?;
        let permission = permission.ok_or_else(|| Problem::internal("a scoped route without a permission"))?;
        let scope = authenticated.caller.scope(permission).ok_or_else(|| Problem::forbidden(permission.name()))?;
        Ok(Self { authenticated, scope })
    }

    fn authenticated(&self) -> Option<&Authenticated> {
        Some(&self.authenticated)
    }

    fn scope(&self) -> Option<&Scope> {
        Some(&self.scope)
    }
}

/// A path's parameters as a type.
pub trait FromPath: Clone + Send + Sync + 'static {
    /// Reads the parameters; `None` is a path that leads nowhere.
    fn from_path(parameters: &[String]) -> Option<Self>;
    /// The schemas of the parameters.
    fn schemas(components: &mut Components) -> Vec<Value>;
}

impl FromPath for () {
    fn from_path(_: &[String]) -> Option<Self> {
        Some(())
    }

    fn schemas(_: &mut Components) -> Vec<Value> {
        Vec::new()
    }
}

/// A text in the path that is an id (or another [`TextValue`]).
impl<T: TextValue + Clone + Send + Sync + 'static> FromPath for (T,) {
    fn from_path(parameters: &[String]) -> Option<Self> {
        parameters.first().and_then(|text| T::read(text).ok()).map(|value| (value,))
    }

    fn schemas(components: &mut Components) -> Vec<Value> {
        vec![contract::schema::text(std::any::type_name::<T>(), T::form(), components)]
    }
}

/// A request's body as a type.
pub trait FromBody: Sized + Send + Sync + 'static {
    /// Whether there is a body at all.
    const EXPECTED: bool = true;
    /// Reads the body, given its media type.
    fn from_body(body: &[u8], media_type: Option<&str>) -> Result<Self, Problem>;
    /// The schema and whether a body is required; `None` where there is no body.
    fn schema(components: &mut Components) -> Option<(Value, bool)>;
}

impl FromBody for () {
    const EXPECTED: bool = false;

    fn from_body(_: &[u8], _: Option<&str>) -> Result<Self, Problem> {
        Ok(())
    }

    fn schema(_: &mut Components) -> Option<(Value, bool)> {
        None
    }
}

/// A required JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A JSON body that may be missing.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

fn is_json(media_type: Option<&str>) -> bool {
    let bare = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    bare == "application/json" || (bare.starts_with("application/") && bare.ends_with("+json"))
}

impl<T: Parse + Send + Sync + 'static> FromBody for Json<T> {
    fn from_body(body: &[u8], media_type: Option<&str>) -> Result<Self, Problem> {
        if !is_json(media_type) {
            return Err(Problem::new(Code::UnsupportedMediaType, "Send the body as Content-Type: application/json"));
        }
        let value: Value = serde_json::from_slice(body).map_err(|error| Problem::new(Code::Malformed, format!("The body is not JSON: {error}")))?;
        let mut errors = Errors::at("");
        match T::parse(&value, &mut errors) {
            Some(parsed) if errors.is_empty() => Ok(Self(parsed)),
            _ => Err(Problem::fields(errors.into_list())),
        }
    }

    fn schema(components: &mut Components) -> Option<(Value, bool)> {
        Some((T::schema(components), true))
    }
}

impl<T: Parse + Send + Sync + 'static> FromBody for OptionalJson<T> {
    fn from_body(body: &[u8], media_type: Option<&str>) -> Result<Self, Problem> {
        if body.is_empty() { Ok(Self(None)) } else { Json::from_body(body, media_type).map(|Json(value)| Self(Some(value))) }
    }

    fn schema(components: &mut Components) -> Option<(Value, bool)> {
        Some((T::schema(components), false))
    }
}

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
pub struct Request<I, P = (), Q = (), B = ()> {
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
    /// Headers a handler may need.
    pub headers: Headers,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

impl<I: Identity, P, Q, B> Request<I, P, Q, B> {
    /// Who acts and when.
    pub fn act(&self) -> Act {
        let authenticated = self.who.authenticated();
        Act {
            at: self.app.clock.now(),
            actor: authenticated.map(|authenticated| authenticated.caller.id),
            actor_name: authenticated.map_or_else(|| "System".to_owned(), |authenticated| authenticated.caller.name.clone()),
            ids: self.app.clock.ids.clone(),
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

    /// Contact data that others have as 409 with `matches`, as far as the caller may see them.
    async fn explain(&self, error: store::Error) -> Rejection {
        let Some(authenticated) = self.who.authenticated() else { return Problem::of_store(error).into() };
        let fields = error.duplicate_fields();
        match self.app.duplicates(&authenticated.caller, &error).await {
            Ok(Some(matches)) => {
                let detail = "A lead or customer with this e-mail address or phone number exists; allowDuplicate=true saves it all the same";
                let errors = fields.into_iter().map(|field| FieldError::new(format!("/{field}"), "unique", "another lead or customer has it"));
                let problem = Problem { errors: errors.collect(), ..Problem::new(Code::Duplicate, detail) };
                problem.with("matches", json!({"ids": matches.ids, "hidden": matches.hidden})).into()
            }
            Ok(None) => Problem::of_store(error).into(),
            Err(error) => Problem::of_store(error).into(),
        }
    }
}

impl<P, Q, B> Request<Authorized, P, Q, B> {
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

/// What the edge can send as a success.
pub trait Shown: Send + 'static {
    /// The type of `data`.
    type Data: Show + Serialize + Send + 'static;
    /// Whether it is a list with `meta`.
    const LIST: bool;
    /// As an answer.
    fn into_answer(self) -> Result<Answer<Self::Data>, Problem>;
}

/// A success.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// HTTP status.
    pub status: u16,
    /// The data.
    pub data: Option<T>,
    /// `meta` of the envelope.
    pub meta: Map<String, Value>,
    etag: Option<u64>,
    location: Option<String>,
    /// Sent instead of the envelope.
    raw: Option<Raw>,
}

/// Encoded content and its extra headers.
type Raw = (Vec<u8>, Vec<(String, String)>);

impl<T> Answer<T> {
    /// 200 with data.
    pub fn ok(data: T) -> Self {
        Self { status: 200, data: Some(data), meta: Map::new(), etag: None, location: None, raw: None }
    }

    /// 201 with data and where it is now.
    pub fn created(data: T, location: String) -> Self {
        Self { status: 201, location: Some(location), ..Self::ok(data) }
    }

    /// With the record's version as `ETag`.
    #[must_use]
    pub fn version(mut self, version: u64) -> Self {
        self.etag = Some(version);
        self
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a member of `meta`.
    #[must_use]
    pub fn meta(mut self, name: &str, value: Value) -> Self {
        self.meta.insert(name.to_owned(), value);
        self
    }

    /// Content that is sent as it is.
    pub fn raw(content: Vec<u8>, headers: Vec<(String, String)>) -> Self {
        Self { status: 200, data: None, meta: Map::new(), etag: None, location: None, raw: Some((content, headers)) }
    }

    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let etag = self.etag.map(|version| ("etag".to_owned(), format!("\"{version}\"")));
        let location = self.location.clone().map(|location| ("location".to_owned(), location));
        let raw = self.raw.as_ref().map(|(_, headers)| headers.clone()).unwrap_or_default();
        etag.into_iter().chain(location).chain(raw).collect()
    }

    pub(crate) fn take_raw(&mut self) -> Option<Vec<u8>> {
        self.raw.take().map(|(content, _)| content)
    }
}

impl Answer<()> {
    /// 204.
    pub fn nothing() -> Self {
        Self { status: 204, data: None, meta: Map::new(), etag: None, location: None, raw: None }
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    success: bool,
    data: Option<&'a T>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    meta: &'a Map<String, Value>,
}

impl<T: Serialize> Answer<T> {
    pub(crate) fn body(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Envelope { success: true, data: self.data.as_ref(), meta: &self.meta })
    }
}

impl<T: Show + Serialize + Send + 'static> Shown for Answer<T> {
    type Data = T;
    const LIST: bool = false;

    fn into_answer(self) -> Result<Answer<T>, Problem> {
        Ok(self)
    }
}

/// A page of a list as an answer.
#[derive(Debug)]
pub struct PageOf<T> {
    /// The records.
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// How far a list with filters looked.
    pub scanned_to: Option<String>,
    /// The limit in force.
    pub limit: usize,
    /// More members of `meta`.
    pub meta: Map<String, Value>,
}

impl<T> PageOf<T> {
    /// A page of records, each turned into what is sent.
    pub fn of<E>(page: Page<E>, limit: Option<usize>, show: impl Fn(E) -> T) -> Self {
        Self {
            next: page.next.map(|cursor| cursor.to_string()),
            scanned_to: page.scanned_to,
            items: page.items.into_iter().map(show).collect(),
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            meta: Map::new(),
        }
    }
}

impl<T: Show + Serialize + Send + 'static> Shown for PageOf<T> {
    type Data = Vec<T>;
    const LIST: bool = true;

    fn into_answer(self) -> Result<Answer<Vec<T>>, Problem> {
        let mut answer = Answer::ok(self.items).meta("limit", json!(self.limit)).meta("nextCursor", json!(self.next));
        if let Some(place) = self.scanned_to {
            answer = answer.meta("scannedTo", json!(place));
        }
        answer.meta.extend(self.meta);
        Ok(answer)
    }
}

/// The path of a record for `Location`.
pub fn location<E: Entity>(collection: &str, id: E::Id) -> String {
    format!("/api/v1/{collection}/{id}")
}

impl<T> Answer<T> {
    /// What is written for a new record, with the answer that shows it and says where it is now.
    pub fn creation<E: Stored>(change: Change, collection: &str, record: Record<E>, show: impl FnOnce(Record<E>) -> T) -> Decision<Self> {
        let (place, version) = (location::<E>(collection, record.id), record.version);
        Decision::Commit(change, Self::created(show(record), place).version(version))
    }
}
