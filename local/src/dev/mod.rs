//! Pages under `/dev`, for who works with the embedded run: they are in no deployment, and shown to who calls this machine by its own
//! name alone.

mod dashboard;

use http::{Method, StatusCode, header};
use lambda_http::{Body, Request, Response};

/// The names that a machine has for itself.
const OWN: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// What a request is answered that asks for one of these pages; `None` is for the API.
pub fn answer(request: &Request) -> Option<Response<Body>> {
    let page = match request.uri().path() {
        "/dev/dashboard" => dashboard::PAGE,
        _ => return None,
    };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |(host, _)| host);
    let mut response = Response::new(Body::Empty);
    if !OWN.contains(&host) || request.method() != Method::GET {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Some(response);
    }
    *response.body_mut() = Body::from(page);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(POLICY));
    Some(response)
}

/// Nothing from elsewhere, and nobody shows it in a frame.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, host: &str) -> Option<Response<Body>> {
        let request = http::Request::builder().uri(path).header("host", host).body(Body::Empty).expect("a request");
        answer(&request)
    }

    #[test]
    fn the_dashboard_is_shown_to_this_machine_alone_and_takes_nothing_from_elsewhere() {
        for host in ["127.0.0.1:9000", "localhost:9000", "[::1]:9000", "localhost"] {
            let page = asked("/dev/dashboard", host).expect("a page");
            assert_eq!((page.status(), &page.headers()["content-type"]), (StatusCode::OK, &"text/html; charset=utf-8".parse().expect("a value")));
            let Body::Text(html) = page.body() else { panic!("no text") };
            assert!(html.contains("/dashboard/me"));
            for foreign in ["http:", "https:", "//cdn", "@import", "src=", "<link"] {
                assert!(!html.contains(foreign), "{foreign}");
            }
        }
        // A page from elsewhere whose name was made to lead here is told nothing.
        assert_eq!(asked("/dev/dashboard", "evil.example:9000").expect("an answer").status(), StatusCode::NOT_FOUND);
        assert!(asked("/api/v1/dashboard", "localhost").is_none() && asked("/dev/dashboards", "localhost").is_none());
    }
}
