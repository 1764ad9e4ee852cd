//! What a handler is given and what it gives back.

use crate::app::App;
use crate::edge::Headers;
use crate::problem::{Code, Problem, Stop};
use domain::event::Act;
use domain::input::{Errors, Parse, Patch, Show, TextValue};
use domain::settings::{Settings, SettingsData, SettingsId};
use domain::time::Due;
use domain::user::Auth;
use domain::{Caller, Entity, Owner, Permission, Reach, Record, Scope, SessionId, Time, UserId};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use store::item::Stored;
use store::list::Paging;
use store::{IdempotencyKey, Page, Refusal, SavedAnswer, Tx};

/// Someone with a live session.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who.
    pub caller: Caller,
    /// The session of the token.
    pub session: SessionId,
    /// The sign-in state as it was read for this request; absent while it is only presumed.
    pub auth: Option<Auth>,
}

/// Someone with a live session who holds the route's permission.
#[derive(Debug, Clone)]
pub struct Scoped {
    /// Who.
    pub signed: Signed,
    /// What the permission covers.
    pub scope: Scope,
}

/// Who is calling, as far as the route's declaration lets the handler know.
pub trait Identity: Clone + Send + Sync + 'static {
    /// From who signed in, if anyone did; `None` where that is not enough for this route.
    fn from_signed(signed: Option<Signed>, permission: Option<domain::Permission>) -> Result<Self, Problem>;
    /// Who signed in.
    fn signed(&self) -> Option<&Signed>;
    /// The reach, for binding cursors.
    fn scope(&self) -> Option<&Scope> {
        None
    }
}

impl Identity for () {
    fn from_signed(_: Option<Signed>, _: Option<domain::Permission>) -> Result<Self, Problem> {
        Ok(())
    }

    fn signed(&self) -> Option<&Signed> {
        None
    }
}

impl Identity for Option<Signed> {
    fn from_signed(signed: Option<Signed>, _: Option<domain::Permission>) -> Result<Self, Problem> {
        Ok(signed)
    }

    fn signed(&self) -> Option<&Signed> {
        self.as_ref()
    }
}

impl Identity for Signed {
    fn from_signed(signed: Option<Signed>, _: Option<domain::Permission>) -> Result<Self, Problem> {
        signed.ok_or_else(Problem::unauthenticated)
    }

    fn signed(&self) -> Option<&Signed> {
        Some(self)
    }
}

impl Identity for Scoped {
    fn from_signed(signed: Option<Signed>, permission: Option<domain::Permission>) -> Result<Self, Problem> {
        let signed = signed.ok_or_else(Problem::unauthenticated)?;
        let permission = permission.ok_or_else(|| Problem::internal("a scoped route without a permission"))?;
        let scope = signed.caller.scope(permission).ok_or_else(|| Problem::forbidden(permission.name()))?;
        Ok(Self { signed, scope })
    }

    fn signed(&self) -> Option<&Signed> {
        Some(&self.signed)
    }

    fn scope(&self) -> Option<&Scope> {
        Some(&self.scope)
    }
}

/// A path's parameters as a type.
pub trait FromPath: Clone + Send + Sync + 'static {
    /// Reads the parameters; `None` is a path that leads nowhere.
    fn from_path(parameters: &[String]) -> Option<Self>;
}

impl FromPath for () {
    fn from_path(_: &[String]) -> Option<Self> {
        Some(())
    }
}

/// A text in the path that is an id (or another [`TextValue`]).
impl<T: TextValue + Clone + Send + Sync + 'static> FromPath for (T,) {
    fn from_path(parameters: &[String]) -> Option<Self> {
        parameters.first().and_then(|text| T::read(text).ok()).map(|value| (value,))
    }
}

/// A request's body as a type.
pub trait FromBody: Sized + Send + Sync + 'static {
    /// Reads the body, given its media type.
    fn from_body(body: &[u8], media_type: Option<&str>) -> Result<Self, Problem>;
    /// The schema and whether a body is required; `None` where there is no body.
    fn schema() -> Option<(Value, bool)>;
}

impl FromBody for () {
    fn from_body(_: &[u8], _: Option<&str>) -> Result<Self, Problem> {
        Ok(())
    }

    fn schema() -> Option<(Value, bool)> {
        None
    }
}

/// A required JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A JSON body that may be missing.
#[derive(Debug)]
pub struct Maybe<T>(pub Option<T>);

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

    fn schema() -> Option<(Value, bool)> {
        Some((T::schema(), true))
    }
}

impl<T: Parse + Send + Sync + 'static> FromBody for Maybe<T> {
    fn from_body(body: &[u8], media_type: Option<&str>) -> Result<Self, Problem> {
        if body.is_empty() { Ok(Self(None)) } else { Json::from_body(body, media_type).map(|Json(value)| Self(Some(value))) }
    }

    fn schema() -> Option<(Value, bool)> {
        Some((T::schema(), false))
    }
}

/// What a loader sees: the request's path and query and who calls.
#[derive(Clone)]
pub struct Seen<I, P = (), Q = ()> {
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

impl<I: Identity, P, Q> Seen<I, P, Q> {
    /// What cursors of this list are bound to: route, filters, order and the caller's reach.
    pub fn binding(&self) -> String {
        let reach = self.who.scope().map(|scope| format!("{scope:?}")).unwrap_or_default();
        format!("{} {reach}", self.filters)
    }

    /// Reads a page: `limit` records (20 when not given) after the cursor.
    pub fn paging<'a>(&'a self, limit: Option<usize>, binding: &'a str) -> Paging<'a> {
        let cursor = (!self.cursor_text.is_empty()).then_some(self.cursor_text.as_str());
        Paging { limit: limit.unwrap_or(20), cursor, binding }
    }
}

impl<I, P, Q> Seen<I, P, Q> {
    /// The moments that a `due` filter means; how far ahead counts as soon is a setting.
    pub async fn due_range(&self, due: Due) -> Result<(Option<Time>, Option<Time>), Stop> {
        let soon = match due {
            Due::Soon => self.app.store.get::<Settings>(SettingsId::Company).await?.map(|settings| settings.data.due_soon_days),
            _ => None,
        };
        let soon = soon.unwrap_or_else(|| SettingsData::default().due_soon_days);
        Ok(due.range(self.app.clock.now(), soon, &self.app.config.zone))
    }
}

impl<P: Clone, Q> Seen<Scoped, P, Q> {
    /// Whether this person's records can be inside reach: one's own, those of the teams, or all.
    pub async fn reaches_person(&self, person: UserId) -> Result<bool, Stop> {
        let scope = &self.who.scope;
        match scope.reach {
            _ if person == scope.user => Ok(true),
            Reach::All => Ok(true),
            Reach::Own => Ok(false),
            Reach::Team => Ok(self.app.store.auth(person).await?.is_some_and(|auth| scope.covers_person(person, auth.team_id))),
        }
    }

    /// A page of somebody's records: empty, and without a cursor, for a person outside reach, since
    /// a place in a list tells of what stands there. The person is looked up while the page is read.
    pub async fn of_person<E>(
        &self,
        person: Option<UserId>,
        page: impl Future<Output = Result<Page<Record<E>>, Stop>>,
    ) -> Result<Page<Record<E>>, Stop>
    where
        E: Entity,
    {
        let Some(person) = person else { return page.await };
        let (reached, page) = tokio::try_join!(self.reaches_person(person), page)?;
        Ok(if reached { page } else { Page { items: Vec::new(), next: None } })
    }

    /// The record of this id, if it exists and is inside reach.
    pub async fn record<E: Stored>(&self, id: E::Id) -> Result<Record<E>, Stop> {
        let record = self.app.store.get::<E>(id).await?;
        record.filter(|record| record.inside(&self.who.scope)).ok_or_else(|| Problem::not_found().into())
    }
}

/// A request on its way through a handler: checked, parsed, authorised.
pub struct Call<I, P = (), Q = (), B = ()> {
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

impl<I: Identity, P, Q, B> Call<I, P, Q, B> {
    /// Who acts and when.
    pub fn act(&self) -> Act {
        let signed = self.who.signed();
        Act {
            at: self.app.clock.now(),
            actor: signed.map(|signed| signed.caller.id),
            actor_name: signed.map_or_else(|| "System".to_owned(), |signed| signed.caller.name.clone()),
            ids: self.app.clock.ids.clone(),
        }
    }

    /// Refuses a change to another version than the one `If-Match` names (RFC 9110 section 13.1.1).
    pub fn check_version(&self, version: u64) -> Result<(), Problem> {
        let Some(wanted) = &self.headers.if_match else { return Ok(()) };
        let matches = wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag == format!("\"{version}\""));
        if matches {
            return Ok(());
        }
        let problem = Problem::new(Code::VersionMismatch, format!("The record is at version {version}. Read it again and repeat the change"));
        Err(problem.with("version", json!(version)))
    }

    /// Commits a transaction together with the answer, where the request has an idempotency key.
    pub async fn commit<T: Serialize + Show>(&self, mut tx: Tx, answer: &Answer<T>) -> Result<(), CommitError> {
        if let Some(key) = &self.idempotency {
            let saved = SavedAnswer {
                fingerprint: key.fingerprint.clone(),
                status: answer.status,
                headers: answer.headers(),
                body: answer.body().map_err(Problem::internal).map_err(Stop::from)?,
            };
            tx.save_answer(key, &saved, self.app.clock.now());
        }
        Ok(self.app.store.commit(tx).await?)
    }

    /// Decides and commits a change of a record, and again on what is there now when somebody else
    /// changed it meanwhile. `decide` gives the new record and the rest of its transaction, or
    /// `None` when there is nothing to change. Gives the record as it is afterwards.
    pub async fn change<E, D>(&self, loaded: Record<E>, scope: Option<&Scope>, decide: D) -> Result<Record<E>, CommitError>
    where
        E: Stored,
        D: Fn(&Record<E>, &Act) -> Result<Option<(Record<E>, Tx)>, Stop>,
    {
        let mut record = loaded;
        for _ in 0..CHANGE_ATTEMPTS {
            self.check_version(record.version).map_err(Stop::from)?;
            let Some((mut next, mut tx)) = decide(&record, &self.act())? else { return Ok(record) };
            tx.update(&record, &next);
            match self.app.store.commit(tx).await {
                Ok(()) => {
                    next.rev = record.rev + 1;
                    return Ok(next);
                }
                Err(error) if error.is_refused(&Refusal::Stale) => {
                    let latest = self.app.store.get_latest::<E>(record.id).await?;
                    let inside = |record: &Record<E>| scope.is_none_or(|scope| record.inside(scope));
                    record = latest.filter(inside).ok_or_else(|| Stop::from(Problem::not_found()))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Stop::from(Problem::busy("the record kept changing")).into())
    }
}

impl<I: Identity, P, Q, B> Call<I, P, Q, B> {
    /// Deletes a record as `decide` says, or as it says of a newer state when the record changed
    /// meanwhile; 404 when it went away.
    pub async fn remove<E: Stored>(&self, loaded: Record<E>, decide: impl Fn(&Record<E>, &Act) -> Result<Tx, Stop>) -> Result<(), Stop> {
        let id = loaded.id;
        let mut present = Some(loaded);
        for _ in 0..CHANGE_ATTEMPTS {
            let record = present.ok_or_else(Problem::not_found)?;
            self.check_version(record.version)?;
            match self.app.store.commit(decide(&record, &self.act())?).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_refused(&Refusal::Stale) => present = self.app.store.get_latest::<E>(id).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::busy("the record kept changing").into())
    }
}

/// Why a commit did not happen: a refusal of the table that a handler may explain in its own words,
/// or something that ends the request as it is. `?` turns both into a [`Stop`].
#[derive(Debug)]
pub enum CommitError {
    /// The table refused or failed.
    Store(store::Error),
    /// The request ends here.
    Stop(Stop),
}

impl From<store::Error> for CommitError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<Stop> for CommitError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<CommitError> for Stop {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            CommitError::Stop(stop) => stop,
        }
    }
}

/// How often a change is decided anew before the client is asked to repeat it: twenty clients
/// changing one record at once all get through.
const CHANGE_ATTEMPTS: usize = 40;

impl<P, Q, B> Call<Scoped, P, Q, B> {
    /// What the route's permission covers.
    pub fn scope(&self) -> &Scope {
        &self.who.scope
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.who.signed.caller
    }

    /// Who will own a new record: the caller, or whom the caller names and may name; `assign` is the
    /// permission for naming others and nobody.
    pub async fn new_owner(&self, wanted: &Patch<Option<UserId>>, assign: Permission) -> Result<Option<Owner>, Stop> {
        let caller = self.caller();
        match wanted {
            Patch::Keep => Ok(Some(Owner::caller(caller))),
            Patch::Set(Some(id)) if *id == caller.id => Ok(Some(Owner::caller(caller))),
            Patch::Set(wanted) => {
                let scope = caller.scope(assign).ok_or_else(|| Problem::forbidden(assign.name()))?;
                match wanted {
                    Some(id) => Ok(Some(self.assignable(*id, &scope, "/ownerId").await?)),
                    None => Ok(None),
                }
            }
        }
    }

    /// A person a record may be given to: active and inside this scope, else 422 at the pointer.
    pub async fn assignable(&self, person: UserId, scope: &Scope, pointer: &'static str) -> Result<Owner, Stop> {
        let auth = self.app.store.auth(person).await?;
        let usable = auth.filter(|auth| auth.status == domain::user::UserStatus::Active && scope.covers_person(person, auth.team_id));
        let auth = usable.ok_or_else(|| Problem::field(pointer, "reference", "must be an active user inside your reach"))?;
        Ok(Owner { id: person, name: auth.name, team: auth.team_id })
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
            items: page.items.into_iter().map(show).collect(),
            limit: limit.unwrap_or(20),
            meta: Map::new(),
        }
    }
}

impl<T: Show + Serialize + Send + 'static> Shown for PageOf<T> {
    type Data = Vec<T>;
    const LIST: bool = true;

    fn into_answer(self) -> Result<Answer<Vec<T>>, Problem> {
        let mut answer = Answer::ok(self.items).meta("limit", json!(self.limit)).meta("nextCursor", json!(self.next));
        answer.meta.extend(self.meta);
        Ok(answer)
    }
}

/// The path of a record for `Location`.
pub fn location<E: Entity>(collection: &str, id: E::Id) -> String {
    format!("/api/v1/{collection}/{id}")
}
