//! Where projects stand, and where their list reads.

use super::{BY_STATUS, LIVE, PLAIN, by_words, children, children_plan, held_by, owned_keys, owned_partitions, partitions};
use crate::error::Error;
use crate::found::{self, FoundBy, SHARED};
use crate::item::{Rollup, Stored};
use crate::keys::IndexKeys;
use crate::list::{AT_ONCE, By, Cursor, Filter, MOST_READ, Named, Page, Paging, Place, Plan};
use crate::table::Store;
use domain::customer::Customer;
use domain::overview::{Counter, Counts};
use domain::project::{Project, ProjectStatus};
use domain::search::{Findable, RecordWords, Search, record_words};
use domain::{CustomerId, Entity, Parent, PartyId, Reach, Record, Row, Scope, UserId};

impl Stored for Project {
    const COUNTED: bool = true;

    fn index_keys(record: &Record<Self>) -> IndexKeys {
        let mut keys = owned_keys(record, LIVE, None);
        keys.partitions = owned_partitions(record, LIVE, Some(record.data.status.as_str()));
        keys.partitions.push(children(customer(record), Self::KIND));
        keys
    }

    /// Its members find it among their own.
    fn found_by(row: &Row<Self>) -> Option<FoundBy> {
        let data = &row.data;
        let sharers = data.member_ids.iter().copied().filter(|member| *member != data.owner_id).collect();
        Some(FoundBy { state: LIVE, words: words(row), values: Vec::new(), orders: Vec::new(), sharers })
    }

    fn rollups(record: &Record<Self>) -> Vec<Rollup> {
        vec![Rollup::child("CUSTOMER", record.data.customer_id, Counter::Projects, true)]
    }
}

fn customer(project: &Record<Project>) -> Parent {
    Parent::Party(PartyId::Customer(project.data.customer_id))
}

fn words(row: &Row<Project>) -> RecordWords {
    record_words(&Findable { names: vec![row.data.name.as_str()], ..Findable::default() })
}

/// What `GET /projects` asks for.
#[derive(Debug, Clone, Default)]
pub struct ProjectFilter {
    /// For this customer.
    pub customer: Option<CustomerId>,
    /// Of this status.
    pub status: Option<ProjectStatus>,
    /// Of this owner.
    pub owner: Option<UserId>,
    /// By words.
    pub search: Option<Search>,
    /// Oldest first.
    pub ascending: bool,
}

impl Filter for ProjectFilter {
    type Entity = Project;
    const SHARED: bool = true;

    /// Those inside reach, and those one is a member of, which are found by a row under one's own name.
    fn searches(&self) -> bool {
        self.search.is_some()
    }

    fn plan(&self, scope: &Scope) -> Plan {
        if let Some(customer) = self.customer {
            let plan = children_plan(Parent::Party(PartyId::Customer(customer)), Project::KIND);
            let residual = self.status.is_some() || self.owner.is_some() || self.search.is_some();
            return Plan { ascending: self.ascending, residual, ..plan };
        }
        let own = Place::Owner(Some(scope.user()));
        let of_others = self.owner.is_some_and(|owner| scope.reach() == Reach::Own && owner != scope.user());
        let shared = of_others || (self.owner.is_none() && scope.reach() != Reach::All);
        let mut places = held_by(scope, self.owner);
        if let Some(search) = &self.search {
            if shared && !places.contains(&own) {
                places.push(own);
            }
            return by_words(search, LIVE, places, of_others || self.status.is_some());
        }
        let (state, by) = self.status.map_or((LIVE, PLAIN), |status| (status.as_str(), BY_STATUS));
        let named = shared.then(|| Named { state: LIVE, by: By::Values(vec![SHARED.to_owned()]), places: vec![own] });
        let residual = of_others || (shared && self.status.is_some());
        Plan { partitions: partitions(&places, Project::KIND, state, by), named, ascending: self.ascending, residual, ..Plan::default() }
    }

    fn matches(&self, project: &Row<Project>) -> bool {
        let data = &project.data;
        let found = |search: &Search| search.shown_at(&words(project)).is_some();
        self.customer.is_none_or(|wanted| data.customer_id == wanted)
            && self.status.is_none_or(|wanted| data.status == wanted)
            && self.owner.is_none_or(|wanted| data.owner_id == wanted)
            && self.search.as_ref().is_none_or(found)
    }

    fn parent(&self) -> Option<Parent> {
        self.customer.map(|id| Parent::Party(PartyId::Customer(id)))
    }

    fn person(&self) -> Option<UserId> {
        self.owner
    }
}

impl Store {
    /// A page of the projects of a customer that a search finds, in its order. They stand under the customer by
    /// their creation: all of them are read for each page. Of a customer with more than one request may look at
    /// they come by their creation, as any others that are filtered.
    pub async fn page_searched(
        &self,
        filter: &ProjectFilter,
        search: &Search,
        scope: &Scope,
        paging: Paging<'_>,
    ) -> Result<Page<Row<Project>>, Error> {
        let counts = match filter.customer {
            Some(customer) => self.counts(Customer::KIND, customer).await?,
            None => Counts::default(),
        };
        if counts.get(&Counter::Projects).is_none_or(|projects| *projects > MOST_READ as i64) {
            return self.page(filter, scope, paging, |_| true).await;
        }
        let after = paging.cursor.map(|text| Cursor::read(text, paging.binding)).transpose()?;
        let all = ProjectFilter { customer: filter.customer, ..ProjectFilter::default() };
        let (mut rows, mut cursor) = (Vec::new(), None);
        loop {
            let some = Paging { limit: AT_ONCE, cursor: cursor.as_deref(), ..paging };
            let page = self.page(&all, scope, some, |_| true).await?;
            let placed = page.items.into_iter().filter(|row| filter.matches(row)).filter_map(|row| {
                let place = search.shown_at(&words(&row)).map(|word| found::by_word(word, &row));
                place.map(|place| (place, row))
            });
            rows.extend(placed.filter(|(place, _)| after.as_ref().is_none_or(|after| after.is_before(place))));
            match page.next {
                Some(next) => cursor = Some(next.to_string()),
                None => break,
            }
        }
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        let more = rows.len() > paging.limit;
        rows.truncate(paging.limit);
        let next = rows.last().filter(|_| more).map(|(place, _)| Cursor::at(paging.binding, place.clone()));
        Ok(Page { items: rows.into_iter().map(|(_, row)| row).collect(), next, scanned_to: None })
    }
}
