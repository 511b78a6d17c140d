//! Keys, values and draws, as `docs/design/0006-benchmarks.md` defines them for all languages.
//!
//! `bench/flink/` has the same in Java: whoever changes one changes the other.

/// SplitMix64's output function.
pub(crate) const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// `mix` of the numbers from 0 on.
pub(crate) const fn mixed<const N: usize>() -> [u64; N] {
    let mut all = [0; N];
    let mut i = 0;
    while i < N {
        all[i] = mix(i as u64);
        i += 1;
    }
    all
}

/// Word 0 of the value of key `key` with count `count`.
pub(crate) const fn word(key: u64, count: u64) -> u64 {
    mix(key).wrapping_add(count)
}

/// The value of a key with a count, in `out`: as many bytes as `out` has, a multiple of 8.
pub(crate) fn write_value(key: u64, count: u64, out: &mut [u8]) {
    let base = mix(key);
    for (j, chunk) in out.chunks_exact_mut(8).enumerate() {
        let value = if j == 0 {
            base.wrapping_add(count)
        } else {
            mix(base.wrapping_add(j as u64))
        };
        chunk.copy_from_slice(&value.to_le_bytes());
    }
}

/// The first word of a value.
pub(crate) fn first_word(value: &[u8]) -> u64 {
    value
        .first_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

/// Adds one to the first word of a value.
pub(crate) fn add_one(value: &mut [u8]) {
    if let Some(word) = value.first_chunk_mut() {
        *word = u64::from_le_bytes(*word).wrapping_add(1).to_le_bytes();
    }
}

/// SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        let out = mix(self.0);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        out
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(n);
        (product >> 64) as u64
    }
}

/// The order in which keys are walked through: a permutation of `0..n`.
pub(crate) const fn permuted(i: u64, n: u64) -> u64 {
    i.wrapping_mul(2_654_435_761) % n
}

const DRAWS: usize = 1 << 20;

/// Keys drawn uniformly, used round and round.
pub(crate) fn uniform(n: u64) -> Vec<u32> {
    let mut random = Random::seeded(42);
    (0..DRAWS).map(|_| random.below(n) as u32).collect()
}

/// Keys drawn by Zipf's law with exponent 0.99, used round and round.
pub(crate) fn zipf(n: u64) -> Vec<u32> {
    let mut sums = Vec::with_capacity(n as usize);
    let mut sum = 0.0;
    for rank in 0..n {
        sum += ((rank + 1) as f64).powf(-0.99);
        sums.push(sum);
    }
    let mut random = Random::seeded(43);
    (0..DRAWS)
        .map(|_| {
            let u = (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
            let rank = sums.partition_point(|&below| below / sum <= u);
            permuted((rank as u64).min(n - 1), n) as u32
        })
        .collect()
}
