//! Parties: what a communication, a follow-up or a task is about, a lead or a customer.

use crate::id::{CustomerId, LeadId};
use crate::input::FieldError;

/// A lead or a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    pub fn exactly_one(lead: Option<LeadId>, customer: Option<CustomerId>) -> Result<Self, Vec<FieldError>> {
        match (lead, customer) {
            (Some(lead), None) => Ok(Self::Lead(lead)),
            (None, Some(customer)) => Ok(Self::Customer(customer)),
            (None, None) => Err(vec![FieldError::new("/leadId", "required", "is required, or customerId instead")]),
            (Some(_), Some(_)) => {
                let either = |pointer| FieldError::new(pointer, "conflict", "give leadId or customerId, not both");
                Err(vec![either("/leadId"), either("/customerId")])
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

    /// The field of a body that names it.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Lead(_) => "/leadId",
            Self::Customer(_) => "/customerId",
        }
    }
}
