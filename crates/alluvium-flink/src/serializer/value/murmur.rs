//! The hash of a row of SQL: MurmurHash3 of 32 bits over its bytes, which are a multiple of four, with the seed 42.

const SEED: u32 = 42;

/// `hashCode()` of a row of these bytes.
pub(super) fn hash(bytes: &[u8]) -> i32 {
    let mut hash = SEED;
    for word in bytes.as_chunks().0 {
        let word = u32::from_le_bytes(*word).wrapping_mul(0xCC9E_2D51);
        hash ^= word.rotate_left(15).wrapping_mul(0x1B87_3593);
        hash = hash
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xE654_6B64);
    }
    // Java's lengths are ints.
    let [.., a, b, c, d] = (bytes.len() as u64).to_be_bytes();
    hash ^= u32::from_be_bytes([a, b, c, d]);
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85EB_CA6B);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xC2B2_AE35);
    (hash ^ hash >> 16).cast_signed()
}
