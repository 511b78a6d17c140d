//! Rows of a list: chunks of elements, one or more for each generation that appended.
//!
//! ```text
//! row key = prefix ‖ key ‖ namespace ‖ generation u64 BE ‖ part u32 BE
//! value   = element*          element = length LEB128 (at most 5 bytes) ‖ bytes
//! ```
//!
//! Invariants: generations grow over the life of a list, restores included, and parts grow within a
//! generation; so rows in order are elements in order. A chunk is never moved: elements change or go where they are.

use crate::error::{Error, Result};

/// Length of a chunk's number in bytes.
pub const NUMBER_BYTES: usize = 12;

/// The most bytes that an element's length takes.
pub const LENGTH_BYTES_MAX: usize = 5;

/// The number that ends a chunk's row key.
#[must_use]
pub fn number(generation: u64, part: u32) -> [u8; NUMBER_BYTES] {
    let mut bytes = [0; NUMBER_BYTES];
    let (head, tail) = bytes.split_at_mut(8);
    head.copy_from_slice(&generation.to_be_bytes());
    tail.copy_from_slice(&part.to_be_bytes());
    bytes
}

/// Appends one element, framed, to a chunk.
///
/// # Errors
/// `Invalid` when the element is longer than 4 GiB.
#[inline]
pub fn push_element(chunk: &mut Vec<u8>, element: &[u8]) -> Result<()> {
    push_length(chunk, element.len())?;
    chunk.extend_from_slice(element);
    Ok(())
}

/// Appends the element that `write` appends, framed, and returns its length: without a copy while it is
/// shorter than 128 bytes. When `write` fails, the chunk is as it was.
///
/// # Errors
/// What `write` returns, and those of [`push_element`].
#[inline]
pub fn push_element_with<E: From<Error>>(
    chunk: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<usize, E> {
    let start = chunk.len();
    chunk.push(0);
    let written = write(chunk);
    let length = chunk.len().saturating_sub(start + 1);
    let framed = written.and_then(|()| {
        match (u8::try_from(length), chunk.get_mut(start)) {
            (Ok(short @ ..0x80), Some(frame)) => *frame = short,
            _ => reframe(chunk, start)?,
        }
        Ok(length)
    });
    if framed.is_err() {
        chunk.truncate(start);
    }
    framed
}

/// Puts the whole length before an element that has one byte for it.
#[cold]
fn reframe(chunk: &mut Vec<u8>, start: usize) -> Result<()> {
    let element = chunk.split_off((start + 1).min(chunk.len()));
    chunk.truncate(start);
    push_element(chunk, &element)
}

#[inline]
fn push_length(chunk: &mut Vec<u8>, length: usize) -> Result<()> {
    let Ok(mut rest) = u32::try_from(length) else {
        return Err(Error::invalid(format!("a list element of {length} bytes")));
    };
    while rest >= 0x80 {
        chunk.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
        rest >>= 7;
    }
    chunk.push(u8::try_from(rest).unwrap_or(0));
    Ok(())
}

/// The elements of a chunk, in order. Stops after the first error.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// Reads a chunk.
    #[must_use]
    pub const fn new(chunk: &'a [u8]) -> Self {
        Self { rest: chunk }
    }

    /// Bytes not read yet.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    fn read(&mut self) -> Result<&'a [u8]> {
        let mut length = 0_u64;
        let mut shift = 0;
        loop {
            let Some((&byte, rest)) = self.rest.split_first() else {
                return Err(Error::corrupt("a list chunk ends within a length"));
            };
            self.rest = rest;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
            if shift > 28 {
                return Err(Error::corrupt(
                    "a list element's length has more than 5 bytes",
                ));
            }
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((element, rest)) = self.rest.split_at_checked(length) else {
            return Err(Error::corrupt(format!(
                "a list element of {length} bytes in a chunk with {} left",
                self.rest.len()
            )));
        };
        self.rest = rest;
        Ok(element)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<&'a [u8]>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let element = self.read();
        if element.is_err() {
            self.rest = &[];
        }
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chunk_has_these_bytes_for_ever() {
        let mut chunk = Vec::new();
        push_element(&mut chunk, b"ab").unwrap();
        push_element(&mut chunk, b"").unwrap();
        push_element(&mut chunk, &[7; 200]).unwrap();

        assert_eq!(chunk[..6], [2, b'a', b'b', 0, 0xc8, 1]);
        assert_eq!(number(1, 2), [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
    }

    #[test]
    fn a_length_beyond_the_chunk_is_an_error_and_ends_the_iteration() {
        let mut elements = Elements::new(&[1, 9, 5, 1]);

        assert_eq!(elements.next().unwrap().unwrap(), [9]);
        assert!(elements.next().unwrap().is_err());
        assert!(elements.next().is_none());
    }

    proptest! {
        #[test]
        fn elements_come_back_in_order(list: Vec<Vec<u8>>) {
            let mut chunk = Vec::new();
            for element in &list {
                push_element(&mut chunk, element).unwrap();
            }

            let back: Vec<_> = Elements::new(&chunk).map(|e| e.unwrap().to_vec()).collect();

            prop_assert_eq!(back, list);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let total: usize = Elements::new(&bytes).flatten().map(<[u8]>::len).sum();

            prop_assert!(total <= bytes.len());
        }
    }
}
