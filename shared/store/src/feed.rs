//! The feed: events as people read them, newest first, of everybody inside a scope or of one record.

use crate::error::Error;
use crate::events::to_event;
use crate::keys::{Key, by_time, feed_month};
use crate::list::{Cursor, Page, Paging, Place, Plan};
use crate::records::{PLAIN, partitions};
use crate::table::{Range, Store};
use domain::event::{EntityType, Event};
use domain::{Reach, Scope, Time};

/// The moments that a feed shows.
#[derive(Debug, Clone, Copy)]
pub struct Lately {
    /// The first one.
    pub since: Time,
    /// Now.
    pub now: Time,
}

impl Lately {
    /// The buckets of these moments, newest first; without those before a place in the list.
    pub(crate) fn months(self, after: Option<&Cursor>) -> Vec<String> {
        let mut months: Vec<String> = vec![feed_month(self.now)];
        let mut at = self.now;
        while feed_month(at) != feed_month(self.since) && at > self.since {
            at = at.start_of_month().plus_seconds(-1);
            months.push(feed_month(at));
        }
        months.retain(|month| after.is_none_or(|after| !after.is_before(month)));
        months
    }
}

/// Whose events a scope covers, by owner and team as they were then.
fn places(scope: &Scope) -> Vec<Place> {
    let own = Place::Owner(Some(scope.user()));
    match scope.reach() {
        Reach::All => vec![Place::All],
        Reach::Own => vec![own],
        Reach::Team => scope.teams().iter().copied().map(Place::Team).chain([own]).collect(),
    }
}

impl Store {
    /// Events of everybody inside a scope, newest first, of one kind of record or of all. Most pages end in
    /// the present month, which is read first; the months before are read together.
    pub async fn feed(&self, scope: &Scope, kind: Option<EntityType>, lately: Lately, paging: Paging<'_>) -> Result<Page<Event>, Error> {
        let after = paging.cursor.map(|text| Cursor::read(text, paging.binding)).transpose()?;
        let months = lately.months(after.as_ref());
        let (first, before) = months.split_at(months.len().min(1));
        let page = self.feed_of(first, scope, kind, lately, paging).await?;
        if page.next.is_some() || before.is_empty() {
            return Ok(page);
        }
        let left = paging.limit - page.items.len();
        let rest = Paging { limit: left.max(1), cursor: None, ..paging };
        let mut rest = self.feed_of(before, scope, kind, lately, rest).await?;
        // A full page tells only that there is more.
        if let (0, Some(last)) = (left, page.items.last()) {
            let is_more = !rest.items.is_empty() || rest.next.is_some();
            let next = is_more.then(|| Cursor::at(paging.binding, by_time(last.at, last.id)));
            return Ok(Page { next, ..page });
        }
        rest.items.splice(0..0, page.items);
        Ok(rest)
    }

    async fn feed_of(
        &self,
        months: &[String],
        scope: &Scope,
        kind: Option<EntityType>,
        lately: Lately,
        paging: Paging<'_>,
    ) -> Result<Page<Event>, Error> {
        let places = places(scope);
        let partitions = months.iter().flat_map(|month| partitions(&places, "FEED", month, PLAIN)).collect();
        let plan = Plan { partitions, from: Some(lately.since.to_string()), residual: kind.is_some(), ..Plan::default() };
        let shown = |event: &Event| scope.covers(event.owner, event.team) && kind.is_none_or(|kind| kind.as_str() == event.entity);
        self.pick(&plan, plan.sources(), paging, |_| Ok(true), |entry| Ok(Some(to_event(&entry.item)?).filter(shown))).await
    }

    /// The events of one record, newest first.
    pub async fn feed_of_record(&self, kind: EntityType, id: &str, lately: Lately, paging: Paging<'_>) -> Result<Page<Event>, Error> {
        const EVENT: &str = "EVENT#";
        let after = paging.cursor.map(|text| Cursor::read(text, paging.binding)).transpose()?;
        let after = after.map(|cursor| format!("{EVENT}{}", cursor.place()));
        // `$` comes right after `#`.
        let (from, until) = (format!("{EVENT}{}", lately.since), "EVENT$".to_owned());
        let range = Range { from: Some(from), until: Some(until), after: after.clone(), ascending: false };
        // One more than the page tells whether there is a next one; the row at the cursor comes along.
        let count = paging.limit + 1 + usize::from(after.is_some());
        let record = Key::new(format!("{kind}#{id}"), "");
        let slice = self.query(None, &record.pk, &range, i32::try_from(count).unwrap_or(i32::MAX)).await?;
        let rows = slice.items.iter().filter(|item| after.as_ref() != Some(&crate::item::key_of(item).sk));
        let mut items: Vec<Event> = rows.map(to_event).collect::<Result<_, _>>()?;
        let full = items.len() > paging.limit;
        items.truncate(paging.limit);
        let next = items.last().filter(|_| full).map(|last| Cursor::at(paging.binding, by_time(last.at, last.id)));
        Ok(Page { items, next, scanned_to: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::text::TextValue;

    fn lately(since: &str, now: &str) -> Lately {
        Lately { since: Time::read(since).expect("a time"), now: Time::read(now).expect("a time") }
    }

    #[test]
    fn ninety_days_are_four_months_and_none_twice() {
        let lately = lately("2025-12-03T09:00:00Z", "2026-03-03T09:00:00Z");
        assert_eq!(lately.months(None), ["2026-03", "2026-02", "2026-01", "2025-12"]);
        let after = Cursor::at("feed", "2026-01-31T23:59:59.999Z#1".into());
        assert_eq!(lately.months(Some(&after)), ["2026-01", "2025-12"]);
    }

    #[test]
    fn within_a_month_one_bucket_is_read() {
        assert_eq!(lately("2026-03-01T00:00:00Z", "2026-03-31T23:59:59Z").months(None), ["2026-03"]);
    }
}
