//! Sign-in: login, refresh, logout, me, password, sessions.

pub mod delete_session;
pub mod list_sessions;
pub mod login;
pub mod logout;
pub mod me;
pub mod password;
pub mod refresh;
mod session;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![login::route(), refresh::route(), logout::route(), me::route(), password::route(), list_sessions::route(), delete_session::route()]
}
