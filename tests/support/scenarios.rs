//! What holds for every CRM, embedded or deployed: each scenario uses the HTTP API alone and makes
//! its own people and records.

mod customers;
mod edge;
mod sessions;
mod teams;

use crate::Crm;
use futures::future::BoxFuture;

/// Hands the names of all scenarios to a macro: the one list of them.
#[macro_export]
macro_rules! for_each_scenario {
    ($then:path) => {
        $then! {
            sessions::a_user_signs_in_sees_who_they_are_and_signs_out,
            sessions::a_username_signs_in_like_an_address,
            sessions::a_wrong_password_is_401_and_the_sixth_is_429,
            sessions::a_bad_address_is_422_and_never_500,
            sessions::fifty_refreshes_of_one_token_have_one_successor,
            sessions::a_spent_refresh_token_ends_the_session,
            sessions::a_new_password_ends_the_other_sessions,
            sessions::logging_out_everywhere_ends_every_session,
            sessions::a_user_who_must_change_the_password_can_do_nothing_else,
            sessions::a_disabled_user_is_out_at_once,
            customers::a_customer_lives_from_creation_to_restoration,
            customers::fifty_creates_with_one_address_make_one_customer,
            customers::a_duplicate_names_what_the_caller_may_see,
            customers::words_find_a_customer_within_two_seconds,
            customers::lists_are_paged_without_gaps_and_repeats,
            customers::filters_narrow_the_list,
            customers::a_lifecycle_move_that_is_not_in_the_table_is_refused,
            customers::an_owner_has_to_be_active_and_inside_reach,
            customers::a_referrer_is_set_once_and_makes_no_circle,
            customers::twenty_changes_at_once_all_count,
            edge::every_wrong_field_is_named_and_nothing_is_written,
            edge::a_body_that_is_not_json_is_400_415_or_413,
            edge::unknown_paths_and_methods_are_problems,
            edge::an_idempotency_key_repeats_the_answer,
            edge::an_idempotency_key_is_bound_to_its_body,
            edge::twenty_posts_with_one_key_make_one_record,
            edge::a_stale_if_match_is_412_and_changes_nothing,
            edge::hostile_cursors_and_ids_are_refused,
            edge::settings_are_read_by_all_and_changed_by_administrators,
            edge::health_is_open_and_components_are_not,
            teams::reach_follows_owner_team_and_role,
            teams::a_manager_sees_and_hands_out_the_pool,
            teams::records_follow_their_owner_to_another_team,
            teams::a_disabled_users_customers_go_where_they_are_sent,
            teams::a_disabled_users_customers_go_to_the_pool,
            teams::the_last_administrator_stays,
            teams::only_an_empty_team_can_be_deleted,
            teams::a_role_can_be_granted_more,
            teams::a_team_takes_its_members_from_others,
        }
    };
}

/// A scenario.
pub type Scenario = fn(Crm) -> BoxFuture<'static, ()>;

macro_rules! all {
    ($($module:ident :: $name:ident),* $(,)?) => {
        /// Every scenario by name.
        pub const ALL: &[(&str, Scenario)] = &[$((stringify!($name), |crm| Box::pin($module::$name(crm)))),*];
    };
}

for_each_scenario!(all);
