//! Links by which customers say that they want no messages.

pub mod get;
pub mod unsubscribe;

use edge::application::UnsubscribeToken;
use edge::{Answer, App, Problem, Rejection, Route};

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![get::route(), unsubscribe::route()]
}

/// What they answer.
const PAGE: &str = "text/html; charset=utf-8";

/// A plain page: a title, and what stands below it.
fn page(title: &str, body: &str) -> Answer<String> {
    let style = "body{font-family:system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#1f2937}\
                 button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#1d4ed8;color:#fff;cursor:pointer}";
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = [("content-security-policy", policy), ("referrer-policy", "no-referrer"), ("cache-control", "no-store")];
    Answer::raw(html.into_bytes(), headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
}

/// What a link says; one that is not ours is not there.
async fn said(app: &App, token: &UnsubscribeToken) -> Result<domain::unsubscribe::Unsubscribe, Rejection> {
    let said = app.unsubscribing(token).await.map_err(|error| Problem::internal(error.to_string()))?;
    said.ok_or_else(|| edge::application::Error::NotFound.into())
}
