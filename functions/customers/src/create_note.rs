//! `POST /customers/{id}/notes`: a note, answered with the latest five.

use api::views::overview::NoteOut;
use api::{Action, Answer, Call, Json, Party, Route, Scoped, Seen, Stop};
use domain::activity::{self, Activity, ActivityData, ActivityText, ActivityType};
use domain::customer::Customer;
use domain::value::Prose;
use domain::{CustomerId, Entity, PartyId, Permission};
use store::{Overview, Tx};

domain::body! {
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

async fn load(seen: Seen<Scoped, (CustomerId,)>) -> Result<(Party, Overview), Stop> {
    let id = seen.path.0;
    let own = async { Ok(seen.app.store.overview(Customer::KIND, id).await?) };
    let (party, own) = tokio::try_join!(seen.party(PartyId::Customer(id)), own)?;
    let overview = match &party.customer {
        Some(customer) => seen.app.store.customer_overview(own, customer).await?,
        None => own,
    };
    Ok((party, overview))
}

async fn handle(call: Call<Scoped, (CustomerId,), (), Json<CreateNote>>, (party, overview): (Party, Overview)) -> Result<Answer<Vec<NoteOut>>, Stop> {
    let act = call.act();
    let data = ActivityData {
        lead_id: None,
        customer_id: party.id.customer(),
        kind: ActivityType::Note,
        occurred_at: act.at,
        direction: None,
        duration_min: None,
        outcome: None,
    };
    let (note, event) = activity::log(&act, &party.about(), data, ActivityText { body: Some(call.body.0.body.clone()) });
    let mut tx = Tx::new();
    tx.create(&note);
    tx.event(&event);
    let mut latest = overview;
    latest.absorb(1, note.as_note().into_iter().collect());
    let place = api::location::<Activity>("activities", note.id);
    let answer = Answer::created(latest.notes.into_iter().map(NoteOut::from).collect(), place);
    call.commit(tx, &answer).await?;
    Ok(answer)
}
