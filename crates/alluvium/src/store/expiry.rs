//! What a store is told of rows that expire.

use std::fmt;

/// Tells which rows nobody sees any more, because all that is in them has expired.
///
/// A store that writes rows anyway, to merge its files say, leaves those out then. It must not bring an older version of such a
/// row back: where one may be left below, the row is deleted instead. Asked for every row of a merge, by any thread.
pub trait Expiry: Send + Sync + fmt::Debug {
    /// Whether this row may go. Once true of a row and value, it stays so, except that a clock may be set back.
    fn is_expired(&self, row: &[u8], value: &[u8]) -> bool;
}
