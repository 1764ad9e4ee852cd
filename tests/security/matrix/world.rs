//! A company to probe: three callers of one team, a teammate, somebody of another team, and records
//! of each standing to each caller.

use crate::security::matrix::kinds::{Kind, Standing};
use crate::security::matrix::requests::{body, routes};
use domain::message::CustomerChannel;
use domain::text::TextValue;
use domain::unsubscribe::Unsubscribe;
use domain::{Caller, CustomerId, Grants, Permission, Role, Scope, TeamId, UserId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tests::crm::{PASSWORD, unique};
use tests::people::text;
use tests::{Crm, Person};

pub const ROLES: [Role; 3] = [Role::Admin, Role::Manager, Role::SalesRep];

/// Owner and team, as reach sees them.
pub type Whose = (Option<UserId>, Option<TeamId>);

/// A caller.
#[derive(Clone)]
pub struct Actor {
    pub person: Person,
    caller: Caller,
}

impl Actor {
    /// What of a permission the caller holds.
    pub fn scope(&self, permission: Permission) -> Option<Scope> {
        self.caller.scope(permission)
    }

    pub fn role(&self) -> Role {
        self.caller.role
    }
}

/// A record as reach sees it.
#[derive(Debug, Clone)]
pub struct Record {
    pub kind: Kind,
    pub id: String,
    /// Whose it is: its owner, its assignee, who wrote it.
    pub owner: Option<UserId>,
    pub team: Option<TeamId>,
    /// What it hangs below, the nearest first, and whose that is.
    pub parents: Vec<(Kind, Whose)>,
    /// What it hangs below: field and id.
    pub links: BTreeMap<String, String>,
}

impl Record {
    fn of(kind: Kind, id: String, (owner, team): Whose) -> Self {
        Self { kind, id, owner, team, parents: Vec::new(), links: BTreeMap::new() }
    }
}

/// Which routes wrote to the table since it was asked last.
type Writes = Arc<Mutex<Vec<&'static str>>>;

pub struct World {
    pub crm: Crm,
    pub actors: Vec<Actor>,
    pub mate: Person,
    pub stranger: Person,
    pub here: String,
    pub there: String,
    pub admin: Person,
    records: Mutex<Vec<Record>>,
    writes: Writes,
}

fn user_id(text: &str) -> UserId {
    UserId::read(text).expect("id")
}

fn team_id(text: &str) -> TeamId {
    TeamId::read(text).expect("id")
}

impl World {
    /// Without workers: nothing changes in the background.
    pub async fn new() -> Self {
        let writes = Writes::default();
        let noted = writes.clone();
        let table = local::Table::memory().expect("memory").with_observer(Arc::new(move |operation| {
            if operation.actions.iter().any(|action| matches!(*action, "PutItem" | "UpdateItem" | "DeleteItem")) {
                noted.lock().expect("lock").extend(operation.role);
            }
            Ok(())
        }));
        let crm = Crm::idle(table).await;
        // An administrator of its own, whose session the sign-ins of the first one do not end.
        let admin = crm.person("ADMIN", None).await;
        let (here, there) = (crm.team().await, crm.team().await);
        let nobody = crm.nobody();
        let (mate, stranger) = (nobody.clone(), nobody);
        let root = crm.admin().await;
        let mut world = Self { crm, actors: Vec::new(), mate, stranger, here, there, admin, records: Mutex::default(), writes };
        for first in [&root, &world.admin] {
            world.note(Record::of(Kind::User, first.id.clone(), (Some(user_id(&first.id)), None)));
        }
        world.mate = world.person(Role::SalesRep, Some(&world.here)).await;
        world.stranger = world.person(Role::SalesRep, Some(&world.there)).await;
        for role in ROLES {
            world.actors.push(world.actor(role).await);
        }
        world
    }

    /// A new caller, in the team `here` unless an administrator.
    pub async fn actor(&self, role: Role) -> Actor {
        let team = (role != Role::Admin).then_some(self.here.as_str());
        let person = self.person(role, team).await;
        let caller = Caller {
            id: user_id(&person.id),
            name: String::new(),
            role,
            team: team.map(team_id),
            managed: vec![],
            grants: Grants::default_for(role),
        };
        Actor { person, caller }
    }

    /// A new user, signed in.
    pub async fn person(&self, role: Role, team: Option<&str>) -> Person {
        let email = format!("{}@crm.test", unique());
        self.admin.make("/users", json!({"email": email, "password": PASSWORD, "role": role, "teamId": team, "mustChangePassword": false})).await;
        let person = self.crm.sign_in(&email, PASSWORD).await;
        let id = user_id(&person.id);
        self.note(Record::of(Kind::User, person.id.clone(), (Some(id), team.map(team_id))));
        person
    }

    /// Who stands so to the caller; for nobody's, somebody outside who is no one's teammate.
    pub fn who<'a>(&'a self, standing: Standing, actor: &'a Actor) -> &'a Person {
        match standing {
            Standing::Own => &actor.person,
            Standing::Teammates => &self.mate,
            Standing::Foreign => &self.stranger,
            Standing::Nobodys => &self.admin,
        }
    }

    /// Owner and team of what stands so to the caller.
    pub fn whose(&self, standing: Standing, actor: &Actor) -> Whose {
        let owner = Some(user_id(&self.who(standing, actor).id));
        match standing {
            Standing::Own => (owner, actor.caller.team),
            Standing::Teammates => (owner, Some(team_id(&self.here))),
            Standing::Foreign => (owner, Some(team_id(&self.there))),
            Standing::Nobodys => (None, None),
        }
    }

    fn note(&self, record: Record) -> Record {
        self.records.lock().expect("lock").push(record.clone());
        record
    }

    /// Every record of a kind that was made here.
    pub fn known(&self, kind: Kind) -> Vec<Record> {
        self.records.lock().expect("lock").iter().filter(|record| record.kind == kind).cloned().collect()
    }

    /// A fresh record that stands so to the caller, and so does what it hangs below.
    pub async fn record(&self, kind: Kind, standing: Standing, actor: &Actor) -> Record {
        match kind {
            Kind::Lead | Kind::Customer => self.parent(kind, standing, actor).await,
            Kind::Activity | Kind::FollowUp | Kind::Task => self.child(kind, Kind::Lead, standing, standing, actor).await,
            Kind::Project | Kind::WorkLog | Kind::Order | Kind::Transaction | Kind::Message => {
                self.child(kind, Kind::Customer, standing, standing, actor).await
            }
            Kind::User => match standing {
                Standing::Own => Record::of(kind, actor.person.id.clone(), self.whose(standing, actor)),
                _ => {
                    let team = if standing == Standing::Teammates { &self.here } else { &self.there };
                    let person = self.person(Role::SalesRep, Some(team)).await;
                    Record::of(kind, person.id.clone(), (Some(user_id(&person.id)), Some(team_id(team))))
                }
            },
            Kind::Notification => {
                let whose = self.whose(standing, actor);
                let body = json!({"recipientId": whose.0.map(|owner| owner.to_string()), "type": "IN_APP", "title": "Told", "message": "Told"});
                let made = self.admin.post("/notifications", body).await.expect(202);
                self.note(Record::of(kind, text(&made.data()["id"]), (whose.0, None)))
            }
            Kind::Session => {
                let person = self.crm.sign_in(&self.who(standing, actor).email, PASSWORD).await;
                let sessions = person.get("/auth/sessions").await.expect(200);
                let own = sessions.data().as_array().and_then(|sessions| sessions.iter().find(|session| session["current"] == true));
                Record::of(kind, text(&own.expect("listed")["id"]), self.whose(standing, actor))
            }
            Kind::Link => Record::of(kind, self.link().await, (None, None)),
            Kind::Team | Kind::Role | Kind::Promotion | Kind::DeadLetter | Kind::Open(_) => Record::of(kind, self.thing(kind).await, (None, None)),
        }
    }

    /// A fresh record that others can hang below. What is not a lead or customer hangs below one of
    /// another team, so that it is reached by itself or not at all.
    pub async fn parent(&self, kind: Kind, standing: Standing, actor: &Actor) -> Record {
        let whose = self.whose(standing, actor);
        let owner = whose.0.map(|owner| owner.to_string());
        let admin = &self.admin;
        let record = match kind {
            Kind::Lead => Record::of(kind, text(&admin.lead(json!({"ownerId": owner})).await["id"]), whose),
            Kind::Customer => Record::of(kind, text(&admin.customer(json!({"ownerId": owner})).await["id"]), whose),
            Kind::Project => return Box::pin(self.child(kind, Kind::Customer, Standing::Foreign, standing, actor)).await,
            Kind::Order => return Box::pin(self.child(kind, Kind::Customer, standing, standing, actor)).await,
            Kind::Task => return Box::pin(self.child(kind, Kind::Lead, Standing::Foreign, standing, actor)).await,
            _ => panic!("nothing hangs below {kind:?}: say in `parent` in tests/security/matrix/world.rs how one is made"),
        };
        self.note(record)
    }

    /// A fresh child of somebody, below a fresh record of this standing.
    pub async fn child(&self, kind: Kind, below: Kind, under: Standing, by: Standing, actor: &Actor) -> Record {
        if kind == Kind::Transaction {
            return self.payment(under, actor).await;
        }
        if kind == Kind::Message {
            return self.message(under, actor).await;
        }
        // What is written by somebody needs a parent within their reach, which is given away afterwards.
        let written = matches!(kind, Kind::Activity | Kind::WorkLog);
        let person = self.who(by, actor);
        let parent = self.parent(below, if written { by } else { under }, actor).await;
        let mut body = match kind {
            Kind::Activity => json!({"type": "CALL"}),
            Kind::FollowUp => json!({"dueAt": "2031-01-31T12:00:00Z", "assigneeId": person.id}),
            Kind::Task => json!({"title": "Task", "ownerId": person.id}),
            Kind::Project => json!({"name": "Project", "ownerId": person.id}),
            Kind::Order => json!({"items": [{"productId": self.product().await, "quantity": 1}]}),
            Kind::WorkLog => json!({"workDate": "2026-01-31", "minutes": 5, "description": "Work"}),
            _ => panic!("{kind:?} hangs below nothing: say in `child` in tests/security/matrix/world.rs how one is made"),
        };
        body[below.field()] = json!(parent.id);
        let made = if written { person } else { &self.admin }.make(kind.collection(), body).await;
        let whose = self.whose(under, actor);
        if written && under != by {
            self.give(&parent, whose).await;
        }
        let (owner, team) = match (kind, by) {
            // It is whose its customer is.
            (Kind::Order, _) => whose,
            (_, Standing::Nobodys) => (Some(user_id(&person.id)), None),
            _ => self.whose(by, actor),
        };
        let links = ["leadId", "customerId", "projectId", "taskId"].iter();
        let links = links.filter_map(|name| made[*name].as_str().map(|id| ((*name).to_owned(), id.to_owned()))).collect();
        let parents = std::iter::once((below, whose)).chain(parent.parents).collect();
        self.note(Record { kind, id: text(&made["id"]), owner, team, parents, links })
    }

    /// A payment of a fresh order of this standing.
    async fn payment(&self, standing: Standing, actor: &Actor) -> Record {
        let order = Box::pin(self.child(Kind::Order, Kind::Customer, standing, standing, actor)).await;
        let body = json!({"type": "PAYMENT", "method": "CASH", "amountMinor": 1});
        let made = self.admin.make(&format!("/orders/{}/transactions", order.id), body).await;
        let mut links = order.links.clone();
        links.insert("orderId".to_owned(), order.id.clone());
        self.note(Record { kind: Kind::Transaction, id: text(&made["id"]), links, ..order })
    }

    /// A message to a fresh customer of this standing, which could not be sent.
    async fn message(&self, standing: Standing, actor: &Actor) -> Record {
        let customer = self.parent(Kind::Customer, standing, actor).await;
        let whose = self.whose(standing, actor);
        let id = self.crm.failed_message(&customer.id).await;
        let links = BTreeMap::from([("customerId".to_owned(), customer.id)]);
        self.note(Record { parents: vec![(Kind::Customer, whose)], links, ..Record::of(Kind::Message, id, whose) })
    }

    /// The end of a link in a message to a fresh customer.
    pub async fn link(&self) -> String {
        let customer = CustomerId::read(&text(&self.admin.customer(json!({})).await["id"])).expect("an id");
        let said = Unsubscribe { customer, channel: CustomerChannel::Email };
        self.crm.embedded().app().unsubscribe_token(said).await.expect("signed").to_string()
    }

    /// Something to sell, of a price.
    pub async fn product(&self) -> String {
        text(&self.admin.make("/products", json!({"sku": unique(), "name": "Engine", "priceMinor": 100})).await["id"])
    }

    /// Gives a record to somebody else, or to nobody.
    async fn give(&self, record: &Record, whose: Whose) {
        let assign = if matches!(record.kind, Kind::Lead | Kind::Customer) { "/assign" } else { "" };
        let owner = whose.0.map(|owner| owner.to_string());
        let path = format!("{}/{}{assign}", record.kind.collection(), record.id);
        self.admin.patch(&path, json!({"ownerId": owner})).await.expect(200);
        let mut records = self.records.lock().expect("lock");
        for known in records.iter_mut().filter(|known| known.kind == record.kind && known.id == record.id) {
            (known.owner, known.team) = whose;
        }
    }

    /// Something that belongs to nobody by nature.
    async fn thing(&self, kind: Kind) -> String {
        match kind {
            Kind::Team => text(&self.admin.make("/teams", json!({"name": unique()})).await["id"]),
            Kind::Role => "MANAGER".into(),
            Kind::Promotion => {
                let body = json!({"code": unique().to_uppercase(), "name": "Ten", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 10, "status": "ACTIVE"});
                text(&self.admin.make("/promotions", body).await["id"])
            }
            Kind::Open("/admin/jobs") => "tasks-due".into(),
            // Of which nobody is told here.
            // From one point on, whatever is changed.
            Kind::Open("/customer-levels") => "BRONZE".into(),
            Kind::Open("/message-templates") => "CAMPAIGN_FINISHED".into(),
            Kind::Open(collection) => {
                let create = routes().into_iter().find(|route| route.path == collection && route.method == http::Method::POST);
                let create = create.unwrap_or_else(|| {
                    panic!("no route makes one of {collection}: say in `thing` in tests/security/matrix/world.rs how it comes to be")
                });
                let body = Box::pin(body(self, &create, None)).await.unwrap_or_default();
                text(&self.admin.make(collection, body).await["id"])
            }
            _ => {
                let ports = self.crm.embedded().app();
                let act = ports.act();
                let (id, queue, cause, body) = (act.id(), "work".to_owned(), "test".to_owned(), "{}".to_owned());
                let parked = store::Parked { id, queue, cause, attempts: 1, failed_at: act.at, body };
                ports.unscoped().park(&parked).await.expect("parks");
                parked.id.to_string()
            }
        }
    }

    /// Forgets what was written so far.
    pub fn forget_writes(&self) {
        self.writes.lock().expect("lock").clear();
    }

    /// Whether a route wrote since.
    pub fn wrote(&self, route: &str) -> bool {
        self.writes.lock().expect("lock").contains(&route)
    }

    /// What a role is granted, as it is now.
    pub async fn grants(&self, role: &str) -> Value {
        let roles = self.admin.get("/roles").await.expect(200);
        let found = roles.data().as_array().expect("list").iter().find(|found| found["code"] == role).expect("role").clone();
        found["permissions"].clone()
    }
}
