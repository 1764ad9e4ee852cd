//! The security matrix: every route, every kind of caller, every standing of the record. What is
//! expected comes from the declarations alone, so a route that is added is tested at once.
//!
//! `UPDATE=1 cargo test -p tests matrix` writes `docs/security-matrix.md`.

use domain::text::TextValue;
use domain::{Caller, Grants, Permission, Role, TeamId, UserId};
use edge::{Access, Route};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tests::crm::{PASSWORD, unique};
use tests::example::smallest;
use tests::people::text;
use tests::{Crm, Person};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/security-matrix.md");
const ROLES: [Role; 3] = [Role::Admin, Role::Manager, Role::SalesRep];

/// How a record stands to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Own,
    Teammates,
    Foreign,
    Nobodys,
}

/// What has an owner, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lead,
    Customer,
    Activity,
    FollowUp,
    Task,
    Project,
    WorkLog,
    User,
    /// Without an owner.
    Other,
}

impl Kind {
    fn of(route: &Route) -> Self {
        match route.path.split("/{id}").next() {
            _ if !route.path.contains("{id}") => Self::Other,
            Some("/leads") => Self::Lead,
            Some("/customers") => Self::Customer,
            Some("/activities") => Self::Activity,
            Some("/follow-ups") => Self::FollowUp,
            Some("/tasks") => Self::Task,
            Some("/projects") => Self::Project,
            Some("/worklogs") => Self::WorkLog,
            Some("/users") => Self::User,
            Some("/teams" | "/admin/dead-letters") => Self::Other,
            path => panic!("say whether {path:?} has an owner"),
        }
    }

    fn standings(self) -> Vec<(Option<Standing>, &'static str)> {
        use Standing::{Foreign, Nobodys, Own, Teammates};
        match self {
            // An activity is its lead's, which may be nobody's.
            Self::Lead | Self::Customer | Self::Activity => {
                vec![(Some(Own), "own"), (Some(Teammates), "teammate's"), (Some(Foreign), "another team's"), (Some(Nobodys), "nobody's")]
            }
            Self::FollowUp | Self::Task | Self::Project | Self::WorkLog => {
                vec![(Some(Own), "own"), (Some(Teammates), "teammate's"), (Some(Foreign), "another team's")]
            }
            Self::User => vec![(Some(Own), "oneself"), (Some(Teammates), "teammate"), (Some(Foreign), "of another team")],
            Self::Other => vec![(None, "")],
        }
    }
}

/// The permission a route goes by. `GET /users/{id}` opens oneself to everybody and checks the rest
/// in its handler.
fn permission(route: &Route) -> Option<Permission> {
    match route.access {
        Access::Needs(permission) => Some(permission),
        _ if route.name == "get_user" => Some(Permission::UsersRead),
        _ => None,
    }
}

/// Someone with a token, and the team they are in.
#[derive(Clone)]
struct Actor {
    role: Role,
    person: Person,
    team: Option<String>,
}

struct World {
    crm: Crm,
    admin: Person,
    here: String,
    there: String,
    mate: Person,
    stranger: Person,
}

fn user_id(text: &str) -> UserId {
    UserId::read(text).expect("id")
}

fn team_id(text: &str) -> TeamId {
    TeamId::read(text).expect("id")
}

/// What the declarations say: `yes`, 401, 403 or 404.
fn expected(route: &Route, actor: Option<&Actor>, record: Option<(Option<UserId>, Option<TeamId>)>) -> &'static str {
    match (route.access, actor, permission(route)) {
        (Access::Public | Access::Optional, ..) => "yes",
        (_, None, _) => "401",
        (_, Some(_), None) => "yes",
        (_, Some(actor), Some(permission)) => {
            let team = actor.team.as_deref().map(team_id);
            let id = user_id(&actor.person.id);
            let caller = Caller { id, name: String::new(), role: actor.role, team, managed: vec![], grants: Grants::default_for(actor.role) };
            match (caller.scope(permission), record) {
                (None, _) => "403",
                (Some(scope), Some((owner, team))) if !scope.covers(owner, team) => "404",
                _ => "yes",
            }
        }
    }
}

impl World {
    async fn new() -> Self {
        let crm = Crm::start().await;
        // An administrator of its own, whose session the sign-ins of the first one do not end.
        let (admin, here, there) = (crm.person("ADMIN", None).await, crm.team().await, crm.team().await);
        let (mate, stranger) = (crm.person("SALES_REP", Some(&here)).await, crm.person("SALES_REP", Some(&there)).await);
        Self { crm, admin, here, there, mate, stranger }
    }

    async fn actor(&self, role: Role) -> Actor {
        let team = (role != Role::Admin).then(|| self.here.clone());
        Actor { role, person: self.person(role, team.as_deref()).await, team }
    }

    async fn person(&self, role: Role, team: Option<&str>) -> Person {
        let email = format!("{}@crm.test", unique());
        self.admin.post("/users", json!({"email": email, "password": PASSWORD, "role": role, "teamId": team})).await.expect(201);
        self.crm.sign_in(&email, PASSWORD).await
    }

    /// A fresh record of this standing: its id, owner and team.
    async fn record(&self, kind: Kind, standing: Standing, actor: &Actor, fresh: bool) -> (String, Option<UserId>, Option<TeamId>) {
        let (here, there) = (Some(team_id(&self.here)), Some(team_id(&self.there)));
        let (owner, team) = match standing {
            Standing::Own => (Some(actor.person.id.clone()), actor.team.as_deref().map(team_id)),
            Standing::Teammates => (Some(self.mate.id.clone()), here),
            Standing::Foreign => (Some(self.stranger.id.clone()), there),
            Standing::Nobodys => (None, None),
        };
        if kind != Kind::User {
            let person = match standing {
                Standing::Own => &actor.person,
                Standing::Teammates => &self.mate,
                Standing::Foreign => &self.stranger,
                Standing::Nobodys => &self.admin,
            };
            let id = text(&self.owned(kind, person, owner.as_deref()).await["id"]);
            return (id, owner.as_deref().map(user_id), team);
        }
        let id = match standing {
            Standing::Teammates if fresh => self.person(Role::SalesRep, Some(&self.here)).await.id,
            Standing::Foreign if fresh => self.person(Role::SalesRep, Some(&self.there)).await.id,
            _ => owner.expect("users have themselves"),
        };
        (id.clone(), Some(user_id(&id)), team)
    }

    /// A record of a kind that belongs to this owner; what only its author may touch is written by
    /// the person.
    async fn owned(&self, kind: Kind, person: &Person, owner: Option<&str>) -> Value {
        let admin = &self.admin;
        let lead = async || admin.lead(json!({"ownerId": owner})).await["id"].clone();
        let customer = async || admin.customer(json!({"ownerId": owner})).await["id"].clone();
        let due = "2031-01-31T12:00:00Z";
        match kind {
            Kind::Lead => json!({"id": lead().await}),
            Kind::Activity => person.make("/activities", json!({"leadId": lead().await, "type": "CALL"})).await,
            Kind::FollowUp => admin.make("/follow-ups", json!({"leadId": lead().await, "dueAt": due, "assigneeId": owner})).await,
            Kind::Task => admin.make("/tasks", json!({"title": "Task", "ownerId": owner})).await,
            Kind::Project => admin.make("/projects", json!({"name": "Project", "customerId": customer().await, "ownerId": owner})).await,
            Kind::WorkLog => {
                let log = json!({"customerId": customer().await, "workDate": "2026-01-31", "minutes": 5, "description": "Work"});
                person.make("/worklogs", log).await
            }
            Kind::Customer | Kind::User | Kind::Other => json!({"id": customer().await}),
        }
    }

    /// Something without an owner for the `{…}` of a path.
    async fn thing(&self, path: &str) -> String {
        match path.split("/{").next().expect("path") {
            "/teams" => text(&self.admin.post("/teams", json!({"name": unique()})).await.expect(201).data()["id"]),
            "/roles" => "ADMIN".into(),
            "/admin/dead-letters" => {
                let ports = self.crm.embedded().app();
                let act = ports.act();
                let parked =
                    store::Parked { id: act.id(), queue: "work".into(), cause: "test".into(), attempts: 1, failed_at: act.at, body: "{}".into() };
                ports.unscoped().park(&parked).await.expect("parks");
                parked.id.to_string()
            }
            other => panic!("make something for {other}"),
        }
    }

    /// A body that is valid, so that only authorisation can refuse.
    fn body(&self, route: &Route) -> Option<Value> {
        let (schema, _) = (route.body)()?;
        Some(match route.name {
            "login" => json!({"email": self.mate.email, "password": PASSWORD}),
            "refresh" => json!({"refreshToken": self.stranger.refresh}),
            "logout" => json!({"refreshToken": "A".repeat(86)}),
            "assign_customer" | "assign_lead" => json!({"ownerId": null}),
            _ => smallest(&unique(), &schema),
        })
    }

    /// Calls a route and reads the answer as the matrix does.
    async fn outcome(&self, route: &Route, person: &Person, id: &str) -> String {
        let path: String = route.path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/");
        let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|method| *method == route.method.as_str()).expect("method");
        let reply = person.ask(method, &path, self.body(route).as_ref(), &[]).await;
        assert!(reply.status < 500, "{route:?}: {}", reply.text);
        match reply.status {
            401 | 403 | 404 => reply.status.to_string(),
            _ => "yes".into(),
        }
    }
}

#[tokio::test]
async fn every_route_answers_every_caller_as_declared() {
    let world = World::new().await;
    let nobody = world.crm.nobody();
    let mut table = String::from(
        "# Security matrix\n\nWritten and checked by `tests/security/matrix.rs`: every route with every kind of caller and record. `yes` passes authorisation; 401, 403 and 404 are what is answered. Manager and sales rep have the grants of a fresh deployment and are of one team; 404 hides what is outside reach.\n\n| route | needs | record | ADMIN | MANAGER | SALES_REP | no token |\n|---|---|---|---|---|---|---|\n",
    );
    let mut wrong = Vec::new();
    let mut actors = Vec::new();
    for role in ROLES {
        actors.push(world.actor(role).await);
    }
    for route in local::routes().into_iter().flat_map(|(_, routes)| routes) {
        let kind = Kind::of(&route);
        let fresh = route.method == http::Method::DELETE;
        for (standing, name) in kind.standings() {
            let mut cells = Vec::new();
            for known in &actors {
                // Who may be gone afterwards is made for the case.
                let actor = if kind == Kind::User && fresh { world.actor(known.role).await } else { known.clone() };
                let (id, record) = match standing {
                    Some(standing) => {
                        let (id, owner, team) = world.record(kind, standing, &actor, fresh).await;
                        (id, Some((owner, team)))
                    }
                    None if route.path.contains('{') => (world.thing(route.path).await, None),
                    None => (String::new(), None),
                };
                let (want, got) = (expected(&route, Some(&actor), record), world.outcome(&route, &actor.person, &id).await);
                if want != got {
                    wrong.push(format!("{route:?} {name} {}: {got} instead of {want}", actor.role));
                }
                cells.push(got);
            }
            let id = if route.path.contains('{') { "01900000-0000-7000-8000-000000000000" } else { "" };
            let (want, got) = (expected(&route, None, None), world.outcome(&route, &nobody, id).await);
            if want != got {
                wrong.push(format!("{route:?} {name} without a token: {got} instead of {want}"));
            }
            cells.push(got);
            let needs = match route.access {
                Access::Needs(permission) => format!("`{}`", permission.name()),
                Access::Authenticated => "a token".into(),
                Access::Optional | Access::Public => "nothing".into(),
            };
            writeln!(table, "| {} {} | {needs} | {name} | {} |", route.method, route.path, cells.join(" | ")).expect("writes");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, &table).expect("writes");
    }
    assert_eq!(std::fs::read_to_string(FILE).unwrap_or_default(), table, "docs/security-matrix.md is stale: UPDATE=1 cargo test -p tests matrix");
}
