//! What becomes of an operator's states, decided from their descriptions alone.
//!
//! Each handle numbers its states on its own, so what is written has one list: the states of all handles by name, in the order they
//! appear, without those that are dropped. States of asynchronous backends become ordinary ones, which all backends restore.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::keyed::{KeyedMeta, StateKind, StateMeta};
use crate::serializer::Serializer;

/// What is asked for of the states of one operator.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct StateChanges {
    /// New names by old ones.
    pub(super) renamed: BTreeMap<String, String>,
    pub(super) dropped: BTreeSet<String>,
}

/// The states that are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct States {
    pub(super) meta: KeyedMeta,
    /// Of each written state, what it was called.
    pub(super) before: Vec<String>,
    /// For each handle: the new number of each of its states; `None` of those that are dropped.
    pub(super) numbers: Vec<Vec<Option<u16>>>,
}

/// Decides which states are written, with which numbers.
///
/// # Errors
/// `Invalid` when a state that is to be changed is not there, or two would have one name; `Incompatible` when handles disagree on serializers.
pub(super) fn states(
    operator: &str,
    handles: &[&KeyedMeta],
    changes: &StateChanges,
) -> Result<Option<States>> {
    let Some(first) = handles.first() else {
        return missing(operator, &[], changes).map(|()| None);
    };
    let mut written: Vec<StateMeta> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    let mut numbers = Vec::new();
    for handle in handles {
        if handle.key != first.key {
            return Err(disagreement(operator, "keys"));
        }
        let mut of_handle = Vec::new();
        for state in &handle.states {
            if changes.dropped.contains(&state.name) {
                of_handle.push(None);
                continue;
            }
            let nth = match before.iter().position(|name| *name == state.name) {
                Some(nth) => nth,
                None => {
                    before.push(state.name.clone());
                    written.push(synchronous(state)?);
                    written.len() - 1
                }
            };
            let state_now = synchronous(state)?;
            if written
                .get(nth)
                .is_some_and(|known| !agree(known, &state_now))
            {
                return Err(disagreement(operator, &format!("state {}", state.name)));
            }
            let nth = u16::try_from(nth)
                .map_err(|e| Error::invalid("more than 32767 states").with_source(e))?;
            of_handle.push(Some(nth));
        }
        numbers.push(of_handle);
    }
    let known: Vec<&str> = handles
        .iter()
        .flat_map(|handle| handle.states.iter().map(|state| state.name.as_str()))
        .collect();
    missing(operator, &known, changes)?;
    for state in &mut written {
        if let Some(name) = changes.renamed.get(&state.name) {
            state.name.clone_from(name);
        }
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = written.iter().find(|state| !names.insert(&state.name)) {
        return Err(Error::invalid(format!(
            "two states of operator {operator} would be called {}",
            twice.name
        )));
    }
    let meta = KeyedMeta {
        compression: handles.iter().any(|handle| handle.compression),
        key: first.key.clone(),
        states: written,
    };
    Ok(Some(States {
        meta,
        before,
        numbers,
    }))
}

/// Whether both are written alike; the order of serializers is that of a Java map, which says nothing.
fn agree(one: &StateMeta, other: &StateMeta) -> bool {
    let sorted = |state: &StateMeta| {
        let serializers = state.serializers().iter();
        let roles: BTreeMap<String, Vec<u8>> = serializers
            .map(|(role, serializer)| {
                let mut bytes = Vec::new();
                serializer.write(&mut bytes);
                (role.clone(), bytes)
            })
            .collect();
        roles
    };
    one.kind() == other.kind() && sorted(one) == sorted(other)
}

/// The state as synchronous backends record it.
fn synchronous(state: &StateMeta) -> Result<StateMeta> {
    if !state.is_asynchronous() || state.kind() == StateKind::Unknown {
        return Ok(state.clone());
    }
    let lacking = || Error::unknown(format!("state {} has no serializer of values", state.name));
    let value = match (state.element(), state.entry()) {
        (Some(element), _) => Serializer::list(element)?,
        (_, Some((key, value))) => Serializer::map(key, value)?,
        _ => state.value().ok_or_else(lacking)?.clone(),
    };
    StateMeta::new(
        state.name.clone(),
        state.kind(),
        state.namespace().cloned(),
        value,
    )
}

fn missing(operator: &str, known: &[&str], changes: &StateChanges) -> Result<()> {
    let mut wanted = changes.renamed.keys().chain(&changes.dropped);
    let Some(missing) = wanted.find(|name| !known.contains(&name.as_str())) else {
        return Ok(());
    };
    let there: BTreeSet<&str> = known.iter().copied().collect();
    let there: Vec<&str> = there.into_iter().collect();
    let there = if there.is_empty() {
        "it has no keyed state".to_owned()
    } else {
        format!("there are: {}", there.join(", "))
    };
    Err(Error::invalid(format!(
        "operator {operator} has no state {missing:?}; {there}"
    )))
}

fn disagreement(operator: &str, what: &str) -> Error {
    Error::unknown(format!(
        "subtasks of operator {operator} have recorded different serializers of {what}: restore the snapshot with Flink, which \
         migrates them, and take a savepoint"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serializer::Simple;

    fn state(name: &str, simple: Simple) -> StateMeta {
        let namespace = Serializer::simple(Simple::VoidNamespace).unwrap();
        let value = Serializer::simple(simple).unwrap();
        StateMeta::new(name, StateKind::Value, Some(namespace), value).unwrap()
    }

    fn meta(states: &[(&str, Simple)]) -> KeyedMeta {
        let states = states.iter().map(|(name, simple)| state(name, *simple));
        KeyedMeta {
            compression: false,
            key: Serializer::simple(Simple::String).unwrap(),
            states: states.collect(),
        }
    }

    fn names(states: &States) -> Vec<&str> {
        states
            .meta
            .states
            .iter()
            .map(|state| state.name.as_str())
            .collect()
    }

    #[test]
    fn states_of_handles_that_number_them_differently_get_one_list() {
        let one = meta(&[("a", Simple::Long), ("b", Simple::String)]);
        let two = meta(&[
            ("b", Simple::String),
            ("c", Simple::Long),
            ("a", Simple::Long),
        ]);

        let states = states("o", &[&one, &two], &StateChanges::default())
            .unwrap()
            .unwrap();

        assert_eq!(names(&states), ["a", "b", "c"]);
        let numbers = [vec![Some(0), Some(1)], vec![Some(1), Some(2), Some(0)]];
        assert_eq!(states.numbers, numbers);
    }

    #[test]
    fn states_are_dropped_and_renamed_by_the_names_they_had() {
        let one = meta(&[("a", Simple::Long), ("b", Simple::String)]);
        let changes = StateChanges {
            renamed: [("b".to_owned(), "a".to_owned())].into(),
            dropped: ["a".to_owned()].into(),
        };

        let states = states("o", &[&one], &changes).unwrap().unwrap();

        assert_eq!(names(&states), ["a"]);
        assert_eq!(states.before, ["b"]);
        assert_eq!(states.numbers, [vec![None, Some(0)]]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let one = meta(&[("a", Simple::Long), ("b", Simple::String)]);
        let other = meta(&[("a", Simple::String)]);
        let renamed = |from: &str, to: &str| StateChanges {
            renamed: [(from.to_owned(), to.to_owned())].into(),
            ..StateChanges::default()
        };

        let twice = states("o", &[&one], &renamed("a", "b")).unwrap_err();
        let nothing = states("o", &[&one], &renamed("x", "y")).unwrap_err();
        let disagreeing = states("o", &[&one, &other], &StateChanges::default()).unwrap_err();

        assert_eq!(
            twice.to_string(),
            "two states of operator o would be called b"
        );
        assert_eq!(
            nothing.to_string(),
            "operator o has no state \"x\"; there are: a, b"
        );
        assert!(
            disagreeing
                .to_string()
                .contains("different serializers of state a")
        );
    }
}
