//! What answers where no route is: in the deployed API each route is a function of its own, and this
//! one gets what is left, so that a wrong path is 404 and a wrong method 405 as anywhere else.
//!
//! It knows the methods and paths of the whole API from a table that `build.rs` made of the OpenAPI
//! document.

use edge::BASE;
use edge::{Answer, Problem, Rejection, Request, Route};

/// The handler's name in the template.
pub const NAME: &str = "not_found";

include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// Every path and method of the API, none of which this function answers itself.
pub fn routes() -> Vec<Route> {
    ROUTES.iter().filter_map(|(method, path)| stand_in(path.strip_prefix(BASE)?, method)).collect()
}

/// A route that says where the real one is: it is only asked for a path that ends in a slash.
fn stand_in(path: &'static str, method: &str) -> Option<Route> {
    let draft = match method {
        "get" => Route::get(path, NAME),
        "post" => Route::post(path, NAME),
        // The router answers PUT wherever there is a PATCH.
        "patch" => Route::patch(path, NAME),
        "put" => Route::put(path, NAME),
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
