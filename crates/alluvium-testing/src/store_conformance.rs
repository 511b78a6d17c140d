//! What every store must do, as tests that run over any
//! [`StoreFactory`](alluvium::store::StoreFactory).
//!
//! A store crate proves itself with one line in an integration test:
//!
//! ```
//! use alluvium::store::memory::MemoryStoreFactory;
//!
//! alluvium_testing::store_conformance!(MemoryStoreFactory::new());
//! ```
//!
//! Each check makes its own stores in a temporary directory and panics where the store does not
//! conform. The checks know the seam only; what is particular to one store (which files it writes,
//! when it compacts) is tested beside that store.

mod damage;
mod harness;
mod histories;
mod loads;
mod neighbors;
mod origins;
mod parts;
mod pins;
mod placing;
mod refusals;
mod rescales;
mod rows;
mod scans;
mod strays;

pub use damage::{
    a_flipped_byte_is_an_error_or_harmless, a_missing_file_is_corrupt_and_named,
    a_truncated_file_is_an_error,
};
pub use histories::random_histories_match_an_ordered_map;
pub use loads::{a_load_that_deletes_is_invalid, loads_from_several_threads_read_as_written};
pub use neighbors::{
    a_region_without_rows_is_not_filled_by_a_neighbor,
    rows_can_be_written_where_only_a_neighbor_has_stale_ones,
};
pub use origins::{
    an_origin_is_never_another_file, opening_parts_leaves_their_pins_unchanged,
    the_first_pin_has_the_files_of_its_parts,
};
pub use parts::{
    a_part_shows_only_its_rows, a_part_without_files_has_no_rows, parts_of_one_store_open_as_one,
    parts_of_several_stores_open_as_one,
};
pub use pins::{
    a_pin_does_not_see_later_writes,
    a_pin_into_an_existing_directory_is_refused_and_leaves_it_alone, a_pin_outlives_its_store,
    a_reopened_store_has_the_pinned_rows_and_goes_on, an_empty_store_pins_and_reopens,
    bounds_cover_the_rows_of_each_shared_file, dropping_a_pin_removes_its_directory,
    equal_names_of_shared_files_mean_equal_content, reopening_links_leaves_the_pin_unchanged,
};
pub use refusals::{
    damage_to_one_of_several_parts_is_an_error_or_harmless, no_part_is_invalid,
    parts_whose_rows_meet_are_invalid,
};
pub use rescales::{random_rescales_match_an_ordered_map, rescales_match_an_ordered_map};
pub use rows::{
    a_get_replaces_what_the_buffer_held, a_scan_does_not_see_later_writes,
    an_empty_run_changes_nothing, large_values_come_back_whole, many_rows_come_back_in_order,
    odd_rows_and_values_come_back, rows_are_as_last_written, scans_are_ordered_and_bounded,
    size_grows_when_rows_are_pinned,
};
pub use scans::{a_scan_goes_from_part_to_part, a_scan_of_parts_does_not_see_later_writes};
pub use strays::{
    rows_outside_a_part_do_not_come_back, tidying_changes_no_row,
    what_was_deleted_after_a_split_stays_deleted_after_the_join,
};

/// Makes one `#[test]` of each check, over the factory that the expression makes.
#[macro_export]
macro_rules! store_conformance {
    ($factory:expr) => {
        $crate::store_conformance! { @each $factory;
            rows_are_as_last_written,
            a_get_replaces_what_the_buffer_held,
            an_empty_run_changes_nothing,
            scans_are_ordered_and_bounded,
            a_scan_does_not_see_later_writes,
            odd_rows_and_values_come_back,
            large_values_come_back_whole,
            many_rows_come_back_in_order,
            size_grows_when_rows_are_pinned,
            random_histories_match_an_ordered_map,
            a_pin_does_not_see_later_writes,
            a_pin_outlives_its_store,
            a_pin_into_an_existing_directory_is_refused_and_leaves_it_alone,
            an_empty_store_pins_and_reopens,
            a_reopened_store_has_the_pinned_rows_and_goes_on,
            equal_names_of_shared_files_mean_equal_content,
            reopening_links_leaves_the_pin_unchanged,
            bounds_cover_the_rows_of_each_shared_file,
            dropping_a_pin_removes_its_directory,
            a_missing_file_is_corrupt_and_named,
            a_truncated_file_is_an_error,
            a_flipped_byte_is_an_error_or_harmless,
            a_part_shows_only_its_rows,
            parts_of_several_stores_open_as_one,
            parts_of_one_store_open_as_one,
            a_part_without_files_has_no_rows,
            a_scan_goes_from_part_to_part,
            a_scan_of_parts_does_not_see_later_writes,
            rows_outside_a_part_do_not_come_back,
            rows_can_be_written_where_only_a_neighbor_has_stale_ones,
            a_region_without_rows_is_not_filled_by_a_neighbor,
            what_was_deleted_after_a_split_stays_deleted_after_the_join,
            tidying_changes_no_row,
            random_rescales_match_an_ordered_map,
            the_first_pin_has_the_files_of_its_parts,
            an_origin_is_never_another_file,
            opening_parts_leaves_their_pins_unchanged,
            no_part_is_invalid,
            parts_whose_rows_meet_are_invalid,
            damage_to_one_of_several_parts_is_an_error_or_harmless,
            loads_from_several_threads_read_as_written,
            a_load_that_deletes_is_invalid,
        }
    };
    (@each $factory:expr; $($check:ident,)*) => {
        $(
            #[test]
            fn $check() {
                $crate::store_conformance::$check(&$factory);
            }
        )*
    };
}
