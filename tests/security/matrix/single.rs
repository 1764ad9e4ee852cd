//! Every route, every kind of caller, every standing of the record in its path.

use crate::security::matrix::answers::Outcome;
use crate::security::matrix::document::Table;
use crate::security::matrix::kinds::{Kind, Standing};
use crate::security::matrix::requests::{NOTHING, body, call, caller, needed_query, needs, path, routes, title};
use crate::security::matrix::rules::{changes, permission, reads, unchangeable};
use crate::security::matrix::world::{Actor, ROLES, Record, World};
use domain::Reach;
use edge::{Access, Route};

/// What the declarations say.
fn expected(route: &Route, actor: Option<&Actor>, record: Option<&Record>) -> Outcome {
    match (route.access, actor, permission(route)) {
        (Access::Public | Access::Optional, ..) => Outcome::Yes,
        (_, None, _) => Outcome::No(401),
        // Of sessions there are one's own only.
        (_, Some(actor), None)
            if record.is_some_and(|record| {
                record.kind == Kind::Session && record.owner.map(|owner| owner.to_string()).as_ref() != Some(&actor.person.id)
            }) =>
        {
            Outcome::No(404)
        }
        (_, Some(_), None) => Outcome::Yes,
        (_, Some(actor), Some(permission)) => match (actor.scope(permission), record) {
            (None, _) => Outcome::No(403),
            // The figures of others need more than one's own.
            (Some(scope), _) if route.name == "get_dashboard" && scope.reach() == Reach::Own => Outcome::No(403),
            (Some(scope), Some(record)) if route.method == http::Method::GET && !reads(&scope, record) => Outcome::No(404),
            (Some(scope), Some(record)) if route.method != http::Method::GET && !changes(&scope, record) => Outcome::No(unchangeable(&scope, record)),
            _ => Outcome::Yes,
        },
    }
}

/// Calls a route about a fresh record of this standing.
async fn probe(world: &World, route: &Route, actor: &Actor, standing: Option<Standing>) -> (Outcome, Outcome) {
    let record = match (standing, route.path.contains('{')) {
        (Some(standing), _) => Some(world.record(Kind::of_record(route.path), standing, actor).await),
        (None, true) => Some(world.record(Kind::of_record(route.path), Standing::Nobodys, actor).await),
        (None, false) => None,
    };
    let id = record.as_ref().map(|record| record.id.as_str()).unwrap_or_default();
    let path = format!("{}{}", path(route, id), needed_query(world, route, actor).await);
    let body = body(world, route, Some(actor)).await;
    (expected(route, Some(actor), record.as_ref()), call(world, route, &actor.person, &path, body.as_ref()).await)
}

#[tokio::test]
async fn every_route_answers_every_caller_as_declared() {
    let world = World::new().await;
    let nobody = world.crm.nobody();
    let (mut table, mut wrong, mut probes) = (Table::default(), Vec::new(), 0);
    for route in routes() {
        probes += 1;
        let standings: &[Standing] = if route.path.contains('{') { Kind::of_record(route.path).standings() } else { &[] };
        let mut rows: Vec<Option<Standing>> = standings.iter().copied().map(Some).collect();
        if rows.is_empty() {
            rows.push(None);
        }
        let without = body(&world, &route, None).await;
        // A link is all that it takes; of anything else nobody is told whether it is there.
        let id = if route.path.contains("{token}") { world.link().await } else { NOTHING.to_owned() };
        let without = call(&world, &route, &nobody, &path(&route, &id), without.as_ref()).await;
        let want = expected(&route, None, None);
        if want != without {
            wrong.push(format!("{route:?} without a token: {without} instead of {want}"));
        }
        for standing in rows {
            let name = standing.map(Standing::label).unwrap_or_default();
            let mut cells = Vec::new();
            for role in ROLES {
                let actor = caller(&world, &route, role).await;
                let (want, got) = probe(&world, &route, &actor, standing).await;
                if want != got {
                    wrong.push(format!("{route:?} {name} {role}: {got} instead of {want}"));
                }
                probes += 1;
                cells.push(got.to_string());
            }
            cells.push(without.to_string());
            table.row([title(&route), needs(&route), name.to_owned()].into_iter().chain(cells));
        }
    }
    println!("{probes} probes");
    assert!(wrong.is_empty(), "{}\nA body that does not succeed is made in tests/security/matrix/requests.rs.", wrong.join("\n"));
    table.compare("Routes");
}
