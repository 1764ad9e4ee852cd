//! Repairs: does again what a worker of the stream could not do, and recounts figures.

mod again;
mod recount;

pub use recount::{NIGHTS, check_counters};

use crate::failure::{Failure, queue_batch, stream_record};
use crate::work::Piece;
use crate::{Need, Trigger, Worker};
use application::App;
use domain::figures::Whose;
use futures::FutureExt;
use messaging::batch::Message;
use messaging::{Queue, Work};
use store::{Action, Key};

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "repair",
    about: "Repeats records of the stream, publishes and projects again, recounts figures",
    trigger: Trigger::Queue(Queue::Repair),
    actions: &[
        Action::Get,
        Action::BatchGet,
        Action::Query,
        Action::QueryTable,
        Action::Put,
        Action::BatchWrite,
        Action::Update,
        Action::Delete,
        Action::Check,
    ],
    needs: &[Need::Send(Queue::Repair), Need::Bus],
    handle: |app, event| async move { queue_batch(app, Queue::Repair, event, |message| run(app, message)).await }.boxed(),
};

async fn run(app: &App, message: Message) -> Result<(), Failure> {
    let piece = Piece::of(&message, Queue::Repair)?;
    match piece.work.clone() {
        Work::CountersCheck { team, user, repair, from } => {
            let whose = user.map_or(Whose::Team(team), Whose::User);
            recount::recount(app, &piece, whose, repair, from).await
        }
        Work::Count { kind, pk } => Ok(app.count_figures(&[Key { pk, sk: kind }]).await?),
        Work::Project { record } => crate::projector::project(app, stream_record(&record)?).await,
        Work::Relay { record } => crate::relay::relay(app, stream_record(&record)?).await,
        Work::Republish { events } => again::republish(app, &events).await,
        Work::Reproject { records } => again::reproject(app, &records).await,
        Work::ReprojectOf { user, customer, from } => {
            let rest = again::reproject_of(app, user, customer, from).await?;
            piece.hand_on(app, rest.map(|from| Work::ReprojectOf { user, customer, from: Some(from) })).await
        }
        _ => Ok(()),
    }
}
