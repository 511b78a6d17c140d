//! The Alluvium store on RocksDB.
//!
//! The only crate that names RocksDB; none of its types is in this crate's interface. Make a
//! [`RocksStoreFactory`] once a process and hand it to every backend, so that they share one block
//! cache.
//!
//! Leaves to others: what the rows mean (`alluvium`), where pinned files are kept for good, and
//! which of them a restore places where (`alluvium::protocol`).

mod adopt;
mod cursor;
mod error;
mod factory;
mod families;
mod filter;
mod foreign;
mod fragments;
mod ingest;
mod lent;
mod note;
mod options;
mod packing;
mod pin;
mod rewrite;
mod stall;
mod store;
mod tidy;
mod tuning;
mod view;

pub use factory::RocksStoreFactory;
pub use foreign::{Append, ForeignDatabase, ForeignRows};
pub use note::FileNote;
pub use options::{Compression, RocksOptions};
