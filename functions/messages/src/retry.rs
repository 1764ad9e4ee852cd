//! `POST /messages/{id}/retry`: puts a message that was given up on into the queue again.

use crate::views::MessageOut;
use domain::message::{self, Message};
use domain::{MessageId, Permission};
use edge::{Action, Answer, Authorized, Code, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::post("/messages/{id}/retry", "retry_message")
        .needs(Permission::MessagesRetry)
        .about("Messages", "Send a failed message again")
        .fails(&[Code::MessageTransition])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (MessageId,)>) -> Result<Reached<Message>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (MessageId,)>, message: Reached<Message>) -> Result<Answer<MessageOut>, Rejection> {
    request.change(message, |message, act| Ok(message::retry(message, act)?), |_| {}, MessageOut::new).await
}
