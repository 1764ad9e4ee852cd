//! Answers that functions of more than one resource give.

mod customers;
mod leads;
pub mod overview;

pub use customers::{CustomerOut, CustomerPage, CustomerRow};
pub use leads::{LeadOut, LeadPage, LeadRow};

use domain::user::{EmailStatus, User, UserStatus};
use domain::{Owner, Record, Role, TeamId, Time, UserId};
use serde_json::{Map, Value};

domain::answer! {
    /// A user.
    pub struct UserOut {
        pub id: UserId,
        pub email: String,
        pub username: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        /// First and last name, else the username, else the e-mail address.
        pub name: String,
        pub phone: Option<String>,
        pub email_status: EmailStatus,
        pub role: Role,
        pub team_id: Option<TeamId>,
        pub status: UserStatus,
        pub must_change_password: bool,
        pub notification_prefs: Map<String, Value>,
        pub push_tokens: Vec<String>,
        pub locale: Option<String>,
        pub last_login_at: Option<Time>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl From<Record<User>> for UserOut {
    fn from(user: Record<User>) -> Self {
        let name = user.data.name();
        let text = |value: Option<domain::value::Text<100>>| value.map(|value| value.to_string());
        Self {
            id: user.id,
            name,
            email: user.data.email.to_string(),
            username: user.data.username.map(|value| value.to_string()),
            first_name: text(user.data.first_name),
            last_name: text(user.data.last_name),
            phone: user.data.phone.map(|value| value.to_string()),
            email_status: user.kept.email_status.unwrap_or(EmailStatus::Ok),
            role: user.data.role,
            team_id: user.data.team_id,
            status: user.data.status,
            must_change_password: user.data.must_change_password,
            notification_prefs: user.text.notification_prefs,
            push_tokens: user.text.push_tokens,
            locale: user.data.locale.map(|value| value.to_string()),
            last_login_at: user.kept.last_login_at,
            created_at: user.created_at,
            updated_at: user.updated_at,
            created_by: user.created_by,
            version: user.version,
        }
    }
}

domain::answer! {
    /// A person or a thing by name.
    pub struct NamedUser {
        pub id: UserId,
        pub name: String,
    }
}

impl From<Owner> for NamedUser {
    fn from(owner: Owner) -> Self {
        Self { id: owner.id, name: owner.name }
    }
}
