//! How a range of key groups is rebuilt from the manifests of a checkpoint or savepoint.
//!
//! | plan | when | cost |
//! |---|---|---|
//! | [`Restore::Empty`] | there is no manifest | none |
//! | [`Restore::Reopen`] | one manifest meets the target, and has its very range | files |
//! | [`Restore::Adopt`] | any other restore from files of the same kind of store | files |
//! | [`Restore::Rows`] | savepoints, and files of another kind of store | rows |
//!
//! Works on ranges and the files' bounds. How files of several sources get along in one store is the store's to
//! plan: it depends on what a file is there.

use crate::error::{Error, Result};
use crate::key_group::KeyGroupRange;
use crate::manifest::{Manifest, SnapshotKind};
use crate::plan::coverage::{self, Fault};
use crate::row::RowRange;

/// How to rebuild state. Numbers are indices into the manifests that were planned for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a restore must carry out each")]
pub enum Restore {
    /// Start with no state.
    Empty,
    /// Open the files of this manifest, and keep their history: the next snapshot refers to them.
    Reopen(usize),
    /// Open one store of files of these manifests, which are in the order of their key groups.
    Adopt(Vec<Adoption>),
    /// Write the rows of these parts of these manifests, in the order of their key groups.
    Rows(Vec<(usize, KeyGroupRange)>),
}

/// What a restore takes from one manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a restore must carry out each")]
pub struct Adoption {
    /// The manifest.
    pub manifest: usize,
    /// Its part of the target.
    pub range: KeyGroupRange,
    /// Those of its files that have rows, or traces of deleted ones, in that part. The others are not needed.
    pub files: Vec<usize>,
}

/// Plans the restore of `target` into a store of kind `store` from all manifests of one checkpoint.
///
/// # Errors
/// - `Incompatible` when the manifests differ in their job or maximum parallelism;
/// - `Invalid` when two manifests have the same key group, or none has one that the target needs.
pub fn plan_restore(target: KeyGroupRange, store: &str, manifests: &[Manifest]) -> Result<Restore> {
    if manifests.is_empty() {
        return Ok(Restore::Empty);
    }
    check_same_job(manifests)?;
    check_coverage(target, manifests)?;
    let mut parts: Vec<(usize, &Manifest, KeyGroupRange)> = manifests
        .iter()
        .enumerate()
        .filter_map(|(index, manifest)| {
            Some((index, manifest, manifest.range.intersection(target)?))
        })
        .collect();
    parts.sort_by_key(|(_, _, part)| *part);
    let openable =
        |manifest: &Manifest| manifest.kind != SnapshotKind::Savepoint && manifest.store == store;
    if !parts.iter().all(|(_, manifest, _)| openable(manifest)) {
        return Ok(Restore::Rows(
            parts
                .iter()
                .map(|(index, _, part)| (*index, *part))
                .collect(),
        ));
    }
    if let [(index, manifest, _)] = parts.as_slice()
        && manifest.range == target
    {
        return Ok(Restore::Reopen(*index));
    }
    let adoptions = parts.iter().map(|(index, manifest, part)| Adoption {
        manifest: *index,
        range: *part,
        files: files_in(manifest, *part),
    });
    Ok(Restore::Adopt(adoptions.collect()))
}

/// Indices of the files that have rows in the range.
fn files_in(manifest: &Manifest, range: KeyGroupRange) -> Vec<usize> {
    let rows: RowRange = range.rows();
    let meets = |(first, last): &(Vec<u8>, Vec<u8>)| rows.meets(first, last);
    let files = manifest.files.iter().enumerate();
    files
        .filter(|(_, file)| file.bounds.as_ref().is_some_and(meets))
        .map(|(index, _)| index)
        .collect()
}

fn check_same_job(manifests: &[Manifest]) -> Result<()> {
    for (one, other) in manifests.iter().zip(manifests.iter().skip(1)) {
        if one.job != other.job {
            return Err(Error::incompatible(format!(
                "manifests are of different jobs: subtask {} of `{}`, subtask {} of `{}`",
                one.subtask, one.job, other.subtask, other.job
            )));
        }
        if one.max_parallelism != other.max_parallelism {
            return Err(Error::incompatible(format!(
                "manifests have different max parallelisms: subtask {} has {}, subtask {} has {}: they \
                 are not of one checkpoint",
                one.subtask, one.max_parallelism, other.subtask, other.max_parallelism
            )));
        }
    }
    Ok(())
}

fn check_coverage(target: KeyGroupRange, manifests: &[Manifest]) -> Result<()> {
    let ranges: Vec<_> = manifests.iter().map(|manifest| manifest.range).collect();
    let name = |index: usize| {
        manifests.get(index).map_or_else(String::new, |manifest| {
            format!(
                "subtask {} of checkpoint {} ({})",
                manifest.subtask, manifest.checkpoint, manifest.range
            )
        })
    };
    match coverage::overlap(&ranges).or_else(|| coverage::gap(target, &ranges)) {
        None => Ok(()),
        Some(Fault::Overlap(left, right, groups)) => Err(Error::invalid(format!(
            "{} and {} both have key groups {groups}: give the manifests of one checkpoint only",
            name(left),
            name(right)
        ))),
        Some(Fault::Gap(groups)) => Err(Error::invalid(format!(
            "no manifest has key groups {groups} of {target}: give all manifests of the checkpoint"
        ))),
    }
}
