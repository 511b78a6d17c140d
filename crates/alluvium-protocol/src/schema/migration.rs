//! What an eager migration has to do, from what is stored and the two declarations it is between.

use crate::schema::lossy::lossy;
use crate::schema::resolve::{Resolution, resolve, rows_differ};
use crate::schema::{StateSchema, ValueSchema};

/// What to do with a state that is to be migrated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a backend must treat each")]
pub enum Migration {
    /// Nothing: no values are stored, or they have been migrated.
    Done,
    /// Read every value by the old declaration and write it by the new one.
    Rewrite,
    /// It cannot be; the text names the state, the difference and the remedy.
    Incompatible(String),
    /// The two declarations are at fault; the text says how.
    Invalid(String),
}

/// Decides how the values of a state (`None` if nothing is stored) get from one declaration to another.
#[must_use]
pub fn plan_migration(
    stored: Option<&StateSchema>,
    old: &StateSchema,
    new: &StateSchema,
) -> Migration {
    let name = &new.name;
    if old.name != new.name {
        return Migration::Invalid(format!(
            "migrate state `{}` to `{name}`: a migration changes the values of one state, not its name",
            old.name
        ));
    }
    if new.kind.is_timers() {
        return Migration::Invalid(format!("migrate state `{name}`: timers have no values"));
    }
    if let Some(why) = rows_differ(old, new) {
        return Migration::Invalid(format!("migrate the values of a state: {why}"));
    }
    if resolve(old, new) == Resolution::AsIs && resolve(new, old) == Resolution::AsIs {
        return Migration::Invalid(format!(
            "migrate state `{name}`: both declarations record the same schema, so that nothing could tell migrated \
             values from others: give the new one another version, as in `.version({})`",
            new.value.version.saturating_add(1)
        ));
    }
    if let Some(why) = lossy(&new.value.codec, &new.value.shape) {
        return Migration::Invalid(format!("migrate state `{name}`: {why}"));
    }
    let Some(stored) = stored else {
        return Migration::Done;
    };
    if resolve(stored, new) == Resolution::AsIs {
        return Migration::Done;
    }
    match resolve(stored, old) {
        Resolution::AsIs | Resolution::AfterMigration(_)
            if goes_back(&stored.value, &new.value) =>
        {
            Migration::Invalid(format!(
                "migrate state `{name}`: stored values may have had the new form before, so that nothing could tell \
                 migrated values from others: give the new declaration another version, as in `.version({})`",
                new.value.version.saturating_add(1)
            ))
        }
        Resolution::AsIs | Resolution::AfterMigration(_) => Migration::Rewrite,
        Resolution::Incompatible(why) => Migration::Incompatible(format!(
            "migrate state `{name}`: it is neither what is to be migrated nor migrated: {why}"
        )),
    }
}

/// Whether stored values had the new form before. One subtask may have migrated and another not: where their values become
/// one state, migrated ones would be taken for old ones.
fn goes_back(stored: &ValueSchema, new: &ValueSchema) -> bool {
    let form = new.form();
    (&stored.codec, stored.version) == (&new.codec, new.version)
        && stored
            .older
            .iter()
            .any(|older| older.is_written_like(&form))
}
