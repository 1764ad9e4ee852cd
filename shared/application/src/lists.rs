//! Lists: what the caller reaches of what a filter asks for.

use crate::app::App;
use crate::error::Error;
use domain::activity::Activity;
use domain::project::Project;
use domain::time::Due;
use domain::{Parent, Reach, Row, Scope, Time, UserId};
use store::filters::{ActivityFilter, ProjectFilter, Summed, Whose, WorkLogFilter};
use store::{Filter, Page, Paging, Room};

impl App {
    /// A page of what a filter asks for, as far as the scope reaches it: all children of a parent inside
    /// reach (404 where it is not), else the rows that are inside reach themselves. Of somebody outside
    /// reach the list is empty, and without a cursor, since a place in a list tells of what stands there.
    /// Parent or person is looked up while the page is read, and a search counted.
    pub async fn list<F: Filter>(&self, scope: &Scope, filter: &F, paging: Paging<'_>) -> Result<Page<Row<F::Entity>>, Error> {
        if !filter.searches() {
            return self.page(scope, filter, paging).await;
        }
        let ((), page) = tokio::try_join!(self.count_search(scope.user()), self.page(scope, filter, paging))?;
        Ok(page)
    }

    /// Counts a search of this user, while there is room for one more.
    async fn count_search(&self, user: UserId) -> Result<(), Error> {
        let limit = self.config.searches_per_minute;
        match self.store().count_attempt(&format!("search {user}"), limit, 60, self.clock.now()).await? {
            Room::Counted(_) => Ok(()),
            Room::Full(seconds) => Err(Error::TooManySearches(seconds)),
        }
    }

    async fn page<F: Filter>(&self, scope: &Scope, filter: &F, paging: Paging<'_>) -> Result<Page<Row<F::Entity>>, Error> {
        let store = self.store();
        let inside = |row: &Row<F::Entity>| row.inside(scope);
        match (filter.parent(), filter.person()) {
            (Some(parent), _) => {
                let page = async { Ok(store.page(filter, scope, paging, |_| true).await?) };
                let ((), page) = tokio::try_join!(self.standing(scope, parent), page)?;
                Ok(page)
            }
            // What somebody outside reach shares with the caller stands under the caller's own name.
            (None, Some(person)) if F::SHARED => {
                let own = scope.reach() == Reach::Team && !self.reaches_person(scope, person).await?;
                let narrowed = if own { scope.own() } else { scope.clone() };
                Ok(store.page(filter, &narrowed, paging, inside).await?)
            }
            (None, Some(person)) => {
                let page = async { Ok(store.page(filter, scope, paging, inside).await?) };
                let (reached, page) = tokio::try_join!(self.reaches_person(scope, person), page)?;
                Ok(if reached { page } else { Page::empty() })
            }
            (None, None) => Ok(store.page(filter, scope, paging, inside).await?),
        }
    }

    /// Lets a list of a parent's children go on only where the parent is inside reach.
    async fn standing(&self, scope: &Scope, parent: Parent) -> Result<(), Error> {
        if self.reaches_parent(scope, parent).await? { Ok(()) } else { Err(Error::NotFound) }
    }

    /// The timeline of a lead or of a customer; or what somebody wrote, as far as it is about leads and
    /// customers inside reach.
    pub async fn list_activities(&self, scope: &Scope, filter: &ActivityFilter, paging: Paging<'_>) -> Result<Page<Row<Activity>>, Error> {
        let store = self.store();
        match filter.whose {
            Whose::Of(_) => self.list(scope, filter, paging).await,
            Whose::By(author) => {
                let page = async {
                    Ok(match scope.reach() {
                        Reach::All => store.page(filter, scope, paging, |_| true).await?,
                        _ => store.page_inside(filter, scope, paging).await?,
                    })
                };
                let (reached, page) = tokio::try_join!(self.reaches_person(scope, author), page)?;
                Ok(if reached { page } else { Page::empty() })
            }
        }
    }

    /// Projects; those of a customer that a search finds in the order of the search, as everywhere.
    pub async fn list_projects(&self, scope: &Scope, filter: &ProjectFilter, paging: Paging<'_>) -> Result<Page<Row<Project>>, Error> {
        match (filter.parent(), &filter.search) {
            (Some(parent), Some(search)) => {
                let page = async { Ok(self.store().page_searched(filter, search, scope, paging).await?) };
                let ((), (), page) = tokio::try_join!(self.count_search(scope.user()), self.standing(scope, parent), page)?;
                Ok(page)
            }
            _ => self.list(scope, filter, paging).await,
        }
    }

    /// The minutes of all work logs that a filter asks for, where its sums tell them exactly. Of somebody
    /// outside reach there are none to tell; a parent's are read while its reach is, and are for who gets
    /// that page.
    pub async fn minutes(&self, scope: &Scope, filter: &WorkLogFilter) -> Result<Option<i64>, Error> {
        match filter.summed(scope) {
            Some(of) => {
                let reached = async {
                    match of {
                        Summed::User(user) => self.reaches_person(scope, user).await,
                        Summed::Parent(_) => Ok(true),
                    }
                };
                let minutes = async { Ok(self.store().minutes(of, filter.from, filter.to).await?) };
                let (reached, minutes) = tokio::try_join!(reached, minutes)?;
                Ok(reached.then_some(minutes))
            }
            None => Ok(None),
        }
    }

    /// The moments that a `due` filter means; how far ahead counts as soon is a setting.
    pub async fn due_range(&self, due: Due) -> Result<(Option<Time>, Option<Time>), Error> {
        let soon = match due {
            Due::Soon => self.soon_days().await?,
            _ => 0,
        };
        Ok(due.range(self.clock.now(), soon, &self.config.zone))
    }
}
