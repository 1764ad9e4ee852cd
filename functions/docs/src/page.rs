//! `GET /docs`: Swagger UI over the OpenAPI document, and below it what each problem means. One
//! file that loads nothing from elsewhere.

use crate::problems;
use crate::stored::{Stored, Whole};
use edge::{Answer, Problem, Rejection, Request, Route};
use std::sync::OnceLock;

include!(concat!(env!("OUT_DIR"), "/script_hash.rs"));
/// All but the problems.
const PAGE: Stored = include!(concat!(env!("OUT_DIR"), "/page.rs"));

pub(crate) fn route() -> Route {
    Route::get("/docs", "docs_page").public().about("Operations", "This page").bare("text/html; charset=utf-8").cacheable().head().handle(handle)
}

async fn handle(request: Request<()>) -> Result<Answer<String>, Rejection> {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    let whole = match WHOLE.get() {
        Some(whole) => whole,
        None => {
            let made = whole().map_err(Problem::internal)?;
            WHOLE.get_or_init(|| made)
        }
    };
    let headers = vec![("content-security-policy".to_owned(), policy()), ("referrer-policy".to_owned(), "no-referrer".to_owned())];
    whole.answer(&request.headers, headers)
}

fn whole() -> std::io::Result<Whole> {
    PAGE.with(&format!("{}</body>\n</html>\n", problems::section()))
}

/// The one script by its hash, calls to this origin, and nothing else.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src 'sha256-{SCRIPT_HASH}'; style-src 'unsafe-inline'; img-src data: 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge::Code;

    #[test]
    fn the_page_is_whole_and_has_an_anchor_for_every_problem() {
        let html = String::from_utf8(whole().expect("page").plain().expect("gzip")).expect("text");
        assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
        assert!(html.contains("SwaggerUIBundle") && !html.contains("{{"));
        assert_eq!((html.matches("<script>").count(), html.matches("</script").count(), html.matches("<!--").count()), (1, 1, 0));
        for code in Code::ALL {
            assert_eq!(html.matches(&format!("id=\"{}\"", problems::anchor(*code))).count(), 1, "{code:?}");
        }
    }
}
