//! Buffers that are used again for one value after the other.
//!
//! Invariant: a value of any size leaves at most [`KEPT_BYTES_MAX`] of memory behind once the next one has come.

/// Memory that a buffer keeps for what comes next: more than most values take, little beside a memory budget.
pub(crate) const KEPT_BYTES_MAX: usize = 64 << 10;

/// Empties a buffer and keeps its memory, unless that is much: one large value is not to take it for ever.
#[inline]
pub(crate) fn emptied(buffer: &mut Vec<u8>) -> &mut Vec<u8> {
    buffer.clear();
    buffer.shrink_to(KEPT_BYTES_MAX);
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emptied_buffer_keeps_no_more_than_its_share() {
        let mut buffer = vec![1; 1000];
        let capacity = buffer.capacity();

        assert_eq!(emptied(&mut buffer).capacity(), capacity);
        buffer.resize(16 * KEPT_BYTES_MAX, 1);
        assert!(emptied(&mut buffer).is_empty());
        assert!(buffer.capacity() < 2 * KEPT_BYTES_MAX);
    }
}
