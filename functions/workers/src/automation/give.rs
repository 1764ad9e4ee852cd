//! Promotions that customers get without anybody's doing: for one whom they brought, and for the level they came to. A record has an
//! id of its own for each reason, so what is told twice is given once.

use crate::failure::Failure;
use application::{App, Decision};
use domain::activity::About;
use domain::customer::{Customer, LevelCode};
use domain::customer_promotion::{CustomerPromotionId, given};
use domain::promotion::{Occasion, Promotion};
use domain::purchase::Moved;
use domain::{CustomerId, EventId, Row};
use uuid::Uuid;

/// Gives what is given where a customer was brought by another: to whom each promotion is for.
pub(super) async fn for_referral(app: &App, customer: CustomerId) -> Result<(), Failure> {
    let Some(referee) = app.unscoped().get_latest::<Customer>(customer).await? else { return Ok(()) };
    let Some(referrer) = referee.data.referred_by_id else { return Ok(()) };
    for promotion in app.unscoped().live_promotions(Occasion::Referral).await? {
        for to in promotion.data.given_to(referrer, customer) {
            give(app, &promotion, to, &format!("referral of {customer}")).await?;
        }
    }
    Ok(())
}

/// Gives what is given to who comes to a level.
pub(super) async fn for_level(app: &App, customer: CustomerId, level: LevelCode, event: EventId) -> Result<(), Failure> {
    let live = app.unscoped().live_promotions(Occasion::Level).await?;
    for promotion in live.iter().filter(|promotion| promotion.data.is_given_at(level)) {
        give(app, promotion, customer, &format!("event {event}")).await?;
    }
    Ok(())
}

async fn give(app: &App, promotion: &Row<Promotion>, to: CustomerId, reason: &str) -> Result<(), Failure> {
    let id = CustomerPromotionId::new(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}#{to}#{reason}", promotion.id).as_bytes()));
    let giving = app.unscoped_giving(promotion.id, to, id).await?;
    Box::pin(application::decide(app, giving, |giving| {
        let act = app.act();
        let made = giving.open().and_then(|(customer, offered)| Some((customer, offered, given(offered, to, &act)?)));
        let Some((customer, offered, mut held)) = made else { return Ok::<_, Failure>(Decision::Keep(())) };
        held.row.id = id;
        let about = About { label: customer.data.name.to_string(), owner: customer.data.owner_id, team: customer.derived.team_id };
        let mut change = application::Change::new();
        change.promotions(&[Moved::made(held, &offered.promotion, &act, &about)]);
        Ok(Decision::Commit(change, ()))
    }))
    .await
}
