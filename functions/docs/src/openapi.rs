//! `GET /openapi.json`: the OpenAPI document, as it was generated from the routes.

use edge::{Answer, Rejection, Request, Route};
use serde_json::Value;

/// The document.
pub const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

pub(crate) fn route() -> Route {
    Route::get("/openapi.json", "openapi").public().about("Operations", "This API as OpenAPI 3.1").bare("application/json").handle(handle)
}

async fn handle(_: Request<()>) -> Result<Answer<Value>, Rejection> {
    let headers = vec![("cache-control".to_owned(), "no-cache".to_owned())];
    Ok(Answer::raw(DOCUMENT.as_bytes().to_vec(), headers))
}
