//! State of full size: ten million elements and entries in one key, and millions of timers, in bounded memory of the process.
//!
//! Takes minutes, so it runs when asked for:
//! `cargo test --release -p alluvium-rocksdb --test it -- --ignored full_size --test-threads=1`.
//!
//! The limits are what was measured (docs/conformance.md) and about a half more. They hold [`BUDGET_BYTES`] for the write
//! buffer of each backend in use; of RocksDB 10 bits of filter for each row and an index entry for each block of the files that are
//! open, the hashes of the rows of files that are being written, and blocks of files that are being compacted; and what the allocator
//! keeps of all that in the arena of each thread. Only filters and indexes grow with the rows: 15 MB for ten million. A long list is
//! few rows.

use std::sync::Arc;

use alluvium::store::StoreFactory;
use alluvium_testing::conformance::{Setting, large, many_timers};

/// Of the write buffer.
const BUDGET_BYTES: usize = 32 << 20;

/// Elements or entries.
const NUMBER: u64 = 10_000_000;

/// Timers.
const TIMERS: u64 = 5_000_000;

/// Checks with so many, and that the process never has more than `resident_bytes_max` above what it had before: the write
/// buffers' budget, and what the [head of the file](self) says that the store and the allocator have besides.
#[expect(
    clippy::print_stdout,
    reason = "the number that the table of conformance shows"
)]
fn measure(number: u64, resident_bytes_max: u64, check: impl FnOnce(&Setting<'_>, u64)) {
    let stores = || -> Arc<dyn StoreFactory> { super::small_stores() };
    forget_peak();
    let before = resident_bytes();

    check(&Setting::new(&stores, BUDGET_BYTES), number);

    let grown = peak_resident_bytes().saturating_sub(before);
    println!("{} MiB more at the peak", grown >> 20);
    assert!(grown <= resident_bytes_max, "{grown} bytes more");
}

#[test]
#[ignore = "takes minutes"]
fn a_list_of_ten_million_elements_takes_bounded_memory() {
    measure(NUMBER, 128 << 20, large::a_large_list);
}

#[test]
#[ignore = "takes minutes"]
fn a_list_of_ten_million_elements_comes_from_one_iterator_and_is_thinned_out() {
    measure(NUMBER, 384 << 20, large::a_large_list_at_once);
}

#[test]
#[ignore = "takes minutes"]
fn a_map_of_ten_million_entries_takes_bounded_memory() {
    measure(NUMBER, 384 << 20, large::a_large_map);
}

#[test]
#[ignore = "takes minutes"]
fn five_million_timers_take_bounded_memory() {
    measure(TIMERS, 256 << 20, many_timers::a_large_queue);
}

/// Has the peak begin anew, for the tests before this one were of the same process.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
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
