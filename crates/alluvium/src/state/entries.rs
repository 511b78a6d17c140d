//! Encoded map entries on their way into a map, in a buffer that is used again.

use crate::bytes::reused::{KEPT_BYTES_MAX, emptied};

/// Map keys and values in one buffer, and where each ends.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    bytes: Vec<u8>,
    /// Of each entry, the ends of its map key and of its value.
    ends: Vec<(usize, usize)>,
}

impl Entries {
    /// Empties it and keeps its memory, unless that is much: many entries at once are not to take it for ever.
    pub(crate) fn clear(&mut self) {
        emptied(&mut self.bytes);
        self.ends.clear();
        self.ends
            .shrink_to(KEPT_BYTES_MAX / size_of::<(usize, usize)>());
    }

    /// Adds the entry whose map key and value the two closures append, or none if the second fails.
    pub(crate) fn push_with<E>(
        &mut self,
        map_key: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        map_key(&mut self.bytes);
        let middle = self.bytes.len();
        match value(&mut self.bytes) {
            Ok(()) => self.ends.push((middle, self.bytes.len())),
            Err(error) => {
                self.bytes.truncate(start);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Bytes of memory that the entries take.
    pub(crate) fn len_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<(usize, usize)>()
    }

    /// Map keys and values, in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let mut start = 0;
        self.ends.iter().map(move |&(middle, end)| {
            let map_key = self.bytes.get(start..middle).unwrap_or_default();
            start = end;
            (map_key, self.bytes.get(middle..end).unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(entries: &mut Entries, map_key: &[u8], value: Result<&[u8], ()>) -> Result<(), ()> {
        entries.push_with(
            |out| out.extend_from_slice(map_key),
            |out| {
                out.extend_from_slice(value.unwrap_or(b"half"));
                value.map(|_| ())
            },
        )
    }

    #[test]
    fn entries_come_back_apart_and_a_failed_one_leaves_nothing() {
        let mut entries = Entries::default();

        push(&mut entries, b"a", Ok(b"12")).unwrap();
        push(&mut entries, b"b", Err(())).unwrap_err();
        push(&mut entries, b"", Ok(b"")).unwrap();
        push(&mut entries, b"cd", Ok(b"3")).unwrap();

        let found: Vec<_> = entries.iter().collect();
        assert_eq!(found, [(&b"a"[..], &b"12"[..]), (b"", b""), (b"cd", b"3")]);
    }
}
