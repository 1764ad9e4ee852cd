//! What a create and a change of a user take.

use contract::{List, Patch};
use domain::notification::Preferences;
use domain::password::{Attempt, Password};
use domain::user::{UserData, UserStatus, UserText};
use domain::value::{Email, Locale, Phone, Text, Username};
use domain::{Role, TeamId};

/// Device tokens: those of the push services have at most a few hundred characters.
pub type PushTokens = List<Text<1000>, 20>;

contract::editable! {
    /// A new user.
    create CreateUser,
    /// The fields to change.
    change UpdateUser,
    data UserData {
        /// Unique.
        email: Email,
        /// Unique; signs in like the e-mail address.
        username: Option<Username>,
        first_name: Option<Text<100>>,
        last_name: Option<Text<100>>,
        phone: Option<Phone>,
        /// Language tag.
        locale: Option<Locale>,
    }
    defaulted {}
    text UserText {}
    create {
        /// 10 to 200 characters, hard to guess.
        password: Password,
        /// SALES_REP when not given.
        role: Option<Role>,
        team_id: Option<TeamId>,
        /// Whether the first thing to do is a password of one's own; true when not given.
        must_change_password: Option<bool>,
        /// Kinds of notification to on or off per channel; the rest is as it is for everybody.
        notification_prefs: Option<Preferences>,
        /// Device tokens for push messages.
        push_tokens: Option<PushTokens>,
    }
    change {
        /// Kinds of notification to on or off per channel; the rest is as it is for everybody.
        notification_prefs: Patch<Preferences>,
        /// Device tokens for push messages.
        push_tokens: Patch<PushTokens>,
        /// Needs users:update_all.
        role: Patch<Role>,
        /// Needs users:update_all.
        team_id: Patch<Option<TeamId>>,
        /// Needs users:update_all. DISABLED ends every session.
        status: Patch<UserStatus>,
        /// Needs users:update_all.
        must_change_password: Patch<bool>,
        /// Needed to change the own e-mail address.
        current_password: Patch<Attempt>,
        /// Needs users:update_all. For a user who forgot the own one: it has to be changed at the
        /// next sign-in, and every session ends. The own password is changed with POST /auth/password.
        password: Patch<Password>,
    }
    elsewhere { role, team_id, status, must_change_password }
}

/// Puts preferences and device tokens into the form they are kept in; `None` leaves them.
pub(crate) fn set_text(text: &mut UserText, preferences: Option<&Preferences>, tokens: Option<&PushTokens>) {
    if let Some(preferences) = preferences {
        text.notification_prefs.clone_from(preferences);
    }
    if let Some(tokens) = tokens {
        text.push_tokens = tokens.0.iter().map(Text::to_string).collect();
    }
}
