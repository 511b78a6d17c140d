//! Conformance suite, oracle model and fault injection for Alluvium stores and storages.

#![forbid(unsafe_code)]

pub mod chain;
pub mod clock;
pub mod conformance;
pub mod damage;
mod directory;
pub mod faulty;
pub mod interruption;
pub mod migration_conformance;
pub mod oracle;
pub mod rewriting;
pub mod s3;
pub mod storage_conformance;
pub mod store_conformance;
pub mod threads;
pub mod trial;
pub mod ttl_conformance;
