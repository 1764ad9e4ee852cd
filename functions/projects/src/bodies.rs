//! What a create and a change of a project take.

use contract::{List, Patch};
use domain::project::{MAX_MEMBERS, ProjectData, ProjectStatus, ProjectText};
use domain::time::Day;
use domain::value::{Prose, Text};
use domain::{CustomerId, UserId};

/// Who works on a project beside its owner.
pub type Members = List<UserId, MAX_MEMBERS>;

contract::editable! {
    /// A new project.
    create CreateProject,
    /// The fields to change.
    change UpdateProject,
    data ProjectData {
        name: Text<200>,
        start_date: Option<Day>,
        /// Not before the start.
        end_date: Option<Day>,
    }
    defaulted {
        /// PLANNED for a new project when not given; PLANNED to ACTIVE, ACTIVE to ON_HOLD or COMPLETED, ON_HOLD to ACTIVE,
        /// each of them to CANCELLED.
        status: ProjectStatus,
    }
    text ProjectText {
        description: Option<Prose>,
    }
    create {
        customer_id: CustomerId,
        /// The caller when not given, else somebody the caller may give projects to.
        owner_id: Option<UserId>,
        /// Who works on it beside its owner, at most 200.
        member_ids: Option<Members>,
    }
    change {
        /// An active user inside reach.
        owner_id: Patch<UserId>,
        /// All who work on it beside its owner, at most 200.
        member_ids: Patch<Members>,
    }
    elsewhere { customer_id, owner_id, member_ids }
}
