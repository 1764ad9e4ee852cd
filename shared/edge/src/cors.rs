//! Cross-origin requests: known origins only. The gateway answers preflights by the same list; this
//! module does it where there is no gateway.

use http::HeaderMap;

/// How long a browser may keep a preflight's answer, seconds.
const MAX_AGE: &str = "600";
/// What a browser may send.
pub const ALLOWED_HEADERS: [&str; 5] = ["authorization", "content-type", "idempotency-key", "if-match", "x-request-id"];
/// What a script may read.
pub const EXPOSED_HEADERS: [&str; 5] = ["etag", "location", "retry-after", "x-request-id", "idempotency-replayed"];
/// What a browser may ask for.
pub const ALLOWED_METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The headers for an answer to this origin; none for an unknown one.
pub(crate) fn headers(origin: Option<&str>, allowed: &[String], preflight: bool) -> Vec<(String, String)> {
    let Some(origin) = origin.filter(|origin| allowed.iter().any(|known| known == origin || known == "*")) else { return Vec::new() };
    let mut headers = vec![
        ("access-control-allow-origin".to_owned(), origin.to_owned()),
        ("vary".to_owned(), "origin".to_owned()),
        ("access-control-expose-headers".to_owned(), EXPOSED_HEADERS.join(",")),
    ];
    if preflight {
        headers.push(("access-control-allow-methods".to_owned(), ALLOWED_METHODS.join(",")));
        headers.push(("access-control-allow-headers".to_owned(), ALLOWED_HEADERS.join(",")));
        headers.push(("access-control-max-age".to_owned(), MAX_AGE.to_owned()));
    }
    headers
}

/// Whether this is a preflight.
pub(crate) fn is_preflight(method: &http::Method, headers: &HeaderMap) -> bool {
    method == http::Method::OPTIONS && headers.contains_key("access-control-request-method")
}
