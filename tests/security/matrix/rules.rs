//! Who reaches what, said once more and independently of the routes: what the probes expect.

use crate::security::matrix::kinds::{Kind, Named};
use crate::security::matrix::world::{Record, Whose};
use domain::{Permission, Reach, Scope};
use edge::{Access, Route};

/// The permission a route goes by. `GET /users/{id}` opens oneself to everybody and checks the rest
/// in its handler.
pub fn permission(route: &Route) -> Option<Permission> {
    match route.access {
        Access::Needs(permission) => Some(permission),
        _ if route.name == "get_user" => Some(Permission::UsersRead),
        _ => None,
    }
}

/// Whether a record's detail is opened.
pub fn reads(scope: &Scope, record: &Record) -> bool {
    match record.kind {
        // They are reached through their lead or customer alone.
        Kind::Activity | Kind::Order | Kind::Transaction | Kind::Message => through_party(scope, record),
        Kind::FollowUp | Kind::Task | Kind::Project | Kind::WorkLog => {
            scope.covers(record.owner, record.team) || record.parents.iter().any(|(_, (owner, team))| scope.covers(*owner, *team))
        }
        _ => lists(scope, record),
    }
}

/// Whether a list that is not one of a parent's children shows it.
pub fn lists(scope: &Scope, record: &Record) -> bool {
    match record.kind {
        Kind::Activity | Kind::Order | Kind::Transaction | Kind::Message => through_party(scope, record),
        Kind::Team | Kind::Role | Kind::Promotion | Kind::DeadLetter => true,
        _ => scope.covers(record.owner, record.team),
    }
}

/// Whether a list shows it where no filter is given: an inbox is one's own.
pub fn lists_unasked(scope: &Scope, record: &Record) -> bool {
    lists(scope, record) && (record.kind != Kind::Notification || record.owner == Some(scope.user()))
}

/// Whether it may be changed.
pub fn changes(scope: &Scope, record: &Record) -> bool {
    match record.kind {
        // What one wrote, while one sees it; with a wider reach what hangs below a lead or customer inside it.
        Kind::Activity => {
            let sees = scope.by(Permission::ActivitiesRead).is_some_and(|scope| through_party(&scope, record));
            (record.owner == Some(scope.user()) && sees) || (scope.reach() != Reach::Own && through_party(scope, record))
        }
        // Nobody reads for somebody else.
        Kind::Notification => record.owner == Some(scope.user()),
        // One's own, and what hangs below a lead or customer that one may change.
        Kind::FollowUp | Kind::Task | Kind::WorkLog => lists(scope, record) || record.parents.first().is_some_and(|parent| may_change(scope, parent)),
        _ => lists(scope, record),
    }
}

/// The answer where a record may not be changed: 403 where it may be seen.
pub fn unchangeable(scope: &Scope, record: &Record) -> u16 {
    let sees = scope.by(scope.permission().reading()).is_some_and(|reading| reads(&reading, record));
    if sees { 403 } else { 404 }
}

fn may_change(scope: &Scope, (kind, (owner, team)): &(Kind, Whose)) -> bool {
    let permission = match kind {
        Kind::Lead => Permission::LeadsUpdate,
        Kind::Customer => Permission::CustomersUpdate,
        _ => return false,
    };
    // Whoever works with the pool works with what hangs below it.
    (owner.is_none() && scope.covers(*owner, *team)) || scope.by(permission).is_some_and(|scope| scope.covers(*owner, *team))
}

/// Whether a filter by this parent, or a body that names it, is taken.
pub fn parent(scope: &Scope, parent: &Record) -> bool {
    reads(scope, parent)
}

fn through_party(scope: &Scope, record: &Record) -> bool {
    record.parents.first().is_some_and(|(_, (owner, team))| scope.covers(*owner, *team))
}

/// By what a field of a body is judged.
pub enum Judge {
    /// What is named has to be inside this permission's reach; oneself always is.
    Inside(Permission),
    /// The field may only be sent by who reaches everything.
    OnlyAll,
}

/// By what a route judges what a field names.
pub fn judge(route: &Route, field: &str, named: Named) -> Judge {
    use Permission::{
        CustomersAssign, CustomersRead, CustomersUpdate, LeadsAssign, LeadsRead, ProjectsRead, ProjectsUpdate, TasksRead, TasksUpdate, UsersRead,
    };
    let own = || permission(route).unwrap_or_else(|| panic!("{route:?} has no permission"));
    Judge::Inside(match (route.name, field) {
        ("update_user", "teamId") => return Judge::OnlyAll,
        // What hangs below a lead or customer needs the reach to write there; people are those of the same reach.
        ("create_activity" | "create_follow_up" | "create_order" | "assign_promotion", _)
        | ("update_follow_up" | "assign_lead" | "assign_customer", _) => own(),
        // What one can see can be referred to.
        ("create_task" | "update_task", "leadId") => LeadsRead,
        ("create_task" | "update_task" | "create_project" | "create_work_log", "customerId") => CustomersRead,
        // What the lead knows becomes the customer's.
        ("convert_lead", "customerId") => CustomersUpdate,
        ("create_customer" | "update_customer", "referredById") => CustomersRead,
        ("create_task" | "update_task" | "create_work_log", "projectId") => ProjectsRead,
        ("create_work_log", "taskId") => TasksRead,
        // To others one gives what one may change of theirs.
        ("create_task" | "update_task", "ownerId") => TasksUpdate,
        ("create_project" | "update_project", "ownerId" | "memberIds") => ProjectsUpdate,
        // One writes to whom one can see.
        ("create_notification", "recipientId") => UsersRead,
        ("create_lead", "ownerId") => LeadsAssign,
        ("create_customer", "ownerId") => CustomersAssign,
        // Administration is not cut by reach.
        ("create_user" | "create_team" | "update_team" | "delete_user", _) => own(),
        _ => panic!(
            "no probe can be built for {field} ({named:?}) of {}: say in `judge` in tests/security/matrix/rules.rs by which permission it is judged",
            route.name
        ),
    })
}
