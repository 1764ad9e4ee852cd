//! What lists show: each list as it is, and with each filter by a record or a person of each standing.
//! What is shown is compared record by record with what reach allows.

use crate::security::matrix::answers::cell;
use crate::security::matrix::document::Table;
use crate::security::matrix::kinds::{Kind, Named, Standing, named};
use crate::security::matrix::requests::{routes, title};
use crate::security::matrix::rules::{lists, lists_unasked, parent, permission};
use crate::security::matrix::world::{Actor, Record, World};
use domain::Scope;
use edge::Route;
use std::collections::BTreeSet;
use tests::people::text;

/// What came of a list: the ids, or a refusal.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Page(BTreeSet<String>),
    Refused(u16),
}

/// Reads a list to its end. An empty page must not have a cursor, which would tell that there is more.
async fn read(actor: &Actor, path: &str) -> Shown {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let reply = actor.person.get(&format!("{path}{sign}limit=100{cursor}")).await;
        if reply.status != 200 {
            return Shown::Refused(reply.status);
        }
        let rows = reply.data().as_array().expect("a list");
        let next = text(&reply.body["meta"]["nextCursor"]);
        assert!(!rows.is_empty() || next.is_empty() || !ids.is_empty(), "{path} is empty and has a cursor");
        ids.extend(rows.iter().map(|row| text(&row["id"])));
        if next.is_empty() {
            return Shown::Page(ids);
        }
        cursor = format!("&cursor={next}");
    }
}

/// A filter to probe: what is sent, how that stands to the caller, and what it leaves of a record.
struct Filter {
    value: String,
    standing: Standing,
    /// The parent, where it is one.
    parent: Option<Record>,
}

/// Values of a parameter, one for each standing.
async fn values(world: &World, route: &Route, kind: Kind, actor: &Actor, named: Named) -> Vec<Filter> {
    let mut found = Vec::new();
    match named {
        Named::Person => {
            for standing in Standing::OWNED {
                found.push(Filter { value: world.who(standing, actor).id.clone(), standing, parent: None });
            }
            if matches!(kind, Kind::Lead | Kind::Customer) {
                found.push(Filter { value: "none".into(), standing: Standing::Nobodys, parent: None });
            }
        }
        // The team of a user is somebody's as the user is.
        Named::Record(Kind::Team) => {
            for (standing, team) in [(Standing::Teammates, &world.here), (Standing::Foreign, &world.there)] {
                found.push(Filter { value: team.clone(), standing, parent: None });
            }
        }
        Named::Record(below) => {
            for standing in below.standings() {
                // A child of somebody outside, so that it is the parent that opens it.
                let child = world.child(kind, below, *standing, Standing::Foreign, actor).await;
                let id = child.links.get(below.field()).unwrap_or_else(|| panic!("{route:?}: {below:?} is no parent of {kind:?}"));
                let parent = world.known(below).into_iter().find(|parent| parent.id == *id).expect("known");
                found.push(Filter { value: id.clone(), standing: *standing, parent: Some(parent) });
            }
        }
    }
    found
}

/// What a list has to show with a filter.
fn expected(world: &World, kind: Kind, scope: &Scope, field: &str, filter: &Filter) -> Shown {
    let ids = |keep: &dyn Fn(&Record) -> bool| {
        Shown::Page(world.known(kind).iter().filter(|record| keep(record)).map(|record| record.id.clone()).collect())
    };
    match &filter.parent {
        Some(above) if !parent(scope, above) => Shown::Refused(404),
        Some(above) => ids(&|record| record.links.get(field) == Some(&above.id)),
        // Somebody else's inbox is asked for by who may see all of them.
        None if kind == Kind::Notification && !world.known(Kind::User).iter().any(|person| person.id == filter.value && lists(scope, person)) => {
            Shown::Refused(403)
        }
        // Of a person outside reach nothing is told, of the others what the list shows anyway.
        None if world.known(Kind::User).iter().any(|person| person.id == filter.value && !lists(scope, person)) => ids(&|_| false),
        None => ids(&|record| {
            let of_it = match (field, filter.value.as_str()) {
                ("teamId", team) => record.team.is_some_and(|found| found.to_string() == team),
                (_, "none") => record.owner.is_none(),
                (_, person) => record.owner.is_some_and(|found| found.to_string() == person),
            };
            of_it && lists(scope, record)
        }),
    }
}

/// How an answer stands in the document.
fn word(shown: &Shown) -> String {
    match shown {
        Shown::Refused(status) => status.to_string(),
        Shown::Page(ids) if ids.is_empty() => "empty".into(),
        Shown::Page(_) => "yes".into(),
    }
}

/// Which of the records of each standing a list shows.
fn standings(world: &World, kind: Kind, actor: &Actor, shown: &Shown) -> String {
    let Shown::Page(ids) = shown else { return word(shown) };
    let known = world.known(kind);
    let of = |standing: Standing| {
        let (owner, _) = world.whose(standing, actor);
        let mut of = known.iter().filter(|record| record.owner == owner).peekable();
        let any = of.peek().is_some();
        any.then(|| if of.any(|record| ids.contains(&record.id)) { "yes".to_owned() } else { "no".to_owned() })
    };
    cell(&Standing::ALL.into_iter().filter_map(|standing| of(standing).map(|word| (standing.label(), word))).collect::<Vec<_>>())
}

#[tokio::test]
async fn lists_show_what_is_inside_reach_and_filters_tell_nothing_of_the_rest() {
    let world = World::new().await;
    let listing: Vec<(Route, Kind)> = routes()
        .into_iter()
        .filter(|route| permission(route).is_some() && tests::schemas::query(route).iter().any(|(name, ..)| name == "cursor"))
        // What happened to records is no record: see the feed's own probes.
        .filter(|route| route.name != "list_feed")
        // What hangs below one record is reached with it.
        .filter(|route| !route.path.contains('{'))
        .map(|route| (route.clone(), Kind::of_record(route.path)))
        .filter(|(_, kind)| !kind.standings().is_empty())
        .collect();
    // Everything is there before anything is listed.
    let mut filters = Vec::new();
    for (route, kind) in &listing {
        for actor in world.actors.clone() {
            for standing in kind.standings() {
                world.record(*kind, *standing, &actor).await;
            }
            for (field, _, schema, _) in tests::schemas::query(route) {
                if let Some(named) = named(&field, &schema) {
                    let values = values(&world, route, *kind, &actor, named).await;
                    filters.push((route.name, field, actor.clone(), values));
                }
            }
        }
    }
    let (mut table, mut wrong, mut probes) = (Table::default(), Vec::new(), 0);
    for (route, kind) in &listing {
        let needed = permission(route).expect("a permission");
        let mut check = |of: &str, actor: &Actor, want: Option<Shown>, got: &Shown| {
            probes += 1;
            if want.as_ref().is_some_and(|want| want != got) {
                wrong.push(format!("{route:?} {of} {}: {got:?} instead of {want:?}", actor.role()));
            }
        };
        let mut plain = Vec::new();
        for actor in &world.actors {
            let scope = actor.scope(needed).expect("every role lists what can be its own");
            let want =
                Shown::Page(world.known(*kind).iter().filter(|record| lists_unasked(&scope, record)).map(|record| record.id.clone()).collect());
            let got = read(actor, route.path).await;
            // Where a filter is needed there is no list without one.
            check("", actor, (got != Shown::Refused(422)).then_some(want), &got);
            plain.push(standings(&world, *kind, actor, &got));
        }
        table.row([title(route), "all".to_owned()].into_iter().chain(plain));
        for (field, _, schema, _) in tests::schemas::query(route) {
            let Some(named) = named(&field, &schema) else { continue };
            let mut cells = Vec::new();
            for (_, _, actor, values) in filters.iter().filter(|(name, known, ..)| *name == route.name && *known == field) {
                let scope = actor.scope(needed).expect("every role lists what can be its own");
                let mut words = Vec::new();
                for filter in values {
                    let got = read(actor, &format!("{}?{field}={}", route.path, filter.value)).await;
                    check(&format!("?{field} {}", filter.standing.label()), actor, Some(expected(&world, *kind, &scope, &field, filter)), &got);
                    words.push((filter.standing.label(), word(&got)));
                }
                cells.push(cell(&words));
            }
            let of = if named == Named::Person { "whose is" } else { "below" };
            table.row([title(route), format!("`{field}`: {of} …")].into_iter().chain(cells));
        }
    }
    println!("{probes} probes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    table.compare("Lists");
}
