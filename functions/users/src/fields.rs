//! Field types that more than one request about users has.

use domain::input::{JsonObject, List};
use domain::user::UserText;
use domain::value::Text;

/// Event name to on or off per channel.
pub type Preferences = JsonObject<16384>;

/// Device tokens: those of the push services have at most a few hundred characters.
pub type PushTokens = List<Text<1000>, 20>;

/// Puts device tokens into the form they are kept in.
pub(crate) fn set_push_tokens(text: &mut UserText, tokens: &PushTokens) {
    text.push_tokens = tokens.0.iter().map(Text::to_string).collect();
}
