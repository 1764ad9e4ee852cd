//! `/dev/dashboard`: both dashboards of whoever signs in, drawn.

/// The page, whole: it asks the API of its own origin and nothing else.
pub(super) const PAGE: &str = include_str!("dashboard.html");

/// Nothing from elsewhere, and nobody shows it in a frame.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::PAGE;

    #[test]
    fn it_asks_for_both_dashboards_and_takes_nothing_from_elsewhere() {
        assert!(PAGE.contains("/dashboard/me"));
        for foreign in ["http:", "https:", "//cdn", "@import", "src=", "<link"] {
            assert!(!PAGE.contains(foreign), "{foreign}");
        }
    }
}
