//! Finds the route of a request, and makes its response of what the route answers.

use crate::answer::BASE;
use crate::cors;
use crate::headers::Headers;
use crate::pipeline::{Incoming, Outcome, Reading};
use crate::problem::{Code, Problem, Rejection};
use crate::route::Route;
use application::App;
use http::{Method, StatusCode};
use lambda_http::{Body, Request as HttpRequest, RequestExt, Response};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;

/// How long a request is worked on, seconds: less than its function may take, so that there is time for an answer.
pub const DEADLINE_SECONDS: u64 = 9;

/// Routes by method and path.
pub struct Router {
    paths: matchit::Router<usize>,
    routes: Vec<HashMap<Method, Route>>,
    stores: HashMap<&'static str, Store>,
}

/// Where a method and path lead.
struct Found<'a> {
    route: &'a Route,
    parameters: Vec<String>,
    /// For a change, the route that reads what is changed.
    reading: Option<&'a Route>,
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
    /// Serves these routes. A PATCH route answers PUT at its path in the same way, and a GET route that
    /// says so answers HEAD, with everything but the body.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Result<Self, RouterError> {
        let routes = routes.into_iter();
        let mut paths = matchit::Router::new();
        let mut by_path: HashMap<&'static str, usize> = HashMap::with_capacity(routes.size_hint().0);
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
            for method in route.methods() {
                if table[at].insert(method, route.clone()).is_some() {
                    return Err(RouterError(route.name.into(), "its method and path are in use".into()));
                }
            }
        }
        for (change, read) in table.iter().filter_map(|methods| methods.get(&Method::PATCH).zip(methods.get(&Method::GET))) {
            let lacks = read.actions.iter().find(|action| !change.actions.contains(action));
            if let Some(action) = lacks {
                return Err(RouterError(
                    change.name.into(),
                    format!("it reads what {} shows, and does not say that it touches {action:?}", read.name),
                ));
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

    /// The route for a method and path, or why there is none.
    fn find(&self, method: &Method, path: &str) -> Result<Found<'_>, Box<Nowhere>> {
        let Ok(found) = self.paths.at(path) else {
            let problem = Problem::new(Code::NotFound, format!("There is no {path}; GET {BASE}/docs lists the routes"));
            return Err(Box::new(Nowhere { problem, allow: None }));
        };
        let methods = &self.routes[*found.value];
        if let Some(route) = methods.get(method) {
            let reading = methods.get(&Method::GET).filter(|reading| reading.reads_for(route));
            let parameters = found.params.iter().map(|(_, value)| value.to_owned()).collect();
            return Ok(Found { route, parameters, reading });
        }
        let mut allowed: Vec<&str> = methods.keys().map(Method::as_str).collect();
        allowed.sort_unstable();
        let allow = allowed.join(", ");
        let problem = Problem::new(Code::MethodNotAllowed, format!("{method} is not possible here; possible are {allow}"));
        Err(Box::new(Nowhere { problem, allow: Some(allow) }))
    }

    /// Answers a request. Never fails: what goes wrong becomes a problem.
    pub async fn answer(&self, app: &App, request: HttpRequest) -> Response<Body> {
        let (id, gateway_id) = ids(&request);
        application::log::of_request(id.clone(), Some(gateway_id), Box::pin(self.respond(app, request, id))).await
    }

    async fn respond(&self, app: &App, request: HttpRequest, request_id: Arc<str>) -> Response<Body> {
        let started = Instant::now();
        let origin = request.headers().get("origin").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let preflight = cors::is_preflight(request.method(), request.headers());
        let cors = cors::headers(origin.as_deref(), &app.config.cors_origins, preflight);
        if preflight {
            return response(204, &cors, Vec::new(), &request_id, None);
        }
        let method = request.method().clone();
        let (route, incoming, user) = match self.find(&method, request.uri().path()) {
            Ok(found) => {
                let user = Arc::default();
                (found.route, take_apart(&found, request, &user), user)
            }
            Err(nowhere) => {
                let mut headers = cors;
                headers.extend(nowhere.allow.map(|allow| ("allow".to_owned(), allow)));
                return problem_response(app, &nowhere.problem, headers, &request_id);
            }
        };
        let app = app.on_store(self.stores.get(route.name).unwrap_or(app.unscoped()));
        let user: Arc<std::sync::OnceLock<String>> = user;
        let handled = messaging::batch::guarded(async { Ok::<_, String>((route.handler)(app.clone(), incoming).await) });
        let stopped = match tokio::time::timeout(Duration::from_secs(DEADLINE_SECONDS), handled).await {
            Ok(ended) => ended,
            Err(_) => Ok(Err(Problem::unreached(format!("not done within {DEADLINE_SECONDS} s")).into())),
        };
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
        let mut answer = answer;
        if method == Method::HEAD {
            *answer.body_mut() = Body::Empty;
        }
        if answer.status() == StatusCode::INTERNAL_SERVER_ERROR {
            application::metric::count_fault();
        }
        let usage = app.usage();
        tracing::info!(
            target: application::log::TARGET,
            cold = application::log::is_cold(),
            route = route.name,
            user = user.get().map(String::as_str),
            status = answer.status().as_u16(),
            ms = application::log::ms_since(started),
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

/// The id of the request, which is the caller's own where that is plain and short, and the gateway's.
fn ids(request: &HttpRequest) -> (Arc<str>, Arc<str>) {
    let gateway_id = match request.request_context_ref() {
        Some(lambda_http::request::RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default(),
    };
    let gateway_id: Arc<str> = gateway_id.into();
    let plain = |text: &&str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok()).filter(plain);
    (given.map_or_else(|| gateway_id.clone(), Arc::from), gateway_id)
}

fn take_apart(found: &Found<'_>, request: HttpRequest, user: &Arc<std::sync::OnceLock<String>>) -> Incoming {
    let source_ip = match request.request_context_ref() {
        Some(lambda_http::request::RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let headers = Headers::read(request.headers(), source_ip);
    let query = request.uri().query().unwrap_or_default().to_owned();
    let of = |route: &Route| Incoming {
        route: route.name,
        access: route.access,
        before_password_change: route.before_password_change,
        envelope: route.envelope,
        parameters: found.parameters.clone(),
        pairs: Vec::new(),
        headers: headers.clone(),
        is_post: route.method == Method::POST && !route.path.starts_with("/auth/"),
        user: user.clone(),
        body: Vec::new(),
        reading: None,
    };
    Incoming {
        pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        body: match request.into_body() {
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        },
        reading: found.reading.map(|reading| Reading { handler: reading.handler.clone(), incoming: Box::new(of(reading)), kept: reading.kept }),
        ..of(found.route)
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
