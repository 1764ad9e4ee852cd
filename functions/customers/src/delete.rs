//! `DELETE /customers/{id}`: archives a customer; PATCH with `archived: false` brings it back.

use api::{Action, Answer, Call, Route, Scoped, Seen, Stop};
use domain::customer::{self, Customer};
use domain::event::Act;
use domain::{CustomerId, Permission, Record};
use store::Tx;

pub(crate) fn route() -> Route {
    Route::delete("/customers/{id}", "delete_customer")
        .needs(Permission::CustomersDelete)
        .about("Customers", "Archive a customer")
        .status(204)
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (CustomerId,)>) -> Result<Record<Customer>, Stop> {
    seen.record(seen.path.0).await
}

async fn handle(call: Call<Scoped, (CustomerId,)>, loaded: Record<Customer>) -> Result<Answer<()>, Stop> {
    let decide = |customer: &Record<Customer>, act: &Act| {
        let mut data = customer.data.clone();
        data.archived_at = data.archived_at.or(Some(act.at));
        // Archiving moves no lifecycle, so it is never refused.
        let Ok(Some((next, events))) = customer::update(customer, act, data, customer.text.clone()) else { return Ok(None) };
        let mut tx = Tx::new();
        tx.move_customer_contacts(Some(customer), &next, true);
        tx.events(&events);
        Ok(Some((next, tx)))
    };
    call.change(loaded, Some(call.scope()), decide).await?;
    Ok(Answer::nothing())
}
