//! Encoded elements one behind the other, in buffers that are used again.

/// Byte strings in one buffer, and where each ends.
#[derive(Debug, Default)]
#[expect(unnameable_types, reason = "part of the sealed half of Merge")]
pub struct Elements {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Elements {
    /// Empties it and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, element: &[u8]) {
        self.bytes.extend_from_slice(element);
        self.ends.push(self.bytes.len());
    }

    /// Adds the element that `write` appends, or none if it fails.
    pub(crate) fn push_with<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        match write(&mut self.bytes) {
            Ok(()) => self.ends.push(self.bytes.len()),
            Err(error) => {
                self.bytes.truncate(start);
                return Err(error);
            }
        }
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let element = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            element
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_back_apart_and_a_failed_one_leaves_nothing() {
        let mut elements = Elements::default();

        elements.push(b"ab");
        let failed = elements.push_with(|out| {
            out.push(b'x');
            Err("failed")
        });
        elements.push(b"");
        elements.push(b"c");

        assert_eq!(failed, Err("failed"));
        assert_eq!(elements.iter().collect::<Vec<_>>(), [&b"ab"[..], b"", b"c"]);
    }
}
