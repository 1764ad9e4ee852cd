//! Parties: what a communication, a follow-up or a task is about, a lead or a customer; and what else
//! has children.

use crate::activity::About;
use crate::customer::Customer;
use crate::id::{CustomerId, LeadId, OrderId, ProjectId, TaskId, TeamId, UserId};
use crate::lead::{self, Lead};
use crate::reach::Scope;
use crate::record::{Entity, Record};
use crate::refused::{FieldFault, Refused};
use serde::{Deserialize, Serialize};

/// A lead or a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyId {
    /// A lead.
    Lead(LeadId),
    /// A customer.
    Customer(CustomerId),
}

impl PartyId {
    /// The one of two fields that is filled, the customer first.
    pub fn of(lead: Option<LeadId>, customer: Option<CustomerId>) -> Option<Self> {
        customer.map(Self::Customer).or(lead.map(Self::Lead))
    }

    /// The party of a body that has to name exactly one.
    pub fn exactly_one(lead: Option<LeadId>, customer: Option<CustomerId>) -> Result<Self, Refused> {
        match (lead, customer) {
            (Some(lead), None) => Ok(Self::Lead(lead)),
            (None, Some(customer)) => Ok(Self::Customer(customer)),
            (None, None) => Err(Refused::field("leadId", "required", "is required, or customerId instead")),
            (Some(_), Some(_)) => {
                let either = |field| FieldFault::new(field, "conflict", "give leadId or customerId, not both");
                Err(Refused::Fields(vec![either("leadId"), either("customerId")]))
            }
        }
    }

    /// The lead, if it is one.
    pub fn lead(self) -> Option<LeadId> {
        match self {
            Self::Lead(id) => Some(id),
            Self::Customer(_) => None,
        }
    }

    /// The customer, if it is one.
    pub fn customer(self) -> Option<CustomerId> {
        match self {
            Self::Lead(_) => None,
            Self::Customer(id) => Some(id),
        }
    }

    /// The field that names it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Lead(_) => "leadId",
            Self::Customer(_) => "customerId",
        }
    }
}

/// Something that has children of other kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parent {
    /// A lead or a customer.
    Party(PartyId),
    /// A project.
    Project(ProjectId),
    /// A task.
    Task(TaskId),
    /// An order.
    Order(OrderId),
}

impl Parent {
    /// Its kind and id, as they stand in keys.
    pub fn parts(self) -> (&'static str, String) {
        match self {
            Self::Party(PartyId::Lead(id)) => ("LEAD", id.to_string()),
            Self::Party(PartyId::Customer(id)) => ("CUSTOMER", id.to_string()),
            Self::Project(id) => ("PROJECT", id.to_string()),
            Self::Task(id) => ("TASK", id.to_string()),
            Self::Order(id) => ("ORDER", id.to_string()),
        }
    }
}

/// A lead or a customer as it is now. A lead that was converted comes with the customer it became,
/// through which it is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Party {
    /// Which it is.
    pub id: PartyId,
    /// The lead, if it is one.
    pub lead: Option<Record<Lead>>,
    /// The customer, if it is one or became one.
    pub customer: Option<Record<Customer>>,
}

impl Party {
    /// Whose it is.
    pub fn owner(&self) -> Option<UserId> {
        match (&self.customer, &self.lead) {
            (Some(customer), _) => Customer::owner(customer),
            (None, Some(lead)) => Lead::owner(lead),
            (None, None) => None,
        }
    }

    /// Which team's it is.
    pub fn team(&self) -> Option<TeamId> {
        match (&self.customer, &self.lead) {
            (Some(customer), _) => Customer::team(customer),
            (None, Some(lead)) => Lead::team(lead),
            (None, None) => None,
        }
    }

    /// The name of who owns it.
    pub fn owner_name(&self) -> Option<&str> {
        match (&self.customer, &self.lead) {
            (Some(customer), _) => customer.derived.owner_name.as_deref(),
            (None, Some(lead)) => lead.derived.owner_name.as_deref(),
            (None, None) => None,
        }
    }

    /// Whether it is inside a scope.
    pub fn inside(&self, scope: &Scope) -> bool {
        scope.covers(self.owner(), self.team())
    }

    /// As the events of its activities need it.
    pub fn about(&self) -> About {
        let label = match (&self.lead, &self.customer) {
            (Some(lead), _) => Lead::label(lead),
            (None, Some(customer)) => Customer::label(customer),
            (None, None) => String::new(),
        };
        About { label, owner: self.owner(), team: self.team() }
    }

    /// The customer that a converted lead became.
    pub fn became(&self) -> Option<CustomerId> {
        self.lead.as_ref().and_then(|lead| lead.data.converted_customer_id)
    }

    /// Refuses what would change a lead that was converted.
    pub fn check_open(&self) -> Result<(), Refused> {
        self.lead.as_ref().map_or(Ok(()), |lead| lead::check_open(lead))
    }
}
