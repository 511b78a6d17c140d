//! Rows of an Alluvium savepoint as rows of a canonical one.
//!
//! A list has many rows in Alluvium, one after the other, and one in Flink: its elements are handed on one by one.

use std::collections::BTreeMap;

use alluvium_protocol::chunk::{Elements, NUMBER_BYTES};
use alluvium_protocol::key::{KeyReader, decode_shape};
use alluvium_protocol::key_group::KeyGroup;
use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{KeyedSchema, StateKind};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::timer::split_time;
use alluvium_protocol::value::Value;

use super::conform::conform;
use super::states::StateReturn;
use crate::error::{Error, Result};
use crate::keyed::composite::{Parts, TimerParts};
use crate::serializer::Serializer;
use crate::write::Rows;

/// Between the elements of a list.
const DELIMITER: &[u8] = b",";

/// How rows are written back.
#[derive(Debug)]
pub(super) struct Conversion {
    key: Serializer,
    key_shape: Shape,
    /// By their numbers in Flink's savepoint.
    states: Vec<StateReturn>,
    numbers: BTreeMap<StateId, u16>,
}

/// A list, some of whose rows were read.
#[derive(Debug, Default)]
pub(super) struct OpenList {
    /// The state, and key and namespace as Alluvium has them; none outside of a list.
    whose: Option<(u16, Vec<u8>)>,
    /// The composite key.
    key: Vec<u8>,
    /// Whether there was an element: an empty list has no row.
    is_begun: bool,
    element: Vec<u8>,
}

impl Conversion {
    pub(super) fn new(key: Serializer, schema: &KeyedSchema, states: Vec<StateReturn>) -> Self {
        let numbers = states.iter().zip(0..);
        Self {
            key,
            key_shape: schema.key.clone(),
            numbers: numbers
                .map(|(state, number)| (state.schema.id, number))
                .collect(),
            states,
        }
    }

    /// The number of a state in Flink's savepoint.
    ///
    /// # Errors
    /// `Corrupt` when the savepoint does not describe it.
    pub(super) fn number(&self, id: StateId) -> Result<u16> {
        self.numbers
            .get(&id)
            .copied()
            .ok_or_else(|| Error::corrupt("a row of a state that the savepoint does not describe"))
    }

    /// What the keys were written by in Flink.
    pub(super) const fn key_serializer(&self) -> &Serializer {
        &self.key
    }

    /// The key of a row, as Flink has it and as it is stored; `rest` is what is behind the state's number.
    pub(super) fn key_of<'r>(&self, number: u16, rest: &'r [u8]) -> Result<(Value, &'r [u8])> {
        let rest = match self.state(number)?.schema.kind {
            kind if kind.is_timers() => split_time(rest).map_err(alluvium::Error::from)?.1,
            _ => rest,
        };
        let mut input = KeyReader::new(rest);
        let value = decode_shape(&self.key_shape, &mut input).map_err(alluvium::Error::from)?;
        let length = rest.len() - input.remaining().len();
        let stored = rest.get(..length).unwrap_or_default();
        Ok((conform(&self.key, value), stored))
    }

    /// Hands on what a row is in Flink.
    ///
    /// # Errors
    /// `Corrupt` when it is no row of the state; `Incompatible` and `Invalid` when it is nothing that Flink's serializers write; what `rows`
    /// returns.
    pub(super) fn row(
        &self,
        group: KeyGroup,
        number: u16,
        (rest, value): (&[u8], &[u8]),
        list: &mut OpenList,
        rows: &mut dyn Rows,
    ) -> Result<()> {
        let state = self.state(number)?;
        let converted = match state.schema.kind {
            StateKind::List => return self.part_of_list(group, number, (rest, value), list, rows),
            StateKind::EventTimers | StateKind::ProcessingTimers => {
                self.timer(group, state, rest).map(|key| (key, Vec::new()))
            }
            _ => self.single(group, state, rest, value),
        };
        list.whose = None;
        let (key, value) = converted.map_err(|error| told(error, state, group))?;
        rows.begin(number, &key)?;
        rows.append(&value)
    }

    fn state(&self, number: u16) -> Result<&StateReturn> {
        let state = self.states.get(usize::from(number));
        state.ok_or_else(|| Error::corrupt("a row of a state that there is not"))
    }

    fn timer(&self, group: KeyGroup, state: &StateReturn, rest: &[u8]) -> Result<Vec<u8>> {
        let (time, rest) = split_time(rest).map_err(alluvium::Error::from)?;
        let mut input = KeyReader::new(rest);
        let (key, namespace) = self.parts(state, &mut input)?;
        input.finish().map_err(alluvium::Error::from)?;
        let mut out = Vec::new();
        let parts = TimerParts {
            group: group.get(),
            timestamp: time,
            key: &key,
            namespace: &namespace,
        };
        state.layout.compose_timer(parts, &mut out)?;
        Ok(out)
    }

    fn single(
        &self,
        group: KeyGroup,
        state: &StateReturn,
        rest: &[u8],
        value: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>)> {
        let (mut key, mut out) = (Vec::new(), Vec::new());
        let mut input = KeyReader::new(rest);
        self.compose(group, state, &mut input, &mut key)?;
        if let (Some(serializer), Some(shape)) = (&state.map_key, &state.schema.map_key) {
            // A map's key is the last part of a composite key, and has no length.
            written(serializer, shape, &mut input, &mut key)?;
        }
        input.finish().map_err(alluvium::Error::from)?;
        state.value(value, &mut out)?;
        Ok((key, out))
    }

    fn part_of_list(
        &self,
        group: KeyGroup,
        number: u16,
        (rest, value): (&[u8], &[u8]),
        list: &mut OpenList,
        rows: &mut dyn Rows,
    ) -> Result<()> {
        let state = self.state(number)?;
        let whose = rest.len().checked_sub(NUMBER_BYTES);
        let whose = whose.and_then(|end| rest.get(..end));
        let whose = whose.ok_or_else(|| Error::corrupt("a list without a number"))?;
        let is_same = |(of, known): &(u16, Vec<u8>)| *of == number && known == whose;
        if !list.whose.as_ref().is_some_and(is_same) {
            list.key.clear();
            let mut input = KeyReader::new(whose);
            self.compose(group, state, &mut input, &mut list.key)
                .and_then(|()| Ok(input.finish().map_err(alluvium::Error::from)?))
                .map_err(|error| told(error, state, group))?;
            list.whose = Some((number, whose.to_vec()));
            list.is_begun = false;
        }
        for element in Elements::new(value) {
            list.element.clear();
            let element = element.map_err(alluvium::Error::from)?;
            state
                .value(element, &mut list.element)
                .map_err(|error| told(error, state, group))?;
            if list.is_begun {
                rows.append(DELIMITER)?;
            } else {
                rows.begin(number, &list.key)?;
                list.is_begun = true;
            }
            rows.append(&list.element)?;
        }
        Ok(())
    }

    /// Appends the composite key of a row.
    fn compose(
        &self,
        group: KeyGroup,
        state: &StateReturn,
        input: &mut KeyReader<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let (key, namespace) = self.parts(state, input)?;
        let parts = Parts {
            group: group.get(),
            key: &key,
            namespace: &namespace,
            map_key: &[],
        };
        state.layout.compose(parts, out)
    }

    /// Key and namespace by Flink's serializers.
    fn parts(&self, state: &StateReturn, input: &mut KeyReader<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
        let (mut key, mut namespace) = (Vec::new(), Vec::new());
        written(&self.key, &self.key_shape, input, &mut key)?;
        let shape = &state.schema.namespace;
        written(&state.namespace, shape, input, &mut namespace)?;
        Ok((key, namespace))
    }
}

fn written(
    serializer: &Serializer,
    shape: &Shape,
    input: &mut KeyReader<'_>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let value = decode_shape(shape, input).map_err(alluvium::Error::from)?;
    serializer.encode(&conform(serializer, value), out)
}

/// Which state's row it is about.
fn told(error: Error, state: &StateReturn, group: KeyGroup) -> Error {
    error.context(format!(
        "a row of state {} in key group {} cannot go back to Flink",
        state.schema.name,
        group.get()
    ))
}
