//! `GET /promotions/{id}`: one promotion with how often it was given.

use crate::views::PromotionOut;
use domain::{Permission, PromotionId};
use edge::application::CountedPromotion;
use edge::{Action, Answer, Authorized, Context, Purpose, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/promotions/{id}", "get_promotion")
        .needs(Permission::PromotionsRead)
        .about("Promotions", "Get a promotion with how often it was given")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (PromotionId,)>) -> Result<CountedPromotion, Rejection> {
    Ok(context.app.counted_promotion(context.scope(), context.path.0, Purpose::Read).await?)
}

async fn handle(_: Request<Authorized, (PromotionId,)>, counted: CountedPromotion) -> Result<Answer<PromotionOut>, Rejection> {
    let version = counted.promotion.version;
    Ok(Answer::ok(PromotionOut::new(counted.promotion.into_record(), counted.uses)).version(version))
}
