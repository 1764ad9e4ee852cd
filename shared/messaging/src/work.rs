//! Messages on the queues of larger work.

use crate::ports::Queue;
use domain::{CampaignId, CustomerId, LeadId, PartyId, TeamId, Time, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a larger piece of work goes on: in which of its lists, after which row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Number of the list.
    pub list: usize,
    /// Cursor in it.
    pub after: Option<String>,
}

/// How far a recount of figures is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Recounting {
    /// Whether the records were counted as they are now, where that was to be done, and their sum is under way.
    pub counted: bool,
    /// Where to go on.
    pub place: Place,
    /// What was summed: figures as they are written.
    pub sums: BTreeMap<String, i64>,
    /// How often the figures had been written when the sum was begun.
    pub writes: u64,
    /// How many lists the scope has.
    pub lists: u64,
    /// The differences that were found before: as they are kept, and as they were counted.
    pub found: Option<BTreeMap<String, (i64, i64)>>,
    /// How often it was begun again.
    pub tries: u32,
}

/// One piece of larger work. Each can be repeated without harm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Work {
    /// Put the owner's present team and name on everything the user owns.
    Restamp {
        /// The owner.
        user: UserId,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
    /// Give what a disabled user owned to somebody else, or to the pool.
    MoveRecords {
        /// The former owner.
        user: UserId,
        /// The new owner. `None` is the pool for leads and customers, and the team's manager for
        /// open work.
        to: Option<UserId>,
        /// Who disabled the user, and gets the open work where the team has no manager.
        #[serde(default)]
        by: Option<UserId>,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
    /// Put the leads that became a customer, its orders and their transactions where the customer belongs.
    FollowCustomer {
        /// The customer.
        customer: CustomerId,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
    /// Give the open follow-ups and tasks that the former owner of a lead or customer had on it to who owns
    /// it now.
    FollowOwner {
        /// The lead or customer.
        of: PartyId,
        /// Who owned it.
        former: UserId,
        /// When it was given away; what the former owner was given after that stays.
        given: Time,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
    /// Move the open follow-ups and tasks of a converted lead to its customer, and give the customer its
    /// activities.
    MoveOpenWork {
        /// The lead.
        lead: LeadId,
        /// The customer it became.
        customer: CustomerId,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
    /// Delete what hangs below a lead that was deleted for good.
    PurgeLead {
        /// The lead.
        lead: LeadId,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
    /// Make a message of a campaign for each customer of its segment.
    ResolveCampaign {
        /// The campaign.
        campaign: CampaignId,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
    /// Bring what is stored in an old shape into the present one.
    Migrate {
        /// The migration.
        name: String,
        /// Whether to count alone.
        #[serde(rename = "dryRun", default)]
        dry_run: bool,
        /// The run to go on with, from where its progress says; none begins one.
        #[serde(default)]
        run: Option<u64>,
    },
    /// Send messages again that were parked.
    Redrive {
        /// Of this queue only.
        #[serde(default)]
        queue: Option<String>,
        /// With this in their cause.
        #[serde(default)]
        cause: Option<String>,
        /// Those that were given up on before.
        before: Time,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
    /// Recount the figures of a team, of a person, or of what has no team.
    CountersCheck {
        /// Of this team.
        #[serde(default)]
        team: Option<TeamId>,
        /// Of this person.
        #[serde(default)]
        user: Option<UserId>,
        /// Whether to put right what differs.
        #[serde(default)]
        repair: bool,
        /// How far it is.
        #[serde(default)]
        from: Option<Recounting>,
    },
    /// Let the figures of dashboards follow a record that could not be counted.
    Count {
        /// Its kind.
        kind: String,
        /// Its partition key.
        pk: String,
    },
    /// Project a stream record again that was parked.
    Project {
        /// The stream record, as Lambda delivered it: what could not be read is kept as well.
        record: Value,
    },
    /// Publish a stream record's event again that was parked.
    Relay {
        /// The stream record, as Lambda delivered it: what could not be read is kept as well.
        record: Value,
    },
    /// Publish events again.
    Republish {
        /// Their keys.
        events: Vec<ItemKey>,
    },
    /// Derive anew what is derived of records.
    Reproject {
        /// Their keys.
        records: Vec<ItemKey>,
    },
    /// The same of everything that a user owns, or of the leads that became a customer: a change of theirs was written to these
    /// without an event of their own.
    ReprojectOf {
        /// The user.
        #[serde(default)]
        user: Option<UserId>,
        /// The customer.
        #[serde(default)]
        customer: Option<CustomerId>,
        /// Where to go on.
        #[serde(default)]
        from: Option<Place>,
    },
}

/// The key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemKey {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Work {
    /// The queue on which it goes: who does it may do no more than that takes.
    pub const fn queue(&self) -> Queue {
        match self {
            Self::Restamp { .. }
            | Self::MoveRecords { .. }
            | Self::FollowCustomer { .. }
            | Self::FollowOwner { .. }
            | Self::MoveOpenWork { .. }
            | Self::PurgeLead { .. }
            | Self::ResolveCampaign { .. }
            | Self::Migrate { .. } => Queue::Work,
            Self::Redrive { .. } => Queue::Redrive,
            Self::CountersCheck { .. }
            | Self::Count { .. }
            | Self::Project { .. }
            | Self::Relay { .. }
            | Self::Republish { .. }
            | Self::Reproject { .. }
            | Self::ReprojectOf { .. } => Queue::Repair,
        }
    }
}
