//! `POST /unsubscribe/{token}`: the customer wants no more messages, through whichever channel, nor does any other with the same address. Mail programs send it as well, with one click
//! (RFC 8058); what they send with it says nothing more.

use crate::{PAGE, page, said};
use contract::Ignored;
use edge::application::UnsubscribeToken;
use edge::{Action, Answer, Code, Rejection, Request, Resource, Route};

pub(crate) fn route() -> Route {
    Route::post("/unsubscribe/{token}", "unsubscribe")
        .public()
        .about("Messages", "Want no more messages")
        .bare(PAGE)
        .fails(&[Code::NotFound])
        .uses(&[Resource::Links])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update])
        .handle(handle)
}

async fn handle(request: Request<(), (UnsubscribeToken,), Ignored>) -> Result<Answer<String>, Rejection> {
    let said = said(&request.app, &request.path.0).await?;
    request.app.opt_out(said).await?;
    Ok(page("Done", "<p>You get no more messages.</p>"))
}
