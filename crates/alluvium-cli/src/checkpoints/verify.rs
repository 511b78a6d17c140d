//! `alluvium checkpoints verify`: reads every object of the checkpoints and compares it with what
//! was written: presence, length, CRC32C, format, and that the key groups are covered exactly once.
//!
//! An object is read once however many checkpoints refer to it. Files are downloaded one after the
//! other to a temporary directory, so that memory does not depend on their size. Objects that no
//! checkpoint refers to are no problem: a crash leaves them, and retention sweeps them.

use std::collections::BTreeMap;
use std::path::Path;

use alluvium::storage::Cancel;
use alluvium_protocol::file::FileRef;
use alluvium_protocol::manifest::Manifest;
use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::args::VerifyOptions;
use crate::exit::Exit;
use crate::location::{Cut, Folder, Problem};
use crate::output::{self, Format};
use crate::units;

#[derive(Debug, Default, Serialize)]
struct Verified {
    location: String,
    checkpoints: Vec<String>,
    objects: u64,
    bytes: u64,
    unreferenced_objects: u64,
    unreferenced_bytes: u64,
    problems: Vec<Problem>,
}

/// Verifies and prints what was found.
///
/// # Errors
/// When storage does not answer, or the command line names what is not there. Damage is no error
/// but an answer, with [`Exit::Problem`].
pub(super) fn run(options: &VerifyOptions) -> Result<Exit> {
    let folder = Folder::find(&options.place)?;
    let (cuts, problems) = match &options.checkpoint {
        Some(name) => (vec![folder.cut(Some(name))?], Vec::new()),
        None => folder.cuts()?,
    };
    let scratch = tempfile::tempdir().context("make a temporary directory")?;
    let mut verifier = Verifier {
        scratch: scratch.path(),
        found: Verified {
            location: folder.location(),
            problems,
            ..Verified::default()
        },
        seen: BTreeMap::new(),
    };
    for cut in &cuts {
        verifier.cut(cut)?;
    }
    if options.checkpoint.is_none() {
        verifier.count_unreferenced(&folder, cuts.len())?;
    }
    let found = verifier.found;
    match options.output {
        Format::Json => output::json(&found)?,
        Format::Table => output::text(&told(&found))?,
    }
    Ok(if found.problems.is_empty() {
        Exit::Done
    } else {
        Exit::Problem
    })
}

struct Verifier<'a> {
    scratch: &'a Path,
    found: Verified,
    /// Length and checksum that the first reference to each object told.
    seen: BTreeMap<String, (u64, u32)>,
}

impl Verifier<'_> {
    fn cut(&mut self, cut: &Cut) -> Result<()> {
        self.found.checkpoints.push(cut.name.clone());
        self.seen.insert(cut.object.clone(), (0, 0));
        self.found.objects += 1;
        self.coverage(cut);
        for reference in &cut.manifests {
            self.found.objects += 1;
            self.found.bytes += reference.bytes;
            self.seen.insert(
                cut.folder.object(&reference.object),
                (reference.bytes, reference.crc32c),
            );
            match cut.manifest(reference)? {
                Ok(manifest) => {
                    self.manifest(cut, &cut.folder.object(&reference.object), &manifest)?;
                }
                Err(problem) => self.found.problems.push(problem),
            }
        }
        Ok(())
    }

    /// Checks that the snapshots have each key group exactly once.
    fn coverage(&mut self, cut: &Cut) {
        let mut holders = BTreeMap::<u16, u32>::new();
        for range in cut.manifests.iter().map(|reference| reference.range) {
            for group in range.iter() {
                *holders.entry(group.get()).or_default() += 1;
            }
        }
        let wrong = (0..cut.max_parallelism.get()).find_map(|group| match holders.get(&group) {
            Some(1) => None,
            None => Some(format!("no snapshot holds key group {group}")),
            Some(holders) => Some(format!("{holders} snapshots hold key group {group}")),
        });
        if let Some(what) = wrong {
            self.problem(cut.object.clone(), what);
        }
    }

    fn manifest(&mut self, cut: &Cut, object: &str, manifest: &Manifest) -> Result<()> {
        if manifest.job != cut.job {
            let what = format!(
                "belongs to job `{}`, its checkpoint to `{}`",
                manifest.job, cut.job
            );
            self.problem(object.to_owned(), what);
        }
        for file in &manifest.files {
            self.file(&cut.folder, object, file)?;
        }
        Ok(())
    }

    fn file(&mut self, folder: &Folder, manifest: &str, file: &FileRef) -> Result<()> {
        let object = folder.object(&file.object);
        let written = (file.bytes, file.crc32c);
        if let Some(seen) = self.seen.insert(object.clone(), written) {
            if seen != written {
                self.problem(
                    object,
                    format!("{manifest} and another manifest differ about its content"),
                );
            }
            return Ok(());
        }
        self.found.objects += 1;
        self.found.bytes += file.bytes;
        let to = self.scratch.join("object");
        match folder.storage().download(&object, &to, &Cancel::new()) {
            Ok(moved) if moved.bytes != file.bytes => {
                let what = format!("{} bytes where {} were written", moved.bytes, file.bytes);
                self.problem(object, what);
            }
            Ok(moved) if moved.crc32c != file.crc32c => {
                self.problem(
                    object,
                    "its checksum differs from what was written".to_owned(),
                );
            }
            Ok(_) => {}
            // Storage says "unavailable" of a missing object as of a broken network: look again.
            Err(error) => match folder.list(&file.object)? {
                listed if listed.iter().any(|(name, _)| *name == file.object) => {
                    return Err(error.into());
                }
                _ => self.problem(object, format!("missing, though {manifest} names it")),
            },
        }
        match std::fs::remove_file(&to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("remove {}", to.display()))
            }
            _ => Ok(()),
        }
    }

    fn count_unreferenced(&mut self, folder: &Folder, cuts: usize) -> Result<()> {
        if cuts == 0 {
            return Ok(());
        }
        for (name, bytes) in folder.list("")? {
            let record = name.starts_with(alluvium_protocol::catalog::names::record_prefix());
            if !record && !self.seen.contains_key(&folder.object(&name)) {
                self.found.unreferenced_objects += 1;
                self.found.unreferenced_bytes += bytes;
            }
        }
        Ok(())
    }

    fn problem(&mut self, object: String, what: String) {
        self.found.problems.push(Problem { object, what });
    }
}

fn told(found: &Verified) -> String {
    let mut told = vec![
        found.location.clone(),
        format!(
            "verified {} checkpoints and savepoints: {} objects, {}",
            found.checkpoints.len(),
            units::count(found.objects),
            units::bytes(found.bytes)
        ),
    ];
    if found.unreferenced_objects > 0 {
        told.push(format!(
            "not referred to by any of them: {} objects, {} (left by attempts that ended early; no problem)",
            units::count(found.unreferenced_objects),
            units::bytes(found.unreferenced_bytes)
        ));
    }
    told.extend(found.problems.iter().map(Problem::told));
    if found.problems.is_empty() {
        told.push("no problems".to_owned());
    }
    told.join("\n")
}
