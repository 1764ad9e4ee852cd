//! `POST /customers/{id}/notes`: a note, answered with the latest five.

use contract::views::overview::NoteOut;
use domain::activity::{self, Activity, ActivityData, ActivityText, ActivityType};
use domain::customer::Customer;
use domain::value::Prose;
use domain::{CustomerId, Overview, Party, PartyId, Permission};
use edge::{Action, Answer, Authorized, Change, Context, Decision, Json, Rejection, Request, Route, location};

contract::body! {
    /// A note.
    pub struct CreateNote {
        pub body: Prose,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/customers/{id}/notes", "create_note")
        .needs(Permission::ActivitiesCreate)
        .about("Customers", "Add a note; answers the latest five")
        .status(201)
        .touches(&[Action::Get, Action::QueryTable, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

type Found = (Party, Overview);

async fn load(context: Context<Authorized, (CustomerId,)>) -> Result<Found, Rejection> {
    let (customer, overview) = context.page_of::<Customer>(context.path.0).await?;
    Ok((Party { id: PartyId::Customer(customer.id), lead: None, customer: Some(customer.into_record()) }, overview))
}

async fn handle(
    request: Request<Authorized, (CustomerId,), (), Json<CreateNote>>,
    (party, overview): Found,
) -> Result<Answer<Vec<NoteOut>>, Rejection> {
    let body = &request.body.0;
    request
        .decide(party, |party, act| {
            let data = ActivityData::new(party.id, ActivityType::Note, act.at);
            let (note, event) = activity::log(act, party, data, ActivityText { body: Some(body.body.clone()) })?;
            let mut change = Change::new();
            change.create(&note);
            change.event(&event);
            let mut latest = overview.clone();
            latest.add(note.as_note());
            let shown = latest.notes.into_iter().map(NoteOut::from).collect();
            Ok(Decision::Commit(change, Answer::created(shown, location::<Activity>("activities", note.id))))
        })
        .await
}
