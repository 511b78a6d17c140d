//! What must hold when a program's types change, as tests that run over any [`StoreFactory`](alluvium::store::StoreFactory).
//!
//! The cases are those of Flink's `StateBackendMigrationTestBase` as far as they are of keyed state, and what Alluvium has
//! beyond them: versions in values, several older forms at once, migrations that a program asks for. A store crate
//! runs them with one line in an integration test:
//!
//! ```
//! use alluvium::store::memory::MemoryStoreFactory;
//!
//! alluvium_testing::migration_conformance!(MemoryStoreFactory::new());
//! ```
//!
//! Each case is the lives of one job: every life restores what the one before has left, with types of its own.

mod compaction;
mod eager;
mod keys;
mod life;
mod named;
mod refusals;
mod types;
mod versions;

pub use compaction::{
    a_migration_that_ends_versions_is_not_upgraded,
    a_snapshot_from_before_a_registration_keeps_its_forms,
    a_value_that_cannot_be_upgraded_stays_for_the_next_read_to_tell,
    an_upgraded_value_is_what_a_read_and_a_write_would_make,
    elements_and_entries_are_upgraded_one_by_one,
    values_are_upgraded_when_their_rows_are_written_again,
};
pub use eager::{
    a_migrated_state_is_not_migrated_again, a_migration_changes_the_codec_and_begins_versions,
    a_migration_of_a_state_without_values_declares_it, a_migration_sees_what_was_written_just_now,
    a_migration_that_fails_on_one_value_changes_nothing,
    a_program_may_forget_versions_after_a_rewrite, a_state_beyond_the_budget_is_migrated,
    every_kind_of_state_is_migrated,
};
pub use keys::{
    another_key_is_refused_by_the_restore, another_map_key_is_refused,
    another_namespace_is_refused, keys_and_namespaces_of_renamed_types_are_the_same,
    timers_in_another_namespace_are_refused,
};
pub use named::{
    a_named_field_that_comes_back_is_refused_until_the_state_is_rewritten,
    named_maps_and_lists_live_with_new_fields, named_values_live_with_new_fields,
};
pub use refusals::{
    a_newer_version_is_refused, a_refused_declaration_leaves_the_state_as_it_was,
    a_version_that_was_forgotten_is_refused, positional_lists_maps_and_folds_are_refused,
    the_same_types_are_read_as_they_are,
};
pub use versions::{
    a_list_holds_elements_of_several_versions, a_map_holds_values_of_several_versions,
    a_state_that_was_not_declared_keeps_its_versions, accumulators_are_upgraded_before_they_grow,
    merged_namespaces_keep_the_versions_of_their_elements,
    reading_alone_leaves_values_in_their_version, savepoints_and_rescales_keep_versions,
    values_are_upgraded_through_all_versions,
};

/// Makes one `#[test]` of each case, over the factory that the expression makes.
#[macro_export]
macro_rules! migration_conformance {
    ($factory:expr) => {
        $crate::migration_conformance! { @each $factory;
            values_are_upgraded_through_all_versions,
            reading_alone_leaves_values_in_their_version,
            a_list_holds_elements_of_several_versions,
            a_map_holds_values_of_several_versions,
            accumulators_are_upgraded_before_they_grow,
            merged_namespaces_keep_the_versions_of_their_elements,
            a_state_that_was_not_declared_keeps_its_versions,
            savepoints_and_rescales_keep_versions,
            named_values_live_with_new_fields,
            named_maps_and_lists_live_with_new_fields,
            a_named_field_that_comes_back_is_refused_until_the_state_is_rewritten,
            the_same_types_are_read_as_they_are,
            a_refused_declaration_leaves_the_state_as_it_was,
            positional_lists_maps_and_folds_are_refused,
            a_newer_version_is_refused,
            a_version_that_was_forgotten_is_refused,
            another_key_is_refused_by_the_restore,
            another_namespace_is_refused,
            another_map_key_is_refused,
            timers_in_another_namespace_are_refused,
            keys_and_namespaces_of_renamed_types_are_the_same,
            every_kind_of_state_is_migrated,
            a_migration_changes_the_codec_and_begins_versions,
            a_migrated_state_is_not_migrated_again,
            a_migration_of_a_state_without_values_declares_it,
            a_migration_sees_what_was_written_just_now,
            a_migration_that_fails_on_one_value_changes_nothing,
            a_state_beyond_the_budget_is_migrated,
            a_program_may_forget_versions_after_a_rewrite,
            values_are_upgraded_when_their_rows_are_written_again,
            elements_and_entries_are_upgraded_one_by_one,
            a_snapshot_from_before_a_registration_keeps_its_forms,
            a_value_that_cannot_be_upgraded_stays_for_the_next_read_to_tell,
            a_migration_that_ends_versions_is_not_upgraded,
            an_upgraded_value_is_what_a_read_and_a_write_would_make,
        }
    };
    (@each $factory:expr; $($check:ident,)*) => {
        $(
            #[test]
            fn $check() -> ::alluvium::Result<()> {
                $crate::migration_conformance::$check(::std::sync::Arc::new($factory))
            }
        )*
    };
}
