//! What hangs below leads, customers, projects and tasks: read and changed by every caller, below a
//! parent of each standing, and belonging itself to the caller, a teammate or somebody outside.

use crate::security::matrix::answers::{Outcome, cell};
use crate::security::matrix::document::Table;
use crate::security::matrix::kinds::{Kind, Named, Standing, named};
use crate::security::matrix::requests::{body, call, fields, path, routes, title};
use crate::security::matrix::rules::{changes, permission, reads, unchangeable};
use crate::security::matrix::world::World;
use edge::Route;
use std::collections::BTreeMap;

/// What can hang below what, as the bodies of the routes that make it say.
fn pairs() -> Vec<(Kind, Kind)> {
    let creating = |route: &Route| route.method == http::Method::POST && !route.path.contains('{');
    let mut pairs = Vec::new();
    for route in routes().iter().filter(|route| creating(route)) {
        let Some((schema, _)) = tests::schemas::body(route) else { continue };
        for (field, schema) in fields(&schema) {
            match named(&field, &schema) {
                Some(Named::Record(below)) if below.field() == field && below != Kind::Team => pairs.push((Kind::of_record(route.path), below)),
                _ => {}
            }
        }
    }
    pairs
}

/// The routes about one record of a kind: first what reads, last what deletes.
fn about(kind: Kind) -> Vec<Route> {
    let mut found: Vec<Route> = routes().into_iter().filter(|route| route.path.contains('{') && Kind::at(route.path) == Some(kind)).collect();
    found.sort_by_key(|route| match route.method.as_str() {
        "GET" => 0,
        "DELETE" => 2,
        _ => 1,
    });
    found
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Own => "the caller's",
        other => other.label(),
    }
}

#[tokio::test]
async fn what_hangs_below_a_record_is_reached_through_it_or_through_its_person() {
    let world = World::new().await;
    let (mut table, mut wrong, mut probes) = (Table::default(), Vec::new(), 0);
    for (kind, below) in pairs() {
        let about = about(kind);
        // By route and person: for each role a cell.
        let mut rows: BTreeMap<(usize, Standing), Vec<String>> = BTreeMap::new();
        for actor in &world.actors {
            for by in Standing::OWNED {
                let mut cells: Vec<Vec<(&str, String)>> = vec![Vec::new(); about.len()];
                for under in below.standings() {
                    let child = world.child(kind, below, *under, by, actor).await;
                    for (at, route) in about.iter().enumerate() {
                        let want = match actor.scope(permission(route).expect("children need a permission")) {
                            None => Outcome::No(403),
                            Some(scope) if route.method == http::Method::GET && reads(&scope, &child) => Outcome::Yes,
                            Some(_) if route.method == http::Method::GET => Outcome::No(404),
                            Some(scope) if changes(&scope, &child) => Outcome::Yes,
                            Some(scope) => Outcome::No(unchangeable(&scope, &child)),
                        };
                        let body = body(&world, route, Some(actor)).await;
                        let got = call(&world, route, &actor.person, &path(route, &child.id), body.as_ref()).await;
                        probes += 1;
                        if want != got {
                            let role = actor.role();
                            wrong.push(format!("{route:?} {role}: {} below {} {below:?}: {got} instead of {want}", word(by), under.label()));
                        }
                        cells[at].push((under.label(), got.to_string()));
                    }
                }
                for (at, words) in cells.iter().enumerate() {
                    rows.entry((at, by)).or_default().push(cell(words));
                }
            }
        }
        for ((at, by), cells) in rows {
            table.row([title(&about[at]), format!("`{}`", below.field()), word(by).to_owned()].into_iter().chain(cells));
        }
    }
    println!("{probes} probes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    table.compare("Children");
}
