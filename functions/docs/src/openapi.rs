//! `GET /openapi.json`: the OpenAPI document, as it was generated from the routes, with the address of
//! the deployment as its server.

use crate::stored::{Stored, Whole};
use edge::{Answer, Problem, Rejection, Request, Route};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The document up to the address of its server.
const DOCUMENT: Stored = include!(concat!(env!("OUT_DIR"), "/openapi.rs"));

pub(crate) fn route() -> Route {
    Route::get("/openapi.json", "openapi")
        .public()
        .about("Operations", "This API as OpenAPI 3.1")
        .bare("application/json")
        .cacheable()
        .head()
        .handle(handle)
}

async fn handle(request: Request<()>) -> Result<Answer<Value>, Rejection> {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    let whole = match WHOLE.get() {
        Some(whole) => whole,
        None => {
            let made = served_at(&request.app.config.public_url).map_err(Problem::internal)?;
            WHOLE.get_or_init(|| made)
        }
    };
    whole.answer(&request.headers, Vec::new())
}

/// The document of a deployment at this address; without one it is the address that was called.
fn served_at(public_url: &str) -> std::io::Result<Whole> {
    let url = if public_url.is_empty() { "/" } else { public_url };
    DOCUMENT.with(&format!("{}}}]}}", json!(url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_whole_and_names_its_server() {
        let document = |url: &str| serde_json::from_slice::<Value>(&served_at(url).expect("made").plain().expect("gzip")).expect("JSON");
        let committed: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).expect("JSON");
        assert_eq!(document(""), committed);
        assert_eq!(document("https://crm.example.com/\"")["servers"], json!([{"url": "https://crm.example.com/\""}]));
    }
}
