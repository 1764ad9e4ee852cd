//! `PATCH /activities/{id}`: changes the fields that are sent. What follows from it, the date of the
//! last contact, follows within a second.

use crate::create::too_far_ahead;
use crate::views::ActivityOut;
use crate::{Found, changeable, checked};
use api::fields::set;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Stop};
use domain::activity::{self, Activity, ActivityType, Direction};
use domain::event::Act;
use domain::input::{Int, Patch};
use domain::value::{Prose, Text};
use domain::{ActivityId, FieldError, Permission, Record, Time};
use store::Tx;

domain::body! {
    /// The fields to change.
    pub struct UpdateActivity {
        pub r#type: Patch<ActivityType>,
        /// Required for a note.
        pub body: Patch<Option<Prose>>,
        /// At most five minutes ahead.
        pub occurred_at: Patch<Time>,
        pub direction: Patch<Option<Direction>>,
        /// Minutes.
        pub duration_min: Patch<Option<Int<0, 10_080>>>,
        pub outcome: Patch<Option<Text<100>>>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/activities/{id}", "update_activity")
        .needs(Permission::ActivitiesUpdate)
        .about("Activities", "Change an activity")
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(changeable)
        .handle(handle)
}

async fn handle(call: Call<Scoped, (ActivityId,), (), Json<UpdateActivity>>, (loaded, party): Found) -> Result<Answer<ActivityOut>, Stop> {
    let body = &call.body.0;
    let about = party.about();
    let decide = |activity: &Record<Activity>, act: &Act| {
        let (mut data, mut text) = (activity.data.clone(), activity.text.clone());
        set(&mut data.kind, &body.r#type);
        set(&mut data.occurred_at, &body.occurred_at);
        set(&mut data.direction, &body.direction);
        set(&mut data.outcome, &body.outcome);
        set(&mut text.body, &body.body);
        if let Patch::Set(minutes) = &body.duration_min {
            data.duration_min = minutes.map(|minutes| minutes.0);
        }
        let mut wrong: Vec<FieldError> = too_far_ahead(body.occurred_at.value().copied(), act.at).into_iter().collect();
        if data.kind == ActivityType::Note && text.body.is_none() {
            wrong.push(FieldError::new("/body", "required", "is required for a note"));
        }
        if !wrong.is_empty() {
            return Err(Problem::fields(wrong).into());
        }
        let Some((next, event)) = activity::update(activity, act, &about, data, text) else { return Ok(None) };
        let mut tx = Tx::new();
        tx.event(&event);
        Ok(Some((next, tx)))
    };
    let activity = call.change(loaded, Some(&checked(call.scope())), decide).await?;
    let version = activity.version;
    Ok(Answer::ok(ActivityOut::from(activity)).version(version))
}
