//! A way through lists of records that goes on in another message where it takes long.

use crate::failure::Failure;
use application::{App, Decision};
use domain::event::Event;
use domain::{Parent, PartyId, Record, Row};
use messaging::Place;
use std::ops::ControlFlow;
use store::item::Stored;
use store::list::Paging;
use store::records::children_plan;
use store::{Cursor, Plan, Tx};

/// How many records one message handles before it hands on to the next: well inside the function's
/// time-out at 20 ms a record.
pub(crate) const RECORDS_PER_MESSAGE: usize = 300;
/// How many records one page has.
pub(crate) const PAGE: usize = 100;

pub(crate) fn change<E: Stored>(old: &Record<E>, new: &Record<E>) -> Tx {
    let mut tx = Tx::new();
    tx.update(old, new);
    tx
}

/// A changed record, and what is told of that.
pub(crate) fn change_telling<'a, E: Stored>(old: &Record<E>, new: &Record<E>, events: impl IntoIterator<Item = &'a Event>) -> Tx {
    let mut tx = change(old, new);
    events.into_iter().for_each(|event| tx.event(event));
    tx
}

/// A way through lists that can stop after some records and go on in another message.
pub(crate) struct Walk<'a> {
    pub(super) app: &'a App,
    from: Place,
    /// How many lists were begun.
    list: usize,
    pub(crate) handled: usize,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(app: &'a App, from: Option<Place>) -> Self {
        Self { app, from: from.unwrap_or_default(), list: 0, handled: 0 }
    }

    /// Does with every record of a list that was not visited before, and whose row is of concern, what
    /// `decide` says. Gives the place to go on from when there are more than one message should handle.
    pub(super) async fn list<E: Stored>(
        &mut self,
        plan: &Plan,
        concerns: impl Fn(&Row<E>) -> bool,
        decide: impl Fn(&Record<E>) -> Option<Tx>,
    ) -> Result<Option<Place>, Failure> {
        self.try_list(plan, concerns, |record| Ok(decide(record))).await
    }

    /// The same where something can be in the way of deciding. Whom somebody was told before is not told again.
    pub(super) async fn try_list<E: Stored>(
        &mut self,
        plan: &Plan,
        concerns: impl Fn(&Row<E>) -> bool,
        decide: impl Fn(&Record<E>) -> Result<Option<Tx>, Failure>,
    ) -> Result<Option<Place>, Failure> {
        let Some(mut after) = self.enter() else { return Ok(None) };
        loop {
            let page = self.app.unscoped().list::<E>(plan, paging(after.as_deref()), |_| true).await?;
            for row in page.items {
                self.handled += 1;
                if concerns(&row) {
                    match try_decide_on(self.app, row.id, &decide).await {
                        Err(failure) if failure.was_told() => {}
                        done => drop(done?),
                    }
                }
            }
            match self.turn(page.next) {
                ControlFlow::Continue(next) => after = next,
                ControlFlow::Break(rest) => return Ok(rest),
            }
        }
    }

    /// Begins the next list; gives where in it, and nothing where it was visited before.
    pub(crate) fn enter(&mut self) -> Option<Option<String>> {
        self.list += 1;
        let at = self.list - 1;
        (at >= self.from.list).then(|| self.from.after.take().filter(|_| at == self.from.list))
    }

    /// After a page: where the next one begins, or the end of the list, or the place to go on from.
    pub(crate) fn turn(&self, next: Option<Cursor>) -> ControlFlow<Option<Place>, Option<String>> {
        match next.map(|cursor| cursor.to_string()) {
            None => ControlFlow::Break(None),
            after if self.handled >= RECORDS_PER_MESSAGE => ControlFlow::Break(Some(Place { list: self.list - 1, after })),
            after => ControlFlow::Continue(after),
        }
    }
}

/// The next page after a place.
pub(crate) fn paging(after: Option<&str>) -> Paging<'_> {
    Paging { limit: PAGE, cursor: after, binding: "work" }
}

/// Does each step until one has to go on in another message.
macro_rules! steps {
    ($($step:expr),* $(,)?) => {{
        $(if let Some(place) = Box::pin($step).await? { return Ok(Some(place)); })*
        Ok(None)
    }};
}

pub(super) use steps;

/// The records of a kind below a lead or customer.
pub(super) fn below(party: PartyId, kind: &str) -> Plan {
    Plan { ascending: true, ..children_plan(Parent::Party(party), kind) }
}

/// Does with a record as it is now what `decide` says, and whether there was something to do; else it is left alone.
pub(crate) async fn decide_on<E: Stored>(app: &App, id: E::Id, decide: impl Fn(&Record<E>) -> Option<Tx>) -> Result<bool, Failure> {
    try_decide_on(app, id, |record| Ok(decide(record))).await
}

/// The same where something can be in the way of deciding.
pub(crate) async fn try_decide_on<E: Stored>(
    app: &App,
    id: E::Id,
    decide: impl Fn(&Record<E>) -> Result<Option<Tx>, Failure>,
) -> Result<bool, Failure> {
    let subject = app.unscoped_record::<E>(id).await?;
    Box::pin(application::decide(app, subject, |subject| {
        let tx = subject.record().map(&decide).transpose()?.flatten();
        Ok::<_, Failure>(tx.map_or(Decision::Keep(false), |tx| Decision::Commit(tx.into(), true)))
    }))
    .await
}
