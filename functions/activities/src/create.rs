//! `POST /activities`: logs a communication or a note.

use crate::bodies::CreateActivity;
use crate::views::ActivityOut;
use contract::Sent;
use domain::activity::{self, ActivityData, ActivityText};
use domain::{Party, PartyId, Permission};
use edge::application::Checks;
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/activities", "create_activity")
        .needs(Permission::ActivitiesCreate)
        .about("Activities", "Log a communication or a note")
        .status(201)
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateActivity>>) -> Result<Party, Rejection> {
    let mut checks = Checks::default();
    let body = sent.body.as_ref().map(Option::as_ref);
    checks.note(activity::faults(sent.r#type, body, sent.occurred_at.flatten(), context.app.clock.now()));
    let party = sent.lead_id.zip(sent.customer_id).map(|(lead, customer)| PartyId::exactly_one(lead, customer)).transpose();
    let party = match checks.of(party)?.flatten().filter(|_| checks.is_empty()) {
        Some(party) => checks.of(context.app.named_party(Some(context.scope()), party).await)?,
        None => None,
    };
    Ok(checks.give(party)?)
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
