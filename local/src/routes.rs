//! Every route of the CRM, by the crate that serves it.

use edge::Route;

/// (crate, its routes), in the order of the documentation. A crate that is new in `functions` is put here,
/// and among the dependencies, by `cargo run -p local --bin generate`.
pub fn routes() -> Vec<(&'static str, Vec<Route>)> {
    vec![
        ("auth", auth::routes()),
        ("users", users::routes()),
        ("teams", teams::routes()),
        ("leads", leads::routes()),
        ("customers", customers::routes()),
        ("activities", activities::routes()),
        ("follow_ups", follow_ups::routes()),
        ("tasks", tasks::routes()),
        ("projects", projects::routes()),
        ("notifications", notifications::routes()),
        ("dashboard", dashboard::routes()),
        ("messages", messages::routes()),
        ("campaigns", campaigns::routes()),
        ("products", products::routes()),
        ("promotions", promotions::routes()),
        ("orders", orders::routes()),
        ("levels", levels::routes()),
        ("unsubscribe", unsubscribe::routes()),
        ("admin", admin::routes()),
        ("docs", docs::routes()),
    ]
}
