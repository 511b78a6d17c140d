//! Elements on their way into a list: framed as in a chunk, in a buffer that is used again.

use alluvium_protocol::chunk;

use crate::error::Result;

/// Framed elements, one behind the other, and how long the longest is.
#[derive(Debug, Default)]
#[expect(unnameable_types, reason = "part of the sealed half of Merge")]
pub struct Elements {
    framed: Vec<u8>,
    longest: usize,
}

impl Elements {
    /// Empties it and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.framed.clear();
        self.longest = 0;
    }

    #[inline]
    pub(crate) fn push(&mut self, element: &[u8]) -> Result<()> {
        self.longest = self.longest.max(element.len());
        Ok(chunk::push_element(&mut self.framed, element)?)
    }

    /// Adds the element that `write` appends, or none if it fails.
    #[inline]
    pub(crate) fn push_with(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let bytes = chunk::push_element_with(&mut self.framed, write)?;
        self.longest = self.longest.max(bytes);
        Ok(())
    }

    /// As in a chunk.
    pub(crate) fn framed(&self) -> &[u8] {
        &self.framed
    }

    /// Bytes of the longest element, its frame not included.
    pub(crate) const fn longest(&self) -> usize {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn elements_come_back_apart_and_a_failed_one_leaves_nothing() {
        let mut elements = Elements::default();

        elements.push(b"ab").unwrap();
        let failed = elements.push_with(|out| {
            out.push(b'x');
            Err(Error::invalid("no bytes for this"))
        });
        elements.push(b"").unwrap();
        elements
            .push_with(|out| {
                out.extend_from_slice(&[7; 300]);
                Ok(())
            })
            .unwrap();

        assert!(failed.is_err());
        let found: Result<Vec<_>, _> = chunk::Elements::new(elements.framed()).collect();
        assert_eq!(found.unwrap(), [&b"ab"[..], b"", &[7; 300]]);
        assert_eq!(elements.longest(), 300);
    }
}
