//! The rows of recovery and savepoints, computed from their numbers, so that any of them can be checked at any time.
//!
//! `bench/flink/RecoveryRows.java` has the same in Java, key groups excepted. Keys and values are random bytes, which do not compress. Updates
//! choose rows by a hash of the number, so that they fall everywhere.

use alluvium::protocol::key_group::{KeyGroup, KeyGroupRange, KeyHash, MaxParallelism};

use crate::data::{mix, write_value};

const KEY_BYTES: usize = 96;
const VALUE_BYTES: usize = 128;

/// Keeps the words of keys apart from those of values.
const KEY_WORDS: u64 = 1 << 32;
const CHANGES_SEED: u64 = 0x5E_ED0F_C4A2;

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
        let mut groups = vec![Vec::new(); usize::from(max.all().last().get()) + 1];
        for number in 0..count {
            groups[usize::from(group_of(&key(number), max).get())].push(number);
        }
        let mut starts = vec![0];
        let mut numbers = Vec::with_capacity(count as usize);
        for group in groups {
            numbers.extend(group);
            starts.push(numbers.len());
        }
        Self { numbers, starts }
    }

    /// The rows of some key groups.
    pub(crate) fn of(&self, range: KeyGroupRange) -> &[u32] {
        let from = self.starts[usize::from(range.first().get())];
        let to = self.starts[usize::from(range.last().get()) + 1];
        &self.numbers[from..to]
    }

    /// One of the rows of some key groups.
    pub(crate) fn any_of(&self, range: KeyGroupRange, chance: u64) -> anyhow::Result<u32> {
        let own = self.of(range);
        let at = mix(chance) % own.len().max(1) as u64;
        let number = own.get(at as usize).copied();
        number.ok_or_else(|| anyhow::anyhow!("too few rows: some subtask has none"))
    }

    /// How many there are; this number and those above it are of rows that do not exist.
    pub(crate) fn count(&self) -> u32 {
        self.numbers.len() as u32
    }
}

/// The checkpoint, of those up to `stage`, that wrote the row last.
pub(crate) fn version(number: u32, stage: u64) -> u64 {
    match mix(u64::from(number) ^ CHANGES_SEED) % 100 {
        95 if stage >= BETWEEN => BETWEEN,
        0..5 if stage >= 2 => 2,
        5..10 if stage >= 3 => 3,
        10..15 if stage >= 4 => 4,
        _ => 1,
    }
}

/// The key of a row: its number, big-endian, and eleven words.
pub(crate) fn key(number: u32) -> [u8; KEY_BYTES] {
    let base = mix(u64::from(number));
    let mut key = [0; KEY_BYTES];
    for (j, chunk) in key.chunks_exact_mut(8).enumerate() {
        let word = match j {
            0 => u64::from(number).to_be_bytes(),
            j => mix(base.wrapping_add(KEY_WORDS + j as u64)).to_le_bytes(),
        };
        chunk.copy_from_slice(&word);
    }
    key
}

/// The row that has a key.
pub(crate) fn number_of(key: &[u8]) -> Option<u32> {
    let number = u32::try_from(u64::from_be_bytes(*key.first_chunk()?)).ok()?;
    (self::key(number) == key).then_some(number)
}

/// What a checkpoint wrote to a row.
pub(crate) fn value(number: u32, version: u64) -> [u8; VALUE_BYTES] {
    let mut value = [0; VALUE_BYTES];
    write_value(u64::from(number), version, &mut value);
    value
}

/// The key group of a key.
pub(crate) fn group_of(key: &[u8], max: MaxParallelism) -> KeyGroup {
    max.group_of(KeyHash::of(key))
}
