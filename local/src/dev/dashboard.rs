//! `/dev/dashboard`: both dashboards of whoever signs in, drawn.

/// The page, whole: it asks the API of its own origin and nothing else.
pub(super) const PAGE: &str = include_str!("dashboard.html");
