//! `POST /activities`: logs a communication or a note.

use crate::bodies::CreateActivity;
use crate::views::ActivityOut;
use domain::activity::{self, ActivityData, ActivityText};
use domain::{Party, PartyId, Permission, Refused};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

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

async fn load(context: Context<Authorized>, body: Arc<Json<CreateActivity>>) -> Result<Party, Rejection> {
    let body = &body.0;
    let mut faults = activity::faults(body.r#type, body.body.as_ref(), body.occurred_at, context.app.clock.now());
    let party = match PartyId::exactly_one(body.lead_id, body.customer_id) {
        Ok(party) => Some(party),
        Err(Refused::Fields(missing)) => {
            faults.extend(missing);
            None
        }
        Err(refused) => return Err(refused.into()),
    };
    match party.filter(|_| faults.is_empty()) {
        Some(party) => Ok(context.app.named_party(Some(context.scope()), party).await?),
        None => Err(Refused::Fields(faults).into()),
    }
}

async fn handle(request: Request<Authorized, (), (), Json<CreateActivity>>, party: Party) -> Result<Answer<ActivityOut>, Rejection> {
    let body = &request.body.0;
    request
        .decide(party, |party, act| {
            let (mut data, mut text) = (ActivityData::new(party.id, body.r#type, act.at), ActivityText::default());
            body.fill(&mut data, &mut text);
            data.duration_min = body.duration_min.map(|minutes| minutes.0);
            let (activity, event) = activity::log(act, party, data, text)?;
            let mut change = Change::new();
            change.create(&activity);
            change.event(&event);
            Ok(Answer::creation(change, "activities", activity, ActivityOut::new))
        })
        .await
}
