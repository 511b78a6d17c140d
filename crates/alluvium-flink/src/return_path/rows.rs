//! Rows of an Alluvium savepoint as pairs of a canonical one.

use std::collections::BTreeMap;

use alluvium_protocol::chunk::{Elements, NUMBER_BYTES};
use alluvium_protocol::key::{KeyReader, decode_shape};
use alluvium_protocol::key_group::{KeyGroup, MaxParallelism, flink_murmur};
use alluvium_protocol::row::{StateId, split_prefix};
use alluvium_protocol::schema::StateKind;
use alluvium_protocol::shape::Shape;
use alluvium_protocol::timer::split_time;

use super::conform::conform;
use super::source::Source;
use super::states::{StateReturn, states};
use crate::error::{Error, Result};
use crate::import::hashes_as_java;
use crate::keyed::KeyedMeta;
use crate::keyed::composite::{Parts, TimerParts};
use crate::metadata::OperatorId;
use crate::serializer::Serializer;
use crate::write::{Each, Replacement};

/// Between the elements of a list.
const DELIMITER: u8 = b',';

/// The state that takes the place of an operator's.
#[derive(Debug)]
pub(super) struct Returned {
    operator: OperatorId,
    source: Source,
    renames: BTreeMap<String, String>,
    key: Option<Serializer>,
    states: BTreeMap<StateId, StateReturn>,
    max_parallelism: MaxParallelism,
}

/// A list whose chunks are not all there yet.
#[derive(Default)]
struct OpenList {
    state: Option<StateId>,
    /// Key and namespace, as Alluvium has them.
    whose: Vec<u8>,
    number: u16,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Returned {
    pub(super) fn new(
        operator: OperatorId,
        source: Source,
        renames: BTreeMap<String, String>,
    ) -> Self {
        Self {
            operator,
            max_parallelism: source.max_parallelism(),
            source,
            renames,
            key: None,
            states: BTreeMap::new(),
        }
    }

    /// The pairs of one row; of a list none, until the list is whole.
    fn row(
        &self,
        group: KeyGroup,
        row: &[u8],
        value: &[u8],
        list: &mut OpenList,
        each: &mut Each<'_>,
    ) -> Result<()> {
        let (_, id, rest) = split_prefix(row).map_err(alluvium::Error::from)?;
        let (Some(state), Some(key)) = (self.states.get(&id), &self.key) else {
            return Err(Error::corrupt(
                "a row of a state that the savepoint does not describe",
            ));
        };
        let mut out = Vec::new();
        match state.schema.kind {
            StateKind::EventTimers | StateKind::ProcessingTimers => {
                list.end(each)?;
                let (time, rest) = split_time(rest).map_err(alluvium::Error::from)?;
                let mut input = KeyReader::new(rest);
                let (key, namespace) = self.parts(group, state, key, &mut input)?;
                input.finish().map_err(alluvium::Error::from)?;
                let parts = TimerParts {
                    group: group.get(),
                    timestamp: time,
                    key: &key,
                    namespace: &namespace,
                };
                state.layout.compose_timer(parts, &mut out)?;
                each(state.number, &out, &[])
            }
            StateKind::List => {
                let whose = rest.len().checked_sub(NUMBER_BYTES);
                let whose = whose.and_then(|end| rest.get(..end));
                let whose = whose.ok_or_else(|| Error::corrupt("a list without a number"))?;
                if list.state != Some(id) || list.whose != whose {
                    list.end(each)?;
                    let mut input = KeyReader::new(whose);
                    self.compose(group, state, key, &mut input, &mut list.key)?;
                    input.finish().map_err(alluvium::Error::from)?;
                    list.state = Some(id);
                    list.whose = whose.to_vec();
                    list.number = state.number;
                }
                for element in Elements::new(value) {
                    if !list.value.is_empty() {
                        list.value.push(DELIMITER);
                    }
                    state.value(element.map_err(alluvium::Error::from)?, &mut list.value)?;
                }
                Ok(())
            }
            _ => {
                list.end(each)?;
                let mut input = KeyReader::new(rest);
                self.compose(group, state, key, &mut input, &mut out)?;
                if let (Some(serializer), Some(shape)) = (&state.map_key, &state.schema.map_key) {
                    // A map's key is the last part of a composite key, and has no length.
                    written(serializer, shape, &mut input, &mut out)?;
                }
                input.finish().map_err(alluvium::Error::from)?;
                let mut bytes = Vec::new();
                state.value(value, &mut bytes)?;
                each(state.number, &out, &bytes)
            }
        }
    }

    /// Appends the composite key of a row.
    fn compose(
        &self,
        group: KeyGroup,
        state: &StateReturn,
        key: &Serializer,
        input: &mut KeyReader<'_>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let (key, namespace) = self.parts(group, state, key, input)?;
        let parts = Parts {
            group: group.get(),
            key: &key,
            namespace: &namespace,
            map_key: &[],
        };
        state.layout.compose(parts, out)
    }

    /// Key and namespace by Flink's serializers.
    fn parts(
        &self,
        group: KeyGroup,
        state: &StateReturn,
        serializer: &Serializer,
        input: &mut KeyReader<'_>,
    ) -> Result<(Vec<u8>, Vec<u8>)> {
        let (mut key, mut namespace) = (Vec::new(), Vec::new());
        let shape = &self.source.schema().key;
        let value = decode_shape(shape, input).map_err(alluvium::Error::from)?;
        let value = conform(serializer, value);
        let hash = serializer.java_hash(&value);
        let own = hash.filter(|_| hashes_as_java(serializer));
        let own = own.map(|hash| self.max_parallelism.group_of(flink_murmur(hash)));
        if own.is_some_and(|own| own != group) {
            return Err(Error::invalid(format!(
                "key {value} is in key group {}, which is not Flink's: only jobs that are keyed by `Java<K>` go back",
                group.get()
            )));
        }
        serializer.encode(&value, &mut key)?;
        written(
            &state.namespace,
            &state.schema.namespace,
            input,
            &mut namespace,
        )?;
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

impl OpenList {
    fn end(&mut self, each: &mut Each<'_>) -> Result<()> {
        let is_open = self.state.take().is_some();
        let written = match is_open && !self.value.is_empty() {
            true => each(self.number, &self.key, &self.value),
            false => Ok(()),
        };
        self.key.clear();
        self.value.clear();
        written
    }
}

impl Replacement for Returned {
    fn operator(&self) -> OperatorId {
        self.operator
    }

    fn states(&mut self, meta: &KeyedMeta) -> Result<()> {
        let now = self.source.created_unix_millis();
        self.states = states(
            self.source.schema(),
            meta,
            &self.renames,
            self.max_parallelism,
            now,
        )?;
        self.key = Some(meta.key.clone());
        Ok(())
    }

    fn group(&self, group: KeyGroup, each: &mut Each<'_>) -> Result<()> {
        let mut list = OpenList::default();
        self.source.group(group, &mut |row, value| {
            self.row(group, row, value, &mut list, each)
        })?;
        list.end(each)
    }
}
