//! `PATCH /promotions/{id}`: changes the fields that are sent, the status among them.

use crate::bodies::UpdatePromotion;
use crate::views::PromotionOut;
use contract::{Patch, Sent};
use domain::promotion::{self, PromotionData, Terms, faults};
use domain::{Permission, PromotionId};
use edge::application::{Checks, CountedPromotion};
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Json, Purpose, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/promotions/{id}", "update_promotion")
        .needs(Permission::PromotionsUpdate)
        .about("Promotions", "Change, activate, pause or end a promotion")
        .fails(&[Code::Duplicate, Code::PromotionTransition])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load_sent(load)
        .handle(handle)
}

/// What the promotion would say with what was sent; what did not parse is left out.
fn terms(sent: &Sent<UpdatePromotion>, data: &PromotionData) -> Terms {
    let levels = |patch: &Patch<_>| patch.value().map_or(!data.level_codes.is_empty(), |levels: &crate::bodies::Levels| !levels.0.is_empty());
    Terms {
        trigger: sent.trigger.as_ref().map(|patch| patch.over(&data.trigger)),
        has_min_order: sent.min_order_minor.as_ref().map(|patch| patch.over(&data.min_order_minor).is_some()),
        has_levels: sent.level_codes.as_ref().map(levels),
        has_beneficiary: sent.beneficiary.as_ref().map(|patch| patch.over(&data.beneficiary).is_some()),
        discount_type: sent.discount_type.as_ref().map(|patch| patch.over(&data.discount_type)),
        discount_value: sent.discount_value.as_ref().map(|patch| patch.over(&data.discount_value).get()),
        has_max_discount: sent.max_discount_minor.as_ref().map(|patch| patch.over(&data.max_discount_minor).is_some()),
        starts_at: sent.starts_at.as_ref().map(|patch| patch.over(&data.starts_at)),
        ends_at: sent.ends_at.as_ref().map(|patch| patch.over(&data.ends_at)),
    }
}

async fn load(context: Context<Authorized, (PromotionId,)>, sent: Arc<Sent<UpdatePromotion>>) -> Result<CountedPromotion, Rejection> {
    let (counted, mut checks) = (context.app.counted_promotion(context.scope(), context.path.0, Purpose::Change).await?, Checks::default());
    // All that is wrong is said at once where something did not parse; else the rules say it, with what may be changed still.
    if context.is_refused {
        for fault in faults(&terms(&sent, &counted.promotion.data)) {
            checks.note(Some(fault));
        }
    }
    Ok(checks.give(Some(counted))?)
}

type UpdateRequest = Request<Authorized, (PromotionId,), (), Json<UpdatePromotion>>;

async fn handle(request: UpdateRequest, counted: CountedPromotion) -> Result<Answer<PromotionOut>, Rejection> {
    let body = &request.body.0;
    request
        .decide(counted, |counted, act| {
            let CountedPromotion { promotion, uses, .. } = counted;
            let (mut data, mut text) = (promotion.data.clone(), promotion.text.clone());
            body.apply(&mut data, &mut text);
            if let Some(levels) = body.level_codes.value() {
                data.level_codes.clone_from(&levels.0);
            }
            let outcome = promotion::update(promotion, *uses, act, data, text)?;
            let require = |change: &mut Change| change.require_uses(counted);
            let decision: Decision<_> = edge::application::decide::changed(promotion, outcome).with(require);
            Ok(decision.map(|promotion| {
                let version = promotion.version;
                Answer::ok(PromotionOut::new(promotion, *uses)).version(version)
            }))
        })
        .await
}
