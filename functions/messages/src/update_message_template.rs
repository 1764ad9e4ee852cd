//! `PUT /message-templates/{kind}`: replaces what customers or users are told, or turns it off.

use crate::views::{MessageTemplateOut, shown};
use contract::{List, Sent};
use domain::Permission;
use domain::message_template::{MessageTemplate, SUBJECT, TemplateData, TemplateKind, TemplateText, faults, replace, standing};
use domain::notification::Channel;
use domain::value::{LongText, Text};
use edge::application::{Checks, Stand};
use edge::{Action, Answer, Authorized, Change, Context, Decision, Json, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// What the template says.
    pub struct UpdateMessageTemplate {
        /// Of a mail, and the title of a notification; null is possible where it goes by SMS alone.
        pub subject: Option<Text<SUBJECT>>,
        /// Plain text with the placeholders of the kind in double braces, `{{ name }}`, and `{% if name %}…{% else %}…{% endif %}`.
        pub body: LongText<4000>,
        /// Of a kind for customers `SMS` and `EMAIL`, and the first one that there is an address for is taken; of the others any.
        pub channels: List<Channel, 4>,
        /// Whether it is sent at all.
        pub enabled: bool,
    }
}

pub(crate) fn route() -> Route {
    Route::put("/message-templates/{kind}", "update_message_template")
        .needs(Permission::MessageTemplatesUpdate)
        .about("Messages", "Replace a message template")
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load_sent(load)
        .handle(handle)
}

type Found = Stand<MessageTemplate>;

async fn load(context: Context<Authorized, (TemplateKind,)>, sent: Arc<Sent<UpdateMessageTemplate>>) -> Result<Found, Rejection> {
    let kind = context.path.0;
    let mut checks = Checks::default();
    let subject = sent.subject.as_ref().map(Option::as_ref);
    checks.note(faults(kind, subject, sent.body.as_ref().map(LongText::as_str), sent.channels.as_ref().map(|channels| channels.0.as_slice())));
    let stand = context.app.well_known(kind).await?;
    Ok(checks.give(Some(stand))?)
}

type UpdateRequest = Request<Authorized, (TemplateKind,), (), Json<UpdateMessageTemplate>>;

async fn handle(request: UpdateRequest, stand: Found) -> Result<Answer<MessageTemplateOut>, Rejection> {
    let (kind, body) = (request.path.0, &request.body.0);
    request
        .decide(stand, |stand, act| {
            let present = standing(kind, stand.record(), act);
            let data = TemplateData { subject: body.subject.clone(), channels: body.channels.0.clone(), enabled: body.enabled };
            let text = TemplateText { body: body.body.to_string() };
            let Some((next, event)) = replace(&present, act, data, text) else { return Ok(Decision::Keep(shown(present))) };
            let mut change = Change::new();
            change.well_known(stand, &next);
            change.event(&event);
            Ok(Decision::Commit(change, shown(next)))
        })
        .await
}
