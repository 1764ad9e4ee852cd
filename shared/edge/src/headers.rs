//! The headers of a request that mean something to the API, its credentials among them.

use http::HeaderMap;

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
    pub(crate) fn read(headers: &HeaderMap, source_ip: String) -> Self {
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
