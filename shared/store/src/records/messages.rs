//! Where messages to customers stand, and where their list reads.

use super::{BY_STATUS, LIVE, PLAIN, children, children_plan, either, owned_partitions, partitions, reached};
use crate::error::Error;
use crate::item::{Item, Rollup, Stored, Unique, row_item};
use crate::keys::{self, IndexKeys};
use crate::list::{Filter, Plan};
use domain::campaign::Campaign;
use domain::message::{CampaignId, Message, MessageKind, MessageStatus};
use domain::{CustomerId, Entity, Parent, PartyId, Record, Row, Scope, Time};

/// Among what the dedupe keys of messages are unique.
const DEDUPE: &str = "MESSAGE";

/// The state of messages of a kind that stand so.
fn state(kind: MessageKind, status: MessageStatus) -> String {
    format!("{}-{}", kind.as_str(), status.as_str())
}

/// The state of the messages of a campaign.
fn of_campaign(campaign: CampaignId) -> String {
    format!("CAMPAIGN:{campaign}")
}

fn customer(id: CustomerId) -> Parent {
    Parent::Party(PartyId::Customer(id))
}

impl Stored for Message {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let data = &record.data;
        let mut partitions = owned_partitions(record, LIVE, Some(&state(data.kind, data.status)));
        partitions.push(children(customer(data.customer_id), Self::KIND));
        IndexKeys { partitions, sort: keys::by_time(record.created_at, record.id) }
    }

    /// A row for the list of its campaign, as far as each may see it.
    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let row = |campaign| {
            let partitions = owned_partitions(record, &of_campaign(campaign), None);
            row_item(record, "CAMPAIGN", partitions, keys::by_time(record.created_at, record.id))
        };
        record.data.campaign_id.map(row).into_iter().collect()
    }

    /// For its campaign it is on its way, handed over, given up on, or not sent.
    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        let data = &record.data;
        let rollup = |campaign| Rollup::child(Campaign::KIND, campaign, data.status.counter(), true);
        data.campaign_id.map(rollup).into_iter().collect()
    }

    /// Nobody is told the same twice.
    fn unique(row: &Row<Self>) -> Option<Unique> {
        Some(Unique { space: DEDUPE, value: row.data.dedupe_key.clone(), field: TOLD })
    }
}

/// What is refused as taken where a customer was told of something before.
pub const TOLD: &str = "dedupeKey";

/// What `GET /messages` asks for.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// To this customer.
    pub customer: Option<CustomerId>,
    /// Of this campaign.
    pub campaign: Option<CampaignId>,
    /// Of this kind.
    pub kind: Option<MessageKind>,
    /// That stand so.
    pub status: Option<MessageStatus>,
    /// Made at this moment or later.
    pub from: Option<Time>,
    /// Made before this moment.
    pub until: Option<Time>,
    /// Oldest first.
    pub ascending: bool,
}

impl MessageFilter {
    /// The states that pass; none where all do.
    fn states(&self) -> Vec<String> {
        either(self.kind.as_slice(), MessageKind::ALL, self.status.as_slice(), MessageStatus::ALL, state)
    }
}

impl Filter for MessageFilter {
    type Entity = Message;

    fn plan(&self, scope: &Scope) -> Plan {
        let narrowed = self.kind.is_some() || self.status.is_some();
        let (partitions, residual) = match (self.customer, self.campaign) {
            (Some(id), campaign) => (children_plan(customer(id), Message::KIND).partitions, narrowed || campaign.is_some()),
            (None, Some(campaign)) => (partitions(&reached(scope), Message::KIND, &of_campaign(campaign), PLAIN), narrowed),
            (None, None) => {
                let places = reached(scope);
                let partitions = match &*self.states() {
                    [] => partitions(&places, Message::KIND, LIVE, PLAIN),
                    states => states.iter().flat_map(|state| partitions(&places, Message::KIND, state, BY_STATUS)).collect(),
                };
                (partitions, false)
            }
        };
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        Plan { partitions, ascending: self.ascending, from: time(self.from), until: time(self.until), residual, ..Plan::default() }
    }

    fn matches(&self, message: &Row<Message>) -> bool {
        let data = &message.data;
        self.customer.is_none_or(|wanted| data.customer_id == wanted)
            && self.campaign.is_none_or(|wanted| data.campaign_id == Some(wanted))
            && self.kind.is_none_or(|wanted| data.kind == wanted)
            && self.status.is_none_or(|wanted| data.status == wanted)
    }

    fn parent(&self) -> Option<Parent> {
        self.customer.map(customer)
    }
}
