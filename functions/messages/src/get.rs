//! `GET /messages/{id}`: one message, with all that it says.

use crate::views::MessageOut;
use domain::message::Message;
use domain::{MessageId, Permission};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/messages/{id}", "get_message")
        .needs(Permission::MessagesRead)
        .about("Messages", "Get a message to a customer")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (MessageId,)>) -> Result<Reached<Message>, Rejection> {
    context.read(context.path.0).await
}

async fn handle(_: Request<Authorized, (MessageId,)>, message: Reached<Message>) -> Result<Answer<MessageOut>, Rejection> {
    let version = message.version;
    Ok(Answer::ok(MessageOut::new(message.into_record())).version(version))
}
