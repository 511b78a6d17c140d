//! Puts lines into a backend.
//!
//! What would be lost without a word is refused: a second value of the same key, elements of a list out of order, a key
//! group that is not the key's.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use alluvium::bytes::{Address, StateDeclaration, StateIndex, Update};
use alluvium::{BytesBackend, Result};
use alluvium_protocol::key_group::{KeyGroup, KeyHash, MaxParallelism};
use alluvium_protocol::schema::{KeyedSchema, StateKind, StateSchema};
use serde_json::value::RawValue;

use super::super::from_json;
use super::line::Line;
use crate::args::ImportOptions;

/// Why a line was not taken.
type Wrong = String;

/// A backend that lines go to.
pub(super) struct Load<'b> {
    backend: &'b mut BytesBackend,
    schema: &'b KeyedSchema,
    groups: MaxParallelism,
    /// Whether key groups are those of the lines.
    keep_groups: bool,
    /// Whether lines that name key groups mean these.
    same_groups: bool,
    states: BTreeMap<&'b str, State<'b>>,
    list: OpenList,
}

struct State<'b> {
    schema: &'b StateSchema,
    index: StateIndex,
    lines: u64,
}

/// The list that the line before belongs to.
#[derive(Default)]
struct OpenList {
    state: String,
    /// Key and namespace.
    key: Vec<u8>,
    elements: u64,
}

impl<'b> Load<'b> {
    /// Declares the states of a schema.
    ///
    /// # Errors
    /// None for a schema that was stored.
    pub(super) fn begin(
        backend: &'b mut BytesBackend,
        schema: &'b KeyedSchema,
        groups: MaxParallelism,
        options: &ImportOptions,
    ) -> Result<Self> {
        let mut states = BTreeMap::new();
        for state in &schema.states {
            let index = backend.register(StateDeclaration {
                name: state.name.clone(),
                kind: state.kind,
                namespace: state.namespace.clone(),
                map_key: state.map_key.clone(),
                value: state.value.clone(),
                ttl: state.ttl,
            })?;
            let state = State {
                schema: state,
                index,
                lines: 0,
            };
            states.insert(state.schema.name.as_str(), state);
        }
        Ok(Self {
            backend,
            schema,
            groups,
            keep_groups: options.keep_key_groups,
            same_groups: options.max_parallelism.is_none(),
            states,
            list: OpenList::default(),
        })
    }

    /// How many lines of a state were taken.
    pub(super) fn lines_of(&self, state: &str) -> u64 {
        self.states.get(state).map_or(0, |state| state.lines)
    }

    /// Takes one line; what is wrong with it in the inner result.
    ///
    /// # Errors
    /// When this machine fails, or an entry is too large.
    pub(super) fn line(&mut self, text: &str) -> Result<Result<(), Wrong>> {
        match self.prepare(text) {
            Ok(prepared) => self.put(&prepared),
            Err(wrong) => Ok(Err(wrong)),
        }
    }

    /// All of a line as bytes.
    fn prepare(&mut self, text: &str) -> Result<Prepared, Wrong> {
        let line = Line::parse(text)?;
        let Some(state) = self.states.get_mut(&*line.state) else {
            let names: Vec<_> = self.states.keys().copied().collect();
            return Err(format!(
                "there is no state `{}`; there are: {}",
                line.state,
                names.join(", ")
            ));
        };
        line.check(state.schema)?;
        let schema = state.schema;
        let key_field = |field: &str, shape, json: &RawValue, out: &mut Vec<u8>| {
            from_json::key(shape, json, out).map_err(|wrong| told(field, &wrong))
        };
        let mut key = Vec::new();
        key_field("key", &self.schema.key, line.key, &mut key)?;
        let own = self.groups.group_of(KeyHash::of(&key));
        let group = match line.key_group.map(KeyGroup::new) {
            Some(group) if self.keep_groups => group,
            Some(group) if group != own && self.same_groups => {
                return Err(format!(
                    "`key_group` is {}, but the key is in {}: leave it out, or say --keep-key-groups if the job hashes \
                     its keys itself",
                    group.get(),
                    own.get()
                ));
            }
            None if self.keep_groups => {
                return Err("`key_group` is missing, which --keep-key-groups takes".to_owned());
            }
            _ => own,
        };
        if !self.groups.all().contains(group) {
            return Err(format!(
                "`key_group` {} is none of {}",
                group.get(),
                self.groups
            ));
        }
        if let Some(json) = line.namespace {
            key_field("namespace", &schema.namespace, json, &mut key)?;
        }
        let mut map_key = Vec::new();
        if let (Some(shape), Some(json)) = (&schema.map_key, line.map_key) {
            key_field("map_key", shape, json, &mut map_key)?;
        }
        let value = match line.value {
            Some(json) => {
                from_json::value(&schema.value, json).map_err(|wrong| told("value", &wrong))?
            }
            None => Vec::new(),
        };
        if schema.kind == StateKind::List {
            self.list.check(&schema.name, &key, line.index)?;
        }
        state.lines += 1;
        Ok(Prepared {
            state: state.index,
            kind: schema.kind,
            group,
            key,
            map_key,
            value,
            time: line.time.unwrap_or_default(),
            begins_list: schema.kind == StateKind::List && self.list.elements == 1,
        })
    }

    fn put(&mut self, line: &Prepared) -> Result<Result<(), Wrong>> {
        let at = Address {
            state: line.state,
            group: line.group,
            key: &line.key,
        };
        match line.kind {
            StateKind::List => {
                let mut is_new = true;
                if line.begins_list {
                    self.backend.for_each_element(&at, &mut |_| {
                        is_new = false;
                        Ok(ControlFlow::Break(()))
                    })?;
                }
                if !is_new {
                    return Ok(Err(
                        "the list has elements already: give the lines of one list together"
                            .to_owned(),
                    ));
                }
                self.backend.append(&at, &line.value)?;
            }
            StateKind::Map => {
                if self.backend.map_get(&at, &line.map_key)?.is_some() {
                    return Ok(Err(
                        "the map has an entry of this `map_key` already".to_owned()
                    ));
                }
                self.backend.map_put(&at, &line.map_key, &line.value)?;
            }
            StateKind::EventTimers | StateKind::ProcessingTimers => {
                self.backend.register_timer(&at, line.time)?;
            }
            StateKind::Value | StateKind::Reducing | StateKind::Aggregating => {
                let is_new = self.backend.update(&at, |old, new| {
                    new.extend_from_slice(&line.value);
                    Ok(match old {
                        Some(_) => (Update::Keep, false),
                        None => (Update::Put, true),
                    })
                })?;
                if !is_new {
                    return Ok(Err("the key has a value already".to_owned()));
                }
            }
        }
        Ok(Ok(()))
    }
}

impl OpenList {
    /// Counts an element of a list.
    fn check(&mut self, state: &str, key: &[u8], index: Option<u64>) -> Result<(), Wrong> {
        if self.state != state || self.key != key {
            state.clone_into(&mut self.state);
            self.key = key.to_vec();
            self.elements = 0;
        }
        if let Some(index) = index.filter(|index| *index != self.elements) {
            return Err(format!(
                "`index` is {index} where {} comes: give the elements of a list together and in order",
                self.elements
            ));
        }
        self.elements += 1;
        Ok(())
    }
}

/// A line as bytes.
struct Prepared {
    state: StateIndex,
    kind: StateKind,
    group: KeyGroup,
    /// Key and namespace.
    key: Vec<u8>,
    map_key: Vec<u8>,
    value: Vec<u8>,
    time: i64,
    /// Whether it is the first element of its list.
    begins_list: bool,
}

fn told(field: &str, wrong: &anyhow::Error) -> Wrong {
    format!("`{field}`{}", {
        let wrong = wrong.to_string();
        let is_place = wrong.starts_with(['.', '[']);
        if is_place {
            wrong
        } else {
            format!(": {wrong}")
        }
    })
}
