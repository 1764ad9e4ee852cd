//! `PUT /customer-levels/{code}`: replaces what a loyalty level is called, from which score a customer has it, and what customers
//! have of it. A new floor puts every customer under review.

use crate::views::{CustomerLevelOut, shown};
use contract::{Int, Sent};
use domain::customer::LevelCode;
use domain::level::{CustomerLevel, SentBack, Wanted, floor_fault, replace, standing};
use domain::rfm::Score;
use domain::value::{Prose, Text};
use domain::{Permission, Refused};
use edge::application::{Checks, Stand, floors_of};
use edge::{Action, Answer, Authorized, Change, Context, Decision, Json, Rejection, Request, Route};
use std::sync::Arc;

/// A place among the four.
type Rank = Int<1, 4>;
/// What counts changes.
type Version = Int<0, 9_007_199_254_740_991>;

contract::body! {
    /// What the level is to be. What `GET /customer-levels` shows of it can be sent back whole.
    pub struct UpdateCustomerLevel {
        /// What it is called.
        pub name: Text<100>,
        /// From which score a customer has it, with at most two decimals: above that of the level below and below that of the
        /// level above. BRONZE is from 1.
        pub min_score: Score,
        /// What customers have of it.
        pub benefits: Option<Prose>,
        /// As it is: it cannot be changed.
        pub code: Option<LevelCode>,
        /// As it is: it cannot be changed.
        pub rank: Option<Rank>,
        /// The version that was read; another one by now refuses the change, as `If-Match` does.
        pub version: Option<Version>,
    }
}

pub(crate) fn route() -> Route {
    Route::put("/customer-levels/{code}", "update_customer_level")
        .needs(Permission::LevelsUpdate)
        .about("Levels", "Replace a loyalty level")
        .remark("Floors stay strictly rising. A new one puts every customer who bought something under review, in the background.")
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

/// The level, and the others in their order.
type Found = (Stand<CustomerLevel>, Vec<Stand<CustomerLevel>>);

async fn load(context: Context<Authorized, (LevelCode,)>, sent: Arc<Sent<UpdateCustomerLevel>>) -> Result<Found, Rejection> {
    let (app, code, mut checks) = (&context.app, context.path.0, Checks::default());
    let mut others = app.levels().await?;
    let level = others.remove(code.rank() - 1);
    let sent_back = sent_back(sent.code.flatten(), sent.rank.flatten(), sent.version.flatten());
    checks.note(sent_back.faults(&standing(code, level.record(), &app.act())));
    checks.note(sent.min_score.and_then(|wanted| floor_fault(code, wanted, &floors_of(others.iter().chain([&level])))));
    Ok(checks.give(Some((level, others)))?)
}

fn sent_back(code: Option<LevelCode>, rank: Option<Rank>, version: Option<Version>) -> SentBack {
    SentBack { code, rank: rank.map(|rank| rank.0), version: version.map(|version| version.0) }
}

type UpdateRequest = Request<Authorized, (LevelCode,), (), Json<UpdateCustomerLevel>>;

async fn handle(request: UpdateRequest, found: Found) -> Result<Answer<CustomerLevelOut>, Rejection> {
    let (code, body) = (request.path.0, &request.body.0);
    let answer = request
        .decide(found, |(level, others), act| {
            let present = standing(code, level.record(), act);
            Refused::any(sent_back(body.code, body.rank, body.version).faults(&present))?;
            let wanted = Wanted { name: body.name.clone(), min_score: body.min_score, benefits: body.benefits.clone() };
            let floors = floors_of(others.iter().chain([level]));
            let Some((next, events)) = replace(&present, act, wanted, &floors)? else { return Ok(Decision::Keep(shown(present))) };
            let mut change = Change::new();
            change.well_known(level, &next);
            change.events(&events);
            // The floors stay in order whoever changes the levels beside it at the same moment.
            others.iter().filter(|other| code.is_beside(other.id())).for_each(|other| change.require_well_known(other));
            Ok(Decision::Commit(change, shown(next)))
        })
        .await?;
    request.app.forget_level_names();
    Ok(answer)
}
