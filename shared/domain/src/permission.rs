//! Permissions, roles and what a role is granted.
//!
//! Owns: the static catalogue and the default grants. Does not own: whether a record is inside a
//! reach ([`crate::reach`]), nor which route needs which permission (the route's declaration).

use crate::event::{Act, Event, EventKind};
use crate::id::{TeamId, UserId};
use crate::reach::Reach;
use crate::record::{Access, Entity, Record, Row};
use crate::text::{Form, Invalid, TextValue};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

crate::choice! {
    /// What a user is in the company.
    pub enum Role {
        /// Everything, always.
        Admin = "ADMIN",
        /// A team and its records.
        Manager = "MANAGER",
        /// Own records.
        SalesRep = "SALES_REP",
    }
}

impl Role {
    /// One sentence for the roles page.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Admin => "Full access to everything",
            Self::Manager => "Leads one or more teams and sees their records",
            Self::SalesRep => "Works with own records",
        }
    }
}

macro_rules! permissions {
    ($($variant:ident, $name:literal, $reached:literal, $manager:expr, $rep:expr, $meaning:literal;)*) => {
        /// One thing a person may be allowed to do. Where records have owners the permission comes
        /// with a reach, otherwise it is held or not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $(
                #[doc = $meaning]
                $variant,
            )*
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// `resource:action`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Whether it comes with a reach (`_own`, `_team`, `_all`).
            pub const fn has_reach(self) -> bool {
                match self { $(Self::$variant => $reached),* }
            }

            /// One line for the catalogue.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }

            /// What a fresh deployment grants to a role; administrators hold everything.
            pub const fn default_for(self, role: Role) -> Option<Reach> {
                match (role, self) {
                    (Role::Admin, _) => Some(Reach::All),
                    $((Role::Manager, Self::$variant) => $manager,)*
                    $((Role::SalesRep, Self::$variant) => $rep,)*
                }
            }
        }
    };
}

permissions! {
    UsersCreate, "users:create", false, None, None, "Register users";
    UsersRead, "users:read", true, Some(Reach::Team), Some(Reach::Own), "See users";
    UsersUpdate, "users:update", true, Some(Reach::Own), Some(Reach::Own), "Change users";
    UsersDelete, "users:delete", false, None, None, "Disable users";
    RolesRead, "roles:read", false, Some(Reach::All), None, "See roles and the permission catalogue";
    RolesUpdate, "roles:update", false, None, None, "Change what a role may do";
    TeamsRead, "teams:read", false, Some(Reach::All), Some(Reach::All), "See teams and their members";
    TeamsCreate, "teams:create", false, None, None, "Create teams";
    TeamsUpdate, "teams:update", false, None, None, "Rename teams, set manager and members";
    TeamsDelete, "teams:delete", false, None, None, "Delete empty teams";
    LeadsCreate, "leads:create", false, Some(Reach::All), Some(Reach::All), "Create leads";
    LeadsRead, "leads:read", true, Some(Reach::Team), Some(Reach::Own), "See leads";
    LeadsUpdate, "leads:update", true, Some(Reach::Team), Some(Reach::Own), "Change leads and their status";
    LeadsDelete, "leads:delete", true, Some(Reach::Team), Some(Reach::Own), "Archive leads";
    LeadsPurge, "leads:purge", false, None, None, "Delete leads for good";
    LeadsAssign, "leads:assign", true, Some(Reach::Team), None, "Give leads to another owner";
    LeadsConvert, "leads:convert", true, Some(Reach::Team), Some(Reach::Own), "Turn leads into customers";
    CustomersCreate, "customers:create", false, Some(Reach::All), None, "Create customers";
    CustomersRead, "customers:read", true, Some(Reach::Team), Some(Reach::Own), "See customers";
    CustomersUpdate, "customers:update", true, Some(Reach::Team), Some(Reach::Own), "Change customers";
    CustomersDelete, "customers:delete", true, Some(Reach::Team), None, "Archive customers";
    CustomersAssign, "customers:assign", true, Some(Reach::Team), None, "Give customers to another owner";
    ActivitiesCreate, "activities:create", true, Some(Reach::Team), Some(Reach::Own), "Log communications and notes";
    ActivitiesRead, "activities:read", true, Some(Reach::Team), Some(Reach::Own), "See communications and notes";
    ActivitiesUpdate, "activities:update", true, Some(Reach::Team), Some(Reach::Own), "Change communications and notes";
    ActivitiesDelete, "activities:delete", true, Some(Reach::Team), Some(Reach::Own), "Delete communications and notes";
    FollowupsRead, "followups:read", true, Some(Reach::Team), Some(Reach::Own), "See follow-ups";
    FollowupsManage, "followups:manage", true, Some(Reach::Team), Some(Reach::Own), "Schedule, change and delete follow-ups";
    TasksCreate, "tasks:create", false, Some(Reach::All), Some(Reach::All), "Create tasks";
    TasksRead, "tasks:read", true, Some(Reach::Team), Some(Reach::Own), "See tasks";
    TasksUpdate, "tasks:update", true, Some(Reach::Team), Some(Reach::Own), "Change tasks and their status";
    TasksDelete, "tasks:delete", true, Some(Reach::Team), Some(Reach::Own), "Delete tasks";
    ProjectsCreate, "projects:create", false, Some(Reach::All), None, "Create projects";
    ProjectsRead, "projects:read", true, Some(Reach::Team), Some(Reach::Own), "See projects";
    ProjectsUpdate, "projects:update", true, Some(Reach::Team), None, "Change projects";
    WorklogsCreate, "worklogs:create", false, Some(Reach::All), Some(Reach::All), "Log work";
    WorklogsRead, "worklogs:read", true, Some(Reach::Team), Some(Reach::Own), "See work logs";
    WorklogsDelete, "worklogs:delete", true, Some(Reach::Own), Some(Reach::Own), "Delete work logs";
    ProductsRead, "products:read", false, Some(Reach::All), Some(Reach::All), "See products";
    ProductsCreate, "products:create", false, Some(Reach::All), None, "Create products";
    ProductsUpdate, "products:update", false, Some(Reach::All), None, "Change products";
    OrdersCreate, "orders:create", true, Some(Reach::Team), Some(Reach::Own), "Create orders";
    OrdersRead, "orders:read", true, Some(Reach::Team), Some(Reach::Own), "See orders";
    OrdersUpdate, "orders:update", true, Some(Reach::Team), None, "Change the status of orders";
    TransactionsCreate, "transactions:create", true, Some(Reach::Team), None, "Record payments and refunds";
    TransactionsRead, "transactions:read", true, Some(Reach::Team), Some(Reach::Own), "See payments and refunds";
    LevelsRead, "levels:read", false, Some(Reach::All), Some(Reach::All), "See loyalty levels";
    LevelsUpdate, "levels:update", false, None, None, "Change loyalty levels";
    PromotionsRead, "promotions:read", false, Some(Reach::All), Some(Reach::All), "See promotions";
    PromotionsCreate, "promotions:create", false, Some(Reach::All), None, "Create promotions";
    PromotionsUpdate, "promotions:update", false, Some(Reach::All), None, "Change promotions";
    PromotionsDelete, "promotions:delete", false, Some(Reach::All), None, "Delete or end promotions";
    PromotionsAssign, "promotions:assign", true, Some(Reach::Team), None, "Assign promotions to customers";
    CampaignsRead, "campaigns:read", false, Some(Reach::All), None, "See campaigns";
    CampaignsCreate, "campaigns:create", false, Some(Reach::All), None, "Create campaigns";
    CampaignsUpdate, "campaigns:update", false, Some(Reach::All), None, "Change and cancel campaigns";
    CampaignsExecute, "campaigns:execute", false, Some(Reach::All), None, "Start campaigns";
    MessagesRead, "messages:read", true, Some(Reach::Team), Some(Reach::Own), "See messages to customers";
    MessagesRetry, "messages:retry", true, Some(Reach::Team), None, "Send failed messages again";
    MessageTemplatesRead, "message-templates:read", false, Some(Reach::All), None, "See message templates";
    MessageTemplatesUpdate, "message-templates:update", false, None, None, "Change message templates";
    NotificationsRead, "notifications:read", true, Some(Reach::Own), Some(Reach::Own), "See notifications";
    NotificationsCreate, "notifications:create", false, Some(Reach::All), None, "Send notifications";
    DashboardView, "dashboard:view", true, Some(Reach::Team), Some(Reach::Own), "See dashboard figures";
    FeedRead, "feed:read", true, Some(Reach::Team), Some(Reach::Own), "See the activity feed";
    SettingsUpdate, "settings:update", false, None, None, "Change settings";
    JobsRead, "jobs:read", false, None, None, "See scheduled jobs and component health";
    JobsRun, "jobs:run", false, None, None, "Start jobs by hand";
    DeadlettersRead, "deadletters:read", false, None, None, "See failed messages";
    DeadlettersRedrive, "deadletters:redrive", false, None, None, "Send failed messages again to their queue";
}

impl Permission {
    /// Whether `_team` also covers records that nobody owns, the pool: a manager sees unowned leads
    /// and customers, may hand them out, and works with what hangs below them. A project has an owner of
    /// its own, so that only reading it goes through an unowned customer.
    pub const fn covers_pool(self) -> bool {
        matches!(
            self,
            Self::LeadsRead
                | Self::LeadsUpdate
                | Self::LeadsAssign
                | Self::CustomersRead
                | Self::CustomersAssign
                | Self::ActivitiesCreate
                | Self::ActivitiesRead
                | Self::ActivitiesUpdate
                | Self::ActivitiesDelete
                | Self::FollowupsRead
                | Self::FollowupsManage
                | Self::TasksRead
                | Self::TasksUpdate
                | Self::TasksDelete
                | Self::ProjectsRead
                | Self::WorklogsRead
                | Self::PromotionsAssign
                | Self::OrdersCreate
                | Self::OrdersRead
                | Self::OrdersUpdate
                | Self::TransactionsCreate
                | Self::TransactionsRead
                | Self::MessagesRead
                | Self::MessagesRetry
        )
    }

    /// The permission to look at what this one acts on; itself where it is that one.
    pub const fn reading(self) -> Self {
        match self {
            Self::LeadsUpdate | Self::LeadsDelete | Self::LeadsPurge | Self::LeadsAssign | Self::LeadsConvert => Self::LeadsRead,
            Self::CustomersUpdate | Self::CustomersDelete | Self::CustomersAssign => Self::CustomersRead,
            Self::ActivitiesUpdate | Self::ActivitiesDelete => Self::ActivitiesRead,
            Self::FollowupsManage => Self::FollowupsRead,
            Self::TasksUpdate | Self::TasksDelete => Self::TasksRead,
            Self::ProjectsUpdate => Self::ProjectsRead,
            Self::WorklogsDelete => Self::WorklogsRead,
            Self::OrdersUpdate | Self::TransactionsCreate => Self::OrdersRead,
            Self::MessagesRetry => Self::MessagesRead,
            Self::UsersUpdate | Self::UsersDelete => Self::UsersRead,
            other => other,
        }
    }
}

/// A permission as it is granted: `teams:read` or `customers:read_team`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// What is granted.
    pub permission: Permission,
    /// How far; always `All` where the permission has no reach.
    pub reach: Reach,
}

impl Grant {
    /// Every grant that can be written.
    pub fn catalogue() -> Vec<Self> {
        let grants = |permission: &Permission| {
            let reaches: &[Reach] = if permission.has_reach() { &[Reach::Own, Reach::Team, Reach::All] } else { &[Reach::All] };
            reaches.iter().map(|&reach| Self { permission: *permission, reach }).collect::<Vec<_>>()
        };
        Permission::ALL.iter().flat_map(grants).collect()
    }
}

impl std::fmt::Display for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.permission.name())?;
        if self.permission.has_reach() { f.write_str(self.reach.suffix()) } else { Ok(()) }
    }
}

impl TextValue for Grant {
    fn read(text: &str) -> Result<Self, Invalid> {
        // Few and called rarely (an administrator changes a role), so the catalogue is searched.
        Self::catalogue()
            .into_iter()
            .find(|grant| grant.to_string() == text)
            .ok_or_else(|| Invalid::new("enum", "is not a permission; GET /permissions lists them"))
    }

    fn form() -> Form {
        Form { pattern: Some("^[a-z-]+:[a-z]+(_own|_team|_all)?$"), example: Some("leads:read_team"), ..Form::default() }
    }
}

crate::text_serde!(Grant);

/// What a role may do: the widest reach held of each permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    everything: bool,
    list: Arc<BTreeSet<Grant>>,
}

impl Grants {
    /// The defaults of a role.
    pub fn default_for(role: Role) -> Self {
        let list = Permission::ALL.iter().filter_map(|&permission| permission.default_for(role).map(|reach| Grant { permission, reach }));
        Self { everything: role == Role::Admin, list: Arc::new(list.collect()) }
    }

    /// What a role holds: the stored grants, or the defaults; administrators hold everything.
    pub fn held_by(role: Role, stored: Option<&Record<RoleGrants>>) -> Self {
        match stored {
            Some(record) if role != Role::Admin => Self::of(record.data.permissions.iter().copied()),
            _ => Self::default_for(role),
        }
    }

    /// Exactly these.
    pub fn of(list: impl IntoIterator<Item = Grant>) -> Self {
        Self { everything: false, list: Arc::new(list.into_iter().collect()) }
    }

    /// The widest reach held of a permission; `None` where it is not held.
    pub fn reach(&self, permission: Permission) -> Option<Reach> {
        if self.everything {
            return Some(Reach::All);
        }
        self.list.iter().filter(|grant| grant.permission == permission).map(|grant| grant.reach).max()
    }

    /// The first of these grants that is not held as widely; `None` where all of them are.
    pub fn lacks<'a>(&self, grants: impl IntoIterator<Item = &'a Grant>) -> Option<Grant> {
        grants.into_iter().find(|grant| self.reach(grant.permission) < Some(grant.reach)).copied()
    }

    /// The grants in catalogue order, `*` standing for everything.
    pub fn scopes(&self) -> Vec<String> {
        if self.everything { vec!["*".to_owned()] } else { self.list.iter().map(Grant::to_string).collect() }
    }

    /// The grants themselves.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.list.iter()
    }
}

/// A role's grants as a record: what an administrator changed from the defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleGrants;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleData {
    /// What the role is granted.
    pub permissions: Vec<Grant>,
}

impl Entity for RoleGrants {
    const KIND: &'static str = "ROLE";
    type Id = Role;
    type Data = RoleData;
    type Text = ();
    type Derived = ();

    fn owner(_: &Row<Self>) -> Option<UserId> {
        None
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Everyone
    }

    fn label(row: &Row<Self>) -> String {
        row.id.to_string()
    }
}

/// Replaces what a role is granted; `None` when it is so already. A role that was never changed has
/// no record and holds the defaults. Repeated grants count once, and the catalogue gives the order.
pub fn replace(role: Role, stored: Option<&Record<RoleGrants>>, act: &Act, wanted: &[Grant]) -> Option<(Record<RoleGrants>, Event)> {
    let old = Grants::held_by(role, stored).list;
    let new: BTreeSet<Grant> = wanted.iter().copied().collect();
    if *old == new {
        return None;
    }
    let data = |list: &BTreeSet<Grant>| RoleData { permissions: list.iter().copied().collect() };
    let next = match stored {
        Some(record) => {
            let mut next = record.touched(act);
            next.data = data(&new);
            next
        }
        None => Record::new(role, act, data(&new), (), ()),
    };
    let names = |list: std::collections::btree_set::Difference<'_, Grant>| list.map(Grant::to_string).collect::<Vec<_>>();
    let detail = json!({"granted": names(new.difference(&old)), "revoked": names(old.difference(&new))});
    let summary = format!("{} changed what {role} may do", act.actor_name);
    let event = next.event(act, EventKind::RoleUpdated, summary, detail).with_changes(crate::record::changes(&data(&old), &next.data));
    Some((next, event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_reach_counts() {
        let read = |text| Grant::read(text).expect("grant");
        let grants = Grants::of([read("customers:read_own"), read("customers:read_team"), read("teams:read")]);
        assert_eq!(grants.reach(Permission::CustomersRead), Some(Reach::Team));
        assert_eq!(grants.reach(Permission::TeamsRead), Some(Reach::All));
        assert_eq!(grants.reach(Permission::CustomersDelete), None);
    }

    #[test]
    fn a_grant_has_one_spelling() {
        for bad in ["customers:read", "teams:read_own", "customers:fly_all", "*", ""] {
            assert!(Grant::read(bad).is_err(), "{bad}");
        }
        for grant in Grant::catalogue() {
            assert_eq!(Grant::read(&grant.to_string()), Ok(grant));
        }
    }

    #[test]
    fn defaults_follow_the_role() {
        assert_eq!(Grants::default_for(Role::Admin).scopes(), ["*"]);
        let rep = Grants::default_for(Role::SalesRep);
        assert_eq!(rep.reach(Permission::CustomersCreate), None);
        assert_eq!(rep.reach(Permission::CustomersUpdate), Some(Reach::Own));
        let manager = Grants::default_for(Role::Manager);
        assert_eq!(manager.reach(Permission::CustomersAssign), Some(Reach::Team));
        assert_eq!(manager.reach(Permission::UsersCreate), None);
    }
    #[test]
    fn a_role_is_stored_once_it_differs_from_the_defaults() {
        let act = crate::account::tests::act();
        let grant = |text| Grant::read(text).expect("grant");
        let defaults: Vec<Grant> = Grants::default_for(Role::SalesRep).iter().copied().collect();
        assert_eq!(replace(Role::SalesRep, None, &act, &defaults), None);
        let list = [grant("teams:read"), grant("customers:read_own"), grant("teams:read")];
        let (first, event) = replace(Role::SalesRep, None, &act, &list).expect("changed");
        assert_eq!((first.version, first.data.permissions.len()), (1, 2));
        assert_eq!(event.data["granted"], json!([]));
        assert_eq!(replace(Role::SalesRep, Some(&first), &act, &list), None);
        let (second, event) = replace(Role::SalesRep, Some(&first), &act, &list[..1]).expect("changed");
        assert_eq!((second.version, &event.data["revoked"]), (2, &json!(["customers:read_own"])));
    }
}
