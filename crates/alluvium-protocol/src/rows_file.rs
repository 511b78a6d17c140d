//! Rows files: sorted rows in an engine-neutral file, for savepoints and for stores without files of
//! their own.
//!
//! ```text
//! file = header ‖ block* ‖ index ‖ trailer
//!
//! header, 12 bytes                         trailer, 28 bytes
//! offset  bytes  field                     offset  bytes  field
//!      0      8  magic: ALLUROWS                0      8  offset of the index in the file
//!      8      2  format version of writer       8      8  number of rows in the file
//!     10      2  oldest format version         16      4  CRC32C of the header and the 16 bytes
//!                whose readers understand                 above
//!                this file                     20      8  magic: ALLUROWS
//!
//! block                                    index
//! offset  bytes  field                     bytes  field
//!      0      4  raw length                    4  number of blocks
//!      4      4  stored length (n)             v  length of the file's last row key, absent in a
//!      8      1  codec: 0 plain, 1 LZ4 block      file without blocks, as is the key itself
//!      9      n  rows, as stored               …  that key
//!    9+n      4  CRC32C of all before it       …  for each block, in order:
//!                                                   v  length of its first row key
//! row, in a block's raw bytes                       …  that key
//! bytes  field                                      4  length of the whole block, 13 + n
//!     v  bytes shared with the row before           4  number of rows in it, at least 1
//!     v  length of the rest of the row key      4  CRC32C of all of the index before it
//!     1  change: 0 put, 1 delete
//!     v  length of the value, absent after a delete
//!     …  rest of the row key
//!     …  value
//! ```
//!
//! Integers are big-endian; `v` is an unsigned LEB128 of at most 5 bytes and 32 bits. CRC32C is
//! Castagnoli's. Blocks follow each other without gaps, the first behind the header, the index behind
//! the last, the trailer at the end.
//!
//! Invariants: row keys ascend strictly, as unsigned bytes, through the whole file. The first row of a
//! block shares nothing with the one before, so each block is read alone. A block's raw length is at
//! most [`BLOCK_BYTES_MAX`]; for LZ4, whose best case is 255 bytes from one, also at most 255 times
//! the stored length. Where blocks end is the writer's choice; this one aims at
//! [`BLOCK_TARGET_BYTES`]. A file that holds a whole state (a savepoint's) has no deletes.
//!
//! Every byte lies under a checksum or is compared with what it must be. Blocks that were exchanged
//! are found as well: a block is checked against its entry in the index.
//!
//! Encodes and decodes slices. Does not read or write files (`alluvium::rows_file`), and does not know
//! what a row key means (`row`).

mod block;
mod builder;
mod encoder;
mod index;
mod trailer;

pub use block::Block;
pub use encoder::{Encoder, Summary};
pub use index::{BlockEntry, Index};
pub use trailer::Trailer;

/// The format version this crate writes, and the newest that it reads. On disk.
pub const FORMAT_VERSION: u16 = 1;

/// The oldest format version whose readers understand what this crate writes. On disk.
const MIN_READER: u16 = 1;

/// On disk; never change.
const MAGIC: [u8; 8] = *b"ALLUROWS";

/// Length of a file's header in bytes.
pub const HEADER_BYTES: usize = 12;

/// Length of a file's trailer in bytes.
pub const TRAILER_BYTES: usize = 28;

/// Raw bytes of rows that the encoder puts into one block: 64 KiB, so that a reader of one key group
/// decodes little that it does not want, and the index stays below a thousandth of the rows.
pub const BLOCK_TARGET_BYTES: usize = 64 << 10;

/// The most raw bytes a block may have, which bounds what one row can take: 1 GiB.
pub const BLOCK_BYTES_MAX: usize = 1 << 30;

/// The longest row, key and value together, that a file can hold.
pub const ROW_BYTES_MAX: usize = BLOCK_BYTES_MAX - ROW_OVERHEAD_MAX;

/// The most that three lengths and the change byte take.
const ROW_OVERHEAD_MAX: usize = 3 * crate::varint::BYTES_MAX + 1;

/// What a sorted run of rows, in a file or on its way to a store, says of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a reader must carry out every change"
)]
pub enum Change<'a> {
    /// The row has this value from here on.
    Put(&'a [u8]),
    /// The row is gone, whatever older runs say. It need not have existed.
    Delete,
}

#[cfg(test)]
mod tests;
