//! What is in the parts that a store is opened from: files, checked by note and presence, and grouped by what they are
//! asked for. Their names were checked before.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use alluvium::store::{Part, PlacedFile};
use alluvium::{Error, ErrorKind, Result};

use crate::note::FileNote;
use crate::packing::{Bounds, Fragment};
use crate::view::View;

/// A data file of a part.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) directory: PathBuf,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Of the part, and of the file in it.
    pub(crate) position: (usize, usize),
    /// Device and inode, which no other file gets as long as this and the part's directory are there.
    pub(crate) inode: (u64, u64),
    _held: Option<Arc<fs::File>>,
    pub(crate) bounds: Bounds,
    pub(crate) level: u8,
    pub(crate) smallest_sequence: u64,
    pub(crate) largest_sequence: u64,
}

/// The files of one fragment.
pub(crate) type Source = Vec<Placed>;

/// The fragments of all parts, and their files.
///
/// # Errors
/// `Corrupt` when a file is missing, or its note is not one of this store's.
pub(crate) fn of(parts: &[Part]) -> Result<(Vec<Fragment>, Vec<Source>)> {
    let mut all: Vec<(View, Source)> = Vec::new();
    for (position, part) in parts.iter().enumerate() {
        let mut own: Vec<(View, Source)> = Vec::new();
        for (file, placed) in part.files.iter().enumerate() {
            let Some((view, placed)) = read(part, placed, (position, file))? else {
                continue;
            };
            match own.iter_mut().find(|(other, _)| *other == view) {
                Some((_, files)) => files.push(placed),
                None => own.push((view, vec![placed])),
            }
        }
        all.extend(within(part, own)?);
    }
    let fragment = |(view, files): &(View, Source)| Fragment {
        view: view.clone(),
        files: files.iter().map(|file| file.bounds.clone()).collect(),
    };
    let fragments = all.iter().map(fragment).collect();
    Ok((fragments, all.into_iter().map(|(_, files)| files).collect()))
}

/// What the part takes of each view, and the regions in which it has no file.
fn within(part: &Part, own: Vec<(View, Source)>) -> Result<Vec<(View, Source)>> {
    let mut taken = Vec::with_capacity(own.len() + 1);
    let mut missing = View::of([part.rows.clone()]);
    for (view, mut files) in own {
        let rows = view.within(&part.rows);
        if rows
            .ranges()
            .iter()
            .any(|range| missing.within(range) != View::of([range.clone()]))
        {
            return Err(Error::corrupt(format!(
                "files in {} say of the same rows that they have them, but do not belong together",
                part.directory.display()
            )));
        }
        let kept = missing
            .ranges()
            .iter()
            .flat_map(|range| rows.missing_from(range).ranges().to_vec());
        missing = View::of(kept);
        files.retain(|file| rows.meets(&file.bounds.0, &file.bounds.1));
        if !rows.is_empty() {
            taken.push((rows, files));
        }
    }
    let regions = missing.ranges().iter();
    taken.extend(regions.map(|range| (View::of([range.clone()]), Vec::new())));
    Ok(taken)
}

/// A data file and the view in its note; `None` for bookkeeping.
fn read(
    part: &Part,
    file: &PlacedFile,
    position: (usize, usize),
) -> Result<Option<(View, Placed)>> {
    let FileNote::Data {
        level,
        smallest_sequence,
        largest_sequence,
        view,
    } = FileNote::decode(&file.note, &file.name)?
    else {
        return Ok(None);
    };
    let path = part.directory.join(&file.name);
    let Some(bounds) = file.bounds.clone() else {
        let name = &file.name;
        return Err(Error::corrupt(format!("{name} has rows, but no bounds")));
    };
    let view = if view.is_empty() {
        View::everything()
    } else {
        View::of(view)
    };
    let placed = Placed {
        directory: part.directory.clone(),
        name: file.name.clone(),
        inode: inode(&path)?,
        _held: hold(&path, position.1)?,
        path,
        position,
        bounds,
        level,
        smallest_sequence,
        largest_sequence,
    };
    Ok(Some((view, placed)))
}

/// Files of a part that are held by being open. Further ones are held by a second link, which takes three times as
/// long but none of the files that a process may have open.
const HELD_OPEN_MAX: usize = 256;

/// Keeps a file's inode from being given to another file, should this one be compacted away before it is asked
/// for again.
fn hold(path: &Path, position: usize) -> Result<Option<Arc<fs::File>>> {
    if position < HELD_OPEN_MAX {
        let file = fs::File::open(path).map_err(|e| unreadable(path, e))?;
        return Ok(Some(Arc::new(file)));
    }
    let mut held = path.as_os_str().to_owned();
    held.push(".held");
    fs::hard_link(path, &held).map_err(|e| Error::io(format!("link {}", path.display()), e))?;
    Ok(None)
}

/// Device and inode of a file.
pub(crate) fn inode(path: &Path) -> Result<(u64, u64)> {
    let found = fs::metadata(path).map_err(|e| unreadable(path, e))?;
    Ok((found.dev(), found.ino()))
}

/// Names come from manifests: none may lead out of its directory.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let mut components = Path::new(name).components();
    if matches!(
        (components.next(), components.next()),
        (Some(Component::Normal(_)), None)
    ) {
        return Ok(());
    }
    Err(Error::corrupt(format!(
        "{name:?} is not the name of a file of a store"
    )))
}

pub(crate) fn unreadable(path: &Path, source: io::Error) -> Error {
    if source.kind() == io::ErrorKind::NotFound {
        let message = format!("{} is missing", path.display());
        return Error::new(ErrorKind::Corrupt, message).with_source(source);
    }
    Error::io(format!("read {}", path.display()), source)
}
