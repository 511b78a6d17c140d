//! Rewrites files that reach out of their family's view, so that the rows outside it give back their space.
//!
//! A file at a time, so that a cancel is soon seen. Files of level 0 are left alone, and so are those below them in the
//! same place: compacting one means to compact all that it overlaps, which is most of the store. Ordinary
//! compaction gets to them, with the same filter.

use std::collections::BTreeSet;

use alluvium::Result;
use alluvium::storage::Cancel;
use alluvium::store::Tidied;
use rust_rocksdb::{DB, LiveFile};

use crate::error::failed;
use crate::families::{Families, Family};
use crate::packing::Bounds;
use crate::tuning;

pub(crate) fn tidy(db: &DB, families: &Families, cancel: &Cancel) -> Result<Tidied> {
    let mut left = Tidied::Clean;
    for family in families.iter() {
        let mut tried = BTreeSet::new();
        loop {
            cancel.check(format_args!("tidying store {}", db.path().display()))?;
            let plan = plan(&files_of(db, family)?, family);
            if plan.waits {
                left = Tidied::More;
            }
            let Some(row) = plan.rows.into_iter().find(|row| !tried.contains(row)) else {
                break;
            };
            // Whatever becomes of it: a file that cannot be rewritten is not tried for ever.
            tried.insert(row.clone());
            let handle = family.handle(db)?;
            db.compact_range_cf_opt(handle, Some(&row), Some(&row), &tuning::rewrite());
        }
    }
    Ok(left)
}

/// Rows outside the view; each is in files that should be rewritten.
struct Plan {
    rows: Vec<Vec<u8>>,
    /// Whether there are more that have to wait for ordinary compaction.
    waits: bool,
}

/// A file of a family.
pub(crate) struct File {
    pub(crate) level: i32,
    pub(crate) bounds: Bounds,
}

pub(crate) fn files_of(db: &DB, family: &Family) -> Result<Vec<File>> {
    let files = db.live_files();
    let files = files.map_err(|e| failed(format!("list store {}", db.path().display()), e))?;
    let own = files
        .into_iter()
        .filter(|file| file.column_family_name == family.name);
    let own = own.map(
        |LiveFile {
             level,
             start_key,
             end_key,
             ..
         }| File {
            level,
            bounds: (start_key.unwrap_or_default(), end_key.unwrap_or_default()),
        },
    );
    Ok(own.collect())
}

fn plan(files: &[File], family: &Family) -> Plan {
    let young: Vec<&Bounds> = files
        .iter()
        .filter(|file| file.level == 0)
        .map(|file| &file.bounds)
        .collect();
    let mut plan = Plan {
        rows: Vec::new(),
        waits: false,
    };
    for File { level, bounds } in files {
        let (first, last) = bounds;
        for row in [first, last] {
            if family.view.contains(row) {
                continue;
            }
            let below = |young: &&Bounds| young.0 <= *row && *row <= young.1;
            if *level == 0 || young.iter().any(below) {
                plan.waits = true;
            } else {
                plan.rows.push(row.clone());
            }
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use alluvium::protocol::row::RowRange;

    use super::*;
    use crate::view::View;

    fn file(level: i32, first: u8, last: u8) -> File {
        File {
            level,
            bounds: (vec![first], vec![last]),
        }
    }

    fn plan_of(files: &[File]) -> (Vec<Vec<u8>>, bool) {
        let family = Family {
            name: "rows-0".to_owned(),
            view: View::of([RowRange::new(vec![10], Some(vec![20]))]),
        };
        let plan = plan(files, &family);
        (plan.rows, plan.waits)
    }

    #[test]
    fn files_inside_the_view_are_left_alone() {
        assert_eq!(
            plan_of(&[file(0, 10, 19), file(6, 10, 14)]),
            (vec![], false)
        );
    }

    #[test]
    fn files_that_reach_out_are_rewritten_at_the_end_that_does() {
        let files = [file(6, 8, 12), file(6, 13, 20), file(0, 10, 19)];

        assert_eq!(plan_of(&files), (vec![vec![8], vec![20]], false));
    }

    #[test]
    fn young_files_and_what_lies_below_them_wait() {
        assert_eq!(plan_of(&[file(0, 8, 12)]), (vec![], true));
        assert_eq!(plan_of(&[file(0, 5, 12), file(6, 8, 9)]), (vec![], true));
        assert_eq!(
            plan_of(&[file(0, 5, 12), file(6, 8, 12), file(6, 15, 30)]),
            (vec![vec![30]], true)
        );
    }
}
