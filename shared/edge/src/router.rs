//! A request's way through the edge.

use crate::cors;
use crate::problem::{Code, Problem, Rejection};
use crate::request::{Authenticated, Context, FromBody, FromPath, Identity, Request, Shown};
use crate::route::{Access, Route};
use application::App;
use contract::{Errors, FieldError, Query};
use domain::{Caller, Permission};
use http::{HeaderMap, Method, StatusCode};
use lambda_http::{Body, Request as HttpRequest, RequestExt, Response};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use store::{IdempotencyKey, SavedAnswer, Store};

/// What every path begins with.
pub const BASE: &str = "/api/v1";
/// Largest body, bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// A request taken apart.
pub struct Incoming {
    route: &'static str,
    access: Access,
    before_password_change: bool,
    envelope: bool,
    parameters: Vec<String>,
    pairs: Vec<(String, String)>,
    body: Vec<u8>,
    headers: Headers,
    is_post: bool,
    user: Arc<std::sync::OnceLock<String>>,
}

/// Headers that mean something to the API.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    /// The access token.
    pub(crate) token: Option<String>,
    /// `Content-Type`.
    pub(crate) content_type: Option<String>,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `Idempotency-Key`.
    pub(crate) idempotency_key: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `Accept-Encoding`.
    pub accept_encoding: Option<String>,
    /// The client's address as the gateway saw it.
    pub source_ip: String,
}

impl Headers {
    fn read(headers: &HeaderMap, source_ip: String) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bearer = |value: String| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        };
        Self {
            // A header that is there but holds no bearer token is a bad token, not a missing one.
            token: text("authorization").map(|value| bearer(value).unwrap_or_default()),
            content_type: text("content-type"),
            if_match: text("if-match"),
            idempotency_key: headers.get("idempotency-key").map(|value| value.to_str().unwrap_or_default().to_owned()),
            user_agent: text("user-agent"),
            if_none_match: text("if-none-match"),
            accept_encoding: text("accept-encoding"),
            source_ip,
        }
    }
}

/// An answer before it becomes a response.
pub struct Outcome {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Outcome {
    fn replay(saved: SavedAnswer) -> Self {
        let mut headers = saved.headers;
        headers.push(("idempotency-replayed".to_owned(), "true".to_owned()));
        Self { status: saved.status, headers, body: saved.body.into_bytes() }
    }
}

/// Who sent the token, as the token says, before the table was asked.
async fn presumed(app: &App, incoming: &Incoming) -> Result<Option<Authenticated>, Rejection> {
    let token = match (&incoming.headers.token, incoming.access) {
        (_, Access::Public) | (None, Access::Optional) => return Ok(None),
        (None, _) => return Err(Problem::unauthenticated().into()),
        (Some(token), _) => token,
    };
    let claims = app.claims(token).await?;
    let Some(claims) = claims else { return nobody(incoming.access) };
    let grants = app.presumed_grants(claims.role);
    let caller = Caller { id: claims.sub, name: String::new(), role: claims.role, team: claims.team, managed: claims.teams, grants };
    Ok(Some(Authenticated { caller, session: claims.sid, auth: None }))
}

/// A token that does not count: nobody where a token is optional, else a problem.
fn nobody<T>(access: Access) -> Result<Option<T>, Rejection> {
    if access == Access::Optional { Ok(None) } else { Err(Problem::unauthenticated().into()) }
}

/// Who it really is, by the sign-in state and the grants in force.
async fn confirmed(app: &App, access: Access, presumed: Option<&Authenticated>) -> Result<Option<Authenticated>, Rejection> {
    let Some(presumed) = presumed else { return Ok(None) };
    let (auth, grants) = tokio::join!(app.unscoped().auth(presumed.caller.id), app.grants_of(presumed.caller.role));
    let now = app.clock.now();
    let auth = auth?.filter(|auth| auth.has_session(presumed.session, now));
    let Some(auth) = auth else { return nobody(access) };
    let grants = if auth.role == presumed.caller.role { grants? } else { app.grants_of(auth.role).await? };
    let caller = Caller { id: auth.user_id, name: auth.name.clone(), role: auth.role, team: auth.team_id, managed: auth.managed.clone(), grants };
    Ok(Some(Authenticated { caller, session: presumed.session, auth: Some(auth) }))
}

fn permission_of(access: Access) -> Option<Permission> {
    if let Access::Needs(permission) = access { Some(permission) } else { None }
}

/// Whether two views of a caller lead to the same reads.
fn same(a: Option<&Authenticated>, b: Option<&Authenticated>) -> bool {
    let view = |signed: &Authenticated| {
        let caller = &signed.caller;
        (caller.id, caller.role, caller.team, caller.managed.clone(), caller.grants.clone())
    };
    a.map(view) == b.map(view)
}

fn idempotency_of(incoming: &Incoming, who: Option<&Authenticated>) -> Result<Option<IdempotencyKey>, Problem> {
    let (Some(key), Some(who)) = (&incoming.headers.idempotency_key, who.filter(|_| incoming.is_post)) else { return Ok(None) };
    if !(1..=255).contains(&key.len()) {
        return Err(Problem::field("Idempotency-Key", "length", "must have 1 to 255 visible characters"));
    }
    let place = format!("{} {}", incoming.route, incoming.parameters.join("/"));
    let query = format!("{:?}", incoming.pairs);
    Ok(Some(IdempotencyKey::new(who.caller.id, &format!("{place} {query}"), key, &incoming.body)))
}

/// The typed part of a request's way: parse, authenticate and load at once, authorise, handle.
pub(crate) async fn respond<I, P, Q, B, L, T, LoadFn, LoadFut, H, Fut>(
    app: App,
    incoming: Incoming,
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
    LoadFn: Fn(Context<I, P, Q>, Arc<B>) -> LoadFut,
    LoadFut: Future<Output = Result<L, Rejection>> + Send,
    H: Fn(Request<I, P, Q, B>, L) -> Fut,
    Fut: Future<Output = Result<T, Rejection>> + Send,
{
    let permission = permission_of(incoming.access);
    let presumed = presumed(&app, &incoming).await?;
    let parsed = parse::<P, Q, B>(&incoming);
    // The reading may begin before the caller is confirmed, but nothing of it is used before.
    let seen = |who: I, path: &P, query: &Arc<Q>| Context {
        app: app.clone(),
        who,
        path: path.clone(),
        query: query.clone(),
        cursor_text: incoming.pairs.iter().find(|(name, _)| name == "cursor").map(|(_, value)| value.clone()).unwrap_or_default(),
        filters: filters(&incoming),
    };
    let early = async {
        match (&parsed, I::from_authenticated(presumed.clone(), permission)) {
            (Ok((path, query, body)), Ok(who)) => Some(Box::pin(load(seen(who, path, query), body.clone())).await),
            _ => None,
        }
    };
    let (confirmed, early) = tokio::join!(confirmed(&app, incoming.access, presumed.as_ref()), early);
    let confirmed = confirmed?;
    if let Some(signed) = &confirmed {
        let _ = incoming.user.set(signed.caller.id.to_string());
        if signed.auth.as_ref().is_some_and(|auth| auth.must_change_password) && !incoming.before_password_change {
            return Err(Problem::new(Code::PasswordChangeRequired, "Set a new password with POST /auth/password").into());
        }
    }
    let who = I::from_authenticated(confirmed.clone(), permission)?;
    let idempotency = idempotency_of(&incoming, confirmed.as_ref());
    let (path, query, body) = parsed?;
    let idempotency = idempotency?;
    let loaded = match early {
        Some(loaded) if same(presumed.as_ref(), confirmed.as_ref()) => loaded,
        _ => Box::pin(load(seen(who.clone(), &path, &query), body.clone())).await,
    };
    let envelope = incoming.envelope;
    let call = Request { app: app.clone(), who, path, query, body, headers: incoming.headers, idempotency: idempotency.clone() };
    let handled = match loaded {
        Ok(loaded) => Box::pin(handler(call, loaded)).await,
        Err(stop) => Err(stop),
    };
    match (handled, idempotency) {
        (Ok(shown), _) => outcome(shown, envelope),
        // Whoever meets a refusal under a key that was used gets what was answered then.
        (Err(stop), Some(key)) if may_be_answered(&stop) => replay(&app, &key, stop).await,
        (Err(stop), _) => Err(stop),
    }
}

fn may_be_answered(stop: &Rejection) -> bool {
    match stop {
        Rejection::Answered => true,
        Rejection::Problem(problem) => matches!(problem.code.status(), 404 | 409 | 412 | 503),
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
    let mut answer = shown.into_answer()?;
    let headers = answer.headers();
    let body = match answer.take_raw() {
        Some(content) => content,
        None if answer.status == 204 => Vec::new(),
        None if envelope => answer.body().map_err(Problem::internal)?.into_bytes(),
        None => serde_json::to_vec(&answer.data).map_err(Problem::internal)?,
    };
    Ok(Outcome { status: answer.status, headers, body })
}

/// Route, filters and order of a list: what stays the same between its pages.
fn filters(incoming: &Incoming) -> Arc<str> {
    let mut pairs: Vec<String> =
        incoming.pairs.iter().filter(|(name, _)| name != "cursor" && name != "limit").map(|(name, value)| format!("{name}={value:?}")).collect();
    pairs.sort_unstable();
    format!("{}?{}", incoming.route, pairs.join("&")).into()
}

type Parsed<P, Q, B> = (P, Arc<Q>, Arc<B>);

/// Path, query and body, or the problem; wrong query parameters and wrong fields are named together.
fn parse<P: FromPath, Q: Query, B: FromBody>(incoming: &Incoming) -> Result<Parsed<P, Q, B>, Problem> {
    if incoming.body.len() > MAX_BODY {
        return Err(Problem::new(Code::TooLarge, format!("A body may have {MAX_BODY} bytes; this one has {}", incoming.body.len())));
    }
    let path = P::from_path(&incoming.parameters).ok_or_else(Problem::not_found)?;
    let mut errors = Errors::at("?");
    let query = Q::parse_query(&incoming.pairs, &mut errors);
    let mut wrong: Vec<FieldError> = errors.into_list();
    let body = B::from_body(&incoming.body, incoming.headers.content_type.as_deref());
    match (query, body) {
        (Some(query), Ok(body)) if wrong.is_empty() => Ok((path, Arc::new(query), Arc::new(body))),
        (_, Err(problem)) if problem.code != Code::Validation => Err(problem),
        (_, body) => {
            wrong.extend(body.err().map(|problem| problem.errors).unwrap_or_default());
            Err(Problem::fields(wrong))
        }
    }
}

/// Routes by method and path.
pub struct Router {
    paths: matchit::Router<usize>,
    routes: Vec<HashMap<Method, Route>>,
    stores: HashMap<&'static str, Store>,
}

/// A path or method that leads nowhere.
struct Nowhere {
    problem: Problem,
    /// The methods that are possible at the path.
    allow: Option<String>,
}

/// A set of routes that cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("route {0} cannot be served: {1}")]
pub struct RouterError(String, String);

impl Router {
    /// Serves these routes. A PATCH route answers PUT at its path in the same way.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Result<Self, RouterError> {
        let mut paths = matchit::Router::new();
        let mut by_path: HashMap<&'static str, usize> = HashMap::new();
        let mut table: Vec<HashMap<Method, Route>> = Vec::new();
        for route in routes {
            let at = match by_path.get(route.path) {
                Some(at) => *at,
                None => {
                    let at = table.len();
                    paths.insert(format!("{BASE}{}", route.path), at).map_err(|e| RouterError(route.name.into(), e.to_string()))?;
                    by_path.insert(route.path, at);
                    table.push(HashMap::new());
                    at
                }
            };
            if route.method == Method::PATCH {
                table[at].insert(Method::PUT, route.clone());
            }
            if table[at].insert(route.method.clone(), route.clone()).is_some() {
                return Err(RouterError(route.name.into(), "its method and path are in use".into()));
            }
        }
        Ok(Self { paths, routes: table, stores: HashMap::new() })
    }

    /// With a view of the table for each route, by its name: where one process serves them all, each
    /// still has only what its own function would have.
    #[must_use]
    pub fn with_store_per_route(mut self, stores: HashMap<&'static str, Store>) -> Self {
        self.stores = stores;
        self
    }

    /// The route for a method and path with its path parameters, or why there is none.
    fn find(&self, method: &Method, path: &str) -> Result<(&Route, Vec<String>), Box<Nowhere>> {
        let Ok(found) = self.paths.at(path) else {
            let problem = Problem::new(Code::NotFound, format!("There is no {path}; GET {BASE}/docs lists the routes"));
            return Err(Box::new(Nowhere { problem, allow: None }));
        };
        let methods = &self.routes[*found.value];
        if let Some(route) = methods.get(method) {
            return Ok((route, found.params.iter().map(|(_, value)| value.to_owned()).collect()));
        }
        let mut allowed: Vec<&str> = methods.keys().map(Method::as_str).collect();
        allowed.sort_unstable();
        let allow = allowed.join(", ");
        let problem = Problem::new(Code::MethodNotAllowed, format!("{method} is not possible here; possible are {allow}"));
        Err(Box::new(Nowhere { problem, allow: Some(allow) }))
    }

    /// Answers a request. Never fails: what goes wrong becomes a problem.
    pub async fn answer(&self, app: &App, request: HttpRequest) -> Response<Body> {
        let started = Instant::now();
        let request_id = request_id(&request);
        let origin = request.headers().get("origin").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let preflight = cors::is_preflight(request.method(), request.headers());
        let cors = cors::headers(origin.as_deref(), &app.config.cors_origins, preflight);
        if preflight {
            return response(204, &cors, Vec::new(), &request_id, None);
        }
        let method = request.method().clone();
        let (route, incoming, user) = match self.find(&method, request.uri().path()) {
            Ok((route, parameters)) => {
                let user = Arc::default();
                (route, take_apart(route, parameters, request, &user), user)
            }
            Err(nowhere) => {
                let mut headers = cors;
                headers.extend(nowhere.allow.map(|allow| ("allow".to_owned(), allow)));
                return problem_response(app, &nowhere.problem, headers, &request_id);
            }
        };
        let app = app.on_store(self.stores.get(route.name).unwrap_or(app.unscoped()));
        let user: Arc<std::sync::OnceLock<String>> = user;
        let stopped = messaging::batch::guarded(async { Ok::<_, String>((route.handler)(app.clone(), incoming).await) }).await;
        let mut headers = cors;
        let answer = match stopped {
            Ok(Ok(outcome)) => {
                headers.extend(outcome.headers);
                response(outcome.status, &headers, outcome.body, &request_id, Some(route.media_type))
            }
            Ok(Err(Rejection::Replay(saved))) => {
                let outcome = Outcome::replay(*saved);
                headers.extend(outcome.headers);
                response(outcome.status, &headers, outcome.body, &request_id, Some(route.media_type))
            }
            Ok(Err(Rejection::Problem(problem))) => {
                note(route.name, &problem);
                problem_response(&app, &problem, headers, &request_id)
            }
            Ok(Err(Rejection::Answered)) => problem_response(&app, &Problem::busy("answered elsewhere"), headers, &request_id),
            Ok(Err(Rejection::Duplicate(error))) => problem_response(&app, &Problem::of_store(*error), headers, &request_id),
            Err(panic) => {
                let problem = Problem::internal(panic);
                note(route.name, &problem);
                problem_response(&app, &problem, headers, &request_id)
            }
        };
        let usage = app.usage();
        tracing::info!(
            target: application::log::TARGET,
            requestId = &*request_id,
            route = route.name,
            user = user.get().map(String::as_str),
            status = answer.status().as_u16(),
            ms = started.elapsed().as_micros() as f64 / 1000.0,
            rru = usage.read,
            wru = usage.write,
            trips = usage.trips,
        );
        answer
    }
}

fn note(route: &str, problem: &Problem) {
    if let Some(cause) = &problem.cause {
        application::log::fault(route, cause);
    }
}

fn request_id(request: &HttpRequest) -> Arc<str> {
    match request.request_context_ref() {
        Some(lambda_http::request::RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default().into(),
        _ => request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default().into(),
    }
}

fn take_apart(route: &Route, parameters: Vec<String>, request: HttpRequest, user: &Arc<std::sync::OnceLock<String>>) -> Incoming {
    let source_ip = match request.request_context_ref() {
        Some(lambda_http::request::RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let headers = Headers::read(request.headers(), source_ip);
    let query = request.uri().query().unwrap_or_default().to_owned();
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Incoming {
        route: route.name,
        access: route.access,
        before_password_change: route.before_password_change,
        envelope: route.envelope,
        parameters,
        pairs,
        headers,
        is_post: route.method == Method::POST && !route.path.starts_with("/auth/"),
        user: user.clone(),
        body: match request.into_body() {
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        },
    }
}

fn problem_response(app: &App, problem: &Problem, mut headers: Vec<(String, String)>, request_id: &str) -> Response<Body> {
    if let Some(seconds) = problem.retry_after {
        headers.push(("retry-after".to_owned(), seconds.to_string()));
    }
    if problem.code.status() == 401 {
        headers.push(("www-authenticate".to_owned(), "Bearer".to_owned()));
    }
    let body = problem.body(&app.config.public_url, request_id).to_string().into_bytes();
    response(problem.code.status(), &headers, body, request_id, Some("application/problem+json"))
}

/// The response. Records are personal, so nothing on the way may keep them.
fn response(status: u16, headers: &[(String, String)], body: Vec<u8>, request_id: &str, media_type: Option<&str>) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut put = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    };
    put("x-request-id", request_id);
    put("cache-control", "no-store");
    put("x-content-type-options", "nosniff");
    if let Some(media_type) = media_type.filter(|_| !body.is_empty()) {
        put("content-type", media_type);
    }
    for (name, value) in headers {
        put(name, value);
    }
    if !body.is_empty() {
        *response.body_mut() = match String::from_utf8(body) {
            Ok(text) => Body::Text(text),
            Err(error) => Body::Binary(error.into_bytes()),
        };
    }
    response
}
