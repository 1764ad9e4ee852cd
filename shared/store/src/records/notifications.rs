//! Where notifications stand, and where an inbox reads.

use super::{BY_STATUS, LIVE, PLAIN, partitions};
use crate::item::{CounterName, Rollup, Stored};
use crate::keys::{self, IndexKeys};
use crate::list::{Filter, Place, Plan};
use domain::notification::{Channel, Notification, NotificationStatus};
use domain::overview::Counter;
use domain::{Entity, Record, Row, Scope, UserId};

/// What is to be read in the application.
const UNREAD: &str = "UNREAD";
/// What was read there.
const READ: &str = "READ";

/// The partition of a recipient's notifications that one is in, beside the one of all of them.
fn state(row: &Row<Notification>) -> &'static str {
    match row.data.channel {
        Channel::InApp if row.is_unread() => UNREAD,
        Channel::InApp => READ,
        other => other.as_str(),
    }
}

impl Stored for Notification {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let recipient = [Place::Owner(Some(record.data.recipient_id))];
        let of = |state, by| partitions(&recipient, Self::KIND, state, by);
        let partitions = of(LIVE, PLAIN).into_iter().chain(of(state(record), BY_STATUS)).collect();
        IndexKeys { partitions, sort: keys::by_time(record.created_at, record.id) }
    }

    /// How many the recipient has not read.
    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        let key = keys::counts("USER", record.data.recipient_id);
        vec![Rollup { key, name: CounterName::Children(Counter::Unread), amount: i64::from(record.is_unread()), guarded: false }]
    }
}

/// What `GET /notifications` asks for.
#[derive(Debug, Clone, Copy)]
pub struct NotificationFilter {
    /// Whose.
    pub recipient: UserId,
    /// Through which channel; `None` is all of them.
    pub channel: Option<Channel>,
    /// Only what was not read in the application, or only the rest.
    pub unread: Option<bool>,
    /// Where it stands.
    pub status: Option<NotificationStatus>,
}

impl Filter for NotificationFilter {
    type Entity = Notification;

    fn plan(&self, _: &Scope) -> Plan {
        let states: &[&str] = match (self.channel, self.unread) {
            (Some(Channel::InApp) | None, Some(true)) => &[UNREAD],
            (Some(Channel::InApp), Some(false)) => &[READ],
            (Some(Channel::InApp), None) => &[UNREAD, READ],
            (Some(other), _) => &[other.as_str()],
            (None, _) => &[],
        };
        let places = [Place::Owner(Some(self.recipient))];
        let partitions = match states {
            [] => partitions(&places, Notification::KIND, LIVE, PLAIN),
            states => states.iter().flat_map(|state| partitions(&places, Notification::KIND, state, BY_STATUS)).collect(),
        };
        // What the partitions do not say already.
        let residual = self.status.is_some() || (self.unread.is_some() && states != [UNREAD] && states != [READ]);
        Plan { partitions, residual, ..Plan::default() }
    }

    fn matches(&self, row: &Row<Notification>) -> bool {
        self.unread.is_none_or(|unread| row.is_unread() == unread) && self.status.is_none_or(|status| row.data.status == status)
    }

    fn person(&self) -> Option<UserId> {
        Some(self.recipient)
    }
}

/// What a user has not read in the application.
pub fn unread_plan(recipient: UserId) -> Plan {
    Plan { partitions: partitions(&[Place::Owner(Some(recipient))], Notification::KIND, UNREAD, BY_STATUS), ascending: true, ..Plan::default() }
}
