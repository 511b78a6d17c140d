//! Streams of Java's `ObjectOutputStream`: where the one object in them ends, and what its fields are.
//!
//! Flink writes some types into its snapshots this way, one after the other and without lengths, so whoever wants what follows
//! has to read them. Classes are not needed: a stream describes its classes itself.
//!
//! ```text
//! stream    AC ED 00 05 content
//! content   70                                         null
//!           71 handle:i32                              something that was there before, counted from 7E0000
//!           72 name:utf uid:i64 flags:u8 count:u16 field* note super:content      class; takes a handle after `uid`
//!           7D count:i32 name:utf* note super:content  proxy class; takes a handle first
//!           73 class:content data                      object; takes a handle after its class
//!           75 class:content count:i32 value*          array
//!           74 text:utf | 7C length:i64 text           string
//!           76 class:content                           a class as a value
//!           7E class:content name:content              constant of an enum
//!           77 length:u8 bytes | 7A length:i32 bytes   what a class's own writeObject wrote
//!           79                                         handles begin anew
//! field     type:u8 name:utf, for the types [ and L a content of the type's name
//! note      contents up to 78
//! data      of each class, the topmost first: the values of its fields, and a note if it has a writeObject of its own
//! ```
//!
//! Invariants: total on any bytes; nests at most [`DEPTH_MAX`] levels; what is built is at most a fixed multiple of the bytes
//! read (names are not copied into objects, arrays of bytes not at all).

mod content;
mod node;

pub(crate) use content::DEPTH_MAX;
pub(crate) use node::{Item, Node, Stream};

use crate::cursor::Cursor;
use crate::error::Result;

impl<'a> Stream<'a> {
    /// Reads a stream of one object, up to the object's end.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are no such stream, or end in it; `Incompatible` for objects whose end cannot be found (those
    /// of the first version of the protocol that write themselves) and for nesting beyond [`DEPTH_MAX`].
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self> {
        content::read(cursor)
    }
}

#[cfg(test)]
mod tests;
