//! `POST /promotions`: a rule that gives customers a discount.

use crate::bodies::CreatePromotion;
use crate::views::PromotionOut;
use contract::Sent;
use domain::Permission;
use domain::promotion::{
    self, ApplyTo, PerCustomerLimit, PromotionData, PromotionStatus, PromotionText, Terms, Uses, end_fault, faults, status_fault,
};
use edge::application::Checks;
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Problem, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/promotions", "create_promotion")
        .needs(Permission::PromotionsCreate)
        .about("Promotions", "Create a promotion")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::Put])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreatePromotion>>) -> Result<(), Rejection> {
    let (now, mut checks) = (context.app.clock.now(), Checks::default());
    let terms = Terms {
        trigger: sent.trigger,
        has_min_order: sent.min_order_minor.map(|least| least.is_some()),
        has_levels: sent.level_codes.as_ref().map(|levels| levels.as_ref().is_some_and(|levels| !levels.0.is_empty())),
        has_beneficiary: sent.beneficiary.map(|beneficiary| beneficiary.is_some()),
        discount_type: sent.discount_type,
        discount_value: sent.discount_value.map(|value| value.get()),
        has_max_discount: sent.max_discount_minor.map(|most| most.is_some()),
        starts_at: sent.starts_at.map(|start| start.unwrap_or(now)),
        ends_at: sent.ends_at,
    };
    let status = sent.status.map(|status| status.unwrap_or(PromotionStatus::Draft));
    let others = [status_fault(status), end_fault(status, sent.ends_at.flatten(), now)];
    for fault in faults(&terms).into_iter().chain(others.into_iter().flatten()) {
        checks.note(Some(fault));
    }
    Ok(checks.give(Some(()))?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreatePromotion>>, (): ()) -> Result<Answer<PromotionOut>, Rejection> {
    let body = &request.body.0;
    let once = PerCustomerLimit::new(1).map_err(|invalid| Problem::internal(invalid.message))?;
    request
        .decide((), |(), act| {
            let mut data = PromotionData {
                code: body.code.clone(),
                name: body.name.clone(),
                trigger: body.trigger,
                min_order_minor: None,
                level_codes: body.level_codes.as_ref().map(|levels| levels.0.clone()).unwrap_or_default(),
                beneficiary: None,
                discount_type: body.discount_type,
                discount_value: body.discount_value,
                max_discount_minor: None,
                apply_to: ApplyTo::CurrentOrder,
                stackable: false,
                starts_at: act.at,
                ends_at: None,
                usage_limit: None,
                per_customer_limit: once,
                status: PromotionStatus::Draft,
            };
            let mut text = PromotionText::default();
            body.fill(&mut data, &mut text);
            let (promotion, event) = promotion::create(act, data, text)?;
            let mut change = Change::new();
            change.create(&promotion);
            change.event(&event);
            Ok(Answer::creation(change, "promotions", promotion, |promotion| PromotionOut::new(promotion, Uses::default())))
        })
        .await
}
