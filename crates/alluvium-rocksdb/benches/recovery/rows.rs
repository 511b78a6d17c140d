//! The rows of the benchmark, computed from their numbers, so that any of them can be checked at any time.
//!
//! Keys are random but for their last four bytes, which are the row's number; values are random bytes and do not
//! compress. Updates choose rows by a hash of the number, so that they fall everywhere.

use alluvium::protocol::key_group::{KeyGroup, KeyGroupRange, KeyHash, MaxParallelism};

pub(crate) const KEY_BYTES: usize = 96;
pub(crate) const VALUE_BYTES: usize = 128;
/// Key groups of the job.
pub(crate) const GROUPS: u16 = 128;

/// Checkpoints of a job that is not rescaled. The first has all rows, each later one changes one row in twenty.
pub(crate) const BUILT: u64 = 4;
/// The checkpoint of the job that was rescaled a moment ago: it changes one row in a hundred.
pub(crate) const BETWEEN: u64 = BUILT + 1;

/// All rows there are.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Row numbers in the order of their key groups.
    numbers: Vec<u32>,
    /// Where each group begins, and the end of the last.
    starts: Vec<usize>,
}

impl Rows {
    /// Rows number 0 to `count`.
    pub(crate) fn new(count: u32, max: MaxParallelism) -> Self {
        let mut groups = vec![Vec::new(); usize::from(GROUPS)];
        for number in 0..count {
            let group = usize::from(group_of(&key(number), max).get());
            if let Some(group) = groups.get_mut(group) {
                group.push(number);
            }
        }
        let mut starts = vec![0];
        let mut numbers = Vec::new();
        for group in groups {
            numbers.extend(group);
            starts.push(numbers.len());
        }
        Self { numbers, starts }
    }

    /// The rows of some key groups.
    pub(crate) fn of(&self, range: KeyGroupRange) -> &[u32] {
        let start = |group: usize| self.starts.get(group).copied().unwrap_or_default();
        let from = start(usize::from(range.first().get()));
        let to = start(usize::from(range.last().get()) + 1);
        self.numbers.get(from..to).unwrap_or_default()
    }

    /// How many there are; this number and those above it are of rows that do not exist.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.numbers.len()).unwrap_or(u32::MAX)
    }
}

/// The checkpoint, of those up to `stage`, that wrote the row last.
pub(crate) fn version(number: u32, stage: u64) -> u64 {
    let chance = mix(u64::from(number) ^ 0x005e_ed0f_c4a2) % 100;
    match chance {
        95 if stage >= BETWEEN => BETWEEN,
        0..5 if stage >= 2 => 2,
        5..10 if stage >= 3 => 3,
        10..15 if stage >= 4 => 4,
        _ => 1,
    }
}

/// The key of a row.
pub(crate) fn key(number: u32) -> [u8; KEY_BYTES] {
    let mut key = random_bytes(u64::from(number));
    if let Some(end) = key.last_chunk_mut() {
        *end = number.to_be_bytes();
    }
    key
}

/// The row that has a key.
pub(crate) fn number_of(key: &[u8]) -> Option<u32> {
    let number = u32::from_be_bytes(*key.last_chunk()?);
    (self::key(number) == key).then_some(number)
}

/// What a checkpoint wrote to a row.
pub(crate) fn value(number: u32, version: u64) -> [u8; VALUE_BYTES] {
    random_bytes(u64::from(number) | version << 32)
}

/// The key group of a key.
pub(crate) fn group_of(key: &[u8], max: MaxParallelism) -> KeyGroup {
    max.group_of(KeyHash::of(key))
}

/// A random number from another one.
pub(crate) const fn mix(from: u64) -> u64 {
    // The finalizer of SplitMix64.
    let mut bits = from.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn random_bytes<const N: usize>(seed: u64) -> [u8; N] {
    let mut bytes = [0; N];
    let mut state = mix(seed ^ (N as u64) << 56);
    for chunk in bytes.chunks_mut(8) {
        state = mix(state.wrapping_add(1));
        for (to, from) in chunk.iter_mut().zip(state.to_be_bytes()) {
            *to = from;
        }
    }
    bytes
}
