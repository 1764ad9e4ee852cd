//! `GET /permissions`: everything that can be granted.

use domain::permission::Grant;
use domain::{Permission, Reach};
use edge::{Authorized, Page, PageOf, Rejection, Request, Route};

domain::choice! {
    /// How far a permission goes.
    pub enum ReachName {
        /// Own records.
        Own = "OWN",
        /// Records of the own and the managed teams.
        Team = "TEAM",
        /// Every record.
        All = "ALL",
    }
}

contract::text_values!(taken and shown: ReachName);

impl From<Reach> for ReachName {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Own => Self::Own,
            Reach::Team => Self::Team,
            Reach::All => Self::All,
        }
    }
}

contract::answer! {
    /// A permission as it can be granted.
    pub struct PermissionOut {
        pub name: String,
        pub description: String,
        /// Null where records have no owner.
        pub reach: Option<ReachName>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/permissions", "list_permissions").needs(Permission::RolesRead).about("Roles and teams", "List what can be granted").handle(handle)
}

async fn handle(_: Request<Authorized>) -> Result<PageOf<PermissionOut>, Rejection> {
    let show = |grant: Grant| PermissionOut {
        name: grant.to_string(),
        description: grant.permission.meaning().to_owned(),
        reach: grant.permission.has_reach().then_some(grant.reach.into()),
    };
    let items = Grant::catalogue();
    let count = items.len();
    Ok(PageOf::of(Page { items, ..Page::empty() }, Some(count), show))
}
