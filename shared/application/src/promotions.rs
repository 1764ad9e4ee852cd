//! Promotions: with how often they were given, and what becomes of those that customers have.

use crate::app::App;
use crate::decide::Change;
use crate::error::Error;
use crate::reach::{Purpose, Reached};
use crate::references::ABSENT;
use crate::subject::Subject;
use domain::customer::Customer;
use domain::customer_promotion::{CustomerPromotion, CustomerPromotionId, Offered};
use domain::promotion::{Promotion, Uses};
use domain::purchase::Moved;
use domain::{CustomerId, PromotionId, Record, Row, Scope};
use store::UsesSeq;

/// A promotion inside reach with how often it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct CountedPromotion {
    /// The promotion.
    pub promotion: Reached<Promotion>,
    /// How often it was given.
    pub uses: Uses,
    seq: UsesSeq,
}

impl Subject for CountedPromotion {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        let uses = async { Ok(app.store().uses(self.promotion.id, true).await?) };
        let (promotion, (seq, uses)) = tokio::try_join!(self.promotion.reload(app), uses)?;
        Ok(Self { promotion, uses, seq })
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }

    fn version(&self) -> Option<u64> {
        Some(self.promotion.version)
    }
}

/// A promotion and a customer who is to be given it.
#[derive(Debug, Clone, PartialEq)]
pub struct Gift {
    /// Whom.
    pub customer: Record<Customer>,
    /// What, with what the customer has of it.
    pub offered: Offered,
    promotion: Reached<Promotion>,
    scope: Scope,
}

impl Subject for Gift {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.gift(&self.scope, self.promotion.id, self.customer.id).await
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// A promotion that a customer is to get without anybody's doing, whatever the reach: for workers.
#[derive(Debug, Clone, PartialEq)]
pub struct Giving {
    promotion: PromotionId,
    customer: CustomerId,
    id: CustomerPromotionId,
    found: Option<(Record<Customer>, Offered)>,
}

impl Giving {
    /// The customer and the promotion, where the customer does not have it for this reason yet and is not archived.
    pub fn open(&self) -> Option<&(Record<Customer>, Offered)> {
        self.found.as_ref()
    }
}

impl Subject for Giving {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        app.unscoped_giving(self.promotion, self.customer, self.id).await
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl App {
    /// A promotion that a customer is to get under this id.
    pub async fn unscoped_giving(&self, promotion: PromotionId, customer: CustomerId, id: CustomerPromotionId) -> Result<Giving, Error> {
        let store = self.store();
        let (given, live, whom) = tokio::try_join!(
            store.get_latest::<CustomerPromotion>(id),
            store.get_latest::<Promotion>(promotion),
            store.get_latest::<Customer>(customer)
        )?;
        let found = match (given, live, whom.filter(|customer| customer.data.archived_at.is_none())) {
            (None, Some(live), Some(whom)) => Some((whom, store.offered(live.row, customer).await?)),
            _ => None,
        };
        Ok(Giving { promotion, customer, id, found })
    }

    /// A promotion with how often it was given.
    pub async fn counted_promotion(&self, scope: &Scope, id: PromotionId, purpose: Purpose) -> Result<CountedPromotion, Error> {
        let uses = async { Ok(self.store().uses(id, purpose == Purpose::Change).await?) };
        let (promotion, (seq, uses)) = tokio::try_join!(self.reach::<Promotion>(scope, id, purpose), uses)?;
        Ok(CountedPromotion { promotion, uses, seq })
    }

    /// How often each of these promotions was given, eventually consistent.
    pub async fn uses_of(&self, promotions: &[Row<Promotion>]) -> Result<Vec<Uses>, Error> {
        let ids: Vec<PromotionId> = promotions.iter().map(|promotion| promotion.id).collect();
        let uses = self.store().uses_of(&ids).await?;
        let of = |id: &PromotionId| uses.iter().find(|(found, _)| found == id).map(|(_, uses)| *uses).unwrap_or_default();
        Ok(ids.iter().map(of).collect())
    }

    /// The promotions that these are of, eventually consistent; one is never deleted that somebody has.
    pub async fn promotions_of(&self, held: &[Row<CustomerPromotion>]) -> Result<Vec<Row<Promotion>>, Error> {
        let mut ids: Vec<PromotionId> = held.iter().map(|held| held.data.promotion_id).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(self.store().records_of::<Promotion>(&ids).await?.into_iter().map(|promotion| promotion.row).collect())
    }

    /// A promotion that a customer inside reach is to be given.
    pub async fn gift(&self, scope: &Scope, promotion: PromotionId, customer: CustomerId) -> Result<Gift, Error> {
        let store = self.store();
        let reached = self.reach_latest::<Promotion>(scope, promotion, Purpose::Change);
        let latest = async { Ok(store.get_latest::<Customer>(customer).await?) };
        let (promotion, found) = tokio::try_join!(reached, latest)?;
        let customer = found.filter(|customer| customer.inside(scope)).ok_or_else(|| Error::reference("customerId", ABSENT))?;
        let offered = store.offered(promotion.row.clone(), customer.id).await?;
        Ok(Gift { customer, offered, promotion, scope: scope.clone() })
    }
}

impl Change {
    /// Promotions that customers get, use, or lose, each inside its limits.
    pub fn promotions(&mut self, moved: &[Moved]) {
        for Moved { before, after, event, limits } in moved {
            match before {
                Some(before) => self.tx.update(before, after),
                None => self.tx.create(after),
            }
            if let Some(limits) = limits {
                self.tx.require_room(after, *limits);
            }
            if let Some(event) = event {
                self.tx.event(event);
            }
        }
    }

    /// Requires that a promotion was given no more since it was read: what it is worth to whom stays as it was then.
    pub fn require_uses(&mut self, counted: &CountedPromotion) {
        self.tx.require_uses(counted.promotion.id, counted.seq);
    }
}
