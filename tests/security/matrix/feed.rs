//! What the feed tells: of everything, by whose a record was when it happened; of one record, by who may
//! open it now.

use crate::security::matrix::answers::cell;
use crate::security::matrix::document::Table;
use crate::security::matrix::kinds::{Kind, Standing};
use crate::security::matrix::rules::reads;
use crate::security::matrix::world::World;
use domain::Permission;
use domain::event::EntityType;
use domain::text::TextValue;
use serde_json::Value;
use std::collections::BTreeSet;
use tests::people::text;

/// The kinds of record that are somebody's, as the feed names them, and what opens one.
const KINDS: [(Kind, EntityType, Permission); 10] = [
    (Kind::Lead, EntityType::Lead, Permission::LeadsRead),
    (Kind::Customer, EntityType::Customer, Permission::CustomersRead),
    (Kind::Activity, EntityType::Activity, Permission::ActivitiesRead),
    (Kind::FollowUp, EntityType::FollowUp, Permission::FollowupsRead),
    (Kind::Task, EntityType::Task, Permission::TasksRead),
    (Kind::Project, EntityType::Project, Permission::ProjectsRead),
    (Kind::WorkLog, EntityType::WorkLog, Permission::WorklogsRead),
    (Kind::Order, EntityType::Order, Permission::OrdersRead),
    (Kind::Transaction, EntityType::Transaction, Permission::TransactionsRead),
    (Kind::User, EntityType::User, Permission::UsersRead),
];

#[tokio::test]
async fn the_feed_tells_of_what_is_inside_reach() {
    let world = World::new().await;
    for (kind, ..) in KINDS {
        for actor in world.actors.clone() {
            for standing in kind.standings() {
                world.record(kind, *standing, &actor).await;
            }
        }
    }
    let events = world.admin.all("/feed?limit=100").await;
    let ids = |events: &[Value]| events.iter().map(|event| text(&event["id"])).collect::<BTreeSet<_>>();
    let (mut table, mut wrong, mut probes) = (Table::default(), Vec::new(), 0);
    let mut shown = Vec::new();
    for actor in &world.actors {
        let scope = actor.scope(Permission::FeedRead).expect("every role has a feed");
        let person = |value: &Value| value.as_str().and_then(|id| TextValue::read(id).ok());
        let team = |value: &Value| value.as_str().and_then(|id| TextValue::read(id).ok());
        let inside = |event: &&Value| scope.covers(person(&event["ownerId"]), team(&event["teamId"]));
        let want: BTreeSet<String> = events.iter().filter(inside).map(|event| text(&event["id"])).collect();
        // Who looks at the feed makes no event of it.
        let got = ids(&actor.person.all("/feed?limit=100").await);
        probes += 1;
        if got != want {
            wrong.push(format!("{} sees {} events instead of {}", actor.role(), got.len(), want.len()));
        }
        let of = |standing: Standing| {
            let (owner, _) = world.whose(standing, actor);
            let owner = owner.map(|owner| owner.to_string());
            let mut of = events.iter().filter(|event| event["ownerId"].as_str() == owner.as_deref());
            (standing.label(), if of.any(|event| got.contains(&text(&event["id"]))) { "yes" } else { "no" }.to_owned())
        };
        shown.push(cell(&Standing::ALL.map(of)));
    }
    table.row(["everything".to_owned()].into_iter().chain(shown));
    for (kind, entity, reading) in KINDS {
        let mut cells = Vec::new();
        for actor in &world.actors {
            let scope = actor.scope(reading).expect("every role reads what can be its own");
            let mut words = Vec::new();
            for record in world.known(kind) {
                let reply = actor.person.get(&format!("/feed?limit=100&entityType={entity}&entityId={}", record.id)).await;
                let want = if reads(&scope, &record) { 200 } else { 404 };
                let told = reply.status == 200;
                let of_it = |event: &Value| event["entityId"] == record.id.as_str() && event["entityType"] == entity.as_str();
                let is_wrong =
                    reply.status != want || (told && !reply.data().as_array().is_some_and(|events| !events.is_empty() && events.iter().all(of_it)));
                probes += 1;
                if is_wrong {
                    wrong.push(format!("{} gets {} for the events of {record:?}, expected {want}", actor.role(), reply.status));
                }
                // An activity is its lead's or customer's.
                let owner = if kind == Kind::Activity { record.parents[0].1.0 } else { record.owner };
                if let Some(standing) = Standing::ALL.into_iter().find(|standing| world.whose(*standing, actor).0 == owner) {
                    let word = if told { "yes".to_owned() } else { reply.status.to_string() };
                    if !words.contains(&(standing.label(), word.clone())) {
                        words.push((standing.label(), word));
                    }
                }
            }
            words.sort();
            cells.push(cell(&words));
        }
        table.row([format!("one {entity}")].into_iter().chain(cells));
    }
    println!("{probes} probes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    table.compare("Feed");
}
