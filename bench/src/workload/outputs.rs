//! What an operator put out, as a count and a checksum that does not depend on the order of outputs.

use serde::{Deserialize, Serialize};

use crate::data::mix;

/// Outputs of a run, or of a part of it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outputs {
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

impl Outputs {
    /// Takes one output, as words.
    pub(crate) fn emit(&mut self, words: &[u64]) {
        let fold = |sum: u64, word: &u64| mix(sum.rotate_left(7) ^ word);
        self.count += 1;
        self.sum = self.sum.wrapping_add(words.iter().fold(0, fold));
    }

    /// Takes the outputs of another part.
    pub(crate) const fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// A time as a word of an output.
pub(crate) const fn time(time: i64) -> u64 {
    time.cast_unsigned()
}

/// Bytes as a word of an output.
pub(crate) fn bytes(bytes: &[u8]) -> u64 {
    let fold = |sum: u64, chunk: &[u8]| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mix(sum ^ u64::from_le_bytes(word))
    };
    bytes.chunks(8).fold(bytes.len() as u64, fold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_equal_in_any_order_and_differ_in_any_word() {
        let of = |outputs: &[&[u64]]| {
            let mut all = Outputs::default();
            for output in outputs {
                all.emit(output);
            }
            all
        };

        assert_eq!(of(&[&[1, 2], &[3]]), of(&[&[3], &[1, 2]]));
        assert_ne!(of(&[&[1, 2], &[3]]), of(&[&[2, 1], &[3]]));
        assert_ne!(of(&[&[1, 2], &[3]]), of(&[&[1, 2], &[3], &[3]]));
    }
}
