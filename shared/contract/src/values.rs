//! The values of the domain as they cross the edge: one line per type. A type that is missing here
//! does not compile as a field.

use crate::parse::{Errors, Int, Parse};
use crate::schema::Components;
use crate::show::Show;
use domain::rfm::Score;
use domain::text::{Invalid, TextValue};
use serde_json::{Value, json};

/// Reads a text from JSON.
pub fn parse_text_value<T: TextValue>(value: &Value, errors: &mut Errors) -> Option<T> {
    let Some(text) = value.as_str() else {
        errors.refuse(Invalid::new("type", "must be a string"));
        return None;
    };
    T::read(text).map_err(|invalid| errors.refuse(invalid)).ok()
}

/// Lets values that are written as text be fields: taken, and where they are stored also shown. The ids of
/// what a body may name are `references`.
#[macro_export]
macro_rules! text_values {
    (taken: $($type:ty),* $(,)?) => {$($crate::text_values!(@take $type,);)*};
    (taken and shown: $($type:ty),* $(,)?) => {$($crate::text_values!(@take $type,); $crate::text_values!(@show $type,);)*};
    (lengths: $($type:ident),* $(,)?) => {$($crate::text_values!(@take $type<N>, N); $crate::text_values!(@show $type<N>, N);)*};
    (references: $($kind:ident of $type:ty),* $(,)?) => {$(
        impl $crate::Parse for $type {
            fn parse(value: &$crate::Json, errors: &mut $crate::Errors) -> Option<Self> {
                let id = $crate::values::parse_text_value(value, errors)?;
                errors.refer($crate::domain::Reference::$kind(id));
                Some(id)
            }
            fn schema(components: &mut $crate::Components) -> $crate::Json {
                $crate::schema::text(stringify!($type), <Self as $crate::domain::text::TextValue>::form(), components)
            }
        }
        $crate::text_values!(@show $type,);
    )*};
    (@take $type:ty, $($n:ident)?) => {
        impl $(<const $n: usize>)? $crate::Parse for $type {
            fn parse(value: &$crate::Json, errors: &mut $crate::Errors) -> Option<Self> {
                $crate::values::parse_text_value(value, errors)
            }
            fn schema(components: &mut $crate::Components) -> $crate::Json {
                $crate::schema::text(stringify!($type), <Self as $crate::domain::text::TextValue>::form(), components)
            }
        }
    };
    (@show $type:ty, $($n:ident)?) => {
        impl $(<const $n: usize>)? $crate::Show for $type {
            fn schema(components: &mut $crate::Components) -> $crate::Json {
                $crate::schema::text(stringify!($type), <Self as $crate::domain::text::TextValue>::form(), components)
            }
        }
    };
}

use domain::value::{Lines, LongText, Text, Whole};

text_values!(lengths: Text, Lines, LongText);

text_values!(references:
    User of domain::UserId, Team of domain::TeamId, Customer of domain::CustomerId, Lead of domain::LeadId, Task of domain::TaskId,
    Project of domain::ProjectId, Product of domain::ProductId,
);

text_values!(taken and shown:
    domain::SessionId, domain::ActivityId, domain::FollowUpId, domain::WorkLogId, domain::EventId, domain::ParkedId,
    domain::Time, domain::time::Day,
    domain::value::Email, domain::value::Phone, domain::value::Username, domain::value::Country, domain::value::Locale,
    domain::event::EntityType, domain::event::EventKind,
    domain::Role, domain::permission::Grant,
    domain::user::UserStatus, domain::user::EmailStatus,
    domain::lead::LeadStatus, domain::lead::CloseReason,
    domain::customer::Lifecycle, domain::customer::Engagement, domain::customer::LevelCode,
    domain::activity::ActivityType, domain::activity::Direction,
    domain::follow_up::FollowUpStatus,
    domain::NotificationId, domain::notification::NotificationKind, domain::notification::Channel, domain::notification::NotificationStatus,
    domain::message_template::TemplateKind,
    domain::MessageId, domain::CampaignId, domain::campaign::CampaignStatus, domain::message::CustomerChannel, domain::message::MessageKind, domain::message::MessageStatus, domain::message::SkipReason,
    domain::task::TaskStatus, domain::task::Priority, domain::recurrence::RecurrenceUnit,
    domain::project::ProjectStatus,
    domain::OrderId, domain::TransactionId, domain::PromotionId,
    domain::order::OrderStatus, domain::order::PaymentStatus,
    domain::transaction::TransactionType, domain::transaction::PaymentMethod, domain::transaction::TransactionStatus,
    domain::money::Currency, domain::product::Sku,
    domain::promotion::PromotionCode, domain::promotion::Trigger, domain::promotion::Beneficiary, domain::promotion::DiscountType,
    domain::promotion::ApplyTo, domain::promotion::PromotionStatus,
    domain::customer_promotion::CustomerPromotionId, domain::customer_promotion::HoldingStatus,
    domain::work_log::Description,
    domain::job::RunId, domain::job::JobName, domain::job::JobTrigger, domain::job::RunState,
);

text_values!(taken: domain::password::Password, domain::password::Attempt, domain::search::Search, domain::time::DateBound, domain::time::Due);

/// A score of customers: a number with at most two decimals.
impl Parse for Score {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let Value::Number(number) = value else {
            errors.refuse(Invalid::new("type", "must be a number"));
            return None;
        };
        Self::of_number(number).map_err(|invalid| errors.refuse(invalid)).ok()
    }

    fn schema(components: &mut Components) -> Value {
        <Self as Show>::schema(components)
    }
}

impl Show for Score {
    fn schema(_: &mut Components) -> Value {
        json!({"type": "number", "minimum": Self::MIN.number(), "maximum": Self::MAX.number()})
    }
}

impl<const MIN: i64, const MAX: i64> Parse for Whole<MIN, MAX> {
    fn parse(value: &Value, errors: &mut Errors) -> Option<Self> {
        let Int(number) = Int::<MIN, MAX>::parse(value, errors)?;
        Self::new(number).map_err(|invalid| errors.refuse(invalid)).ok()
    }

    fn parse_text(text: &str, errors: &mut Errors) -> Option<Self> {
        let Int(number) = Int::<MIN, MAX>::parse_text(text, errors)?;
        Self::new(number).map_err(|invalid| errors.refuse(invalid)).ok()
    }

    fn schema(components: &mut Components) -> Value {
        Int::<MIN, MAX>::schema(components)
    }
}

impl<const MIN: i64, const MAX: i64> Show for Whole<MIN, MAX> {
    fn schema(components: &mut Components) -> Value {
        Int::<MIN, MAX>::schema(components)
    }
}
