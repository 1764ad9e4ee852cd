//! What somebody owns: it follows him to another team or name, and goes to others when he leaves.

use super::walk::{Walk, change, change_telling, steps};
use crate::failure::Failure;
use application::App;
use domain::campaign::Campaign;
use domain::customer::Customer;
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::message::Message;
use domain::order::Order;
use domain::project::Project;
use domain::task::Task;
use domain::team::Team;
use domain::transaction::Transaction;
use domain::user::UserStatus;
use domain::work_log::WorkLog;
use domain::{Owned, Owner, Record, Row, UserId};
use messaging::Place;
use store::Tx;
use store::item::Stored;
use store::records::owned_plans;

/// Puts the present team and name of an owner on what he owns. What somebody who may not sign in did stays his, and goes with
/// him to another team.
pub(super) async fn restamp(app: &App, user: UserId, from: Option<Place>) -> Result<Option<Place>, Failure> {
    let Some(auth) = app.unscoped().auth(user).await? else { return Ok(None) };
    let stamp = Owner { id: user, name: auth.name, team: auth.team_id };
    each_owned(app, user, from, &Move::Stamp(stamp)).await
}

/// Gives what a disabled user owned to somebody else, or to the pool. Who came back keeps what is his, however late or often the
/// message comes.
pub(super) async fn hand_over(
    app: &App,
    user: UserId,
    to: Option<UserId>,
    by: Option<UserId>,
    from: Option<Place>,
) -> Result<Option<Place>, Failure> {
    if owner(app, user).await?.is_some() {
        return Ok(None);
    }
    let to = match to {
        Some(to) => owner(app, to).await?,
        None => None,
    };
    let open_work = match &to {
        Some(owner) => Some(owner.clone()),
        None => stand_in(app, user, by).await?,
    };
    each_owned(app, user, from, &Move::HandOver { records: to, open_work }).await
}

/// A user as an owner right now; `None` when the user may own nothing.
pub(super) async fn owner(app: &App, user: UserId) -> Result<Option<Owner>, Failure> {
    let auth = app.unscoped().auth(user).await?.filter(|auth| auth.status == UserStatus::Active);
    Ok(auth.map(|auth| Owner { id: user, name: auth.name, team: auth.team_id }))
}

/// Who takes over a disabled user's open work where nobody was named: the team's manager, else who
/// disabled the user.
async fn stand_in(app: &App, user: UserId, by: Option<UserId>) -> Result<Option<Owner>, Failure> {
    let team = app.unscoped().auth(user).await?.and_then(|auth| auth.team_id);
    let manager = match team {
        Some(team) => app.unscoped().get::<Team>(team).await?.and_then(|team| team.data.manager_id),
        None => None,
    };
    for person in [manager, by].into_iter().flatten().filter(|person| *person != user) {
        if let Some(owner) = owner(app, person).await? {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

/// What happens to the records of an owner.
enum Move {
    /// They get the owner's present team and name.
    Stamp(Owner),
    /// They go to somebody else: what can be in the pool to the first or there, open work to the
    /// second.
    HandOver { records: Option<Owner>, open_work: Option<Owner> },
}

impl Move {
    /// Whether a row shows that there may be something to do.
    fn concerns<E: Owned + Stored>(&self, row: &Row<E>, user: UserId) -> bool {
        let as_stamped = |owner: &Owner| E::stamped(&row.derived) == (owner.team, Some(&*owner.name));
        E::owner(row) == Some(user) && !matches!(self, Self::Stamp(owner) if as_stamped(owner))
    }

    /// What makes a record as it should be; `None` when it is.
    fn of<E: Owned + Stored>(&self, app: &App, record: &Record<E>, user: UserId) -> Option<Tx> {
        if !self.concerns(record, user) {
            return None;
        }
        match self {
            Self::Stamp(owner) => {
                let mut next = record.clone();
                E::stamp(&mut next.derived, Some(owner));
                Some(change(record, &next))
            }
            Self::HandOver { records, open_work } => {
                let to = if E::POOLED { records } else { open_work };
                let (next, events) = E::hand_over(record, &app.act(), to.as_ref())?;
                Some(change_telling(record, &next, &events))
            }
        }
    }
}

impl Walk<'_> {
    /// The records of one kind that somebody owns.
    async fn owned<E: Owned + Stored>(&mut self, user: UserId, change: &Move) -> Result<Option<Place>, Failure> {
        let app = self.app;
        let stays = E::FOLLOWS && matches!(change, Move::HandOver { .. });
        for plan in owned_plans(user, E::KIND) {
            if stays {
                self.enter();
                continue;
            }
            let rest = self.list::<E>(&plan, |row| change.concerns(row, user), |record| change.of(app, record, user)).await?;
            if rest.is_some() {
                return Ok(rest);
            }
        }
        Ok(None)
    }
}

/// Changes every record of an owner.
async fn each_owned(app: &App, user: UserId, from: Option<Place>, change: &Move) -> Result<Option<Place>, Failure> {
    let mut walk = Walk::new(app, from);
    steps!(
        walk.owned::<Customer>(user, change),
        walk.owned::<Lead>(user, change),
        walk.owned::<Task>(user, change),
        walk.owned::<FollowUp>(user, change),
        walk.owned::<Project>(user, change),
        walk.owned::<WorkLog>(user, change),
        walk.owned::<Order>(user, change),
        walk.owned::<Transaction>(user, change),
        walk.owned::<Message>(user, change),
        walk.owned::<Campaign>(user, change),
    )
}
