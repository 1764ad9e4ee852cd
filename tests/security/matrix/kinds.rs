//! The kinds of record the routes are about, and how a record stands to the caller.

use crate::security::matrix::requests::routes;
use edge::{Access, Route};
use serde_json::Value;

/// How a record stands to the caller, by whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The caller's.
    Own,
    /// Of somebody of the caller's team.
    Teammates,
    /// Of somebody of another team.
    Foreign,
    /// Of nobody: the pool.
    Nobodys,
}

impl Standing {
    pub const ALL: [Self; 4] = [Self::Own, Self::Teammates, Self::Foreign, Self::Nobodys];
    /// Of somebody.
    pub const OWNED: [Self; 3] = [Self::Own, Self::Teammates, Self::Foreign];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Teammates => "teammate's",
            Self::Foreign => "another team's",
            Self::Nobodys => "nobody's",
        }
    }
}

/// What a route is about, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Lead,
    Customer,
    Activity,
    FollowUp,
    Task,
    Project,
    WorkLog,
    Order,
    Transaction,
    Message,
    Notification,
    User,
    Team,
    Role,
    Promotion,
    DeadLetter,
    Session,
    /// The end of a link in a message, which whoever has it may follow.
    Link,
    /// What belongs to nobody by nature and is named by nothing, by its collection.
    Open(&'static str),
}

/// Each kind that is somebody's, or that others name, with its collection and the field by which others name it.
const KINDS: &[(Kind, &str, &str)] = &[
    (Kind::Lead, "/leads", "leadId"),
    (Kind::Customer, "/customers", "customerId"),
    (Kind::Activity, "/activities", ""),
    (Kind::FollowUp, "/follow-ups", ""),
    (Kind::Task, "/tasks", "taskId"),
    (Kind::Project, "/projects", "projectId"),
    (Kind::WorkLog, "/worklogs", ""),
    (Kind::Order, "/orders", "orderId"),
    (Kind::Transaction, "/transactions", ""),
    (Kind::Message, "/messages", ""),
    (Kind::Notification, "/notifications", ""),
    (Kind::User, "/users", ""),
    (Kind::Team, "/teams", "teamId"),
    (Kind::Role, "/roles", ""),
    (Kind::Promotion, "/promotions", ""),
    (Kind::DeadLetter, "/admin/dead-letters", ""),
    (Kind::Session, "/auth/sessions", ""),
    (Kind::Link, "/unsubscribe", ""),
];

impl Kind {
    /// The kind in whose collection a path is.
    pub fn at(path: &str) -> Option<Self> {
        let collection = path.split("/{").next().unwrap_or_default();
        KINDS.iter().find(|(_, known, _)| *known == collection).map(|(kind, ..)| *kind).or_else(|| Self::open(collection))
    }

    /// A collection whose every route needs a permission that has no reach.
    fn open(collection: &str) -> Option<Self> {
        let routes: Vec<Route> = routes().into_iter().filter(|route| route.path.split("/{").next() == Some(collection)).collect();
        let open = |route: &Route| matches!(route.access, Access::Needs(permission) if !permission.has_reach());
        let list = routes.iter().find(|route| route.is_list && !route.path.contains('{'))?;
        routes.iter().all(open).then_some(Self::Open(list.path))
    }

    /// The kind of a path with a record in it.
    pub fn of_record(path: &str) -> Self {
        Self::at(path).unwrap_or_else(|| {
            panic!("no probe can be built for {path}, whose records are somebody's: add its kind to KINDS in tests/security/matrix/kinds.rs, how one is made to world.rs, and who reaches it to rules.rs")
        })
    }

    pub fn collection(self) -> &'static str {
        if let Self::Open(collection) = self {
            return collection;
        }
        KINDS.iter().find(|(kind, ..)| *kind == self).map(|(_, collection, _)| *collection).expect("listed")
    }

    /// The field by which others name a record of this kind.
    pub fn field(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map(|(_, _, field)| *field).unwrap_or_default()
    }

    /// How records of this kind can stand to the caller; none where they belong to nobody by nature.
    pub const fn standings(self) -> &'static [Standing] {
        match self {
            // An activity is its lead's, an order its customer's, which may be nobody's.
            Self::Lead | Self::Customer | Self::Activity | Self::Order | Self::Transaction | Self::Message => &Standing::ALL,
            Self::FollowUp | Self::Task | Self::Project | Self::WorkLog | Self::Notification | Self::User => &Standing::OWNED,
            Self::Session => &[Standing::Own, Standing::Teammates],
            Self::Team | Self::Role | Self::Promotion | Self::DeadLetter | Self::Link | Self::Open(_) => &[],
        }
    }
}

/// What a field of a body, or a parameter of a query, names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A record of this kind.
    Record(Kind),
    /// A person.
    Person,
}

/// What a field of this name and schema names; `None` where it names nothing of the CRM's.
pub fn named(field: &str, schema: &Value) -> Option<Named> {
    let found = match field {
        "leadId" | "customerId" | "projectId" | "taskId" | "teamId" | "orderId" => {
            KINDS.iter().find(|(_, _, known)| *known == field).map(|(kind, ..)| Named::Record(*kind))
        }
        "referredById" => Some(Named::Record(Kind::Customer)),
        // Of products and of campaigns, which are everybody's.
        "items" | "campaignId" | "segment" => return None,
        "ownerId" | "assigneeId" | "userId" | "createdBy" | "managerId" | "memberIds" | "reassignTo" | "recipientId" => Some(Named::Person),
        _ => None,
    };
    let text = schema.to_string();
    let looks_like_one = text.contains("\"uuid\"") || text.contains("id of a") || field.ends_with("Id") || field.ends_with("Ids");
    assert!(found.is_some() || !looks_like_one, "no probe can be built for {field}: say in `named` in tests/security/matrix/kinds.rs what it names");
    found
}

#[test]
fn what_nothing_is_known_of_fails_with_what_to_add() {
    let message = |probe: fn()| *std::panic::catch_unwind(probe).expect_err("panics").downcast::<String>().expect("a message");
    let route = message(|| {
        Kind::of_record("/parcels/{id}/track");
    });
    assert!(route.contains("/parcels/{id}/track") && route.contains("tests/security/matrix/kinds.rs"), "{route}");
    let field = message(|| {
        named("parcelId", &serde_json::json!({"type": "string", "format": "uuid"}));
    });
    assert!(field.contains("parcelId") && field.contains("tests/security/matrix/kinds.rs"), "{field}");
}
