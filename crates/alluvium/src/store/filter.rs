//! What a store is told of rows that it writes again.

use std::fmt;

pub use alluvium_protocol::verdict::Verdict;

/// Tells what becomes of rows that a store writes again anyway, to merge its files say: rows that nobody sees any more may go, and
/// values may get another form of the same meaning.
///
/// A store that drops a row must not bring an older version of it back: where one may be left below, the row is deleted
/// instead. The same of a change. Asked for every row of a merge, by any thread, of any version of a row; it never panics.
pub trait RowFilter: Send + Sync + fmt::Debug {
    /// What becomes of this row. `changed` is empty, and has the row's new value after [`Verdict::Change`]; after another verdict
    /// it is of no use.
    ///
    /// A row that may go once may go later, too, except that a clock may be set back. What is changed is not changed again, except
    /// that more may expire.
    fn filter(&self, row: &[u8], value: &[u8], changed: &mut Vec<u8>) -> Verdict;
}
