//! Projects: work for a customer, with members.

use crate::event::{Act, Event, EventKind};
use crate::id::{CustomerId, ProjectId, TeamId, UserId};
use crate::owner::{Change, Owned, Owner};
use crate::party::{Parent, PartyId};
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{Refused, StateMachine};
use crate::time::Day;
use crate::value::{Prose, Text, tidy};
use serde::{Deserialize, Serialize};
use serde_json::json;

crate::choice! {
    /// Where a project stands.
    pub enum ProjectStatus {
        /// To be begun.
        Planned = "PLANNED",
        /// Running.
        Active = "ACTIVE",
        /// Paused.
        OnHold = "ON_HOLD",
        /// Finished.
        Completed = "COMPLETED",
        /// Called off.
        Cancelled = "CANCELLED",
    }
}

impl ProjectStatus {
    /// Where it may go from here.
    pub const fn allowed(self) -> &'static [Self] {
        match self {
            Self::Planned => &[Self::Active, Self::Cancelled],
            Self::Active => &[Self::OnHold, Self::Completed, Self::Cancelled],
            Self::OnHold => &[Self::Active, Self::Cancelled],
            Self::Completed | Self::Cancelled => &[],
        }
    }

    /// Whether there is still work to do.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Active | Self::OnHold)
    }
}

/// How many members a project has at most: each has a row of its own in the lists.
pub const MAX_MEMBERS: usize = 200;

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Project;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectData {
    /// What it is called.
    pub name: Text<200>,
    /// For whom.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub status: ProjectStatus,
    /// Who leads it.
    pub owner_id: UserId,
    /// First day.
    pub start_date: Option<Day>,
    /// Last day.
    pub end_date: Option<Day>,
    /// Who works on it beside its owner; sorted, each once.
    #[serde(default)]
    pub member_ids: Vec<UserId>,
}

impl ProjectData {
    /// A project of which no more is known than its name, for whom it is and who leads it.
    pub fn new(name: Text<200>, customer_id: CustomerId, owner_id: UserId) -> Self {
        Self { name, customer_id, status: ProjectStatus::Planned, owner_id, start_date: None, end_date: None, member_ids: Vec::new() }
    }
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectText {
    /// More on it.
    pub description: Option<Prose>,
}

/// Derived by the system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectDerived {
    /// The owner's team.
    pub team_id: Option<TeamId>,
    /// The owner's name.
    pub owner_name: Option<String>,
}

impl Entity for Project {
    const KIND: &'static str = "PROJECT";
    type Id = ProjectId;
    type Data = ProjectData;
    type Text = ProjectText;
    type Derived = ProjectDerived;

    fn owner(row: &Row<Self>) -> Option<UserId> {
        Some(row.data.owner_id)
    }

    fn team(row: &Row<Self>) -> Option<TeamId> {
        row.derived.team_id
    }

    fn shared_with(row: &Row<Self>, person: UserId) -> bool {
        row.data.member_ids.contains(&person)
    }

    fn access(row: &Row<Self>) -> Access {
        Access::OwnerReadThrough(vec![Parent::Party(PartyId::Customer(row.data.customer_id))])
    }

    fn label(row: &Row<Self>) -> String {
        row.data.name.to_string()
    }
}

impl Owned for Project {
    const POOLED: bool = false;

    crate::owner::stamps!();

    fn hand_over(project: &Record<Self>, act: &Act, owner: Option<&Owner>) -> Change<Self> {
        let owner = owner.filter(|_| project.data.status.is_open())?;
        let data = ProjectData { owner_id: owner.id, ..project.data.clone() };
        update(project, act, data, project.text.clone(), Some(owner)).unwrap_or(None)
    }
}

/// A project does not end before it begins.
pub fn check_dates(start: Option<Day>, end: Option<Day>) -> Result<(), Refused> {
    match (start, end) {
        (Some(start), Some(end)) if end < start => Err(Refused::field("endDate", "range", "must not be before startDate")),
        _ => Ok(()),
    }
}

/// A new project and its event.
pub fn create(act: &Act, mut data: ProjectData, text: ProjectText, owner: &Owner) -> Result<(Record<Project>, Event), Refused> {
    check_dates(data.start_date, data.end_date)?;
    data.owner_id = owner.id;
    tidy(&mut data.member_ids);
    let mut derived = ProjectDerived::default();
    Project::stamp(&mut derived, Some(owner));
    let project: Record<Project> = Record::new(act.id(), act, data, text, derived);
    let summary = format!("{} created project {}", act.actor_name, project.data.name);
    let event =
        project.event(act, EventKind::ProjectCreated, summary, json!({"customerId": project.data.customer_id, "status": project.data.status}));
    Ok((project, event))
}

/// A person's change of fields, status, members and owner; `None` when nothing changed.
pub fn update(
    project: &Record<Project>,
    act: &Act,
    mut data: ProjectData,
    text: ProjectText,
    owner: Option<&Owner>,
) -> Result<Change<Project>, Refused> {
    check_dates(data.start_date, data.end_date)?;
    let (from, to) = (project.data.status, data.status);
    if from != to && !from.allowed().contains(&to) {
        return Err(Refused::transition(StateMachine::Project, format!("A project that is {from} cannot become {to}"), from.allowed()));
    }
    tidy(&mut data.member_ids);
    let Some((mut next, changed)) = project.changed(act, data, text) else { return Ok(None) };
    if let Some(owner) = owner {
        Project::stamp(&mut next.derived, Some(owner));
    }
    let summary = match from == to {
        true => format!("{} changed project {}", act.actor_name, next.data.name),
        false => format!("{} moved project {} from {from} to {to}", act.actor_name, next.data.name),
    };
    let event = next.event(act, EventKind::ProjectUpdated, summary, json!({"oldStatus": from, "status": to})).with_changes(changed);
    Ok(Some((next, vec![event])))
}
