//! Typed ids: UUIDv7 text, sortable by the time of their making (RFC 9562 section 5.7). What more than
//! one module names stands here, the id of a kind that is named by no other with its kind.

use uuid::Uuid;

/// Declares ids.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// Wraps an id that was just made.
            pub const fn new(id: uuid::Uuid) -> Self {
                Self(id)
            }

            /// The bare id.
            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl $crate::text::TextValue for $name {
            fn read(text: &str) -> Result<Self, $crate::text::Invalid> {
                // Only the hyphenated form: an id has one spelling, so it can stand in a key.
                match uuid::Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id)),
                    _ => Err($crate::text::Invalid::new("format", "must be an id (UUID)")),
                }
            }

            fn form() -> $crate::text::Form {
                $crate::text::Form { format: Some("uuid"), example: Some("0190a7c8-5b7e-7cc1-a2f1-3f0e6c1d2b4a"), ..Default::default() }
            }
        }

        crate::text_serde!($name);
    )*};
}

pub(crate) use ids;

ids! {
    /// A user of the CRM.
    UserId,
    /// A team of users.
    TeamId,
    /// A sign-in session.
    SessionId,
    /// A customer.
    CustomerId,
    /// A lead.
    LeadId,
    /// A task.
    TaskId,
    /// A project.
    ProjectId,
    /// A product.
    ProductId,
    /// An order.
    OrderId,
    /// A payment or refund of an order.
    TransactionId,
    /// A promotion.
    PromotionId,
    /// A domain event.
    EventId,
    /// A parked dead letter.
    ParkedId,
}

/// A record that another one names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// A user.
    User(UserId),
    /// A team.
    Team(TeamId),
    /// A customer.
    Customer(CustomerId),
    /// A lead.
    Lead(LeadId),
    /// A task.
    Task(TaskId),
    /// A project.
    Project(ProjectId),
    /// A product.
    Product(ProductId),
}

impl UserId {
    /// The id that no user has: all bits zero (RFC 9562 section 5.9).
    pub const fn nobody() -> Self {
        Self(Uuid::nil())
    }
}
