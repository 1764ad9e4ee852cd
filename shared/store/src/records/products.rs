//! Where products stand, and where their list reads.

use super::{LIVE, by_words};
use crate::found::FoundBy;
use crate::item::{Stored, Unique};
use crate::keys::{self, Index, IndexKeys};
use crate::list::{Filter, Place, Plan};
use domain::product::{Category, Product, category_key};
use domain::search::{Findable, RecordWords, Search, record_words};
use domain::value::Text;
use domain::{Entity, Record, Row, Scope};

/// Among what the SKUs of products are unique.
pub(crate) const SKU: &str = "SKU";

impl Stored for Product {
    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let data = &record.data;
        let mut partitions = vec![(Index::All, keys::of_all(Self::KIND, LIVE)), (Index::AllStatus, keys::of_all(Self::KIND, state(data.active)))];
        partitions.extend(data.category.as_ref().map(of_category));
        IndexKeys { partitions, sort: keys::by_name(data.name.as_str(), record.id) }
    }

    fn found_by(row: &Row<Self>) -> Option<FoundBy> {
        Some(FoundBy { state: LIVE, words: words(row), values: Vec::new(), orders: Vec::new(), sharers: Vec::new() })
    }

    fn unique(row: &Row<Self>) -> Option<Unique> {
        Some(Unique { space: SKU, value: row.data.sku.key(), field: "sku" })
    }
}

/// The state of what is sold, and of what is not.
const fn state(active: bool) -> &'static str {
    if active { "ACTIVE" } else { "INACTIVE" }
}

fn of_category(category: &Category) -> (Index, String) {
    (Index::Parent, keys::of_category(&category_key(category), Product::KIND))
}

fn words(row: &Row<Product>) -> RecordWords {
    let data = &row.data;
    let names = [Some(data.name.as_str()), Some(data.sku.as_str()), data.category.as_ref().map(Text::as_str)];
    record_words(&Findable { names: names.into_iter().flatten().collect(), ..Findable::default() })
}

/// What `GET /products` asks for.
#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// Sold, or not.
    pub active: Option<bool>,
    /// Of this category.
    pub category: Option<Category>,
    /// By words.
    pub search: Option<Search>,
    /// From Z to A.
    pub descending: bool,
}

impl Filter for ProductFilter {
    type Entity = Product;

    fn searches(&self) -> bool {
        self.search.is_some()
    }

    /// Products are nobody's, so a single partition holds what is asked for, whoever asks.
    fn plan(&self, _: &Scope) -> Plan {
        if let Some(search) = &self.search {
            return by_words(search, LIVE, vec![Place::Owner(None)], self.active.is_some() || self.category.is_some());
        }
        let partition = match (&self.category, self.active) {
            (Some(category), _) => of_category(category),
            (None, Some(active)) => (Index::AllStatus, keys::of_all(Product::KIND, state(active))),
            (None, None) => (Index::All, keys::of_all(Product::KIND, LIVE)),
        };
        let residual = self.category.is_some() && self.active.is_some();
        Plan { partitions: vec![partition], ascending: !self.descending, residual, ..Plan::default() }
    }

    fn matches(&self, product: &Row<Product>) -> bool {
        let data = &product.data;
        let of = |wanted: &Category| data.category.as_ref().map(category_key) == Some(category_key(wanted));
        self.active.is_none_or(|wanted| data.active == wanted) && self.category.as_ref().is_none_or(of)
    }
}
