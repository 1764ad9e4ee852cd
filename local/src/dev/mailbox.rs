//! `/dev/mailbox`: what was sent, newest first, and each as its recipient would see it. `/dev/mailbox.json` has all of it.

use super::{page, plain};
use crate::Embedded;
use crate::mailbox::Letter;
use http::StatusCode;
use lambda_http::{Body, Response};
use minijinja::{AutoEscape, Environment, Value};
use std::collections::BTreeMap;

const LIST: &str = include_str!("mailbox.html");
const LETTER: &str = include_str!("letter.html");
/// What both pages look like.
const STYLE: &str = include_str!("mailbox.css");
const HTML: &str = "text/html; charset=utf-8";

/// What the pages may load: themselves, and the mail in its frame.
const PAGES: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What a mail may: nothing but its own style, in a frame of these pages.
const MAIL: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";

/// The answer to what comes behind `/dev/mailbox`; `None` where there is nothing.
pub(super) async fn answer(crm: &Embedded, rest: &str) -> Option<Response<Body>> {
    let answered = match rest {
        "" | "/" => list(crm).await,
        ".json" => everything(crm).await,
        rest => {
            let (number, part) = rest.strip_prefix('/')?.split_once('/').unwrap_or((rest.strip_prefix('/')?, ""));
            let letter = match crm.mailbox.letter(number.parse().ok()?).await {
                Ok(found) => found?,
                Err(error) => return Some(failed(&error)),
            };
            match part {
                "" => rendered(LETTER, of_letter(&letter)),
                "html" => Ok(page(HTML, MAIL, letter.html?)),
                "source" => Ok(page("text/plain; charset=utf-8", "default-src 'none'", letter.source?)),
                _ => return None,
            }
        }
    };
    Some(answered.unwrap_or_else(|error| failed(&error)))
}

fn failed(error: &dyn std::fmt::Display) -> Response<Body> {
    plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("The mailbox cannot be read: {error}"))
}

async fn list(crm: &Embedded) -> Result<Response<Body>, String> {
    let letters = crm.mailbox.letters().await.map_err(|error| error.to_string())?;
    let letters: Value = letters.iter().map(|letter| Value::from(of_letter(letter))).collect();
    rendered(LIST, BTreeMap::from([("letters", letters), ("kept", crate::mailbox::KEPT.into())]))
}

async fn everything(crm: &Embedded) -> Result<Response<Body>, String> {
    let letters = crm.mailbox.letters().await.map_err(|error| error.to_string())?;
    let text = serde_json::to_string(&letters).map_err(|error| error.to_string())?;
    Ok(page("application/json", "default-src 'none'", text))
}

type Filled = BTreeMap<&'static str, Value>;

fn of_letter(letter: &Letter) -> Filled {
    let kind = match letter.channel.as_str() {
        "EMAIL" => "Mail",
        "SMS" => "SMS",
        _ => "Push",
    };
    let excerpt = domain::message_template::line(&letter.text);
    BTreeMap::from([
        ("number", letter.number.into()),
        ("kind", kind.into()),
        ("at", letter.at.to_string().replace('T', " ").chars().take(19).collect::<String>().into()),
        ("to", letter.to.as_str().into()),
        ("subject", letter.subject.as_deref().unwrap_or_default().into()),
        ("excerpt", domain::value::cut(&excerpt, 120).into()),
        ("text", letter.text.as_str().into()),
        ("hasHtml", letter.html.is_some().into()),
    ])
}

fn rendered(source: &str, mut values: Filled) -> Result<Response<Body>, String> {
    values.insert("style", Value::from_safe_string(STYLE.to_owned()));
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let text = environment.render_str(source, values).map_err(|error| error.to_string())?;
    Ok(page(HTML, PAGES, text))
}
