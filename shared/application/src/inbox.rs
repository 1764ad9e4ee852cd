//! The inbox: how much of it is unread, and reading all of it.

use crate::app::App;
use crate::decide::{Change, Decision, decide};
use crate::error::Error;
use crate::reach::{Purpose, Reached};
use domain::notification::{Notification, read};
use domain::overview::Counter;
use domain::{Entity, NotificationId, Row, Scope, UserId};
use futures::future::try_join_all;
use store::Paging;
use store::records::unread_plan;

/// How many notifications are read in one transaction: each takes one of its 100 actions, their counter one.
const AT_ONCE: usize = 99;

impl App {
    /// How many notifications in the application somebody has not read.
    pub async fn unread(&self, person: UserId) -> Result<i64, Error> {
        Ok(self.store().counts("USER", person).await?.get(&Counter::Unread).copied().unwrap_or(0))
    }

    /// A notification of the caller's own: nobody reads for somebody else.
    pub async fn own_notification(&self, scope: &Scope, id: NotificationId) -> Result<Reached<Notification>, Error> {
        self.reach(&scope.own(), id, Purpose::Change).await
    }

    /// Reads all that the caller has not read, and says how many that were. What comes meanwhile is left.
    pub async fn read_all(&self, scope: &Scope) -> Result<i64, Error> {
        let act = self.act();
        let (mut updated, mut after): (i64, Option<String>) = (0, None);
        loop {
            let paging = Paging { limit: AT_ONCE, cursor: after.as_deref(), binding: Notification::KIND };
            let page = self.store().list(&unread_plan(scope.user()), paging, |row: &Row<Notification>| row.created_at <= act.at).await?;
            let unread = try_join_all(page.items.iter().map(|row| self.own_notification(scope, row.id))).await?;
            updated += decide(self, unread, |unread: &Vec<Reached<Notification>>| {
                let mut change = Change::new();
                let read = unread.iter().filter_map(|notification| read(notification, &act).map(|next| change.update(notification, &next))).count();
                let read = i64::try_from(read).unwrap_or(i64::MAX);
                Ok::<_, Error>(if read == 0 { Decision::Keep(0) } else { Decision::Commit(change, read) })
            })
            .await?;
            after = page.next.map(|cursor| cursor.to_string());
            if after.is_none() {
                return Ok(updated);
            }
        }
    }
}
