//! Writes the rows of a range again, through the filter that the store was told of.
//!
//! A file of the range at a time, each with what it overlaps, so that a cancel is soon seen: only the youngest files, which
//! overlap all others, may come at once. Invariant: every file that had rows of the range when it began has gone through the
//! filter when it ends well.

use alluvium::Result;
use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use rust_rocksdb::DB;

use crate::families::Families;
use crate::packing::Bounds;
use crate::tidy::{File, files_of};
use crate::tuning;

pub(crate) fn rewrite(
    db: &DB,
    families: &Families,
    range: &RowRange,
    cancel: &Cancel,
) -> Result<()> {
    let check = || {
        cancel.check(format_args!(
            "rewriting rows of store {}",
            db.path().display()
        ))
    };
    for (segment, family) in families.segments(range) {
        check()?;
        for (first, last) in pieces(files_of(db, family)?, &segment) {
            check()?;
            let handle = family.handle(db)?;
            db.compact_range_cf_opt(handle, Some(&first), Some(&last), &tuning::rewrite());
        }
    }
    // A piece that was being written when it was canceled may have been left.
    check()
}

/// The first and the last row of each piece, one after the other: every file that has rows of the segment is met by one at least, and
/// few are met by more than one.
fn pieces(mut files: Vec<File>, segment: &RowRange) -> Vec<Bounds> {
    // Files of one level do not overlap below the youngest, and the deepest has the most: the others fall to its pieces.
    files.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.bounds.cmp(&b.bounds)));
    let mut pieces: Vec<Bounds> = Vec::new();
    for File { bounds, .. } in files {
        let Some((first, last)) = within(bounds, segment) else {
            continue;
        };
        let after = pieces.partition_point(|piece| piece.1 < first);
        let is_met = pieces.get(after).is_some_and(|piece| piece.0 <= last);
        if !is_met {
            pieces.insert(after, (first, last));
        }
    }
    pieces
}

/// The part of a file that lies in the segment, both ends included; the end of a segment, which is not in it, may be.
fn within((first, last): Bounds, segment: &RowRange) -> Option<Bounds> {
    let is_after = segment.to().is_some_and(|to| to <= first.as_slice());
    if is_after || last.as_slice() < segment.from() {
        return None;
    }
    let first = first.max(segment.from().to_vec());
    let last = match segment.to() {
        Some(to) => last.min(to.to_vec()),
        None => last,
    };
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces_of(files: &[(i32, u8, u8)]) -> Vec<(u8, u8)> {
        let file = |&(level, first, last): &(i32, u8, u8)| File {
            level,
            bounds: (vec![first], vec![last]),
        };
        let segment = RowRange::new(vec![10], Some(vec![20]));
        let pieces = pieces(files.iter().map(file).collect(), &segment);
        let ends = pieces.into_iter().map(|(first, last)| (first[0], last[0]));
        ends.collect()
    }

    #[test]
    fn there_is_a_piece_for_each_file_of_the_deepest_level() {
        let files = [(0, 0, 30), (5, 9, 15), (6, 0, 12), (6, 13, 15), (6, 18, 25)];

        assert_eq!(pieces_of(&files), [(10, 12), (13, 15), (18, 20)]);
    }

    #[test]
    fn files_between_those_of_the_deepest_level_are_pieces_of_their_own() {
        let files = [(6, 10, 12), (4, 14, 14), (0, 14, 15), (6, 18, 19)];

        assert_eq!(pieces_of(&files), [(10, 12), (14, 14), (18, 19)]);
    }

    #[test]
    fn files_outside_of_the_segment_are_left_alone() {
        assert_eq!(pieces_of(&[(6, 0, 9), (6, 20, 25), (0, 21, 22)]), []);
    }
}
