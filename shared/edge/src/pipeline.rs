//! The typed part of a request's way: parsed, its caller looked up, loaded, handled, answered.

use crate::answer::Shown;
use crate::headers::Headers;
use crate::identity::{Access, Authenticated, Identity, confirmed, presumed, same};
use crate::parts::{FromBody, FromPath};
use crate::problem::{Code, MOST_ERRORS, Problem, Rejection};
use crate::request::{Context, Request};
use crate::unchanged::Present;
use application::{ABSENT, App};

use contract::{Errors, FieldError, Query};
use futures::future::BoxFuture;
use serde_json::Value;
use std::sync::Arc;
use store::{Cursor, IdempotencyKey, SavedAnswer};

/// Largest body, bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// A route's handler with its types erased.
pub(crate) type Handler = Arc<dyn Fn(App, Incoming) -> BoxFuture<'static, Result<Outcome, Rejection>> + Send + Sync>;

/// A request taken apart.
pub struct Incoming {
    pub(crate) route: &'static str,
    pub(crate) access: Access,
    pub(crate) before_password_change: bool,
    pub(crate) envelope: bool,
    pub(crate) parameters: Vec<String>,
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Headers,
    pub(crate) is_post: bool,
    pub(crate) user: Arc<std::sync::OnceLock<String>>,
    /// For a change, how what is changed is read.
    pub(crate) reading: Option<Reading>,
}

/// How the record that is to be changed is read.
pub(crate) struct Reading {
    /// The handler of its GET route.
    pub(crate) handler: Handler,
    /// The request for it.
    pub(crate) incoming: Box<Incoming>,
    /// What of the answer the system keeps by itself.
    pub(crate) kept: fn() -> Vec<&'static str>,
}

/// The record that is to be changed, as the caller reads it, once; `None` where there is no such route or
/// the caller may not use it. A record that is not there for the caller is a problem.
async fn present(app: &App, reading: &mut Option<Reading>) -> Result<Option<Present>, Problem> {
    let Some(Reading { handler, incoming, kept }) = reading.take() else { return Ok(None) };
    let outcome = match handler(app.clone(), *incoming).await {
        Ok(outcome) => outcome,
        Err(Rejection::Problem(problem)) if problem.code == Code::NotFound => return Err(*problem),
        Err(_) => return Ok(None),
    };
    let shown = serde_json::from_slice::<Value>(&outcome.body).ok().and_then(|mut body| body.get_mut("data").map(Value::take));
    match shown {
        Some(Value::Object(shown)) => Ok(Some(Present { shown, kept: kept().into_iter().map(contract::camel).collect() })),
        _ => Ok(None),
    }
}

/// An answer before it becomes a response.
pub struct Outcome {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Outcome {
    pub(crate) fn replay(saved: SavedAnswer) -> Self {
        let mut headers = saved.headers;
        headers.push(("idempotency-replayed".to_owned(), "true".to_owned()));
        Self { status: saved.status, headers, body: saved.body.into_bytes() }
    }
}

fn idempotency_of(incoming: &Incoming, who: Option<&Authenticated>) -> Result<Option<IdempotencyKey>, FieldError> {
    let (Some(key), Some(who)) = (&incoming.headers.idempotency_key, who.filter(|_| incoming.is_post)) else { return Ok(None) };
    if !(1..=255).contains(&key.len()) {
        return Err(FieldError::new("Idempotency-Key", "length", "must have 1 to 255 visible characters"));
    }
    let place = format!("{} {}", incoming.route, incoming.parameters.join("/"));
    Ok(Some(IdempotencyKey::new(who.caller.id, &place, key, &incoming.body)))
}

/// Parses, authenticates and loads at once, authorises, handles. What did not parse is named together with
/// what the loader finds wrong in what did.
pub(crate) async fn respond<I, P, Q, B, L, T, LoadFn, LoadFut, H, Fut>(
    app: App,
    mut incoming: Incoming,
    load: LoadFn,
    handler: H,
) -> Result<Outcome, Rejection>
where
    I: Identity,
    P: FromPath,
    Q: Query + Send + Sync + 'static,
    B: FromBody,
    L: Send + 'static,
    T: Shown,
    LoadFn: Fn(Context<I, P, Q>, Arc<B::Sent>) -> LoadFut,
    LoadFut: Future<Output = Result<L, Rejection>> + Send,
    H: Fn(Request<I, P, Q, B>, L) -> Fut,
    Fut: Future<Output = Result<T, Rejection>> + Send,
{
    let permission = incoming.access.permission();
    let presumed = presumed(&app, incoming.headers.token.as_deref(), incoming.access).await?;
    let mut reading = incoming.reading.take();
    let mut parsed = parse::<P, Q, B>(&incoming);
    if parsed.as_ref().is_ok_and(|parsed| !parsed.wrong.is_empty()) {
        parsed = parse_changes::<P, Q, B>(&app, &mut incoming, &mut reading).await.unwrap_or(parsed);
    }
    // The reading may begin before the caller is confirmed, but nothing of it is used before.
    let seen = |who: I, path: &P, query: &Arc<Q>, is_refused: bool| Context {
        app: app.clone(),
        who,
        path: path.clone(),
        query: query.clone(),
        is_refused,
        cursor_text: cursor_text(&incoming).to_owned(),
        filters: filters(&incoming),
    };
    let loaded = async |who: Result<I, Problem>| {
        let (parsed, who) = (parsed.as_ref().ok()?, who.ok()?);
        let (query, sent) = parsed.loadable()?;
        Some(Box::pin(load(seen(who, &parsed.path, query, !parsed.wrong.is_empty()), sent.clone())).await)
    };
    let (confirmed, early) =
        tokio::join!(confirmed(&app, incoming.access, presumed.as_ref()), loaded(I::from_authenticated(presumed.clone(), permission)));
    let confirmed = confirmed?;
    if let Some(signed) = &confirmed {
        let _ = incoming.user.set(signed.caller.id.to_string());
        if signed.auth.as_ref().is_some_and(|auth| auth.must_change_password) && !incoming.before_password_change {
            return Err(Problem::new(Code::PasswordChangeRequired, "Set a new password with POST /auth/password").into());
        }
    }
    let who = I::from_authenticated(confirmed.clone(), permission)?;
    let loaded = match early {
        Some(early) if same(presumed.as_ref(), confirmed.as_ref()) => Some(early),
        _ => loaded(Ok(who.clone())).await,
    };
    let Parsed { path, query, sent, whole, mut wrong } = parsed?;
    let idempotency = idempotency_of(&incoming, confirmed.as_ref()).unwrap_or_else(|error| {
        wrong.push(error);
        None
    });
    let (query, sent, body, loaded) = match (query, sent, whole, loaded) {
        (Some(query), Some(sent), Some(whole), Some(loaded)) if wrong.is_empty() => (query, sent, whole, loaded),
        (.., loaded) => {
            if let Some(Err(Rejection::Problem(problem))) = loaded
                && problem.code == Code::Validation
            {
                wrong.extend(problem.errors);
            }
            return Err(with_references::<I, B>(&app, &who, Problem::fields(wrong), &incoming.body).await.into());
        }
    };
    let envelope = incoming.envelope;
    let call = Request { app: app.clone(), who: who.clone(), path, query, body, sent, headers: incoming.headers, idempotency: idempotency.clone() };
    let handled = match loaded {
        Ok(loaded) => Box::pin(handler(call, loaded)).await,
        Err(stop) => Err(stop),
    };
    match (handled, idempotency) {
        (Ok(shown), _) => outcome(shown, envelope),
        // Whoever meets a refusal under a key that was used gets what was answered then.
        (Err(stop), Some(key)) if may_be_answered(&stop) => replay(&app, &key, stop).await,
        (Err(Rejection::Problem(problem)), _) if problem.code == Code::Validation => {
            // What is as it was is not looked up again.
            let present = present(&app, &mut reading).await.ok().flatten();
            let body = present.and_then(|present| present.left_out(&incoming.body)).unwrap_or(incoming.body);
            Err(with_references::<I, B>(&app, &who, *problem, &body).await.into())
        }
        (Err(stop), _) => Err(stop),
    }
}

fn may_be_answered(stop: &Rejection) -> bool {
    match stop {
        Rejection::Answered => true,
        Rejection::Problem(problem) => matches!(problem.code.status(), 404 | 409 | 412 | 422 | 503),
        Rejection::Replay(_) | Rejection::Duplicate(_) => false,
    }
}

async fn replay(app: &App, key: &IdempotencyKey, stop: Rejection) -> Result<Outcome, Rejection> {
    match app.unscoped().saved_answer(key, app.clock.now()).await? {
        Some(saved) if saved.fingerprint == key.fingerprint => Err(Rejection::Replay(Box::new(saved))),
        Some(_) => Err(Problem::new(Code::IdempotencyConflict, "Use a new Idempotency-Key for a new request").into()),
        None => Err(stop),
    }
}

fn outcome<T: Shown>(shown: T, envelope: bool) -> Result<Outcome, Rejection> {
    let mut answer = shown.into_answer();
    let headers = answer.headers();
    let body = match answer.take_raw() {
        Some(content) => content,
        None if answer.status == 204 => Vec::new(),
        None if envelope => answer.body().map_err(Problem::internal)?.into_bytes(),
        None => serde_json::to_vec(&answer.data).map_err(Problem::internal)?,
    };
    Ok(Outcome { status: answer.status, headers, body })
}

/// The cursor sent; empty without one.
fn cursor_text(incoming: &Incoming) -> &str {
    incoming.pairs.iter().find(|(name, _)| name == "cursor").map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// Route, filters and order of a list: what stays the same between its pages.
fn filters(incoming: &Incoming) -> Arc<str> {
    let mut pairs: Vec<String> =
        incoming.pairs.iter().filter(|(name, _)| name != "cursor" && name != "limit").map(|(name, value)| format!("{name}={value:?}")).collect();
    pairs.sort_unstable();
    format!("{} {}?{}", incoming.route, incoming.parameters.join("/"), pairs.join("&")).into()
}

/// Wrong fields with the references that cannot be used, so that all are named at once.
async fn with_references<I: Identity, B: FromBody>(app: &App, who: &I, problem: Problem, body: &[u8]) -> Problem {
    let Some(authenticated) = who.authenticated().filter(|_| problem.code == Code::Validation) else { return problem };
    let is_named = |pointer: &str| problem.errors.iter().any(|error| error.pointer == pointer);
    let named: Vec<_> = B::references(body).into_iter().filter(|(pointer, _)| !is_named(pointer)).take(MOST_ERRORS).collect();
    match app.unusable(&authenticated.caller, named).await {
        Ok(unusable) if !unusable.is_empty() => {
            let unusable = unusable.into_iter().map(|pointer| FieldError::new(pointer, "reference", ABSENT));
            Problem::fields(problem.errors.into_iter().chain(unusable).collect())
        }
        // The fields that are known to be wrong are answered, whatever became of the rest.
        _ => problem,
    }
}

/// The same as [`parse`] for a change that may repeat what was read: fields as they are now are left
/// out, and others that cannot be changed are read-only rather than unknown. What the system kept meanwhile
/// is left out too where the request is about the present version. `None` where there is nothing to
/// compare with.
async fn parse_changes<P: FromPath, Q: Query, B: FromBody>(
    app: &App,
    incoming: &mut Incoming,
    reading: &mut Option<Reading>,
) -> Option<Result<Parsed<P, Q, B>, Problem>> {
    let present = match present(app, reading).await {
        Ok(present) => present?,
        Err(absent) => return Some(Err(absent)),
    };
    let versioned = incoming.headers.if_match.is_some() || present.is_of_version(&incoming.body);
    incoming.body = present.left_out(&incoming.body)?;
    let mut parsed = parse(incoming);
    if let (Ok(Parsed { wrong, .. }), true) = (&parsed, versioned)
        && !wrong.is_empty()
    {
        incoming.body = present.kept_left_out(&incoming.body, wrong)?;
        parsed = parse(incoming);
    }
    Some(parsed.map(|parsed| Parsed { wrong: present.read_only(parsed.wrong), ..parsed }))
}

/// A request as far as it was understood.
struct Parsed<P, Q, B: FromBody> {
    path: P,
    query: Option<Arc<Q>>,
    /// What did parse of the body.
    sent: Option<Arc<B::Sent>>,
    /// The body, where all of it did.
    whole: Option<Arc<B>>,
    /// Wrong parameters and wrong fields.
    wrong: Vec<FieldError>,
}

impl<P, Q, B: FromBody> Parsed<P, Q, B> {
    /// What a loader is given; nothing, where there is no body whose fields it could find wrong.
    fn loadable(&self) -> Option<(&Arc<Q>, &Arc<B::Sent>)> {
        self.query.as_ref().zip(self.sent.as_ref()).filter(|_| B::EXPECTED || self.wrong.is_empty())
    }
}

/// Path, query and body, with all that is wrong with them, or another problem.
fn parse<P: FromPath, Q: Query, B: FromBody>(incoming: &Incoming) -> Result<Parsed<P, Q, B>, Problem> {
    if incoming.body.len() > MAX_BODY {
        return Err(Problem::new(Code::TooLarge, format!("A body may have {MAX_BODY} bytes; this one has {}", incoming.body.len())));
    }
    let path = P::from_path(&incoming.parameters).ok_or_else(Problem::not_found)?;
    let mut errors = Errors::at("?");
    let query = Q::parse_query(&incoming.pairs, &mut errors);
    let mut wrong: Vec<FieldError> = errors.into_list();
    // Whether it belongs to the list is seen by reading on from it; what is no cursor at all is told with the rest.
    let cursor = cursor_text(incoming);
    if query.is_none() && !cursor.is_empty() && !Cursor::is_one(cursor) && !wrong.iter().any(|error| error.pointer == "?cursor") {
        wrong.push(Problem::no_cursor());
    }
    // Rules look at the body whatever the query.
    let query = query.or_else(|| Q::parse_query(&[], &mut Errors::at("?")));
    let body = B::read(&incoming.body, incoming.headers.content_type.as_deref())?;
    wrong.extend(body.wrong);
    Ok(Parsed { path, query: query.map(Arc::new), sent: body.sent.map(Arc::new), whole: body.whole.map(Arc::new), wrong })
}
