//! `GET /docs`: Swagger UI over the OpenAPI document, and below it what each problem means. One
//! file that loads nothing from elsewhere.
//!
//! `build.rs` has compressed all but the problems; a deflate stream may go on where another was
//! flushed (RFC 1951 section 3.2.4), so the problems are compressed and appended.

use crate::problems;
use edge::{Answer, Problem, Rejection, Request, Route};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::DeflateEncoder;
use std::io::{Read as _, Write as _};
use std::sync::OnceLock;

include!(concat!(env!("OUT_DIR"), "/page.rs"));
const HEAD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/page.deflate"));
/// Deflate, no flags, no time, unknown system (RFC 1952 section 2.3).
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

pub(crate) fn route() -> Route {
    Route::get("/docs", "docs_page").public().about("Operations", "This page").bare("text/html; charset=utf-8").handle(handle)
}

async fn handle(request: Request<()>) -> Result<Answer<String>, Rejection> {
    static PAGE: OnceLock<Vec<u8>> = OnceLock::new();
    let page = match PAGE.get() {
        Some(page) => page,
        None => {
            let made = compressed().map_err(Problem::internal)?;
            PAGE.get_or_init(|| made)
        }
    };
    let mut headers = vec![
        ("content-security-policy".to_owned(), policy()),
        ("cache-control".to_owned(), "no-cache".to_owned()),
        ("referrer-policy".to_owned(), "no-referrer".to_owned()),
        ("vary".to_owned(), "accept-encoding, origin".to_owned()),
    ];
    if accepts_gzip(request.headers.accept_encoding.as_deref()) {
        headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        return Ok(Answer::raw(page.clone(), headers));
    }
    let mut plain = Vec::new();
    GzDecoder::new(page.as_slice()).read_to_end(&mut plain).map_err(Problem::internal)?;
    Ok(Answer::raw(plain, headers))
}

/// The whole page, gzip.
fn compressed() -> std::io::Result<Vec<u8>> {
    let tail = format!("{}</body>\n</html>\n", problems::section());
    let mut encoder = DeflateEncoder::new([&GZIP_HEADER, HEAD].concat(), Compression::default());
    encoder.write_all(tail.as_bytes())?;
    let mut page = encoder.finish()?;
    let mut crc = crc32fast::Hasher::new_with_initial(HEAD_CRC);
    crc.update(tail.as_bytes());
    page.extend(crc.finalize().to_le_bytes());
    page.extend(u32::try_from(HEAD_LENGTH + tail.len()).unwrap_or_default().to_le_bytes());
    Ok(page)
}

/// The one script by its hash, calls to this origin, and nothing else.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src 'sha256-{SCRIPT_HASH}'; style-src 'unsafe-inline'; img-src data: 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Whether gzip is among the encodings a client accepts (RFC 9110 section 12.5.3).
fn accepts_gzip(accept_encoding: Option<&str>) -> bool {
    accept_encoding.unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0)));
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge::Code;

    #[test]
    fn the_page_is_whole_and_has_an_anchor_for_every_problem() {
        let mut html = String::new();
        // The decoder checks length and checksum, so the two streams were joined well.
        GzDecoder::new(compressed().expect("page").as_slice()).read_to_string(&mut html).expect("gzip");
        assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
        assert!(html.contains("SwaggerUIBundle") && !html.contains("{{"));
        assert_eq!((html.matches("<script>").count(), html.matches("</script").count(), html.matches("<!--").count()), (1, 1, 0));
        for code in Code::ALL {
            assert_eq!(html.matches(&format!("id=\"{}\"", problems::anchor(*code))).count(), 1, "{code:?}");
        }
    }

    #[test]
    fn gzip_is_sent_to_who_accepts_it() {
        for (header, expected) in [(Some("gzip, br"), true), (Some("*"), true), (Some("br, gzip;q=0"), false), (Some(""), false), (None, false)] {
            assert_eq!(accepts_gzip(header), expected, "{header:?}");
        }
    }
}
