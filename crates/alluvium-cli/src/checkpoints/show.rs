//! `alluvium checkpoints show`: one checkpoint's snapshots, states and files.

use alluvium_protocol::manifest::{CheckpointId, Manifest};
use alluvium_protocol::schema::Form;
use anyhow::Result;
use serde::Serialize;

use crate::args::ShowOptions;
use crate::exit::Exit;
use crate::location::{Cut, Folder};
use crate::output::{self, Format};
use crate::time::format_rfc3339;
use crate::units;

#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    record: String,
    job: String,
    checkpoint: u64,
    attempt: Option<u64>,
    created: String,
    parallelism: u32,
    max_parallelism: u16,
    attachments: Vec<Attachment>,
    snapshots: Vec<Snapshot>,
}

#[derive(Debug, Serialize)]
struct Attachment {
    name: String,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Snapshot {
    manifest: String,
    subtask: u32,
    attempt: u64,
    kind: String,
    store: String,
    key_groups: String,
    base: Option<u64>,
    bytes_new: u64,
    bytes_referred: u64,
    key: String,
    states: Vec<State>,
    files: Vec<File>,
}

#[derive(Debug, Serialize)]
struct State {
    id: u16,
    name: String,
    kind: String,
    codec: String,
    version: u32,
    type_name: String,
    namespace: String,
    map_key: Option<String>,
    value: String,
    /// How long values live.
    ttl: Option<String>,
    /// The version of the values' type, where each value tells its own.
    type_version: Option<u32>,
    /// What values look like that were not written since the type changed, oldest first.
    older: Vec<Older>,
}

#[derive(Debug, Serialize)]
struct Older {
    type_version: Option<u32>,
    type_name: String,
    value: String,
}

#[derive(Debug, Serialize)]
struct File {
    object: String,
    name: String,
    shared: bool,
    bytes: u64,
    crc32c: String,
    uploaded_by: u64,
}

/// Prints the checkpoint.
///
/// # Errors
/// When storage does not answer, or the checkpoint is not there or damaged.
pub(super) fn run(options: &ShowOptions) -> Result<Exit> {
    let folder = Folder::find(&options.from.place)?;
    let cut = folder.cut(options.from.checkpoint.as_deref())?;
    let shown = shown(&cut)?;
    match options.output {
        Format::Json => output::json(&shown)?,
        Format::Table => output::text(&told(&shown))?,
    }
    Ok(Exit::Done)
}

fn shown(cut: &Cut) -> Result<Shown> {
    let manifests = cut.all_manifests()?;
    let snapshot = |(reference, manifest): (&_, &Manifest)| {
        let reference: &alluvium_protocol::catalog::ManifestRef = reference;
        snapshot(cut.folder.object(&reference.object), manifest)
    };
    Ok(Shown {
        name: cut.name.clone(),
        record: cut.object.clone(),
        job: cut.job.clone(),
        checkpoint: cut.checkpoint,
        attempt: cut.attempt,
        created: format_rfc3339(cut.created_unix_millis),
        parallelism: cut.parallelism,
        max_parallelism: cut.max_parallelism.get(),
        attachments: cut
            .attachments
            .iter()
            .map(|(name, bytes)| Attachment {
                name: name.clone(),
                bytes: bytes.len() as u64,
            })
            .collect(),
        snapshots: cut.manifests.iter().zip(&manifests).map(snapshot).collect(),
    })
}

fn snapshot(object: String, manifest: &Manifest) -> Snapshot {
    let states = manifest.schema.states.iter().map(|state| State {
        id: state.id.get(),
        name: state.name.clone(),
        kind: state.kind.to_string(),
        codec: state.value.codec.clone(),
        version: state.value.version,
        type_name: state.value.type_name.clone(),
        namespace: state.namespace.to_string(),
        map_key: state.map_key.as_ref().map(ToString::to_string),
        value: state.value.shape.to_string(),
        ttl: state.ttl.map(|ttl| ttl.to_string()),
        type_version: state.value.type_version,
        older: state.value.older.iter().map(older).collect(),
    });
    let files = manifest.files.iter().map(|file| File {
        object: file.object.clone(),
        name: file.name.clone(),
        shared: file.shared,
        bytes: file.bytes,
        crc32c: format!("{:08x}", file.crc32c),
        uploaded_by: file.uploaded_by.get(),
    });
    Snapshot {
        manifest: object,
        subtask: manifest.subtask,
        attempt: manifest.attempt,
        kind: manifest.kind.to_string(),
        store: manifest.store.clone(),
        key_groups: manifest.range.to_string(),
        base: manifest.base.map(CheckpointId::get),
        bytes_new: manifest.bytes_new(),
        bytes_referred: manifest.bytes_referred(),
        key: manifest.schema.key.to_string(),
        states: states.collect(),
        files: files.collect(),
    }
}

fn older(form: &Form) -> Older {
    Older {
        type_version: form.type_version,
        type_name: form.type_name.clone(),
        value: form.shape.to_string(),
    }
}

fn told(shown: &Shown) -> String {
    let attempt = shown
        .attempt
        .map_or_else(String::new, |attempt| format!(", attempt {attempt}"));
    let mut told = vec![format!(
        "{} of job {}, recorded in {}\ncreated {}{attempt}, parallelism {}, {} key groups",
        shown.name,
        shown.job,
        shown.record,
        shown.created,
        shown.parallelism,
        shown.max_parallelism
    )];
    let attachments = shown.attachments.iter();
    told.extend(attachments.map(|attachment| {
        format!(
            "attachment {}: {}",
            attachment.name,
            units::bytes(attachment.bytes)
        )
    }));
    if let Some(first) = shown.snapshots.first() {
        told.push(format!(
            "\nstates, keyed by {}\n{}",
            first.key,
            states_table(&first.states)
        ));
    }
    told.extend(shown.snapshots.iter().map(snapshot_told));
    told.join("\n")
}

fn states_table(states: &[State]) -> String {
    let columns = [
        "id",
        "state",
        "kind",
        "namespace",
        "map key",
        "value",
        "codec",
        "ttl",
    ];
    let rows = states.iter().flat_map(|state| {
        let present = vec![
            state.id.to_string(),
            state.name.clone(),
            state.kind.clone(),
            state.namespace.clone(),
            state.map_key.clone().unwrap_or_default(),
            state.value.clone(),
            format!(
                "{} {}{}",
                state.codec,
                state.version,
                version_told(state.type_version)
            ),
            state.ttl.clone().unwrap_or_default(),
        ];
        // Below the state, for its values have one form or another.
        let older = state.older.iter().map(|older| {
            let mut row = vec![String::new(); columns.len() - 3];
            row.push(older.value.clone());
            row.push(format!("older{}", version_told(older.type_version)));
            row.push(String::new());
            row
        });
        [present].into_iter().chain(older)
    });
    output::table(&columns, &["id"], rows)
}

fn version_told(type_version: Option<u32>) -> String {
    type_version.map_or_else(String::new, |version| format!(", type version {version}"))
}

fn snapshot_told(snapshot: &Snapshot) -> String {
    let base = snapshot
        .base
        .map_or_else(String::new, |base| format!(", base {base}"));
    let columns = ["file", "size", "crc32c", "shared", "uploaded by", "object"];
    let rows = snapshot.files.iter().map(|file| {
        vec![
            file.name.clone(),
            units::bytes(file.bytes),
            file.crc32c.clone(),
            if file.shared { "yes" } else { "no" }.to_owned(),
            file.uploaded_by.to_string(),
            file.object.clone(),
        ]
    });
    format!(
        "\nsubtask {}, key groups {}: {} {} snapshot{base}, {} new, {} referred to\n{}\n{}",
        snapshot.subtask,
        snapshot.key_groups,
        snapshot.kind,
        snapshot.store,
        units::bytes(snapshot.bytes_new),
        units::bytes(snapshot.bytes_referred),
        snapshot.manifest,
        output::table(&columns, &["size", "uploaded by"], rows)
    )
}
