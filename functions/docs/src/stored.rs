//! Texts of which `build.rs` has compressed the beginning, and their way out: compressed where that is
//! asked for, and not at all to who has them.
//!
//! A deflate stream may go on where another was flushed (RFC 1951 section 3.2.4), so what is only known
//! at run time is compressed and appended.

use edge::Headers;
use edge::{Answer, Problem, Rejection};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::DeflateEncoder;
use std::io::{Read as _, Write as _};

/// Deflate, no flags, no time, unknown system (RFC 1952 section 2.3).
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// The beginning of a text.
pub(crate) struct Stored {
    /// Deflate, flushed but not ended.
    pub(crate) head: &'static [u8],
    /// The checksum of the text so far.
    pub(crate) crc: u32,
    /// The length of the text so far.
    pub(crate) length: usize,
    /// Says which text it is.
    pub(crate) digest: &'static str,
}

/// A whole text.
pub(crate) struct Whole {
    gzip: Vec<u8>,
    etag: String,
}

impl Stored {
    /// The text with its end.
    pub(crate) fn with(&self, tail: &str) -> std::io::Result<Whole> {
        let mut encoder = DeflateEncoder::new([&GZIP_HEADER, self.head].concat(), Compression::default());
        encoder.write_all(tail.as_bytes())?;
        let mut gzip = encoder.finish()?;
        let mut crc = crc32fast::Hasher::new_with_initial(self.crc);
        crc.update(tail.as_bytes());
        let crc = crc.finalize();
        gzip.extend(crc.to_le_bytes());
        gzip.extend(u32::try_from(self.length + tail.len()).unwrap_or_default().to_le_bytes());
        // Weak, since it is the same for the text and for its gzip (RFC 9110 section 8.8.3.3).
        Ok(Whole { gzip, etag: format!("W/\"{}-{crc:08x}\"", self.digest) })
    }
}

impl Whole {
    /// The answer to who sent these headers.
    pub(crate) fn answer<T>(&self, asked: &Headers, more: Vec<(String, String)>) -> Result<Answer<T>, Rejection> {
        let mut headers = more;
        headers.push(("etag".to_owned(), self.etag.clone()));
        headers.push(("cache-control".to_owned(), "no-cache".to_owned()));
        headers.push(("vary".to_owned(), "accept-encoding, origin".to_owned()));
        if is_known(asked.if_none_match.as_deref(), &self.etag) {
            return Ok(Answer::raw(Vec::new(), headers).status(304));
        }
        if accepts_gzip(asked.accept_encoding.as_deref()) {
            headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
            return Ok(Answer::raw(self.gzip.clone(), headers));
        }
        Ok(Answer::raw(self.plain().map_err(Problem::internal)?, headers))
    }

    /// The text; the decoder checks length and checksum, so the two streams were joined well.
    pub(crate) fn plain(&self) -> std::io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        GzDecoder::new(self.gzip.as_slice()).read_to_end(&mut plain)?;
        Ok(plain)
    }
}

/// Whether a client has what is tagged so (RFC 9110 section 13.1.2, which compares weakly).
fn is_known(if_none_match: Option<&str>, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if_none_match.unwrap_or_default().split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
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

    #[test]
    fn gzip_is_sent_to_who_accepts_it() {
        for (header, expected) in [(Some("gzip, br"), true), (Some("*"), true), (Some("br, gzip;q=0"), false), (Some(""), false), (None, false)] {
            assert_eq!(accepts_gzip(header), expected, "{header:?}");
        }
    }

    #[test]
    fn nothing_is_sent_to_who_has_it() {
        let tag = "W/\"a-1\"";
        for (header, expected) in [(Some(tag), true), (Some("\"b\", \"a-1\""), true), (Some("*"), true), (Some("\"a\""), false), (None, false)] {
            assert_eq!(is_known(header, tag), expected, "{header:?}");
        }
    }
}
