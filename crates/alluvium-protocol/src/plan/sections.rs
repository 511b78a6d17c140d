//! How the rows of a savepoint are divided among threads: written in sections of whole key groups, loaded in
//! batches of rows files.
//!
//! Both follow one rule: a share for each thread, so that the threads end at about the same time; no share above a
//! bound, so that what lies on the local disk is bounded; and none much smaller than [`SHARE_BYTES_MIN`], so that small
//! states do not become many small objects or many small files of a store.
//!
//! Works on bytes that files say they have. A section is never less than a key group, however many rows that has; its
//! rows go to several files then, which are loaded in parallel again.

use crate::error::{Error, Result};
use crate::file::FileRef;
use crate::key_group::KeyGroupRange;
use crate::manifest::Manifest;

/// A section is planned for this many bytes at the most: 32 MiB, one file of a store as they usually are.
pub const SECTION_BYTES_MAX: u64 = 32 << 20;

/// A batch is planned for this many bytes at the most, or one file: 64 MiB, two usual sections, or the largest file
/// that is written of one.
pub const BATCH_BYTES_MAX: u64 = 2 * SECTION_BYTES_MAX;

/// Shares that would be smaller are not worth an object and a file of their own: 256 KiB, a fraction of a second on
/// the way.
pub const SHARE_BYTES_MIN: u64 = 256 << 10;

/// Rows files that are loaded together at the most: 64, because all of them are open at once.
pub const BATCH_FILES_MAX: usize = 64;

/// How a savepoint's rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a snapshot must carry out all of it"
)]
pub struct Sections {
    /// The key groups of each section, in order. There is at least one.
    pub ranges: Vec<KeyGroupRange>,
    /// A file ends when it has this many bytes: twice what was planned for a section, so that a section is one file
    /// unless it has much more than the others.
    pub file_bytes: u64,
}

/// Divides `range`, whose state takes about `bytes` on disk, into sections of whole key groups.
///
/// # Errors
/// None for any range that exists.
pub fn plan_sections(range: KeyGroupRange, bytes: u64, threads: usize) -> Result<Sections> {
    let share = share(bytes, threads, SECTION_BYTES_MAX);
    let (first, groups) = (u64::from(range.first().get()), u64::from(range.len()));
    let count = bytes.div_ceil(share).clamp(1, groups);
    let bound = |section: u64| {
        let group = first + groups * section / count;
        u16::try_from(group).map_err(|e| Error::invalid(format!("key group {group}: {e}")))
    };
    // No section is empty: there are at least as many groups as sections.
    let section = |n: u64| KeyGroupRange::new(bound(n)?, bound(n + 1)?.saturating_sub(1));
    Ok(Sections {
        ranges: (0..count).map(section).collect::<Result<_>>()?,
        file_bytes: 2 * share,
    })
}

/// Rows files that are loaded as one sorted run, in the order of their rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a restore must carry out each")]
pub struct Batch {
    /// The files.
    pub files: Vec<Piece>,
}

/// A rows file, and what is taken from it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a restore must carry out each")]
pub struct Piece {
    /// The manifest that has it, by position.
    pub manifest: usize,
    /// Its position there.
    pub file: usize,
    /// The key groups whose rows are taken.
    pub range: KeyGroupRange,
}

/// Divides the rows files of these parts of these manifests into batches. Each file that has rows of its part is in one
/// batch; the others are not needed. The parts are disjoint and in the order of their key groups, as
/// [`plan_restore`](super::restore::plan_restore) has them.
///
/// # Errors
/// - `Corrupt` when two files of a manifest have rows in the same place: a savepoint has each row once;
/// - `Invalid` when a part is of a manifest that is not there.
pub fn plan_batches(
    parts: &[(usize, KeyGroupRange)],
    manifests: &[Manifest],
    threads: usize,
) -> Result<Vec<Batch>> {
    let mut needed: Vec<(Piece, &FileRef)> = Vec::new();
    for &(manifest, range) in parts {
        let of = manifests
            .get(manifest)
            .ok_or_else(|| Error::invalid("parts of other manifests than those that are given"))?;
        for (file, reference) in in_order(of)? {
            if meets(reference, range) {
                needed.push((
                    Piece {
                        manifest,
                        file,
                        range,
                    },
                    reference,
                ));
            }
        }
    }
    let total = needed
        .iter()
        .fold(0_u64, |sum, (_, file)| sum.saturating_add(file.bytes));
    let share = share(total, threads, BATCH_BYTES_MAX);
    let mut batches: Vec<Batch> = Vec::new();
    let mut taken = 0_u64;
    for (piece, file) in needed {
        match batches.last_mut() {
            Some(last)
                if last.files.len() < BATCH_FILES_MAX
                    && taken.saturating_add(file.bytes) <= share =>
            {
                last.files.push(piece);
                taken += file.bytes;
            }
            _ => {
                batches.push(Batch { files: vec![piece] });
                taken = file.bytes;
            }
        }
    }
    Ok(batches)
}

/// How much of so many bytes one of so many threads takes at a time.
fn share(bytes: u64, threads: usize, most: u64) -> u64 {
    let threads = u64::try_from(threads).unwrap_or(u64::MAX).max(1);
    bytes.div_ceil(threads).clamp(SHARE_BYTES_MIN, most)
}

/// The files of a savepoint's manifest that have rows, in the order of their rows.
fn in_order(manifest: &Manifest) -> Result<Vec<(usize, &FileRef)>> {
    let mut files: Vec<_> = manifest
        .files
        .iter()
        .enumerate()
        .filter_map(|(position, file)| Some((position, file, file.bounds.as_ref()?)))
        .collect();
    files.sort_by_key(|(_, _, bounds)| *bounds);
    for (one, other) in files.iter().zip(files.iter().skip(1)) {
        if one.2.1 >= other.2.0 {
            return Err(Error::corrupt(format!(
                "the manifest of subtask {} of checkpoint {} has two files with rows in the same place, {} and {}: \
                 restore from another savepoint",
                manifest.subtask, manifest.checkpoint, one.1.object, other.1.object
            )));
        }
    }
    let files = files
        .into_iter()
        .map(|(position, file, _)| (position, file));
    Ok(files.collect())
}

fn meets(file: &FileRef, range: KeyGroupRange) -> bool {
    let bounds = file.bounds.as_ref();
    bounds.is_some_and(|(first, last)| range.rows().meets(first, last))
}
