//! Users as they are answered.

use domain::notification::Preferences;
use domain::user::{EmailStatus, User, UserData, UserDerived, UserStatus};
use domain::value::{Email, Locale, Phone, Text, Username};
use domain::{Owner, Role, TeamId, Time, UserId};

crate::row! {
    /// A user as in lists: without preferences and device tokens.
    pub struct UserRow of User, ()
    data UserData {
        email: Email,
        username: Option<Username>,
        first_name: Option<Text<100>>,
        last_name: Option<Text<100>>,
        phone: Option<Phone>,
        role: Role,
        team_id: Option<TeamId>,
        status: UserStatus,
        must_change_password: bool,
        /// Language tag.
        locale: Option<Locale>,
    } hidden {}
    derived UserDerived {
        last_login_at: Option<Time>,
    } hidden { email_status }
    computed {
        /// First and last name, else the username, else the e-mail address.
        name: String = |user| user.data.name(),
        email_status: EmailStatus = |user| user.derived.email_status.unwrap_or(EmailStatus::Ok),
    }
}

crate::whole! {
    /// A user.
    pub struct UserOut of User as UserRow, () {
        /// Kinds of notification to on or off per channel; the rest is as it is for everybody.
        notification_prefs: Preferences = |user| user.text.notification_prefs.clone(),
        /// Device tokens for push messages.
        push_tokens: Vec<String> = |user| user.text.push_tokens.clone(),
    }
}

crate::answer! {
    /// A person or a thing by name.
    pub struct NamedUser {
        pub id: UserId,
        pub name: String,
    }
}

impl NamedUser {
    /// The person of an id whose name is known.
    pub fn of(id: Option<UserId>, name: Option<&str>) -> Option<Self> {
        id.zip(name).map(|(id, name)| Self { id, name: name.to_owned() })
    }
}

impl From<Owner> for NamedUser {
    fn from(owner: Owner) -> Self {
        Self { id: owner.id, name: owner.name }
    }
}
