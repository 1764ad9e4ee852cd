//! `DELETE /activities/{id}`: deletes an activity; the date of the last contact follows.

use crate::{Found, changeable};
use api::{Action, Answer, Call, Route, Scoped, Stop};
use domain::activity;
use domain::{ActivityId, Permission};
use store::{Refusal, Tx};

pub(crate) fn route() -> Route {
    Route::delete("/activities/{id}", "delete_activity")
        .needs(Permission::ActivitiesDelete)
        .about("Activities", "Delete an activity")
        .status(204)
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load(changeable)
        .handle(handle)
}

async fn handle(call: Call<Scoped, (ActivityId,)>, (loaded, party): Found) -> Result<Answer<()>, Stop> {
    let about = party.about();
    call.remove(loaded, |record, act| {
        let mut tx = Tx::new();
        tx.delete(record, Refusal::Stale);
        tx.event(&activity::deleted(record, act, &about));
        Ok(tx)
    })
    .await?;
    Ok(Answer::nothing())
}
