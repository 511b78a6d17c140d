//! Whether a program can go on with a stored state: as it is, after a migration, or not at all.
//!
//! What decides is what the codec's bytes say by themselves:
//!
//! | codec | the same bytes are read as |
//! |---|---|
//! | `postcard`, `flink` | fields in order: any other shape reads other values without an error |
//! | `msgpack-named` | fields by name: what [`tolerant`](super::tolerant) lists can change |
//! | `bytes`, a user's | its own affair: the same name and version are taken at their word |
//!
//! A stored state may have values of several forms. The declaration has to read them all: values that tell their version
//! by what it declares for that version, others by its one form.
//!
//! Keys, namespaces and map keys are part of rows' names and order, so they cannot change at all.

use crate::schema::returning::returning;
use crate::schema::tolerant::{Change, tolerate};
use crate::schema::{FLINK, Form, MSGPACK_NAMED, OLDER_MAX, POSTCARD, StateSchema, ValueSchema};
use crate::shape::{Shape, difference};

/// What can be done about values that cannot be read.
const REMEDY: &str = "migrate the state (`Backend::migrate`), or give the new state another name";

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
    if let Some(why) = rows_differ(stored, declared) {
        return Resolution::Incompatible(why);
    }
    if stored.kind.is_timers() {
        return Resolution::AsIs; // A timer is its row key; there is no value to read.
    }
    match values(&stored.value, &declared.value) {
        Ok(changes) if changes.is_empty() => Resolution::AsIs,
        Ok(changes) => {
            Resolution::AfterMigration(format!("state `{}`: {}", declared.name, changes.join("; ")))
        }
        Err(why) => Resolution::Incompatible(format!("state `{}`: {why}", declared.name)),
    }
}

/// Compares the stored key of a stream with the declared one.
#[must_use]
pub fn resolve_key(stored: &Shape, declared: &Shape) -> Resolution {
    match difference(stored, declared) {
        None => Resolution::AsIs,
        Some(difference) => Resolution::Incompatible(format!(
            "the stream's key: {difference}: the key decides which key group a row is in, so declare the \
             stored key type, or, for a wider integer, take a savepoint and rewrite it with `alluvium savepoint \
             migrate-keys`"
        )),
    }
}

/// Why the rows of two states with one name are not named or ordered alike, if so.
pub(super) fn rows_differ(stored: &StateSchema, declared: &StateSchema) -> Option<String> {
    let name = &declared.name;
    if stored.kind != declared.kind {
        let (was, is) = (stored.kind, declared.kind);
        return Some(format!(
            "state `{name}`: a {was} state was stored, a {is} state is declared: declare it as it was \
             stored, or give the new state another name"
        ));
    }
    if let Some(difference) = difference(&stored.namespace, &declared.namespace) {
        return Some(format!(
            "state `{name}`: namespace: {difference}: rows are named and ordered by it, so declare the stored \
             type, or, for a wider integer, rewrite a savepoint with `alluvium savepoint migrate-keys --namespace`, or give \
             the new state another name"
        ));
    }
    let map_key = match (&stored.map_key, &declared.map_key) {
        (Some(stored), Some(declared)) => difference(stored, declared),
        (None, None) => None,
        (Some(_), None) => Some("one was stored, none is declared".to_owned()),
        (None, Some(_)) => Some("none was stored, one is declared".to_owned()),
    };
    map_key.map(|difference| {
        format!(
            "state `{name}`: map key: {difference}: rows are named and ordered by it, so declare the stored \
             type, or give the new state another name"
        )
    })
}

/// In what the declared values differ from the stored ones, if they can be read; else why not.
fn values(stored: &ValueSchema, declared: &ValueSchema) -> Result<Vec<String>, String> {
    if stored.codec != declared.codec {
        return Err(format!(
            "{} wrote the stored values, {} is declared: declare the stored codec, {REMEDY}",
            stored.codec, declared.codec
        ));
    }
    if stored.version != declared.version {
        return Err(format!(
            "version {} of {} wrote the stored values, version {} is declared: declare the stored version, \
             {REMEDY}",
            stored.version, stored.codec, declared.version
        ));
    }
    match (stored.type_version, declared.type_version) {
        (Some(_), None) => {
            return Err(format!(
                "stored values tell the version of their type, declared ones do not: declare the codec \
                 `Versioned`, {REMEDY}"
            ));
        }
        (None, Some(_)) => {
            return Err(format!(
                "stored values do not tell the version of their type, declared ones do: declare the stored \
                 codec, {REMEDY}"
            ));
        }
        _ => {}
    }
    let mut changes = Vec::new();
    for form in stored.forms() {
        // What became of the present form is the news: the older ones were told when they became old.
        changes = read_as(&form, declared)?;
    }
    for (older, between) in stored.forms().zip(stored.forms().skip(1)) {
        returns(&older, &between, declared)?;
    }
    if !changes.is_empty() && stored.older.len() >= OLDER_MAX {
        return Err(format!(
            "values have {OLDER_MAX} older forms, which are as many as can be: declare the stored type and \
             rewrite the state (`Backend::rewrite`) before its type changes again"
        ));
    }
    Ok(changes)
}

/// In what one stored form differs from what the program reads it by.
fn read_as(form: &Form, declared: &ValueSchema) -> Result<Vec<String>, String> {
    let Some(shape) = declared.shape_of(form.type_version) else {
        return Err(unknown_version(form, declared));
    };
    let of = match (form.type_version, declared.type_version) {
        (Some(version), Some(newest)) => format!("version {version} of {newest}: "),
        _ => String::new(),
    };
    let again = if of.is_empty() {
        String::new()
    } else {
        "give the changed type a version of its own, ".to_owned()
    };
    let mut changes = match declared.codec.as_str() {
        POSTCARD | FLINK => match difference(&form.shape, &shape) {
            None => Vec::new(),
            Some(difference) => {
                return Err(format!(
                    "{of}{difference}: {} stores values without field names, so other types misread \
                     them; declare the stored type, {again}{REMEDY} (a state that will change is better kept in \
                     `Versioned` or {MSGPACK_NAMED})",
                    declared.codec
                ));
            }
        },
        MSGPACK_NAMED => match tolerate(&form.shape, &shape) {
            Ok(changes) => changes.iter().map(Change::to_string).collect(),
            Err(change) => {
                return Err(format!(
                    "{of}{change}: {MSGPACK_NAMED} cannot read stored values so; declare the stored type, \
                     {again}{REMEDY}"
                ));
            }
        },
        _ => Vec::new(),
    };
    for change in &mut changes {
        change.insert_str(0, &of);
    }
    if let (Some(version), Some(newest)) = (form.type_version, declared.type_version)
        && version < newest
    {
        changes.insert(0, format!("version {version} becomes {newest}"));
    }
    Ok(changes)
}

fn unknown_version(form: &Form, declared: &ValueSchema) -> String {
    let version = form.type_version.unwrap_or_default();
    let newest = declared.type_version.unwrap_or_default();
    if version > newest {
        return format!(
            "version {version} of its type is stored, and the program knows none above {newest}: run the program \
             that wrote it, or a later one"
        );
    }
    let known: Vec<_> = declared
        .forms()
        .filter_map(|form| form.type_version)
        .map(|version| version.to_string())
        .collect();
    format!(
        "version {version} of its type is stored, and the program knows {}: declare it as what came before them, or \
         rewrite the state (`Backend::rewrite`) with a program that knows it",
        known.join(", ")
    )
}

/// Refuses a field that values of an older form still have, that a later form did without, and that is back.
pub(super) fn returns(older: &Form, between: &Form, declared: &ValueSchema) -> Result<(), String> {
    if declared.codec != MSGPACK_NAMED || older.type_version != between.type_version {
        return Ok(());
    }
    let back = declared
        .shape_of(older.type_version)
        .and_then(|shape| returning(&older.shape, &between.shape, &shape));
    back.map_or(Ok(()), |field| {
        Err(format!(
            "field `{field}` was dropped and is declared again, and values that were not written since would show what \
             they had: give the field another name, or rewrite the state (`Backend::rewrite`) with the stored type first"
        ))
    })
}
