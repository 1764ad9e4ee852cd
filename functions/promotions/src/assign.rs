//! `POST /promotions/{id}/assign`: gives a promotion to a customer inside reach, once until it is used.

use contract::Sent;
use contract::views::HeldPromotion;
use domain::activity::About;
use domain::customer::Customer;
use domain::customer_promotion::assign;
use domain::purchase::Moved;
use domain::{CustomerId, Permission, PromotionId};
use edge::application::{Checks, Gift};
use edge::{Action, Answer, Authorized, Change, Code, Context, Decision, Json, Rejection, Request, Route, location};
use std::sync::Arc;

contract::body! {
    /// To whom.
    pub struct AssignPromotion {
        /// One inside reach that is not archived.
        pub customer_id: CustomerId,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/promotions/{id}/assign", "assign_promotion")
        .needs(Permission::PromotionsAssign)
        .about("Promotions", "Give a promotion to a customer; 200 where it waits for an order already")
        .status(201)
        .also(200)
        .fails(&[Code::NotFound, Code::PromotionTransition, Code::LimitReached, Code::CustomerArchived])
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (PromotionId,)>, sent: Arc<Sent<AssignPromotion>>) -> Result<Gift, Rejection> {
    let (app, mut checks) = (&context.app, Checks::default());
    let gift = match sent.customer_id {
        Some(customer) => checks.of(app.gift(context.scope(), context.path.0, customer).await)?,
        None => None,
    };
    Ok(checks.give(gift)?)
}

type AssignRequest = Request<Authorized, (PromotionId,), (), Json<AssignPromotion>>;

async fn handle(request: AssignRequest, gift: Gift) -> Result<Answer<HeldPromotion>, Rejection> {
    request
        .decide(gift, |gift: &Gift, act| {
            let Gift { customer, offered, .. } = gift;
            let shown = |held| HeldPromotion::new(held, &offered.promotion, act.at);
            Ok(match (assign(offered, customer, act)?, &offered.waiting) {
                (Some(held), _) => {
                    let about = About { label: customer.data.name.to_string(), owner: customer.data.owner_id, team: customer.derived.team_id };
                    let place = format!("{}/promotions", location::<Customer>("customers", customer.id));
                    let answer = Answer::created(shown(&held.row), place);
                    let mut change = Change::new();
                    change.promotions(&[Moved::made(held, &offered.promotion, act, &about)]);
                    Decision::Commit(change, answer)
                }
                (None, Some(waiting)) => Decision::Keep(Answer::ok(shown(&waiting.row)).status(200)),
                (None, None) => return Err(edge::Problem::internal("nothing was given, and nothing waits").into()),
            })
        })
        .await
}
