//! A refused change of a team as a problem.

use api::problem::{Code, Problem};
use domain::team::TeamRefused;
use domain::{FieldError, UserId};

/// The problem of a refusal. `members` is the list as it was sent, for naming the places in it.
pub(crate) fn problem(refused: &TeamRefused, members: &[UserId]) -> Problem {
    match refused {
        TeamRefused::Manager => Problem::field("/managerId", "reference", "must be an active user"),
        TeamRefused::Members(missing) => {
            let places = members.iter().enumerate().filter(|(_, id)| missing.contains(id));
            Problem::fields(places.map(|(place, _)| FieldError::new(format!("/memberIds/{place}"), "reference", "does not exist")).collect())
        }
        TeamRefused::TooManyManaged | TeamRefused::TooManyChanges(_) | TeamRefused::NotEmpty(_) => {
            Problem::new(Code::LimitReached, refused.to_string())
        }
    }
}
