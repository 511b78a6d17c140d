//! Whether a program can go on with a stored state: as it is, after a migration, or not at all.
//!
//! What decides is what the codec's bytes say by themselves:
//!
//! | codec | the same bytes are read as |
//! |---|---|
//! | `postcard` | fields in order: any other shape reads other values without an error |
//! | `msgpack-named` | fields by name: what [`tolerant`](super::tolerant) lists can change |
//! | `bytes`, a user's | its own affair: the same name and version are taken at their word |
//!
//! Keys, namespaces and map keys are part of rows' names and order, so they cannot change at all.

use crate::schema::tolerant::{Change, tolerate};
use crate::schema::{MSGPACK_NAMED, POSTCARD, StateKind, StateSchema};
use crate::shape::{Shape, difference};

/// What becomes of a stored state under a program's declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a restore must treat each")]
pub enum Resolution {
    /// Stored values are read and written as they are.
    AsIs,
    /// Stored values are read by the declared type and written anew as they change; the text names each
    /// difference.
    AfterMigration(String),
    /// Stored values cannot be read; the text names the state, the difference and the remedy.
    Incompatible(String),
}

/// Compares a stored state with the declaration of the same name.
#[must_use]
pub fn resolve(stored: &StateSchema, declared: &StateSchema) -> Resolution {
    let name = &declared.name;
    if stored.kind != declared.kind {
        let (was, is) = (stored.kind, declared.kind);
        return Resolution::Incompatible(format!(
            "state `{name}`: a {was} state was stored, a {is} state is declared: declare it as it was \
             stored, or give the new state another name"
        ));
    }
    let map_key = (stored.map_key.as_ref(), declared.map_key.as_ref());
    let in_rows = difference(&stored.namespace, &declared.namespace)
        .map(|difference| format!("namespace: {difference}"))
        .or_else(|| {
            match map_key {
                (Some(stored), Some(declared)) => difference(stored, declared),
                (None, None) => None,
                (Some(_), None) => Some("one was stored, none is declared".to_owned()),
                (None, Some(_)) => Some("none was stored, one is declared".to_owned()),
            }
            .map(|difference| format!("map key: {difference}"))
        });
    if let Some(text) = in_rows {
        return Resolution::Incompatible(format!(
            "state `{name}`: {text}: rows are named and ordered by it, so declare the stored type, or \
             give the new state another name"
        ));
    }
    resolve_value(stored, declared)
}

/// Compares the stored key of a stream with the declared one.
#[must_use]
pub fn resolve_key(stored: &Shape, declared: &Shape) -> Resolution {
    match difference(stored, declared) {
        None => Resolution::AsIs,
        Some(difference) => Resolution::Incompatible(format!(
            "the stream's key: {difference}: the key decides which key group a row is in, so declare the \
             stored key type, or read the state with it and write it to a job keyed by the new one"
        )),
    }
}

fn resolve_value(stored: &StateSchema, declared: &StateSchema) -> Resolution {
    let name = &declared.name;
    if matches!(
        stored.kind,
        StateKind::EventTimers | StateKind::ProcessingTimers
    ) {
        return Resolution::AsIs; // A timer is its row key; there is no value to read.
    }
    let (was, is) = (&stored.value, &declared.value);
    if was.codec != is.codec {
        return Resolution::Incompatible(format!(
            "state `{name}`: {} wrote the stored values, {} is declared: declare the stored codec, or \
             give the new state another name",
            was.codec, is.codec
        ));
    }
    if was.version != is.version {
        return Resolution::Incompatible(format!(
            "state `{name}`: version {} of {} wrote the stored values, version {} is declared: declare \
             the stored version, or give the new state another name",
            was.version, was.codec, is.version
        ));
    }
    match was.codec.as_str() {
        POSTCARD => match difference(&was.shape, &is.shape) {
            None => Resolution::AsIs,
            Some(difference) => Resolution::Incompatible(format!(
                "state `{name}`: {difference}: postcard stores values without field names, so other \
                 types misread them; declare the stored type, or give the new state another name (a \
                 state that will change is better kept in {MSGPACK_NAMED})"
            )),
        },
        MSGPACK_NAMED => match tolerate(&was.shape, &is.shape) {
            Ok(changes) if changes.is_empty() => Resolution::AsIs,
            Ok(changes) => {
                let changes: Vec<_> = changes.iter().map(Change::to_string).collect();
                Resolution::AfterMigration(format!("state `{name}`: {}", changes.join("; ")))
            }
            Err(change) => Resolution::Incompatible(format!(
                "state `{name}`: {change}: {MSGPACK_NAMED} cannot read stored values so; declare the \
                 stored type, or give the new state another name"
            )),
        },
        _ => Resolution::AsIs,
    }
}
