//! One HTTP request as API Gateway's HTTP API would describe it to a Lambda function (payload
//! format 2.0), and from there as the `lambda_http` request a handler takes.

use crate::clock::{Clock, SystemClock};
use crate::ids::new_id;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext, ApiGatewayV2httpRequestContextHttpDescription};
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Context, Request, RequestExt};
use std::net::IpAddr;

const DEFAULT: &str = "$default";
const SCHEME: &str = "http";

/// The request a handler gets, or none for one that API Gateway would refuse as malformed.
pub(crate) fn request(parts: &Parts, body: Bytes, peer: IpAddr) -> Option<Request> {
    let host = parts.headers.get(header::HOST)?.to_str().ok()?;
    if !parts.uri.path().starts_with('/') || !url_is_usable(host, &parts.uri) {
        return None;
    }
    let now = SystemClock.now_ms();
    let id = new_id(now);
    let event = event(parts, host, peer, now, &id);
    let body = typed_body(&parts.headers, body);
    let request = Request::from(LambdaRequest::ApiGatewayV2(event));
    let mut context = Context::default();
    context.request_id = id;
    context.deadline = u64::try_from(now).unwrap_or_default() + 30_000;
    // The body goes in here and not through the event, which would only encode it to text.
    Some(request.map(|_| body).with_lambda_context(context))
}

fn event(parts: &Parts, host: &str, peer: IpAddr, now: i64, id: &str) -> ApiGatewayV2httpRequest {
    let path = parts.uri.path().to_owned();
    let mut http = ApiGatewayV2httpRequestContextHttpDescription::default();
    http.method = parts.method.clone();
    http.path = Some(path.clone());
    http.protocol = Some(format!("{:?}", parts.version));
    http.source_ip = Some(peer.to_string());
    http.user_agent = joined(&parts.headers, &header::USER_AGENT);

    let mut context = ApiGatewayV2httpRequestContext::default();
    context.route_key = Some(DEFAULT.to_owned());
    context.stage = Some(DEFAULT.to_owned());
    context.account_id = Some(dynoxide::streams::LOCAL_ACCOUNT.to_owned());
    context.apiid = Some("local".to_owned());
    context.domain_name = Some(host.to_owned());
    context.domain_prefix = host.split('.').next().map(str::to_owned);
    context.request_id = Some(id.to_owned());
    context.time = jiff::Timestamp::from_millisecond(now).ok().map(|at| at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
    context.time_epoch = now;
    context.http = http;

    let mut event = ApiGatewayV2httpRequest::default();
    event.version = Some("2.0".to_owned());
    event.route_key = Some(DEFAULT.to_owned());
    event.raw_path = Some(path);
    event.raw_query_string = Some(parts.uri.query().unwrap_or_default().to_owned());
    event.cookies = cookies(&parts.headers);
    event.headers = headers(&parts.headers, peer);
    event.request_context = context;
    event
}

/// Whether `lambda_http` can rebuild the URL: it panics on one that it cannot parse.
fn url_is_usable(host: &str, uri: &http::Uri) -> bool {
    let whole = |url: url::Url| format!("{url}?{}", uri.query().unwrap_or_default());
    host.parse::<http::uri::Authority>().is_ok()
        && url::Url::parse(&format!("{SCHEME}://{host}{}", uri.path())).is_ok_and(|url| whole(url).parse::<http::Uri>().is_ok())
}

/// Every header once, its values joined with a comma; cookies travel apart.
fn headers(from: &HeaderMap, peer: IpAddr) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(from.keys_len() + 2);
    for name in from.keys().filter(|name| *name != header::COOKIE) {
        if let Some(value) = joined(from, name).and_then(|v| HeaderValue::try_from(v).ok()) {
            headers.insert(name.clone(), value);
        }
    }
    // As at API Gateway, what the client says about the connection is not believed.
    headers.insert("x-forwarded-proto", HeaderValue::from_static(SCHEME));
    if let Ok(peer) = HeaderValue::try_from(peer.to_string()) {
        headers.insert("x-forwarded-for", peer);
    }
    headers
}

fn joined(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter();
    let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn cookies(headers: &HeaderMap) -> Option<Vec<String>> {
    let values = headers.get_all(header::COOKIE).iter();
    let cookies: Vec<String> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(|cookie| cookie.trim().to_owned())
        .filter(|cookie| !cookie.is_empty())
        .collect();
    (!cookies.is_empty()).then_some(cookies)
}

/// Text types arrive as text, everything else base64-encoded, which `lambda_http` shows as
/// binary.
fn typed_body(headers: &HeaderMap, body: Bytes) -> Body {
    if body.is_empty() {
        return Body::Empty;
    }
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("text/plain");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(kind.as_str(), "application/json" | "application/javascript" | "application/xml");
    let body = Vec::from(body);
    if !text {
        return Body::Binary(body);
    }
    String::from_utf8(body).map_or_else(|error| Body::Binary(error.into_bytes()), Body::Text)
}
