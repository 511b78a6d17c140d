//! Which columns an export has.
//!
//! Columns that no exported state fills are left out. Where one state is exported whose values are structs of plain
//! fields, each field is a column, named `value.FIELD`.

use alluvium_protocol::schema::{KeyedSchema, StateKind, StateSchema};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::value::Value;
use anyhow::Result;

use crate::exit::Failure;
use crate::state::typed::Entry;

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    of: Part,
    /// What its cells consist of, where all of them are alike.
    pub(crate) shape: Shape,
}

/// What a column is filled from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Operator,
    State,
    KeyGroup,
    Key,
    Namespace,
    MapKey,
    Index,
    Time,
    Value,
    Accessed,
    /// A field's name, and its place in its struct.
    Field(String, usize),
}

impl Column {
    /// What an entry has in this column.
    ///
    /// # Errors
    /// When its value is not of the form that the column's is.
    pub(crate) fn cell(&self, entry: &Entry) -> Result<Option<Value>> {
        Ok(match &self.of {
            Part::Operator => entry.operator.clone().map(Value::Str),
            Part::Accessed => entry.accessed.map(|time| Value::Int(time.into())),
            Part::State => Some(Value::Str(entry.state.clone())),
            Part::KeyGroup => Some(Value::Uint(entry.key_group.into())),
            Part::Key => Some(entry.key.clone()),
            Part::Namespace => entry.namespace.clone(),
            Part::MapKey => entry.map_key.clone(),
            Part::Index => entry.index.map(|index| Value::Uint(index.into())),
            Part::Time => entry.time.map(|time| Value::Int(time.into())),
            Part::Value => entry.value.clone(),
            Part::Field(name, at) => match &entry.value {
                Some(value) => field(value, name, *at).ok_or_else(|| {
                    Failure::problem(format!(
                        "state `{}`: {value} where a struct with `{name}` is due: export jsonl",
                        entry.state
                    ))
                })?,
                None => None,
            },
        })
    }
}

/// A field of a struct, or of the map or sequence that a struct in MessagePack is read as: nothing where it was left
/// out, and `None` if the value is none of these.
fn field(value: &Value, name: &str, at: usize) -> Option<Option<Value>> {
    Some(match value {
        Value::Struct { fields, .. } => {
            let field = fields.iter().find(|(field, _)| field == name);
            field.map(|(_, value)| value.clone())
        }
        Value::Map(entries) => {
            let is_it = |key: &Value| matches!(key, Value::Str(key) if key == name);
            let entry = entries.iter().find(|(key, _)| is_it(key));
            entry.map(|(_, value)| value.clone())
        }
        Value::Seq(items) => items.get(at).cloned(),
        _ => return None,
    })
}

/// The columns of an export of these states.
pub(crate) fn columns(schema: &KeyedSchema) -> Vec<Column> {
    let column = |name: &str, of: Part, shape: Shape| Column {
        name: name.to_owned(),
        of,
        shape,
    };
    let states = &schema.states;
    let mut columns = vec![
        column("state", Part::State, Shape::Str),
        column("key_group", Part::KeyGroup, Shape::U16),
        column("key", Part::Key, schema.key.clone()),
    ];
    let namespaces = alike(states, |state| {
        (state.namespace != Shape::Unit).then_some(&state.namespace)
    });
    columns.extend(namespaces.map(|shape| column("namespace", Part::Namespace, shape)));
    let map_keys = alike(states, |state| state.map_key.as_ref());
    columns.extend(map_keys.map(|shape| column("map_key", Part::MapKey, shape)));
    if states.iter().any(|state| state.kind == StateKind::List) {
        columns.push(column("index", Part::Index, Shape::U64));
    }
    if states.iter().any(|state| state.kind.is_timers()) {
        columns.push(column("time", Part::Time, Shape::I64));
    }
    if let [one] = states.as_slice()
        && let Some(fields) = plain_fields(&one.value.shape)
        // Values of an older form may have other fields.
        && one.value.older.is_empty()
        && !one.kind.is_timers()
    {
        let field = |(at, (name, shape)): (usize, &(String, Shape))| {
            let of = Part::Field(name.clone(), at);
            column(&format!("value.{name}"), of, shape.clone())
        };
        columns.extend(fields.iter().enumerate().map(field));
        return columns;
    }
    // Values that may have several forms are no cells of one type.
    let several = Shape::Opaque;
    let values = alike(states, |state| {
        let is_one = state.value.older.is_empty();
        let shape = if is_one { &state.value.shape } else { &several };
        (!state.kind.is_timers()).then_some(shape)
    });
    columns.extend(values.map(|shape| column("value", Part::Value, shape)));
    columns
}

/// As [`columns`], of states of several operators of Flink, with or without times of the last access.
pub(crate) fn columns_of_operators(schema: &KeyedSchema, have_access: bool) -> Vec<Column> {
    let column = |name: &str, of: Part, shape: Shape| Column {
        name: name.to_owned(),
        of,
        shape,
    };
    let mut columns = columns(schema);
    columns.insert(0, column("operator", Part::Operator, Shape::Str));
    if have_access {
        columns.push(column("accessed", Part::Accessed, Shape::I64));
    }
    columns
}

/// The shape that all states with this part share; [`Shape::Opaque`] if they differ, `None` if no state has it.
fn alike<'s>(
    states: &'s [StateSchema],
    part: impl Fn(&'s StateSchema) -> Option<&'s Shape>,
) -> Option<Shape> {
    let mut shapes = states.iter().filter_map(part);
    let first = shapes.next()?;
    Some(if shapes.all(|shape| shape == first) {
        first.clone()
    } else {
        Shape::Opaque
    })
}

/// The fields of a struct that has plain ones alone.
fn plain_fields(shape: &Shape) -> Option<&[(String, Shape)]> {
    match shape {
        Shape::Struct { fields, .. } if !fields.is_empty() => fields
            .iter()
            .all(|(_, shape)| is_plain(shape))
            .then_some(fields),
        _ => None,
    }
}

/// Whether a shape is one cell: a number, a text, bytes, or an option of these.
pub(crate) fn is_plain(shape: &Shape) -> bool {
    match shape {
        Shape::Option(of) => !matches!(**of, Shape::Option(_)) && is_plain(of),
        Shape::Bool
        | Shape::I8
        | Shape::I16
        | Shape::I32
        | Shape::I64
        | Shape::I128
        | Shape::U8
        | Shape::U16
        | Shape::U32
        | Shape::U64
        | Shape::U128
        | Shape::F32
        | Shape::F64
        | Shape::Char
        | Shape::Str
        | Shape::Bytes => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use alluvium_protocol::schema::StateKind;

    use super::*;
    use crate::state::sample::{schema, state};

    fn names(states: Vec<StateSchema>) -> Vec<String> {
        columns(&schema(states))
            .into_iter()
            .map(|column| column.name)
            .collect()
    }

    fn visit(of: Shape) -> Shape {
        Shape::Struct {
            name: "Visit".into(),
            fields: vec![("at".into(), Shape::I64), ("by".into(), of)],
        }
    }

    #[test]
    fn the_fields_of_one_state_are_columns_and_those_of_several_are_not() {
        let plain = state("a", StateKind::Value, visit(Shape::option(Shape::Str)));
        let nested = state("a", StateKind::Value, visit(Shape::seq(Shape::Str)));
        let timers = state("b", StateKind::EventTimers, Shape::Unit);
        let key = ["state", "key_group", "key"];

        assert_eq!(names(vec![plain.clone()])[..3], key);
        assert_eq!(names(vec![plain.clone()])[3..], ["value.at", "value.by"]);
        assert_eq!(names(vec![nested])[3..], ["value"]);
        assert_eq!(names(vec![plain, timers.clone()])[3..], ["time", "value"]);
        assert_eq!(names(vec![timers])[3..], ["time"]);
    }

    #[test]
    fn maps_and_lists_have_the_columns_that_tell_their_entries_apart() {
        let map = state("a", StateKind::Map, Shape::U8);
        let list = state("b", StateKind::List, Shape::U8);

        assert_eq!(names(vec![map])[3..], ["map_key", "value"]);
        assert_eq!(names(vec![list])[3..], ["index", "value"]);
    }

    #[test]
    fn fields_of_tuple_structs_are_found_by_their_places_and_other_forms_are_refused() {
        let pair = Shape::Struct {
            name: "Pair".into(),
            fields: vec![("0".into(), Shape::U8), ("1".into(), Shape::Str)],
        };
        let columns = columns(&schema(vec![state("a", StateKind::Value, pair)]));
        let mut entry = Entry {
            operator: None,
            accessed: None,
            state: "a".into(),
            kind: "value".into(),
            key_group: 0,
            key: Value::Str("k".into()),
            namespace: None,
            map_key: None,
            index: None,
            time: None,
            expires: None,
            value: Some(Value::Seq(vec![Value::Uint(7), Value::Str("x".into())])),
        };

        let cell = columns.last().unwrap().cell(&entry).unwrap();
        assert_eq!(cell, Some(Value::Str("x".into())));

        entry.value = Some(Value::Bool(true));
        let refused = columns.last().unwrap().cell(&entry).unwrap_err();
        assert!(refused.to_string().contains("`1` is due"), "{refused}");
    }
}
