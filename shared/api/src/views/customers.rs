//! Customers as they are answered.

use super::NamedUser;
use super::overview::{CustomerCounts, NextFollowUp, NoteOut, shown};
use domain::customer::{Address, Customer, Engagement, LevelCode, Lifecycle};
use domain::input::{Json, Show, extended};
use domain::user::EmailStatus;
use domain::value::Text;
use domain::{CustomerId, LeadId, Record, TeamId, Time, UserId};
use serde_json::{Map, Value};
use store::Overview;

domain::answer! {
    /// A postal address.
    pub struct AddressOut {
        pub line1: Option<String>,
        pub line2: Option<String>,
        pub city: Option<String>,
        pub region: Option<String>,
        pub postal_code: Option<String>,
        pub country: Option<String>,
    }
}

fn text<const MAX: usize>(value: Option<Text<MAX>>) -> Option<String> {
    value.map(|value| value.to_string())
}

impl From<Address> for AddressOut {
    fn from(address: Address) -> Self {
        Self {
            line1: text(address.line1),
            line2: text(address.line2),
            city: text(address.city),
            region: text(address.region),
            postal_code: text(address.postal_code),
            country: address.country.map(|country| country.to_string()),
        }
    }
}

domain::answer! {
    /// A customer as lists show it: without long fields.
    pub struct CustomerRow {
        pub id: CustomerId,
        pub name: String,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub company: Option<String>,
        pub email: Option<String>,
        pub phone: Option<String>,
        pub address: Option<AddressOut>,
        pub birthday: Option<domain::time::Day>,
        pub lifecycle: Lifecycle,
        pub engagement: Engagement,
        pub engagement_changed_at: Time,
        pub level_code: LevelCode,
        /// The last RFM scoring.
        pub rfm: Option<Map<String, Value>>,
        /// Orders, cancelled ones left out.
        pub order_count: u64,
        /// Sum of those orders, minor units of the deployment's currency.
        pub total_spent_minor: i64,
        pub last_order_at: Option<Time>,
        pub referred_by_id: Option<CustomerId>,
        pub converted_from_lead_id: Option<LeadId>,
        pub owner_id: Option<UserId>,
        pub owner_name: Option<String>,
        pub team_id: Option<TeamId>,
        pub last_contacted_at: Option<Time>,
        pub next_follow_up_at: Option<Time>,
        pub welcomed_at: Option<Time>,
        pub marketing_opt_out: bool,
        pub email_status: EmailStatus,
        pub archived: bool,
        pub archived_at: Option<Time>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl From<Record<Customer>> for CustomerRow {
    fn from(customer: Record<Customer>) -> Self {
        let (data, kept) = (customer.data, customer.kept);
        Self {
            id: customer.id,
            name: data.name.to_string(),
            first_name: text(data.first_name),
            last_name: text(data.last_name),
            company: text(data.company),
            email: data.email.map(|value| value.to_string()),
            phone: data.phone.map(|value| value.to_string()),
            address: data.address.map(AddressOut::from),
            birthday: data.birthday,
            lifecycle: data.lifecycle,
            engagement: data.engagement,
            engagement_changed_at: data.engagement_changed_at,
            level_code: kept.level_code.unwrap_or(LevelCode::Bronze),
            rfm: kept.rfm,
            order_count: kept.order_count,
            total_spent_minor: kept.total_spent_minor,
            last_order_at: kept.last_order_at,
            referred_by_id: data.referred_by_id,
            converted_from_lead_id: data.converted_from_lead_id,
            owner_id: data.owner_id,
            owner_name: kept.owner_name,
            team_id: kept.team_id,
            last_contacted_at: kept.last_contacted_at,
            next_follow_up_at: kept.next_follow_up_at,
            welcomed_at: kept.welcomed_at,
            marketing_opt_out: data.marketing_opt_out,
            email_status: kept.email_status.unwrap_or(EmailStatus::Ok),
            archived: data.archived_at.is_some(),
            archived_at: data.archived_at,
            created_at: customer.created_at,
            updated_at: customer.updated_at,
            created_by: customer.created_by,
            version: customer.version,
        }
    }
}

/// A whole customer.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CustomerOut {
    #[serde(flatten)]
    row: CustomerRow,
    owner: Option<NamedUser>,
    metadata: Option<Map<String, Value>>,
}

impl Show for CustomerOut {
    fn schema() -> Json {
        extended(CustomerRow::schema(), [("owner", <Option<NamedUser>>::schema()), ("metadata", <Option<Map<String, Value>>>::schema())])
    }
}

impl From<Record<Customer>> for CustomerOut {
    fn from(mut customer: Record<Customer>) -> Self {
        let metadata = customer.text.metadata.take();
        let row = CustomerRow::from(customer);
        let owner = row.owner_id.zip(row.owner_name.clone()).map(|(id, name)| NamedUser { id, name });
        Self { row, owner, metadata }
    }
}

domain::answer! {
    /// A loyalty level.
    pub struct LevelOut {
        pub code: LevelCode,
        pub name: String,
    }
}

/// A customer with what stands beside it.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerPage {
    #[serde(flatten)]
    customer: CustomerOut,
    level: LevelOut,
    counts: CustomerCounts,
    latest_notes: Vec<NoteOut>,
    next_follow_up: Option<NextFollowUp>,
}

impl Show for CustomerPage {
    fn schema() -> Json {
        let more = [
            ("level", LevelOut::schema()),
            ("counts", CustomerCounts::schema()),
            ("latestNotes", <Vec<NoteOut>>::schema()),
            ("nextFollowUp", <Option<NextFollowUp>>::schema()),
        ];
        extended(CustomerOut::schema(), more)
    }
}

impl CustomerPage {
    /// A customer and what stands beside it.
    pub fn new(customer: Record<Customer>, overview: Overview) -> Self {
        let mut customer = CustomerOut::from(customer);
        let code = customer.row.level_code;
        let name = code.as_str();
        let level = LevelOut { code, name: format!("{}{}", &name[..1], name[1..].to_lowercase()) };
        let counts = CustomerCounts::from(&overview);
        let (latest_notes, next_follow_up) = shown(overview);
        // The list's own column follows within a second; the page has it at first hand.
        customer.row.next_follow_up_at = next_follow_up.as_ref().map(|next| next.due_at);
        Self { customer, level, counts, latest_notes, next_follow_up }
    }
}
