//! Pages for whoever works on the CRM or tries it, in the embedded run alone, for a browser on the same machine: below `/dev`.

mod dashboard;
mod events;
mod mailbox;

use crate::Embedded;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use lambda_http::{Body, Response};

/// Where they are.
pub const BASE: &str = "/dev/";

/// Hosts that are this machine: another name that leads here is somebody else's page, which a browser would let read on.
const HERE: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The answer to a request below [`BASE`].
pub(crate) async fn answer(crm: &Embedded, request: &lambda_http::Request) -> Response<Body> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |(name, _)| name);
    if !HERE.iter().any(|here| here.eq_ignore_ascii_case(name)) {
        return plain(StatusCode::FORBIDDEN, "This page is for this machine alone: call it by 127.0.0.1 or localhost.");
    }
    let path = request.uri().path().trim_start_matches(BASE);
    let found = match (request.method(), path.strip_prefix("mailbox"), path.strip_prefix("events")) {
        (&Method::GET, _, _) if path == "dashboard" => Some(page("text/html; charset=utf-8", dashboard::POLICY, dashboard::PAGE.to_owned())),
        (&Method::GET, Some(rest), _) => mailbox::answer(crm, rest).await,
        (&Method::GET, _, Some(rest)) => events::show(crm, rest).await,
        (&Method::POST, _, _) if !is_own(request.headers(), host) => {
            return plain(StatusCode::FORBIDDEN, "Nothing is changed for a page from elsewhere: press the buttons of this one.");
        }
        (&Method::POST, _, Some(rest)) => events::press(crm, rest).await,
        (&Method::GET | &Method::POST, _, _) => None,
        _ => return plain(StatusCode::METHOD_NOT_ALLOWED, "There is nothing to change here."),
    };
    found.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "There is no such page."))
}

/// Whether a browser says that a page of this very host asks, as each does that is asked to change something
/// (<https://fetch.spec.whatwg.org/#origin-header>, <https://www.w3.org/TR/fetch-metadata/>).
fn is_own(headers: &HeaderMap, host: &str) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let (origin, site) = (said("origin"), said("sec-fetch-site"));
    let is_same = site.is_none_or(|site| site == "same-origin");
    match origin {
        Some(origin) => is_same && origin.strip_prefix("http://") == Some(host),
        None => is_same && site.is_some(),
    }
}

/// A page of a kind, with what it may load.
pub(crate) fn page(kind: &'static str, policy: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A few words.
pub(crate) fn plain(status: StatusCode, words: &str) -> Response<Body> {
    let mut response = page("text/plain; charset=utf-8", "default-src 'none'", format!("{words}\n"));
    *response.status_mut() = status;
    response
}
