//! Elements on their way into a list: framed as in a chunk, in a buffer that is used again.

use alluvium_protocol::chunk;
use alluvium_protocol::stamp::Stamp;

use super::reused::emptied;
use crate::error::Result;

/// Whether elements are all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// There are no more.
    Whole,
    /// There may be more: as many as one piece holds are there.
    Part,
}

/// Framed elements, one behind the other, and how long the longest is.
#[derive(Debug, Default)]
pub(crate) struct Elements {
    framed: Vec<u8>,
    longest: usize,
    stamp: Option<Stamp>,
}

impl Elements {
    /// Empties it. What is added is taken as it is.
    pub(crate) fn clear(&mut self) {
        self.clear_for(None);
    }

    /// The same; what is added gets this stamp.
    #[inline]
    pub(crate) fn clear_for(&mut self, stamp: Option<Stamp>) {
        emptied(&mut self.framed);
        self.longest = 0;
        self.stamp = stamp;
    }

    #[inline]
    pub(crate) fn push(&mut self, element: &[u8]) -> Result<()> {
        if self.stamp.is_some() {
            return self.push_with(|out| {
                out.extend_from_slice(element);
                Ok(())
            });
        }
        self.longest = self.longest.max(element.len());
        Ok(chunk::push_element(&mut self.framed, element)?)
    }

    /// Adds the element that `write` appends, or none if it fails.
    #[inline]
    pub(crate) fn push_with(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let bytes = match self.stamp {
            None => chunk::push_element_with(&mut self.framed, write)?,
            Some(stamp) => chunk::push_element_with(&mut self.framed, |out| {
                out.extend_from_slice(&stamp.to_bytes());
                write(out)
            })?,
        };
        self.longest = self.longest.max(bytes);
        Ok(())
    }

    /// Takes the next items, after what was there is gone, until their elements have `bytes_max` bytes.
    pub(crate) fn fill<I>(
        &mut self,
        stamp: Option<Stamp>,
        bytes_max: usize,
        items: impl Iterator<Item = I>,
        mut push: impl FnMut(&mut Self, I) -> Result<()>,
    ) -> Result<Filled> {
        self.clear_for(stamp);
        for item in items {
            push(self, item)?;
            if self.framed.len() >= bytes_max {
                return Ok(Filled::Part);
            }
        }
        Ok(Filled::Whole)
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
