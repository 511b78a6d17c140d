//! Puts a store together from the files of several: each fragment goes into a family, as `packing` plans.
//!
//! Files are imported with the level and the sequence numbers that their notes tell, so that the store goes on where
//! its sources were, and nothing is compacted because of the move. They are linked: which of the new store's files
//! is which of the placed ones is told by their inodes, which are held until then, and each file's actual bounds are
//! compared with those that the plan was made with.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use alluvium::protocol::row::RowRange;
use alluvium::storage::Cancel;
use alluvium::store::{Change, Opened, Part, RowCursor, SortedRun};
use alluvium::{Error, Result};
use rust_rocksdb::{DB, ExportImportFilesMetaData, LiveFile};

use crate::cursor::RocksCursor;
use crate::error::{failed, not_a_store};
use crate::families::{self, Families, Family};
use crate::filter::ToldFilter;
use crate::fragments::{self, Placed, Source};
use crate::ingest::{Purpose, Target, ingest};
use crate::packing::{Fragment, Packing, pack};
use crate::store::RocksStore;
use crate::tuning::{self, Engine};
use crate::view::View;

/// What RocksDB calls the order of its rows.
const ORDER: &str = "leveldb.BytewiseComparator";

/// What a store that is put together may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) families_max: usize,
    /// Files that it keeps open once it is put together; all if it is -1.
    pub(crate) open_files: i32,
}

/// A store of parts, in the new database `db`, whose families' filters ask `told`.
pub(crate) fn adopt(
    (db, told): (DB, ToldFilter),
    engine: &Engine,
    parts: &[Part],
    limits: Limits,
    cancel: &Cancel,
) -> Result<Opened> {
    let (fragments, sources) = fragments::of(parts)?;
    let packing = pack(&fragments, limits.families_max);
    let mut adoption = Adoption {
        db,
        told,
        engine,
        fragments: &fragments,
        sources: &sources,
        cancel,
    };
    let list = adoption.import_families(&packing)?;
    let copied = adoption.copy(&packing, list.len())?;
    let rows_copied = copied.as_ref().map_or(0, |(_, rows)| *rows);
    let list = list.into_iter().chain(copied.map(|(family, _)| family));
    let families = Families::new(list.collect());
    let origins = adoption.origins(&families)?;
    for part in parts {
        // Its files were linked elsewhere or are not needed.
        if let Err(error) = fs::remove_dir_all(&part.directory) {
            let path = part.directory.display();
            tracing::warn!(%path, %error, "placed files are left");
        }
    }
    let open_files = [("max_open_files", &*limits.open_files.to_string())];
    let kept_open = adoption.db.set_db_options(&open_files);
    kept_open.map_err(|e| failed(format!("open store {}", adoption.db.path().display()), e))?;
    let store = RocksStore::new(adoption.db, families, engine.clone(), adoption.told);
    Ok(Opened {
        store: Arc::new(store),
        origins,
        rows_copied,
    })
}

struct Adoption<'a> {
    db: DB,
    told: ToldFilter,
    engine: &'a Engine,
    fragments: &'a [Fragment],
    /// The files of each fragment.
    sources: &'a [Source],
    cancel: &'a Cancel,
}

impl Adoption<'_> {
    fn import_families(&mut self, packing: &Packing) -> Result<Vec<Family>> {
        let mut list = Vec::with_capacity(packing.families.len());
        for fragments in &packing.families {
            let family = self.family(list.len(), fragments);
            self.import(&family, fragments)?;
            list.push(family);
        }
        Ok(list)
    }

    fn family(&self, position: usize, fragments: &[usize]) -> Family {
        let fragments = fragments.iter().filter_map(|&f| self.fragments.get(f));
        let ranges = fragments.flat_map(|fragment| fragment.view.ranges());
        Family {
            name: families::name(position),
            view: View::of(ranges.cloned()),
        }
    }

    /// Makes a family of the files of fragments.
    fn import(&mut self, family: &Family, fragments: &[usize]) -> Result<()> {
        self.cancel.check("opening a store")?;
        let placed = fragments.iter().filter_map(|&f| self.sources.get(f));
        let placed: Vec<&Placed> = placed.flatten().collect();
        let inside = |file: &&Placed| family.view.covers(&file.bounds.0, &file.bounds.1);
        let view = (!placed.iter().all(inside)).then(|| family.view.clone());
        let engine = tuning::family(&self.engine.live, view, self.told.clone());
        let made = if placed.is_empty() {
            self.db.create_cf(&family.name, &engine)
        } else {
            let mut files = ExportImportFilesMetaData::default();
            files.set_db_comparator_name(ORDER);
            let listed: Vec<_> = placed.iter().map(|file| metadata(file, family)).collect();
            let (db, import) = (&mut self.db, tuning::import());
            files.set_files(&listed).and_then(|()| {
                db.create_column_family_with_import(&engine, &family.name, &import, &files)
            })
        };
        made.map_err(|e| {
            let directory = self.db.path().display();
            not_a_store(format!("take files over into store {directory}"), e)
        })
    }

    /// Copies the rows of fragments into a family of their own, and returns how many they are.
    fn copy(&mut self, packing: &Packing, position: usize) -> Result<Option<(Family, u64)>> {
        if packing.copied.is_empty() {
            return Ok(None);
        }
        let to = self.family(position, &packing.copied);
        self.import(&to, &[])?;
        let mut rows = 0;
        for &fragment in &packing.copied {
            let from = Family {
                name: "copied-from".to_owned(),
                ..self.family(position, &[fragment])
            };
            self.import(&from, &[fragment])?;
            rows += self.copy_rows(&from, &to)?;
            let dropped = self.db.drop_cf(&from.name);
            dropped.map_err(|e| failed(format!("drop what was copied: {}", from.name), e))?;
        }
        Ok(Some((to, rows)))
    }

    fn copy_rows(&self, from: &Family, to: &Family) -> Result<u64> {
        let from = Families::new(vec![from.clone()]);
        let cursor = RocksCursor::new(&self.db, &from, &RowRange::all(), tuning::scan_once)?;
        let mut run = Copied {
            cursor,
            rows: 0,
            cancel: self.cancel,
        };
        let to = Families::new(vec![to.clone()]);
        let target = Target {
            db: &self.db,
            families: &to,
            format: &self.engine.live,
            numbers: &AtomicU64::new(0),
        };
        ingest(target, Purpose::Load, &mut run)?;
        Ok(run.rows)
    }

    /// Which file of the store is which placed one.
    fn origins(&self, families: &Families) -> Result<BTreeMap<String, (usize, usize)>> {
        let placed = self.sources.iter().flatten();
        let placed: BTreeMap<_, _> = placed.map(|file| (file.inode, file)).collect();
        let files = self.db.live_files();
        let directory = self.db.path();
        let files = files.map_err(|e| failed(format!("list store {}", directory.display()), e))?;
        let mut origins = BTreeMap::new();
        for file in files {
            let ours = families
                .iter()
                .any(|family| family.name == file.column_family_name);
            let name = file.name.trim_start_matches('/');
            // A file that is gone was compacted since it was listed.
            let inode = fragments::inode(&directory.join(name)).ok();
            let origin = inode.and_then(|inode| placed.get(&inode));
            let Some(origin) = origin.filter(|_placed| ours) else {
                continue;
            };
            let bounds = (file.start_key.as_ref(), file.end_key.as_ref());
            if bounds != (Some(&origin.bounds.0), Some(&origin.bounds.1)) {
                return Err(Error::corrupt(format!(
                    "{} has rows from {:02x?} to {:02x?} where its manifest says {:02x?} to {:02x?}",
                    origin.path.display(),
                    bounds.0.map_or(&[][..], Vec::as_slice),
                    bounds.1.map_or(&[][..], Vec::as_slice),
                    origin.bounds.0,
                    origin.bounds.1,
                )));
            }
            origins.insert(name.to_owned(), origin.position);
        }
        Ok(origins)
    }
}

fn metadata(file: &Placed, family: &Family) -> LiveFile {
    LiveFile {
        column_family_name: family.name.clone(),
        name: format!("/{}", file.name),
        directory: file.directory.display().to_string(),
        // Told by the file itself, as its bounds are.
        size: 0,
        level: i32::from(file.level),
        start_key: None,
        end_key: None,
        smallest_seqno: file.smallest_sequence,
        largest_seqno: file.largest_sequence,
        num_entries: 0,
        num_deletions: 0,
    }
}

/// Rows of one family as a run for another.
struct Copied<'a> {
    cursor: RocksCursor<'a>,
    rows: u64,
    cancel: &'a Cancel,
}

impl SortedRun for Copied<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        self.cancel.check("copying rows into a store")?;
        let next = self.cursor.next()?;
        self.rows += u64::from(next.is_some());
        Ok(next.map(|(row, value)| (row, Change::Put(value))))
    }
}
