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
mod pins;
mod rows;

pub use damage::{
    a_flipped_byte_is_an_error_or_harmless, a_missing_file_is_corrupt_and_named,
    a_truncated_file_is_an_error, an_empty_list_of_files_is_corrupt,
};
pub use histories::random_histories_match_an_ordered_map;
pub use pins::{
    a_pin_does_not_see_later_writes,
    a_pin_into_an_existing_directory_is_refused_and_leaves_it_alone, a_pin_outlives_its_store,
    a_reopened_store_has_the_pinned_rows_and_goes_on, an_empty_store_pins_and_reopens,
    bounds_cover_the_rows_of_each_shared_file, dropping_a_pin_removes_its_directory,
    equal_names_of_shared_files_mean_equal_content, reopening_links_leaves_the_pin_unchanged,
};
pub use rows::{
    a_get_replaces_what_the_buffer_held, a_scan_does_not_see_later_writes,
    an_empty_run_changes_nothing, large_values_come_back_whole, many_rows_come_back_in_order,
    odd_rows_and_values_come_back, rows_are_as_last_written, scans_are_ordered_and_bounded,
    size_grows_when_rows_are_pinned,
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
            an_empty_list_of_files_is_corrupt,
            a_missing_file_is_corrupt_and_named,
            a_truncated_file_is_an_error,
            a_flipped_byte_is_an_error_or_harmless,
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
