//! Where campaigns stand, where their list reads, and where the customers of a segment are looked for.

use super::{BY_STATUS, LIVE, PLAIN, by_words, either, owned_by, partitions};
use crate::error::Error;
use crate::found::FoundBy;
use crate::idempotency::sha256;
use crate::item::{Item, Stored, bare, key_of, put_index_keys, text};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{By, Filter, Named, Page, Paging, Place, Plan};
use crate::overview::counts_of;
use crate::records::customers::value;
use crate::table::Store;
use crate::tx::{FailedCondition, Tx};
use domain::campaign::{Campaign, CampaignStatus, Segment, Stats};
use domain::customer::{Customer, Engagement, LevelCode, Lifecycle};
use domain::search::{Findable, RecordWords, Search, record_words};
use domain::{CampaignId, Entity, MessageId, Record, Row, Scope, Time};
use std::collections::HashMap;

impl Stored for Campaign {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let owner = keys::of_owner(Some(record.data.owner_id), Self::KIND, LIVE);
        let all = |index, state: &str| (index, keys::of_all(Self::KIND, state));
        IndexKeys {
            partitions: vec![(Index::Owner, owner), all(Index::All, LIVE), all(Index::AllStatus, record.data.status.as_str())],
            sort: keys::by_time(record.created_at, record.id),
        }
    }

    fn found_by(row: &Row<Self>) -> Option<FoundBy> {
        Some(FoundBy { state: LIVE, words: words(row), values: Vec::new(), orders: Vec::new(), sharers: Vec::new() })
    }

    /// Among those that wait for their time.
    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let data = &record.data;
        let waits = |at: Time| {
            let mut item = bare(&keys::start(record.id), "DUE");
            let partitions = vec![(Index::Due, keys::due(Self::KIND))];
            put_index_keys(&mut item, &IndexKeys { partitions, sort: keys::by_time(at, record.id) });
            item
        };
        Ok(data.scheduled_at.filter(|_| data.status == CampaignStatus::Scheduled).map(waits).into_iter().collect())
    }
}

fn words(row: &Row<Campaign>) -> RecordWords {
    record_words(&Findable { names: vec![row.data.name.as_str()], ..Findable::default() })
}

/// What `GET /campaigns` asks for.
#[derive(Debug, Clone, Default)]
pub struct CampaignFilter {
    /// Of this status.
    pub status: Option<CampaignStatus>,
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
}

impl Filter for CampaignFilter {
    type Entity = Campaign;

    fn searches(&self) -> bool {
        self.search.is_some()
    }

    /// Whoever may see campaigns sees all of them.
    fn plan(&self, _: &Scope) -> Plan {
        if let Some(search) = &self.search {
            return by_words(search, LIVE, vec![Place::All], self.status.is_some());
        }
        let partition = match self.status {
            Some(status) => (Index::AllStatus, keys::of_all(Campaign::KIND, status.as_str())),
            None => (Index::All, keys::of_all(Campaign::KIND, LIVE)),
        };
        Plan { partitions: vec![partition], ascending: self.ascending, ..Plan::default() }
    }

    fn matches(&self, campaign: &Row<Campaign>) -> bool {
        self.status.is_none_or(|wanted| campaign.data.status == wanted)
    }
}

/// Where the customers of a segment are looked for, as far as a scope reaches: those of an owner, of engagements, or of lifecycles or
/// levels that few have; else all. Rows of all of them are read, and some are not in the segment.
pub fn segment_plan(segment: &Segment, scope: &Scope) -> Plan {
    let owner = if let [owner] = *segment.owner_ids { Some(Some(owner)) } else { None };
    let places = owned_by(scope, owner);
    let few = !segment.level_codes.is_empty() && !segment.level_codes.contains(&LevelCode::Bronze);
    let former = !segment.lifecycle.is_empty() && !segment.lifecycle.contains(&Lifecycle::Customer);
    let plan = Plan { ascending: true, residual: true, ..Plan::default() };
    if !segment.engagement.is_empty() {
        let of = |engagement: &Engagement| partitions(&places, Customer::KIND, engagement.as_str(), BY_STATUS);
        return Plan { partitions: segment.engagement.iter().flat_map(of).collect(), ..plan };
    }
    if few || former {
        let values = either(&segment.lifecycle, Lifecycle::ALL, &segment.level_codes, LevelCode::ALL, value);
        return Plan { named: Some(Named { state: LIVE, by: By::Values(values), places }), ..plan };
    }
    Plan { partitions: partitions(&places, Customer::KIND, LIVE, PLAIN), ..plan }
}

impl Store {
    /// How the messages of a campaign fared, strongly consistent.
    pub async fn campaign_stats(&self, id: CampaignId) -> Result<Stats, Error> {
        let counts = self.get_item(&keys::counts(Campaign::KIND, id), true).await?;
        Ok(counts.as_ref().map(stats_in).unwrap_or_default())
    }

    /// How the messages of each of these fared, eventually consistent.
    pub async fn stats_of(&self, ids: &[CampaignId]) -> Result<Vec<Stats>, Error> {
        let keys: Vec<Key> = ids.iter().map(|id| keys::counts(Campaign::KIND, *id)).collect();
        let items = self.get_items(&keys).await?;
        let of = |key: &Key| items.iter().find(|item| key_of(item) == *key).map(stats_in).unwrap_or_default();
        Ok(keys.iter().map(of).collect())
    }

    /// The campaigns whose time has come.
    pub async fn campaigns_due(&self, now: Time, paging: Paging<'_>) -> Result<Page<CampaignId>, Error> {
        self.due_up_to(keys::due(Campaign::KIND), now, paging).await
    }
}

/// What is refused as taken where a campaign writes to an address already.
pub const ADDRESSED: &str = "to";

impl Tx {
    /// Lets a campaign write to an address by this message alone, whoever else has the address.
    pub fn claim_address(&mut self, campaign: CampaignId, message: MessageId, to: &str) {
        let mut item = bare(&keys::addressed(campaign, &sha256(to.to_lowercase().as_bytes())), "ADDRESSED");
        item.insert("messageId".to_owned(), text(message.to_string()));
        let ours = HashMap::from([(":message".to_owned(), text(message.to_string()))]);
        self.put_if(item, "attribute_not_exists(pk) OR messageId = :message", ours, FailedCondition::Taken(ADDRESSED));
    }
}

fn stats_in(counts: &Item) -> Stats {
    Stats::of(&counts_of(counts))
}
