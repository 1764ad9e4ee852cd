//! `DELETE /promotions/{id}`: deletes a draft; ends what is more, and takes it back from those who had not used it.

use domain::promotion::{self, Deletion, Promotion};
use domain::{Permission, PromotionId};
use edge::{Action, Answer, Authorized, Change, Context, Decision, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::delete("/promotions/{id}", "delete_promotion")
        .needs(Permission::PromotionsDelete)
        .about("Promotions", "Delete a draft, or end a promotion")
        .status(204)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (PromotionId,)>) -> Result<Reached<Promotion>, Rejection> {
    context.open(context.path.0).await
}

async fn handle(request: Request<Authorized, (PromotionId,)>, promotion: Reached<Promotion>) -> Result<Answer<()>, Rejection> {
    request
        .decide(promotion, |promotion, act| {
            let mut change = Change::new();
            match promotion::delete(promotion, act) {
                Deletion::WasOver => return Ok(Decision::Keep(Answer::nothing())),
                Deletion::Removed(event) => {
                    change.delete(promotion);
                    change.event(&event);
                }
                Deletion::Ended(ended) => {
                    let (next, event) = *ended;
                    change.update(promotion, &next);
                    change.event(&event);
                }
            }
            Ok(Decision::Commit(change, Answer::nothing()))
        })
        .await
}
