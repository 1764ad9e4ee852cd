//! `POST /activities`: logs a communication or a note.

use crate::views::ActivityOut;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Party, Problem, Route, Scoped, Seen, Stop, location};
use domain::activity::{self, AHEAD_SECONDS, Activity, ActivityData, ActivityText, ActivityType, Direction};
use domain::input::Int;
use domain::value::{Prose, Text};
use domain::{CustomerId, FieldError, LeadId, PartyId, Permission, Time};
use std::sync::Arc;
use store::Tx;

domain::body! {
    /// A communication or note about a lead or a customer: exactly one of the two.
    pub struct CreateActivity {
        pub lead_id: Option<LeadId>,
        pub customer_id: Option<CustomerId>,
        pub r#type: ActivityType,
        /// Required for a note.
        pub body: Option<Prose>,
        /// Now when not given; at most five minutes ahead.
        pub occurred_at: Option<Time>,
        pub direction: Option<Direction>,
        /// Minutes.
        pub duration_min: Option<Int<0, 10_080>>,
        pub outcome: Option<Text<100>>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/activities", "create_activity")
        .needs(Permission::ActivitiesCreate)
        .about("Activities", "Log a communication or a note")
        .status(201)
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load_named(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped>, body: Arc<Json<CreateActivity>>) -> Result<Party, Stop> {
    let body = &body.0;
    let mut wrong = Vec::new();
    if body.r#type == ActivityType::Note && body.body.is_none() {
        wrong.push(FieldError::new("/body", "required", "is required for a note"));
    }
    wrong.extend(too_far_ahead(body.occurred_at, seen.app.clock.now()));
    match PartyId::exactly_one(body.lead_id, body.customer_id) {
        Ok(party) if wrong.is_empty() => seen.named_party(party, &seen.who.scope).await,
        Ok(_) => Err(Problem::fields(wrong).into()),
        Err(missing) => {
            wrong.extend(missing);
            Err(Problem::fields(wrong).into())
        }
    }
}

/// What took place did not take place in the future; clocks may differ a little.
pub(crate) fn too_far_ahead(occurred_at: Option<Time>, now: Time) -> Option<FieldError> {
    let ahead = occurred_at.is_some_and(|at| at > now.plus_seconds(AHEAD_SECONDS));
    ahead.then(|| FieldError::new("/occurredAt", "range", "must not be more than five minutes ahead"))
}

async fn handle(call: Call<Scoped, (), (), Json<CreateActivity>>, party: Party) -> Result<Answer<ActivityOut>, Stop> {
    let (act, body) = (call.act(), &call.body.0);
    let data = ActivityData {
        lead_id: party.id.lead(),
        customer_id: party.id.customer(),
        kind: body.r#type,
        occurred_at: body.occurred_at.unwrap_or(act.at),
        direction: body.direction,
        duration_min: body.duration_min.map(|minutes| minutes.0),
        outcome: body.outcome.clone(),
    };
    let (activity, event) = activity::log(&act, &party.about(), data, ActivityText { body: body.body.clone() });
    let mut tx = Tx::new();
    tx.create(&activity);
    tx.event(&event);
    let (place, version) = (location::<Activity>("activities", activity.id), activity.version);
    let answer = Answer::created(ActivityOut::from(activity), place).version(version);
    call.commit(tx, &answer).await?;
    Ok(answer)
}
