//! Why a rule says no: one type for all of them, so that one exhaustive match turns it into an answer.

use crate::id::CustomerId;

/// A field that is at odds with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Its name as people send it, with the place in it for a list: `endDate`, `memberIds/3`.
    pub field: String,
    /// The rule that was broken: `required`, `range`, `conflict`, `reference`, …
    pub rule: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

impl FieldFault {
    /// A fault of a field.
    pub fn new(field: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), rule, message: message.into() }
    }
}

/// A lifecycle: a set of states with the moves between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateMachine {
    /// The status of a lead.
    Lead,
    /// The lifecycle of a customer.
    Customer,
    /// The status of a follow-up.
    FollowUp,
    /// The status of a task.
    Task,
    /// The status of a project.
    Project,
    /// The status of an order.
    Order,
    /// The status of a promotion, or of one that a customer holds.
    Promotion,
    /// The status of a campaign.
    Campaign,
    /// The status of a message to a customer.
    Message,
}

/// A rule was broken: nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// These fields are at odds with a rule.
    #[error("{} fields are wrong", .0.len())]
    Fields(Vec<FieldFault>),
    /// The lifecycle does not have this move.
    #[error("{detail}")]
    Transition {
        /// Of what.
        of: StateMachine,
        /// A sentence for people.
        detail: String,
        /// Where it may go from here.
        allowed: Vec<String>,
    },
    /// The lead became this customer and is read-only.
    #[error("the lead became a customer and is read-only")]
    Converted(CustomerId),
    /// It would give somebody more than the one who acts may give.
    #[error("{0}")]
    Beyond(String),
    /// A limit of the product is reached.
    #[error("{detail}")]
    Limit {
        /// The field that would go beyond it, where one would.
        field: Option<&'static str>,
        /// A sentence for people.
        detail: String,
    },
    /// The customer cannot use these promotion codes, each by its place.
    #[error("{} promotion codes cannot be used", .0.len())]
    NotApplicable(Vec<FieldFault>),
    /// The customer is archived and buys nothing.
    #[error("The customer is archived; restore it first")]
    CustomerArchived,
    /// The order was called off, and nothing is paid on it.
    #[error("The order was cancelled; nothing is paid on it")]
    OrderCancelled,
    /// The order was paid: what is with us has to be given back before it is called off.
    #[error("{minor} minor units were paid and not given back; refund them before the order is cancelled")]
    RefundFirst {
        /// How much.
        minor: i64,
    },
    /// The team has members.
    #[error("{0}")]
    TeamNotEmpty(String),
    /// What administrators hold cannot be changed.
    #[error("Administrators hold everything; this cannot be changed")]
    RoleFixed,
}

impl Refused {
    /// One field is at odds with a rule.
    pub fn field(field: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self::Fields(vec![FieldFault::new(field, rule, message)])
    }

    /// What is sent in a field goes beyond a limit of the product.
    pub fn limit(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Limit { field: Some(field), detail: detail.into() }
    }

    /// A lifecycle does not have this move; `allowed` lists those it has from here.
    pub fn transition(of: StateMachine, detail: impl Into<String>, allowed: &[impl ToString]) -> Self {
        Self::Transition { of, detail: detail.into(), allowed: allowed.iter().map(ToString::to_string).collect() }
    }

    /// Archiving has a route of its own: a change only restores.
    pub fn archiving(wanted: Option<bool>, is_archived: bool) -> Option<FieldFault> {
        let archives = wanted == Some(true) && !is_archived;
        archives.then(|| FieldFault::new("archived", "value", "can only be false here; DELETE archives"))
    }

    /// The fields that are at odds with a rule, if there are any.
    pub fn any(faults: Vec<FieldFault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::Fields(faults)) }
    }
}
