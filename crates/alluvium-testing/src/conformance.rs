//! What a backend must do with every kind of state, on any store and with any budget of memory: the sentences that
//! `docs/conformance.md` lists beside the names of Flink's tests.
//!
//! ```
//! use std::sync::Arc;
//!
//! use alluvium::store::memory::MemoryStoreFactory;
//!
//! // With a budget so small that every path spills.
//! alluvium_testing::conformance!(|| Arc::new(MemoryStoreFactory::default()), 64 << 10);
//! ```
//!
//! Each check makes its own backends in a temporary directory and panics where what it finds is not what its name says.
//! What a [store](mod@crate::store_conformance) must do below, and values with a [TTL](mod@crate::ttl_conformance), have suites of their own.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a check fails by panicking, and its name says what must hold"
)]

use std::sync::Arc;

use alluvium::Backend;
use alluvium::protocol::key::Key;
use alluvium::store::StoreFactory;

pub mod folds;
mod job;
pub mod keys;
pub mod large;
pub mod lists;
pub mod many_timers;
pub mod maps;
pub mod rescaling;
pub mod timers;
pub mod values;

use job::Job;

/// What checks run on: stores, and the budget of every backend's write buffer.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "a function has none")]
pub struct Setting<'s> {
    stores: &'s dyn Fn() -> Arc<dyn StoreFactory>,
    memory_budget_bytes: usize,
}

impl<'s> Setting<'s> {
    /// A setting with these stores and this budget.
    #[must_use]
    pub const fn new(
        stores: &'s dyn Fn() -> Arc<dyn StoreFactory>,
        memory_budget_bytes: usize,
    ) -> Self {
        Self {
            stores,
            memory_budget_bytes,
        }
    }

    /// Tells a story to a backend that owns all key groups.
    fn tell<K: Key>(&self, story: impl FnOnce(&mut Backend<K>)) {
        let job = self.job(128);
        story(&mut job.open(0, 1));
    }

    /// A job with this many key groups, and no state.
    fn job(&self, key_groups: u32) -> Job {
        Job::new((self.stores)(), self.memory_budget_bytes, key_groups)
    }
}

/// Makes one `#[test]` of each check, on the stores that the closure makes and with a budget in bytes.
#[macro_export]
macro_rules! conformance {
    ($stores:expr, $budget:expr) => {
        $crate::conformance! { @each $stores, $budget;
            values {
                a_value_is_absent_until_it_is_set_and_after_it_is_cleared,
                an_update_may_clear_or_leave_absent,
                keys_and_namespaces_do_not_see_each_other,
                entries_visits_every_key_and_namespace_with_its_value,
                what_stands_for_a_default_is_made_anew_for_each_read_and_not_stored,
                states_of_one_key_do_not_see_each_other,
            }
            lists {
                a_list_keeps_the_order_of_its_elements,
                an_empty_list_is_the_same_as_none,
                setting_a_list_replaces_it_and_clearing_ends_it,
                elements_are_taken_out_of_a_list_and_the_others_stay_in_order,
            }
            maps {
                a_visit_ends_where_the_visitor_breaks,
                a_map_iterates_in_the_order_of_its_keys_negative_ones_first,
                a_range_of_map_keys_has_its_bounds_as_in_a_btree_map,
                map_entries_come_change_and_go_one_by_one,
                entries_that_are_put_together_come_beside_those_that_are_there,
                keys_and_values_of_a_range_are_visited_alone,
                a_range_of_map_keys_is_removed_and_the_rest_stays,
            }
            folds {
                a_reduced_value_is_absent_then_the_first_then_the_fold,
                an_aggregate_has_no_result_before_its_first_input,
                merging_moves_all_into_the_target_in_the_order_given_and_empties_the_sources,
                merging_nothing_leaves_nothing,
            }
            keys {
                keys_of_a_namespace_are_visited_once_each_in_order,
                keys_and_namespaces_are_visited_once_also_after_a_restore,
                a_long_list_and_a_large_map_are_one_entry_each,
                what_is_cleared_is_no_key_any_more,
                a_visit_of_keys_ends_where_the_visitor_breaks_or_fails,
                what_is_applied_to_all_keys_may_read_add_and_clear,
                a_namespace_is_cleared_for_one_key_or_for_all,
                keys_are_visited_on_encoded_keys_as_well,
            }
            timers {
                timers_are_due_in_the_order_of_time_whatever_their_keys,
                there_is_one_timer_for_a_time_and_key_and_it_can_be_taken_back,
                a_timer_registered_while_others_fire_is_found,
                timers_carry_their_namespace_and_kinds_are_apart,
                many_timers_of_one_key_group_are_all_due_once_and_in_order,
                later_timers_are_due_when_all_earlier_ones_were_taken_back,
                the_first_time_is_told_as_timers_come_and_go,
                timers_of_a_key_group_are_visited_in_order_and_stay,
                whether_a_timer_is_registered_is_known,
                many_timers_are_registered_and_fire_within_the_budget,
            }
            many_timers {
                timers_far_more_than_the_budget_holds_fire_once_and_in_order_through_rescales,
            }
            rescaling {
                a_job_scales_in_and_loses_nothing,
                a_job_scales_out_and_loses_nothing,
                a_job_that_keeps_its_parallelism_loses_nothing,
                a_job_scales_out_unevenly_with_a_state_of_its_own_for_each_key_group,
                a_job_scales_in_unevenly_with_a_state_of_its_own_for_each_key_group,
                a_job_goes_from_one_to_two_to_three_and_back_in_increments,
                timers_of_both_kinds_survive_increments_and_rescales,
                a_key_of_another_type_is_refused_at_restore,
                values_of_another_type_are_refused_by_name_after_a_restore,
            }
            large {
                a_list_far_larger_than_the_budget_is_appended_to_read_restored_and_removed,
                a_map_far_larger_than_the_budget_is_written_read_restored_and_removed,
                lists_far_larger_than_the_budget_are_merged,
                a_list_far_larger_than_the_budget_is_written_from_one_iterator_and_thinned_out,
                a_map_far_larger_than_the_budget_is_written_from_one_iterator,
            }
        }
    };
    (@each $stores:expr, $budget:expr; $($topic:ident { $($check:ident,)* })*) => {
        $(
            mod $topic {
                use super::*;

                $(
                    #[test]
                    fn $check() {
                        let stores = || -> std::sync::Arc<dyn alluvium::store::StoreFactory> { ($stores)() };
                        let setting = $crate::conformance::Setting::new(&stores, $budget);
                        $crate::conformance::$topic::$check(&setting);
                    }
                )*
            }
        )*
    };
}
