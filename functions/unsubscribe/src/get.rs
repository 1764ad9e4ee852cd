//! `GET /unsubscribe/{token}`: a page with one button. What only looks at the link, as programs that read mails do, changes nothing.

use crate::{PAGE, page, said};
use contract::Ignored;
use edge::application::UnsubscribeToken;
use edge::{Answer, Code, Rejection, Request, Resource, Route};

pub(crate) fn route() -> Route {
    Route::get("/unsubscribe/{token}", "get_unsubscribe")
        .public()
        .about("Messages", "The page behind the link of a message")
        .bare(PAGE)
        .fails(&[Code::NotFound])
        .uses(&[Resource::Links])
        .handle(handle)
}

async fn handle(request: Request<(), (UnsubscribeToken,), Ignored>) -> Result<Answer<String>, Rejection> {
    said(&request.app, &request.path.0).await?;
    Ok(page("No more messages?", "<form method=\"post\"><button>I want no more messages</button></form>"))
}
