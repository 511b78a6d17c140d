//! What the crate promises, behaviour by behaviour.

#![cfg(test)]

mod commit_plans;
mod copy_plans;
mod damage;
mod flights;
mod format_doc;
mod golden;
mod key_laws;
mod log;
mod names;
mod older_forms;
mod orphan_plans;
mod printed_values;
mod restore_plans;
mod retention_plans;
mod round_trips;
mod samples;
mod schema_resolution;
mod section_plans;
mod snapshot_plans;
mod typed_values;
mod zombies;
