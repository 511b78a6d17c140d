//! What values with a TTL must do on every store, as tests that run over any
//! [`StoreFactory`](alluvium::store::StoreFactory).
//!
//! ```
//! use alluvium::store::memory::MemoryStoreFactory;
//!
//! alluvium_testing::ttl_conformance!(MemoryStoreFactory::new());
//! ```
//!
//! Each check goes through all [contexts](contexts::Context) that values live in, by processing and by event time, with a
//! write buffer that has room for everything and with one so small that all goes through the store. Where Flink's
//! `TtlStateTestBase` has the same check, its name is told.

mod cleaning;
pub mod contexts;
mod elements;
mod harness;
mod lives;
mod merging;
mod restores;
mod switches;

pub use cleaning::{
    a_savepoint_leaves_expired_rows_out, a_state_whose_rows_all_expire_shrinks_to_nothing,
    a_sweep_leaves_what_is_alive_and_other_states,
};
pub use elements::{
    a_savepoint_leaves_single_expired_elements_out, single_elements_give_their_space_back,
};
pub use lives::{
    a_clear_removes_what_is_there, a_clock_that_is_set_back_shows_nothing_again,
    a_duration_beyond_all_time_never_ends, a_read_refreshes_if_it_is_to,
    a_value_is_alive_until_its_time, keys_and_namespaces_expire_by_themselves,
    nothing_is_there_before_it_is_written, what_has_expired_is_not_refreshed_by_being_seen,
    what_has_expired_is_seen_once_if_it_may_be, what_was_written_before_any_event_time_lives,
};
pub use merging::merged_namespaces_keep_what_is_alive;
pub use restores::{
    another_duration_holds_for_later_writes, expiry_goes_on_after_a_rescale,
    expiry_goes_on_after_a_restore, what_had_expired_by_event_time_stays_so_after_a_restore,
};
pub use switches::{
    a_savepoint_from_before_a_switch_has_what_was_alive,
    switching_off_keeps_what_is_alive_for_good, switching_on_lets_values_live_from_then_on,
    switching_to_the_other_time_stamps_anew, switching_within_one_backend_is_refused,
};

/// Makes one `#[test]` of each check, over the factory that the expression makes.
#[macro_export]
macro_rules! ttl_conformance {
    ($factory:expr) => {
        $crate::ttl_conformance! { @each $factory;
            nothing_is_there_before_it_is_written,
            a_value_is_alive_until_its_time,
            a_clear_removes_what_is_there,
            what_has_expired_is_seen_once_if_it_may_be,
            a_read_refreshes_if_it_is_to,
            what_has_expired_is_not_refreshed_by_being_seen,
            a_duration_beyond_all_time_never_ends,
            a_clock_that_is_set_back_shows_nothing_again,
            what_was_written_before_any_event_time_lives,
            keys_and_namespaces_expire_by_themselves,
            merged_namespaces_keep_what_is_alive,
            expiry_goes_on_after_a_restore,
            expiry_goes_on_after_a_rescale,
            another_duration_holds_for_later_writes,
            what_had_expired_by_event_time_stays_so_after_a_restore,
            switching_on_lets_values_live_from_then_on,
            switching_off_keeps_what_is_alive_for_good,
            switching_to_the_other_time_stamps_anew,
            switching_within_one_backend_is_refused,
            a_savepoint_from_before_a_switch_has_what_was_alive,
            a_state_whose_rows_all_expire_shrinks_to_nothing,
            a_sweep_leaves_what_is_alive_and_other_states,
            a_savepoint_leaves_expired_rows_out,
            single_elements_give_their_space_back,
            a_savepoint_leaves_single_expired_elements_out,
        }
    };
    (@each $factory:expr; $($check:ident,)*) => {
        $(
            #[test]
            fn $check() {
                $crate::ttl_conformance::$check(std::sync::Arc::new($factory));
            }
        )*
    };
}
