//! The one way to change something: load, decide, commit; and where the table says that what was loaded
//! is stale, load again with reach and decide again.

use crate::account::ReachedAccount;
use crate::app::App;
use crate::error::Error;
use crate::reach::Reached;
use crate::references::Referral;
use crate::subject::Subject;
use domain::account::Account;
use domain::credential::{Credential, SignIn};
use domain::event::Event;
use domain::team::{Team, TeamChange};
use domain::user::Auth;
use domain::{CustomerId, LeadId, Owner, Record, Time, UserId};
use store::{FailedCondition, IdempotencyKey, SavedAnswer, Stored, Tx};

/// How often something is decided anew before the caller is asked to try again: twenty clients changing
/// one record at once all get through.
pub const ATTEMPTS: u32 = 40;

/// How long the first pause before deciding again is at most, milliseconds: those who collided are not to
/// meet again.
const FIRST_PAUSE: u64 = 4;

/// How often a stale subject may come back as it was.
const SAME_ATTEMPTS: u32 = 5;

/// What follows from what was loaded.
#[derive(Debug)]
pub enum Decision<T> {
    /// Write this, and then it is so.
    Commit(Change, T),
    /// It is so already.
    Keep(T),
}

/// What is to be written: all of it or nothing, its events included.
#[derive(Debug, Default)]
pub struct Change {
    pub(crate) tx: Tx,
}

/// Workers, which reach everything, bring transactions of their own.
impl From<Tx> for Change {
    fn from(tx: Tx) -> Self {
        Self { tx }
    }
}

impl Change {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new record.
    pub fn create<E: Stored>(&mut self, record: &Record<E>) {
        self.tx.create(record);
    }

    /// A record from what was reached to what was decided.
    pub fn update<E: Stored>(&mut self, reached: &Reached<E>, next: &Record<E>) {
        self.tx.update(reached, next);
    }

    /// A record is gone.
    pub fn delete<E: Stored>(&mut self, reached: &Reached<E>) {
        self.tx.delete(reached, FailedCondition::Stale);
    }

    /// What happened.
    pub fn event(&mut self, event: &Event) {
        self.tx.event(event);
    }

    /// All that happened.
    pub fn events(&mut self, events: &[Event]) {
        self.tx.events(events);
    }

    /// Lets leads and customers have contact data that others have too.
    pub fn allow_duplicates(&mut self, allow: bool) {
        self.tx.allow_duplicates(allow);
    }

    /// Whoever is given something, named in this field, has to be active when it is written. The one who
    /// acts is.
    pub fn require_active(&mut self, owner: Option<&Owner>, actor: UserId, field: &'static str) {
        if let Some(owner) = owner.filter(|owner| owner.id != actor) {
            self.tx.require_active(owner.id, field);
        }
    }

    /// A user who is referred to has to be active when it is written.
    pub fn require_active_user(&mut self, user: UserId, field: &'static str) {
        self.tx.require_active(user, field);
    }

    /// The last of those who brought one another has to be as it was read: nobody brought that one meanwhile.
    pub fn require_referral(&mut self, referral: &Referral) {
        self.tx.require_same(&referral.root);
    }

    /// A lead takes no more children: it became this customer.
    pub fn close_counts(&mut self, lead: LeadId, customer: CustomerId) {
        self.tx.close_counts(lead, customer);
    }

    /// A user and all that refers to it, and the hashes where the password is another.
    pub fn account(&mut self, old: &ReachedAccount, new: &Account, credential: Option<&Credential>) {
        self.tx.change_account(old, new, credential);
    }

    /// A new user with what it takes to sign in.
    pub fn register(&mut self, user: &Record<domain::user::User>, sign_in: &SignIn, event: &Event) {
        self.tx.register(user, sign_in, event);
    }

    /// A new team; its manager's sign-in state learns of it.
    pub fn create_team(&mut self, team: &Record<Team>, manager: Option<&Auth>, event: &Event) {
        self.tx.create_team(team, manager, event);
    }

    /// A team and everyone who changes with it.
    pub fn change_team(&mut self, old: &Reached<Team>, change: &TeamChange) {
        self.tx.change_team(old, change);
    }

    /// A team is gone.
    pub fn delete_team(&mut self, team: &Reached<Team>, change: &TeamChange) {
        self.tx.delete_team(team, change);
    }

    /// The answer to a request, under the key that names it: who repeats the request gets it again.
    pub fn save_answer(&mut self, key: &IdempotencyKey, answer: &SavedAnswer, now: Time) {
        self.tx.save_answer(key, answer, now);
    }
}

/// What decides: the application's errors can become its own.
pub trait Failure: From<Error> + Send {}
impl<T: From<Error> + Send> Failure for T {}

/// Decides and commits, and again on what is there now while the table says that what was loaded is
/// stale. A transaction that is refused for another reason is decided again, too, where the subject
/// itself moved meanwhile: the reason may be what it became.
pub async fn decide<S: Subject, T, X: Failure>(app: &App, mut subject: S, decide: impl Fn(&S) -> Result<Decision<T>, X>) -> Result<T, X> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            store::pause(FIRST_PAUSE, attempt).await;
        }
        let (change, outcome) = match decide(&subject)? {
            Decision::Commit(change, outcome) => (change, outcome),
            Decision::Keep(outcome) => return Ok(outcome),
        };
        // On the heap: what decides is deep inside other futures, and threads have two megabytes.
        let error = match Box::pin(app.store().commit(change.tx)).await {
            Ok(()) => return Ok(outcome),
            Err(error) => error,
        };
        let answered = error.is_refused(&FailedCondition::Answered);
        let stale = [FailedCondition::Stale, FailedCondition::Parent, FailedCondition::Exists].iter().any(|found| error.is_refused(found));
        match &error {
            store::Error::Refused(_) if !answered => {
                let latest = Box::pin(subject.reload(app)).await.map_err(X::from)?;
                // What was loaded may have been a little old itself; a few times that is waited for.
                if latest.same(&subject) && (!stale || attempt >= SAME_ATTEMPTS) {
                    return Err(Error::Store(error).into());
                }
                subject = latest;
            }
            _ => return Err(Error::Store(error).into()),
        }
    }
    Err(Error::Contended("what it is about".into()).into())
}

/// A change of a reached record as the rules gave it: the record with its events, or nothing.
pub fn changed<E: Stored>(reached: &Reached<E>, outcome: domain::owner::Change<E>) -> Decision<Record<E>> {
    match outcome {
        None => Decision::Keep((**reached).clone()),
        Some((mut next, events)) => {
            let mut change = Change::new();
            change.update(reached, &next);
            change.events(&events);
            next.rev = reached.rev + 1;
            Decision::Commit(change, next)
        }
    }
}

impl<T> Decision<T> {
    /// With more to be written, where anything is.
    #[must_use]
    pub fn with(mut self, more: impl FnOnce(&mut Change)) -> Self {
        if let Self::Commit(change, _) = &mut self {
            more(change);
        }
        self
    }

    /// With another outcome.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Decision<U> {
        match self {
            Self::Commit(change, outcome) => Decision::Commit(change, f(outcome)),
            Self::Keep(outcome) => Decision::Keep(f(outcome)),
        }
    }
}
