//! What bodies and queries may name: a parent, a person, a team of each standing, in an otherwise
//! valid request about the caller's own.

use crate::security::matrix::answers::{Outcome, cell};
use crate::security::matrix::document::Table;
use crate::security::matrix::kinds::{Kind, Named, Standing, named};
use crate::security::matrix::requests::{body, call, caller, fields, path, routes, title};
use crate::security::matrix::rules::{Judge, judge, parent, permission};
use crate::security::matrix::world::{Actor, ROLES, Record, World};
use domain::Reach;
use edge::{Access, Route};
use serde_json::{Value, json};

/// A field to probe.
struct Field {
    name: String,
    named: Named,
    is_list: bool,
    required: bool,
    in_query: bool,
}

/// Every field of a route that names something. The filters of lists are probed with the lists.
fn naming(route: &Route) -> Vec<Field> {
    let mut found = Vec::new();
    if let Some((schema, _)) = tests::schemas::body(route) {
        let required = schema["required"].clone();
        found.extend(fields(&schema).into_iter().filter_map(|(name, schema)| {
            let named = named(&name, &schema)?;
            let required = required.as_array().is_some_and(|list| list.iter().any(|known| *known == name));
            Some(Field { named, is_list: schema.to_string().contains("\"array\""), required, in_query: false, name })
        }));
    }
    if !route.is_list {
        found.extend(
            tests::schemas::query(route).into_iter().filter_map(|(name, _, schema, required)| {
                Some(Field { named: named(&name, &schema)?, is_list: false, required, in_query: true, name })
            }),
        );
    }
    found
}

/// What is named: of a parent the record, of a person who it is.
enum Thing {
    Record(Record),
    Person(Record),
}

/// Something of this standing to name.
async fn value(world: &World, route: &Route, named: Named, standing: Standing, actor: &Actor) -> Thing {
    match named {
        Named::Record(Kind::Team) => {
            let mut team = world.record(Kind::Team, Standing::Nobodys, actor).await;
            team.id = if standing == Standing::Foreign { world.there.clone() } else { world.here.clone() };
            Thing::Record(team)
        }
        Named::Record(kind) => Thing::Record(world.parent(kind, standing, actor).await),
        // Who is put into another team, or gets what somebody leaves behind, is made for the case.
        Named::Person if matches!(Kind::at(route.path), Some(Kind::Team | Kind::User)) => {
            let standing = if standing == Standing::Own { Standing::Teammates } else { standing };
            Thing::Person(world.record(Kind::User, standing, actor).await)
        }
        Named::Person => {
            let mut person = world.record(Kind::User, Standing::Own, actor).await;
            person.id.clone_from(&world.who(standing, actor).id);
            (person.owner, person.team) = world.whose(standing, actor);
            Thing::Person(person)
        }
    }
}

fn expected(route: &Route, field: &Field, actor: &Actor, standing: Standing, value: &Thing) -> Outcome {
    let Some(scope) = permission(route).map(|permission| actor.scope(permission)) else { return Outcome::Yes };
    let Some(scope) = scope else { return Outcome::No(403) };
    match (judge(route, &field.name, field.named), value) {
        (Judge::OnlyAll, _) => {
            // The team of one's teammates is one's own, which is no change.
            if scope.reach() == Reach::All || standing == Standing::Teammates { Outcome::Yes } else { Outcome::No(403) }
        }
        (Judge::Inside(_), Thing::Person(person)) if person.owner == Some(scope.user()) => Outcome::Yes,
        (Judge::Inside(permission), value) => match (actor.scope(permission), value) {
            (None, Thing::Person(_)) => Outcome::No(403),
            (None, Thing::Record(_)) => Outcome::Reference,
            (Some(scope), Thing::Person(person)) if !scope.covers_person(person.owner.expect("somebody"), person.team) => Outcome::Reference,
            (Some(scope), Thing::Record(record)) if !parent(&scope, record) => Outcome::Reference,
            _ => Outcome::Yes,
        },
    }
}

/// Sends an otherwise valid request that names this.
async fn send(world: &World, route: &Route, field: &Field, actor: &Actor, value: &Thing) -> Outcome {
    let (Thing::Record(Record { id, .. }) | Thing::Person(Record { id, .. })) = value;
    let mut body = body(world, route, Some(actor)).await;
    let own = match route.path.contains('{') {
        true => world.record(Kind::of_record(route.path), Standing::Own, actor).await.id,
        false => String::new(),
    };
    let mut path = path(route, &own);
    if field.in_query {
        path = format!("{path}?{}={id}", field.name);
    } else {
        let object = body.as_mut().and_then(Value::as_object_mut).expect("a body");
        if matches!(field.named, Named::Record(_)) {
            // The parent that was filled in would be a second one.
            let optional = naming(route).into_iter().filter(|other| !other.required && matches!(other.named, Named::Record(_)));
            optional.for_each(|other| drop(object.remove(&other.name)));
        }
        object.insert(field.name.clone(), if field.is_list { json!([id]) } else { json!(id) });
    }
    call(world, route, &actor.person, &path, body.as_ref()).await
}

#[tokio::test]
async fn a_body_names_only_what_is_inside_reach() {
    let world = World::new().await;
    let (mut table, mut wrong, mut probes) = (Table::default(), Vec::new(), 0);
    for route in routes().into_iter().filter(|route| !matches!(route.access, Access::Public | Access::Optional)) {
        for field in naming(&route) {
            let standings = match field.named {
                Named::Record(Kind::Team) => &[Standing::Teammates, Standing::Foreign],
                Named::Record(kind) => kind.standings(),
                Named::Person => &Standing::OWNED[..],
            };
            let mut cells = Vec::new();
            for role in ROLES {
                let mut words = Vec::new();
                for standing in standings {
                    let actor = caller(&world, &route, role).await;
                    let value = value(&world, &route, field.named, *standing, &actor).await;
                    let (want, got) = (expected(&route, &field, &actor, *standing, &value), send(&world, &route, &field, &actor, &value).await);
                    probes += 1;
                    if want != got {
                        wrong.push(format!("{route:?} {} {} {role}: {got} instead of {want}", field.name, standing.label()));
                    }
                    words.push((standing.label(), got.to_string()));
                }
                cells.push(cell(&words));
            }
            table.row([title(&route), format!("`{}{}`", if field.in_query { "?" } else { "" }, field.name)].into_iter().chain(cells));
        }
    }
    println!("{probes} probes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    table.compare("Bodies");
}
