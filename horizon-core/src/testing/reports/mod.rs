//! The checks of [`Reports`](crate::reports::Reports), and what they compare a store with: a model, random events and
//! random queries.

mod comparison;
mod counting;
mod limits;
mod model;
mod random_queries;
mod random_streams;
mod random_visits;
mod retention;
#[cfg(test)]
mod tests;
mod time_zones;
mod undated;
mod visit_factory;

pub use counting::{
    comments_count_when_they_were_written, custom_events_count_by_hour_page_and_name, likes_move_to_the_latest_like,
    readers_without_a_key_are_visits_but_not_visitors, repeated_events_change_no_answer,
    two_visits_merge_when_an_event_joins_them, visitors_count_once_in_each_hour_and_day, visits_count_where_they_start,
};
pub use limits::{queries_beyond_the_capabilities_are_refused_by_name, values_beyond_the_limit_count_as_other};
pub use model::{ReportAnswer, ReportModel};
pub use random_queries::RandomQueries;
pub use random_streams::{
    every_order_of_arrival_gives_the_same_answers, random_queries_match_the_model,
    random_queries_match_the_model_where_a_day_starts_at_one, random_queries_match_the_model_where_hours_start_at_half,
    two_accumulators_count_as_one,
};
pub use random_visits::RandomVisits;
pub use retention::{
    a_late_event_counts_without_its_visitor, a_visit_goes_on_after_its_day_is_closed, expire_closes_days,
    expire_sessions_erases_the_rows_of_closed_days,
};
pub use time_zones::{
    a_store_without_a_time_zone_uses_utc, expire_erases_salts_by_the_day_of_the_site, hours_and_days_follow_the_clocks,
    the_time_zone_is_stored_with_the_first_event,
};
pub use undated::{data_from_before_reports_stay_undated, verify_finds_a_damaged_total};

use super::suite;

suite! { $
    /// Generates the tests of [`Reports`](crate::reports::Reports); see [`store_suite!`](crate::store_suite). `make` is
    /// an async function that returns a new [`StoreHarness`](crate::testing::StoreHarness).
    ///
    /// A query that is beyond the store's capabilities has to be refused by name.
    reports_suite, reports:
    a_late_event_counts_without_its_visitor
    a_store_without_a_time_zone_uses_utc
    a_visit_goes_on_after_its_day_is_closed
    comments_count_when_they_were_written
    custom_events_count_by_hour_page_and_name
    data_from_before_reports_stay_undated
    every_order_of_arrival_gives_the_same_answers
    expire_closes_days
    expire_erases_salts_by_the_day_of_the_site
    expire_sessions_erases_the_rows_of_closed_days
    hours_and_days_follow_the_clocks
    likes_move_to_the_latest_like
    queries_beyond_the_capabilities_are_refused_by_name
    random_queries_match_the_model
    random_queries_match_the_model_where_a_day_starts_at_one
    random_queries_match_the_model_where_hours_start_at_half
    readers_without_a_key_are_visits_but_not_visitors
    repeated_events_change_no_answer
    the_time_zone_is_stored_with_the_first_event
    two_accumulators_count_as_one
    two_visits_merge_when_an_event_joins_them
    values_beyond_the_limit_count_as_other
    verify_finds_a_damaged_total
    visitors_count_once_in_each_hour_and_day
    visits_count_where_they_start
}
