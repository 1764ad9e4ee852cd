//! `GET /health`: the process runs. It asks nobody else, so it needs nothing.

use edge::{Answer, Rejection, Request, Route};

contract::answer! {
    /// That the process runs, and which build it is.
    pub struct HealthOut {
        /// Always `ok`.
        pub status: &'static str,
        pub version: &'static str,
        /// The commit that was built, `unknown` where nobody said.
        pub commit: String,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/health", "health").public().about("Operations", "Whether the process runs, and which build it is").head().handle(handle)
}

async fn handle(_: Request<()>) -> Result<Answer<HealthOut>, Rejection> {
    let commit = std::env::var("COMMIT").ok().filter(|commit| !commit.is_empty());
    Ok(Answer::ok(HealthOut { status: "ok", version: env!("CARGO_PKG_VERSION"), commit: commit.unwrap_or_else(|| "unknown".to_owned()) }))
}
