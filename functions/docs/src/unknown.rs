//! What answers where no route is: in the deployed API each route is a function of its own, and this
//! one gets what is left, so that a wrong path is 404 and a wrong method 405 as anywhere else.
//!
//! It knows the paths and methods of the whole API from the OpenAPI document.

use crate::openapi::DOCUMENT;
use edge::router::BASE;
use edge::{Answer, Problem, Rejection, Request, Route};
use serde_json::{Map, Value};

/// The handler's name in the template.
pub const NAME: &str = "not_found";

/// Every path and method of the API, none of which this function answers itself.
pub fn routes() -> Vec<Route> {
    let document: Map<String, Value> = serde_json::from_str(DOCUMENT).unwrap_or_default();
    let paths = document.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
    let known = paths.iter().filter_map(|(path, item)| Some((path.strip_prefix(BASE)?, item.as_object()?)));
    known.flat_map(|(path, item)| item.keys().filter_map(|method| stand_in(path, method, item)).collect::<Vec<_>>()).collect()
}

/// A route that says where the real one is: it is only asked for a path that ends in a slash.
fn stand_in(path: &str, method: &str, item: &Map<String, Value>) -> Option<Route> {
    // Made once per process, and a route's path lives as long as the process.
    let path: &'static str = String::leak(path.to_owned());
    let draft = match method {
        "get" => Route::get(path, NAME),
        "post" => Route::post(path, NAME),
        "patch" => Route::patch(path, NAME),
        // The router answers PUT wherever there is a PATCH.
        "put" if !item.contains_key("patch") => Route::put(path, NAME),
        "delete" => Route::delete(path, NAME),
        _ => return None,
    };
    Some(draft.public().handle(handle))
}

async fn handle(_: Request<()>) -> Result<Answer<()>, Rejection> {
    Err(Problem::new(edge::Code::NotFound, "Addresses here do not end in a slash").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_api_can_be_told_from_an_unknown_path() {
        let routes = routes();
        assert!(routes.iter().any(|route| route.path == "/health"));
        assert!(edge::Router::new(routes).is_ok());
    }
}
