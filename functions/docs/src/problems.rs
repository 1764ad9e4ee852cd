//! What each problem means and what to do about it: where the `type` of a problem points.

use edge::Code;
use std::fmt::Write as _;

/// The anchor of a problem on the page.
pub fn anchor(code: Code) -> String {
    format!("problem-{}", code.as_str().to_lowercase().replace('_', "-"))
}

/// The section of the page.
pub(crate) fn section() -> String {
    let mut html = String::from("<main class=\"problems\">\n<h2>Problems</h2>\n");
    for code in Code::ALL {
        let (anchor, title, status, name) = (anchor(*code), code.title(), code.status(), code.as_str());
        // Nothing can fail when writing into a String.
        let _ = writeln!(html, "<section id=\"{anchor}\"><h3>{title}</h3><p><code>{status} {name}</code> {}</p></section>", help(*code));
    }
    html.push_str("</main>\n");
    html
}

/// What to do about it.
const fn help(code: Code) -> &'static str {
    match code {
        Code::Validation => {
            "Each wrong field or query parameter stands in <code>errors</code> with a pointer, the broken rule and a sentence; correct all of them and send the request again."
        }
        Code::Malformed => "The body could not be read as JSON; the detail says at which line and column it breaks off.",
        Code::Unauthenticated => {
            "Send a valid access token as <code>Authorization: Bearer …</code>; when it has ended, get a new one from <code>POST /auth/refresh</code> or sign in again."
        }
        Code::InvalidCredentials => "The account does not exist, is disabled, or the password is wrong; which of them is not told.",
        Code::Forbidden => "Your role does not have the permission that the detail names; an administrator can grant it.",
        Code::PasswordChangeRequired => {
            "Until you set a password of your own with <code>POST /auth/password</code>, everything but that, <code>GET /auth/me</code> and signing out is closed."
        }
        Code::NotFound => "There is no such path or record, or the record is outside what you may see; the two are not told apart.",
        Code::MethodNotAllowed => "The path exists, but not with this method; the <code>Allow</code> header lists those it has.",
        Code::Duplicate => {
            "A value that has to be unique is taken; <code>errors</code> names the field, <code>matches</code> the records that have it and how many more you may not see. Where the route has it, <code>allowDuplicate=true</code> overrides."
        }
        Code::LeadTransition => {
            "The lead cannot move from its present status to the one asked for; <code>allowed</code> lists where it may go. An archived or closed lead cannot be converted: restore or reopen it first."
        }
        Code::LeadConverted => {
            "A converted lead is read-only; <code>customerId</code> names the customer it became. Log activities, follow-ups and tasks there."
        }
        Code::FollowUpTransition => "A completed or cancelled follow-up is final, and only a pending one can be deleted; schedule another.",
        Code::TaskTransition => "The task cannot move from its present status to the one asked for; <code>allowed</code> lists where it may go.",
        Code::ProjectTransition => {
            "The project cannot move from its present status to the one asked for; <code>allowed</code> lists where it may go."
        }
        Code::OrderTransition => "The order cannot move from its present status to the one asked for; <code>allowed</code> lists where it may go.",
        Code::RefundFirst => {
            "What was paid is still with you. Record a refund with <code>POST /orders/{id}/transactions</code>, then cancel the order."
        }
        Code::OrderCancelled => "Nothing is paid on a cancelled order. Place another one.",
        Code::PromotionNotApplicable => {
            "The customer cannot use a promotion that the order names: it was never given, is used, or is not in force. <code>GET /customers/{id}/promotions</code> lists what the customer has."
        }
        Code::CustomerArchived => "An archived customer buys nothing. Restore it with <code>PATCH /customers/{id}</code> first.",
        Code::CustomerTransition => {
            "The customer cannot move from its present state to the one asked for; <code>allowed</code> lists where it may go."
        }
        Code::IdempotencyConflict => "This <code>Idempotency-Key</code> was used with another body within 24 hours; use a new key for a new request.",
        Code::PromotionTransition => {
            "The promotion cannot move from its present status to the one asked for; <code>allowed</code> lists where it may go. Only an active one can be given to a customer."
        }
        Code::CampaignTransition => {
            "The campaign cannot move from its present status to the one asked for; <code>allowed</code> lists where it may go. What runs can only be cancelled, and what ended is not changed."
        }
        Code::MessageTransition => "Only a message that failed can be sent again.",
        Code::LastAdmin => "Somebody has to be able to administer the company. Make another user an administrator first.",
        Code::TeamNotEmpty => "Move the members to other teams first.",
        Code::RoleFixed => "Administrators hold every permission. Change another role.",
        Code::JobRunning => {
            "A run of this job is under way, and two would get into each other's way. <code>GET /admin/jobs</code> tells how far it is. A dry run can be \
             made at any time. One that died is taken over after a quarter of an hour."
        }
        Code::LimitReached => "A limit of the product is reached, or something else still depends on the record; the detail says which.",
        Code::VersionMismatch => {
            "Somebody changed the record after you read it; read it again, look at the differences, and repeat the change with the new <code>ETag</code>."
        }
        Code::TooLarge => "A body may have 256 KB.",
        Code::UnsupportedMediaType => "Send the body with <code>Content-Type: application/json</code>.",
        Code::Throttled => "There were too many failed attempts, or too many searches; wait the seconds that <code>Retry-After</code> names.",
        Code::Internal => "It is our fault and has been logged; quote the <code>instance</code> when you report it.",
        Code::Unavailable => {
            "Nothing was changed; send the request again after the seconds that <code>Retry-After</code> names, best with the same <code>Idempotency-Key</code>."
        }
    }
}
