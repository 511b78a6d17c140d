//! State of full size in one key: ten million elements and entries, in bounded memory of the process.
//!
//! Takes minutes and gigabytes of disk, so it runs when asked for:
//! `cargo test --release -p alluvium-rocksdb --test it -- --ignored full_size --test-threads=1`.

use std::sync::Arc;

use alluvium::store::StoreFactory;
use alluvium_testing::conformance::{Setting, large};

/// Of the write buffer.
const BUDGET_BYTES: usize = 32 << 20;

/// What the process may have more than before: the buffer, what the store has besides, and what allocators keep.
const RESIDENT_BYTES_MAX: u64 = 384 << 20;

/// Elements or entries.
const NUMBER: u64 = 10_000_000;

fn measure(check: impl FnOnce(&Setting<'_>, u64)) {
    let stores = || -> Arc<dyn StoreFactory> { super::small_stores() };
    let before = resident_bytes();

    check(&Setting::new(&stores, BUDGET_BYTES), NUMBER);

    let grown = peak_resident_bytes().saturating_sub(before);
    assert!(grown <= RESIDENT_BYTES_MAX, "{grown} bytes more");
}

#[test]
#[ignore = "takes minutes"]
fn a_list_of_ten_million_elements_takes_bounded_memory() {
    measure(large::a_large_list);
}

#[test]
#[ignore = "takes minutes"]
fn a_list_of_ten_million_elements_comes_from_one_iterator_and_is_thinned_out() {
    measure(large::a_large_list_at_once);
}

#[test]
#[ignore = "takes minutes"]
fn a_map_of_ten_million_entries_takes_bounded_memory() {
    measure(large::a_large_map);
}

/// The process's resident set, now.
fn resident_bytes() -> u64 {
    status("VmRSS:")
}

/// The largest that it ever was.
fn peak_resident_bytes() -> u64 {
    status("VmHWM:")
}

fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    let kibibytes = line.split_whitespace().nth(1).unwrap();
    kibibytes.parse::<u64>().unwrap() << 10
}
