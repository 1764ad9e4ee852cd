//! `GET /message-templates`: every template, as the product has it where nobody has changed it.

use crate::views::MessageTemplateOut;
use domain::message_template::{MessageTemplate, TemplateKind, standing};
use domain::{Permission, Record};
use edge::{Action, Authorized, Context, Page, PageOf, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/message-templates", "list_message_templates")
        .needs(Permission::MessageTemplatesRead)
        .about("Messages", "List the message templates")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>) -> Result<Vec<Record<MessageTemplate>>, Rejection> {
    let act = context.app.act();
    let read = TemplateKind::ALL.iter().map(|kind| context.app.well_known::<MessageTemplate>(*kind));
    let stands = futures::future::try_join_all(read).await?;
    Ok(TemplateKind::ALL.iter().zip(&stands).map(|(kind, stand)| standing(*kind, stand.record(), &act)).collect())
}

async fn handle(_: Request<Authorized>, templates: Vec<Record<MessageTemplate>>) -> Result<PageOf<MessageTemplateOut>, Rejection> {
    let count = templates.len();
    Ok(PageOf::of(Page { items: templates, ..Page::empty() }, Some(count), MessageTemplateOut::new))
}
