//! What holds for every CRM, embedded or deployed: each scenario uses the HTTP API alone and makes
//! its own people and records.

mod activities;
mod campaigns;
mod customers;
mod dashboard;
mod edge;
mod feed;
mod follow_ups;
mod leads;
mod levels;
mod messages;
mod notifications;
mod orders;
mod products;
mod projects;
mod promotions;
mod sessions;
mod tasks;
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
            sessions::a_refresh_whose_answer_was_lost_is_asked_again_once,
            sessions::the_own_sessions_are_listed_and_one_of_them_is_ended,
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
            customers::what_cannot_be_of_a_customer_is_refused,
            customers::a_change_is_answered_as_the_record_is_read,
            customers::twenty_changes_at_once_all_count,
            messages::who_becomes_a_customer_is_written_to_and_who_wants_nothing_is_not,
            leads::a_lead_lives_from_creation_to_restoration,
            leads::the_transition_table_is_kept,
            leads::lists_of_leads_are_narrowed_and_searched,
            leads::leads_and_customers_come_in_the_order_asked_for,
            leads::a_lead_stands_in_the_way_of_its_double_while_it_is_open,
            leads::reach_and_the_pool_hold_for_leads,
            leads::a_list_of_somebody_outside_reach_tells_nothing,
            leads::converting_makes_one_customer_however_often_it_is_asked,
            leads::twenty_conversions_at_once_make_one_customer,
            leads::a_lead_can_become_part_of_a_customer,
            leads::a_converted_lead_is_read_only_and_follows_its_customer,
            leads::open_work_moves_to_the_customer,
            leads::open_work_follows_a_lead_or_customer_to_its_new_owner,
            leads::a_lead_begins_open_and_an_archived_one_does_not_move,
            leads::a_hard_delete_takes_everything_below,
            activities::the_last_contact_is_the_latest_that_exists,
            activities::a_customers_timeline_has_that_of_its_leads,
            activities::notes_are_answered_with_the_latest_five,
            activities::activities_are_reached_through_their_parent,
            activities::twenty_activities_at_once_are_all_counted,
            follow_ups::a_follow_up_is_scheduled_and_done,
            follow_ups::due_goes_by_days_and_means_pending,
            tasks::a_task_is_created_moved_and_deleted,
            tasks::tasks_are_listed_by_due_date_owner_and_parent,
            tasks::a_series_has_a_next_date,
            tasks::links_have_to_be_inside_reach,
            tasks::a_task_opened_again_goes_to_the_customer_its_lead_became,
            tasks::a_task_in_a_project_is_for_its_customer,
            projects::a_project_is_seen_by_owner_members_and_team,
            projects::work_is_logged_and_summed_up,
            projects::wrong_entries_can_be_removed,
            products::a_product_is_made_changed_and_taken_off_the_shelf,
            products::twenty_products_of_one_sku_are_one,
            products::products_are_listed_by_name,
            levels::a_customer_has_the_level_of_what_was_bought,
            orders::an_order_is_placed_at_the_prices_of_the_moment_and_makes_a_customer,
            orders::an_order_moves_by_the_table_and_a_cancelled_one_counts_nowhere,
            orders::an_order_is_paid_and_refunded_within_its_total,
            orders::twenty_orders_at_once_of_one_customer_all_count,
            orders::twenty_payments_at_once_never_exceed_the_total,
            orders::orders_and_payments_go_where_their_customer_goes,
            campaigns::a_campaign_goes_once_to_the_customers_of_its_segment,
            campaigns::a_campaign_is_written_scheduled_and_called_off,
            promotions::a_promotion_is_given_used_and_ended,
            promotions::an_order_gets_the_larger_of_the_best_one_and_the_sum,
            promotions::an_order_that_is_asked_for_again_is_answered_as_it_was,
            promotions::forty_orders_at_once_share_ten_uses,
            promotions::bringing_a_customer_is_rewarded_once,
            dashboard::figures_follow_what_happens_within_two_seconds,
            feed::the_feed_tells_what_happened_newest_first,
            feed::what_happened_is_told_to_whom_it_concerns,
            notifications::a_template_is_changed_within_its_words_and_turned_off,
            notifications::who_is_given_something_is_told_once,
            notifications::what_was_read_is_unread_no_more,
            notifications::a_user_turns_off_what_the_inbox_tells,
            edge::every_wrong_field_is_named_and_nothing_is_written,
            edge::a_body_that_is_not_json_is_400_415_or_413,
            edge::unknown_paths_and_methods_are_problems,
            edge::an_idempotency_key_repeats_the_answer,
            edge::an_idempotency_key_is_bound_to_its_body,
            edge::twenty_posts_with_one_key_make_one_record,
            edge::a_stale_if_match_is_412_and_changes_nothing,
            edge::hostile_cursors_and_ids_are_refused,
            edge::a_row_sent_back_costs_no_text,
            edge::who_has_what_is_unique_is_named_inside_reach,
            edge::a_conflict_names_the_field_that_it_is_about,
            edge::an_owner_who_was_renamed_is_in_nobodys_way,
            edge::blanks_whole_numbers_and_far_times_are_read_as_meant,
            edge::what_was_read_can_be_sent_back,
            edge::references_are_named_with_the_other_wrong_fields,
            edge::broken_rules_are_named_with_the_other_wrong_fields,
            edge::settings_are_read_by_all_and_changed_by_administrators,
            edge::health_is_open_and_components_are_not,
            teams::reach_follows_owner_team_and_role,
            teams::a_manager_sees_and_hands_out_the_pool,
            teams::records_follow_their_owner_to_another_team,
            teams::a_disabled_users_customers_go_where_they_are_sent,
            teams::a_disabled_users_customers_go_to_the_pool,
            teams::a_disabled_users_open_work_goes_to_the_manager,
            teams::the_last_administrator_stays,
            teams::only_an_empty_team_can_be_deleted,
            teams::a_disabled_member_is_marked_and_does_not_keep_a_team,
            teams::what_a_user_is_told_is_turned_on_and_off_by_name,
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
