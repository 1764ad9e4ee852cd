//! Customers as they are answered.

use super::NamedUser;
use super::overview::{CustomerCounts, NextFollowUp, NoteOut, shown};
use domain::customer::{Address, Customer, CustomerData, CustomerDerived, Engagement, LevelCode, Lifecycle};
use domain::json::Metadata;
use domain::level::LevelNames;
use domain::time::Day;
use domain::user::EmailStatus;
use domain::value::{Country, Email, Phone, Text};
use domain::{CustomerId, LeadId, Overview, Record, TeamId, Time, UserId};
use serde_json::{Map, Value};

crate::object! {
    Address {
        line1: Option<Text<200>>,
        line2: Option<Text<200>>,
        city: Option<Text<100>>,
        region: Option<Text<100>>,
        postal_code: Option<Text<20>>,
        /// ISO 3166-1 alpha-2 code.
        country: Option<Country>,
    }
}

crate::row! {
    /// A customer as lists show it: without long fields.
    pub struct CustomerRow of Customer, ()
    data CustomerData {
        name: Text<200>,
        first_name: Option<Text<100>>,
        last_name: Option<Text<100>>,
        company: Option<Text<200>>,
        email: Option<Email>,
        phone: Option<Phone>,
        address: Option<Address>,
        birthday: Option<Day>,
        lifecycle: Lifecycle,
        engagement: Engagement,
        engagement_changed_at: Time,
        referred_by_id: Option<CustomerId>,
        converted_from_lead_id: Option<LeadId>,
        owner_id: Option<UserId>,
        marketing_opt_out: bool,
        archived_at: Option<Time>,
    } hidden {}
    derived CustomerDerived {
        owner_name: Option<String>,
        team_id: Option<TeamId>,
        /// The last RFM scoring.
        rfm: Option<Map<String, Value>>,
        /// Orders, cancelled ones left out.
        order_count: u64,
        /// Sum of those orders, minor units of the deployment's currency.
        total_spent_minor: i64,
        last_order_at: Option<Time>,
        /// Latest call, e-mail or meeting.
        last_contacted_at: Option<Time>,
        /// Earliest pending follow-up.
        next_follow_up_at: Option<Time>,
        /// When the welcome message was put on its way.
        welcomed_at: Option<Time>,
    } hidden { lead_count, level_code, email_status, hot_until, review_at, rfm_review_at, missed_at }
    computed {
        level_code: LevelCode = |customer| customer.derived.level_code.unwrap_or(LevelCode::Bronze),
        email_status: EmailStatus = |customer| customer.derived.email_status.unwrap_or(EmailStatus::Ok),
        archived: bool = |customer| customer.data.archived_at.is_some(),
    }
}

crate::whole! {
    /// A whole customer.
    pub struct CustomerOut of Customer as CustomerRow, () {
        owner: Option<NamedUser> = |customer| NamedUser::of(customer.data.owner_id, customer.derived.owner_name.as_deref()),
        /// Free data of the frontend.
        metadata: Option<Metadata> = |customer| customer.text.metadata.clone(),
    } kept [owner]
}

crate::answer! {
    /// A loyalty level.
    pub struct LevelOut {
        pub code: LevelCode,
        pub name: String,
    }
}

crate::page! {
    /// A customer with what stands beside it.
    pub struct CustomerPage of CustomerOut {
        level: LevelOut,
        counts: CustomerCounts,
        latest_notes: Vec<NoteOut>,
        next_follow_up: Option<NextFollowUp>,
    }
}

impl CustomerPage {
    /// A customer and what stands beside it.
    pub fn new(customer: Record<Customer>, overview: Overview, names: &LevelNames) -> Self {
        let mut whole = CustomerOut::new(customer);
        let code = whole.row.level_code;
        let level = LevelOut { code, name: names.name(code).to_owned() };
        let counts = CustomerCounts::from(&overview);
        let (latest_notes, next_follow_up) = shown(overview);
        // The list's own column follows within a second; the page has it at first hand.
        whole.row.next_follow_up_at = next_follow_up.as_ref().map(|next| next.due_at);
        Self { whole, level, counts, latest_notes, next_follow_up }
    }
}
