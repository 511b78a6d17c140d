//! Which states of two checkpoints are compared, and what can be said of them before any row is read.
//!
//! States are paired by name. Rows are compared where kind, namespace and map key are the same, since these decide
//! what a row's key means; where values alone were written otherwise, they are compared as they print.

use alluvium_protocol::schema::{KeyedSchema, StateSchema, ValueSchema};
use alluvium_protocol::shape::{Shape, difference};
use alluvium_protocol::ttl::Ttl;

/// A state of one checkpoint or of both.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) a: Option<StateSchema>,
    pub(super) b: Option<StateSchema>,
    /// How the schemas differ; empty if they do not, or one side has no such state.
    pub(super) differences: Vec<String>,
    pub(super) compared: Compared,
}

/// How the rows of a pair are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// Byte by byte.
    Bytes,
    /// Keys byte by byte, values as they print.
    Printed,
    /// Not at all: all entries of one side are gone, all of the other are new.
    Apart,
}

/// The states of both, in the order of their names.
pub(super) fn pairs(a: &KeyedSchema, b: &KeyedSchema) -> Vec<Pair> {
    let mut names: Vec<_> = a.states.iter().chain(&b.states).map(|s| &s.name).collect();
    names.sort();
    names.dedup();
    let find = |schema: &KeyedSchema, name: &str| {
        let mut states = schema.states.iter();
        states.find(|state| state.name == name).cloned()
    };
    let pair = |name: &String| pair(name, find(a, name), find(b, name));
    names.into_iter().map(pair).collect()
}

fn pair(name: &str, a: Option<StateSchema>, b: Option<StateSchema>) -> Pair {
    let kind = a
        .as_ref()
        .or(b.as_ref())
        .map(|state| state.kind.to_string());
    let (differences, compared) = match (&a, &b) {
        (Some(a), Some(b)) => compare(a, b),
        _ => (Vec::new(), Compared::Apart),
    };
    Pair {
        name: name.to_owned(),
        kind: kind.unwrap_or_default(),
        a,
        b,
        differences,
        compared,
    }
}

fn compare(a: &StateSchema, b: &StateSchema) -> (Vec<String>, Compared) {
    let differ = |part: &str, a: &Shape, b: &Shape| {
        difference(a, b).map(|_| format!("{part} {a} in A, {b} in B"))
    };
    let unit = Shape::Unit;
    let map_keys = (
        a.map_key.as_ref().unwrap_or(&unit),
        b.map_key.as_ref().unwrap_or(&unit),
    );
    let kinds = (a.kind != b.kind).then(|| format!("a {} state in A, {} in B", a.kind, b.kind));
    let in_keys = kinds
        .into_iter()
        .chain(differ("namespace", &a.namespace, &b.namespace))
        .chain(differ("map key", map_keys.0, map_keys.1));
    let mut differences: Vec<_> = in_keys.collect();
    if !differences.is_empty() {
        return (differences, Compared::Apart);
    }
    let codec = |state: &StateSchema| {
        let ValueSchema {
            codec,
            version,
            type_version,
            ..
        } = &state.value;
        let told =
            type_version.map_or_else(String::new, |version| format!(", type version {version}"));
        format!("{codec} {version}{told}")
    };
    if codec(a) != codec(b) {
        differences.push(format!("codec {} in A, {} in B", codec(a), codec(b)));
    }
    differences.extend(differ("value", &a.value.shape, &b.value.shape));
    // A value that was not written since its type changed may be the same as one that was.
    let is_one_form = a.value.older.is_empty() && b.value.older.is_empty();
    let compared = if differences.is_empty() && is_one_form {
        Compared::Bytes
    } else {
        Compared::Printed
    };
    if a.ttl != b.ttl {
        let told = |ttl: Option<Ttl>| ttl.map_or_else(|| "none".to_owned(), |ttl| ttl.to_string());
        differences.push(format!("TTL {} in A, {} in B", told(a.ttl), told(b.ttl)));
    }
    if a.value.older != b.value.older {
        differences.push(format!(
            "values in {} older forms in A, {} in B",
            a.value.older.len(),
            b.value.older.len()
        ));
    }
    (differences, compared)
}

#[cfg(test)]
mod tests {
    use alluvium_protocol::schema::StateKind;

    use super::*;
    use crate::state::sample::{schema, state};

    #[test]
    fn states_are_paired_by_name_and_told_apart_by_what_their_rows_mean() {
        let a = schema(vec![
            state("same", StateKind::Value, Shape::U8),
            state("gone", StateKind::Value, Shape::U8),
            state("wider", StateKind::Value, Shape::U8),
            state("other", StateKind::Value, Shape::U8),
        ]);
        let b = schema(vec![
            state("other", StateKind::Map, Shape::U8),
            state("wider", StateKind::Value, Shape::U16),
            state("same", StateKind::Value, Shape::U8),
        ]);

        let pairs = pairs(&a, &b);

        let told: Vec<_> = pairs
            .iter()
            .map(|pair| (pair.name.as_str(), pair.compared, pair.differences.len()))
            .collect();
        assert_eq!(
            told,
            [
                ("gone", Compared::Apart, 0),
                ("other", Compared::Apart, 2),
                ("same", Compared::Bytes, 0),
                ("wider", Compared::Printed, 1),
            ]
        );
        assert_eq!(pairs[3].differences, ["value u8 in A, u16 in B"]);
    }

    #[test]
    fn a_ttl_and_older_forms_are_told_and_values_stay_comparable() {
        let stored = state("same", StateKind::Value, Shape::U8);
        let mut expiring = stored.clone();
        expiring.ttl = Some(Ttl::new(std::time::Duration::from_secs(60)));

        let pairs = pairs(&schema(vec![stored]), &schema(vec![expiring]));

        assert_eq!(pairs[0].compared, Compared::Bytes);
        assert_eq!(pairs[0].differences.len(), 1);
        let told = &pairs[0].differences[0];
        assert!(told.contains("TTL none in A"), "{told}");
    }
}
