//! The work queue: what moves, re-stamps and cleans up records and makes the messages of campaigns, in pieces. Each piece can be repeated: a record that is as it
//! should be is left alone.

mod convert;
mod follow;
mod migrate;
mod owned;
mod piece;
mod purge;
mod resolve;
mod walk;

pub(crate) use piece::{Piece, send};
pub(crate) use walk::{PAGE, RECORDS_PER_MESSAGE, Walk, change, change_telling, decide_on, paging, try_decide_on};

use crate::failure::{Failure, queue_batch};
use crate::{Need, Trigger, Worker};
use application::App;
use futures::FutureExt;
use messaging::batch::Message;
use messaging::{Queue, Work};
use store::Action;

/// The declaration.
pub const WORKER: Worker = Worker {
    name: "work",
    about: "Moves, re-stamps, migrates and cleans up records, and makes the messages of campaigns, in pieces",
    trigger: Trigger::Queue(Queue::Work),
    actions: &[Action::Get, Action::Query, Action::QueryTable, Action::BatchGet, Action::Put, Action::Update, Action::Delete, Action::Check],
    needs: &[Need::Send(Queue::Work)],
    handle: |app, event| async move { queue_batch(app, Queue::Work, event, |message| run(app, message)).await }.boxed(),
};

async fn run(app: &App, message: Message) -> Result<(), Failure> {
    let piece = Piece::of(&message, Queue::Work)?;
    let rest = match piece.work.clone() {
        Work::Restamp { user, from } => owned::restamp(app, user, from).await?.map(|from| Work::Restamp { user, from: Some(from) }),
        Work::MoveRecords { user, to, by, from } => {
            let rest = owned::hand_over(app, user, to, by, from).await?;
            rest.map(|from| Work::MoveRecords { user, to, by, from: Some(from) })
        }
        Work::FollowCustomer { customer, from } => {
            follow::follow_customer(app, customer, from).await?.map(|from| Work::FollowCustomer { customer, from: Some(from) })
        }
        Work::FollowOwner { of, former, given, from } => {
            follow::follow_owner(app, of, former, given, from).await?.map(|from| Work::FollowOwner { of, former, given, from: Some(from) })
        }
        Work::MoveOpenWork { lead, customer, from } => {
            convert::move_open_work(app, lead, customer, from).await?.map(|from| Work::MoveOpenWork { lead, customer, from: Some(from) })
        }
        Work::PurgeLead { lead, from } => purge::purge_lead(app, lead, from).await?.map(|from| Work::PurgeLead { lead, from: Some(from) }),
        Work::ResolveCampaign { campaign, from } => {
            resolve::resolve(app, campaign, from).await?.map(|from| Work::ResolveCampaign { campaign, from: Some(from) })
        }
        Work::Migrate { name, dry_run, run } => {
            migrate::migrate(app, &message.id, &name, dry_run, run).await?.map(|run| Work::Migrate { name, dry_run, run: Some(run) })
        }
        _ => None,
    };
    piece.hand_on(app, rest).await
}
