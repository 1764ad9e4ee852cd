//! Where promotions stand, where their list reads, and what customers have of them.

use super::{LIVE, by_words, children, either};
use crate::error::Error;
use crate::found::FoundBy;
use crate::item::{Item, Rollup, Stored, Unique, bare, get_number, get_text, key_of, put_index_keys, text, to_item, to_row};
use crate::keys::{self, Index, IndexKeys, Key};
use crate::list::{Filter, Page, Paging, Place, Plan, id_in};
use crate::table::Store;
use crate::tx::Tx;
use domain::customer_promotion::{CustomerPromotion, CustomerPromotionId, Offered};
use domain::overview::Counter;
use domain::promotion::{Occasion, Promotion, PromotionCode, PromotionStatus, Trigger, Uses};
use domain::purchase::Limits;
use domain::search::{Findable, RecordWords, Search, record_words};
use domain::text::TextValue;
use domain::{CustomerId, Entity, Parent, PartyId, PromotionId, Record, Row, Scope, Time};
use std::collections::BTreeSet;

/// Among what the codes of promotions are unique.
pub(crate) const CODE: &str = "PROMOTION";

impl Stored for Promotion {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let partition = |index, state: &str| (index, keys::of_all(Self::KIND, state));
        let state = state(record.data.status, record.data.trigger);
        IndexKeys {
            partitions: vec![partition(Index::All, LIVE), partition(Index::AllStatus, &state)],
            sort: keys::by_time(record.created_at, record.id),
        }
    }

    fn found_by(row: &Row<Self>) -> Option<FoundBy> {
        Some(FoundBy { state: LIVE, words: words(row), values: Vec::new(), orders: Vec::new(), sharers: Vec::new() })
    }

    fn unique(row: &Row<Self>) -> Option<Unique> {
        Some(Unique { space: CODE, value: row.data.code.to_string(), field: "code" })
    }

    /// Among those that are given without anybody's doing, and among those that end.
    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let (data, mut items) = (&record.data, Vec::new());
        if let Some(occasion) = data.occasion().filter(|_| data.status == PromotionStatus::Active) {
            let mut item = bare(&keys::live(occasion, record.id), "LIVE");
            let row = to_item(record)?;
            item.extend(LIVE_ATTRIBUTES.iter().filter_map(|name| Some(((*name).to_owned(), row.get(*name)?.clone()))));
            items.push(item);
        }
        let runs = matches!(data.status, PromotionStatus::Active | PromotionStatus::Paused);
        if let Some(end) = data.ends_at.filter(|_| runs) {
            let mut item = bare(&keys::end(record.id), "DUE");
            let partitions = vec![(Index::Due, keys::due(Self::KIND))];
            put_index_keys(&mut item, &IndexKeys { partitions, sort: keys::by_time(end, record.id) });
            items.push(item);
        }
        Ok(items)
    }
}

/// What of a promotion stands among those that are live.
const LIVE_ATTRIBUTES: [&str; 6] = ["v", "version", "rev", "head", "data", "derived"];

/// The state of promotions of a status with a trigger.
fn state(status: PromotionStatus, trigger: Trigger) -> String {
    format!("{status}-{trigger}")
}

fn words(row: &Row<Promotion>) -> RecordWords {
    record_words(&Findable { names: vec![row.data.name.as_str(), row.data.code.as_str()], ..Findable::default() })
}

/// What `GET /promotions` asks for.
#[derive(Debug, Clone, Default)]
pub struct PromotionFilter {
    /// Of this status.
    pub status: Option<PromotionStatus>,
    /// With this trigger.
    pub trigger: Option<Trigger>,
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
}

impl PromotionFilter {
    /// The states that pass; none where all do.
    fn states(&self) -> Vec<String> {
        either(self.status.as_slice(), PromotionStatus::ALL, self.trigger.as_slice(), Trigger::ALL, state)
    }
}

impl Filter for PromotionFilter {
    type Entity = Promotion;

    fn searches(&self) -> bool {
        self.search.is_some()
    }

    /// Promotions are nobody's: the same is read whoever asks.
    fn plan(&self, _: &Scope) -> Plan {
        let states = self.states();
        if let Some(search) = &self.search {
            return by_words(search, LIVE, vec![Place::Owner(None)], !states.is_empty());
        }
        let partitions = match states.is_empty() {
            true => vec![(Index::All, keys::of_all(Promotion::KIND, LIVE))],
            false => states.iter().map(|state| (Index::AllStatus, keys::of_all(Promotion::KIND, state))).collect(),
        };
        Plan { partitions, ascending: self.ascending, ..Plan::default() }
    }

    fn matches(&self, promotion: &Row<Promotion>) -> bool {
        let data = &promotion.data;
        self.status.is_none_or(|wanted| data.status == wanted) && self.trigger.is_none_or(|wanted| data.trigger == wanted)
    }
}

impl Stored for CustomerPromotion {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let data = &record.data;
        IndexKeys { partitions: vec![children(customer(data.customer_id), Self::KIND)], sort: keys::by_time(data.assigned_at, record.id) }
    }

    /// Beside the customer, while it waits for an order.
    fn companions(record: &Record<Self>) -> Result<Vec<Item>, Error> {
        let data = &record.data;
        let key = keys::waiting(data.customer_id, data.promotion_id, data.assigned_at, record.id);
        Ok(data.waits().then(|| bare(&key, "WAITING")).into_iter().collect())
    }

    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        let data = &record.data;
        let of_promotion = |counter, counts| Rollup::child(Promotion::KIND, data.promotion_id, counter, counts);
        vec![
            Rollup::held(data.customer_id, data.promotion_id, data.counts()),
            of_promotion(Counter::Given, data.counts()),
            of_promotion(Counter::Assigned, data.counts() && data.waits()),
        ]
    }
}

fn customer(id: CustomerId) -> Parent {
    Parent::Party(PartyId::Customer(id))
}

/// What `GET /customers/{id}/promotions` asks for: what a customer has or had, the latest first.
#[derive(Debug, Clone, Copy)]
pub struct HeldFilter(pub CustomerId);

impl Filter for HeldFilter {
    type Entity = CustomerPromotion;

    fn plan(&self, _: &Scope) -> Plan {
        super::children_plan(customer(self.0), CustomerPromotion::KIND)
    }

    fn matches(&self, _: &Row<CustomerPromotion>) -> bool {
        true
    }

    fn parent(&self) -> Option<Parent> {
        Some(customer(self.0))
    }
}

/// How often a promotion was given, and how often that changed: a change of it can require that it is still so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsesSeq(u64);

fn uses_of(counts: &Item) -> Uses {
    let count = |counter: Counter| get_number(counts, counter.as_str()).unwrap_or(0);
    let assigned = count(Counter::Assigned);
    Uses { assigned, used: count(Counter::Given).saturating_sub(assigned) }
}

impl Store {
    /// How often a promotion was given; strongly consistent where a change goes by it.
    pub async fn uses(&self, id: PromotionId, consistent: bool) -> Result<(UsesSeq, Uses), Error> {
        let counts = self.get_item(&keys::counts(Promotion::KIND, id), consistent).await?.unwrap_or_default();
        Ok((UsesSeq(get_number(&counts, "seq").unwrap_or(0)), uses_of(&counts)))
    }

    /// How often each of these was given, eventually consistent.
    pub async fn uses_of(&self, ids: &[PromotionId]) -> Result<Vec<(PromotionId, Uses)>, Error> {
        let keys: Vec<Key> = ids.iter().map(|id| keys::counts(Promotion::KIND, *id)).collect();
        let items = self.get_items(&keys).await?;
        let named = |item: &Item| Some((PromotionId::read(key_of(item).pk.split_once('#')?.1).ok()?, uses_of(item)));
        Ok(items.iter().filter_map(named).collect())
    }

    /// The promotions that are given on an occasion without anybody's doing, strongly consistent: as many as are active.
    pub async fn live_promotions(&self, occasion: Occasion) -> Result<Vec<Row<Promotion>>, Error> {
        let prefix = keys::of_occasion(occasion);
        let items = self.children(keys::LIVE_PROMOTIONS, &prefix).await?;
        let row = |mut item: Item| {
            let sk = key_of(&item).sk;
            let id = sk.strip_prefix(&*prefix).unwrap_or_default();
            item.insert("pk".to_owned(), text(format!("{}#{id}", Promotion::KIND)));
            to_row(&item)
        };
        items.into_iter().map(row).collect()
    }

    /// The promotions of these codes, strongly consistent; of a code that none has there is none.
    pub async fn promotions_named(&self, codes: &[PromotionCode]) -> Result<Vec<Row<Promotion>>, Error> {
        let keys: BTreeSet<Key> = codes.iter().map(|code| keys::unique(CODE, code.as_str())).collect();
        let items = self.get_latest_items(&Vec::from_iter(keys)).await?;
        let ids: Vec<PromotionId> = items.iter().filter_map(|item| PromotionId::read(get_text(item, "id")?).ok()).collect();
        Ok(self.latest_of::<Promotion>(&ids).await?.into_iter().map(|promotion| promotion.row).collect())
    }

    /// A promotion with what a customer has of it, strongly consistent; how often it was given in all is read where that is limited.
    pub async fn offered(&self, promotion: Row<Promotion>, customer: CustomerId) -> Result<Offered, Error> {
        let key = keys::held(customer, promotion.id);
        let held = self.some_children(&key.pk, &key.sk, true, 2, true);
        let uses = async {
            match promotion.data.usage_limit {
                Some(_) => self.uses(promotion.id, true).await.map(|(_, uses)| uses),
                None => Ok(Uses::default()),
            }
        };
        let (items, uses) = tokio::try_join!(held, uses)?;
        let held = items.iter().find(|item| key_of(item) == key).and_then(|item| get_number(item, Counter::Given.as_str())).unwrap_or(0);
        let waiting = items.iter().find(|item| key_of(item) != key).map(|item| CustomerPromotionId::read(id_in(&key_of(item).sk)));
        let waiting = match waiting {
            // Between the two reads an order may have used it.
            Some(Ok(id)) => self.get_latest::<CustomerPromotion>(id).await?.filter(|held| held.data.waits()),
            _ => None,
        };
        Ok(Offered { promotion, uses, held, waiting })
    }

    /// The promotions that have an end up to and with a moment, the first one first.
    pub async fn promotions_ending(&self, until: Time, paging: Paging<'_>) -> Result<Page<PromotionId>, Error> {
        self.due_up_to(keys::due(Promotion::KIND), until, paging).await
    }
}

impl Tx {
    /// Requires that one more of a promotion that a customer gets is within its limits.
    pub fn require_room(&mut self, given: &Record<CustomerPromotion>, limits: Limits) {
        let data = &given.data;
        self.require_at_most(keys::held(data.customer_id, data.promotion_id), Counter::Given, limits.each);
        if let Some(all) = limits.all {
            self.require_at_most(keys::counts(Promotion::KIND, data.promotion_id), Counter::Given, all);
        }
    }

    /// Requires that a promotion was given no more since that was read.
    pub fn require_uses(&mut self, id: PromotionId, seq: UsesSeq) {
        self.require_seq(&keys::counts(Promotion::KIND, id), seq.0);
    }
}
