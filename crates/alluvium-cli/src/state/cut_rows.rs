//! All rows of a checkpoint or savepoint, key group by key group.
//!
//! Invariant: of the snapshots that a checkpoint consists of, one at a time is on this machine, so that the local
//! disk holds no more than the largest of them. Whoever goes through the key groups in order copies each once.

use alluvium::storage::Cancel;
use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::row::{self, RowRange, StateId};
use alluvium_protocol::schema::{KeyedSchema, StateSchema, merge};
use anyhow::Result;

use super::opened::{Cursor, Opened};
use crate::exit::Failure;
use crate::location::Cut;

/// The rows of one cut.
pub(crate) struct CutRows {
    cut: Cut,
    manifests: Vec<Manifest>,
    schema: KeyedSchema,
    cancel: Cancel,
    /// A snapshot's key groups and rows.
    opened: Option<(KeyGroupRange, Opened)>,
}

impl CutRows {
    /// Reads the manifests of a cut. Rows are copied when they are asked for.
    ///
    /// # Errors
    /// When a manifest is missing or damaged, or storage does not answer.
    pub(crate) fn of(cut: Cut, cancel: Cancel) -> Result<Self> {
        let manifests = cut.all_manifests()?;
        let schemas: Vec<_> = manifests.iter().map(|manifest| &manifest.schema).collect();
        Ok(Self {
            schema: merge(&schemas)?,
            cut,
            manifests,
            cancel,
            opened: None,
        })
    }

    /// What the rows are of.
    pub(crate) const fn cut(&self) -> &Cut {
        &self.cut
    }

    /// The states that the rows belong to.
    pub(crate) const fn schema(&self) -> &KeyedSchema {
        &self.schema
    }

    /// The state of this name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn state(&self, name: &str) -> Result<&StateSchema> {
        let states = &self.schema.states;
        states
            .iter()
            .find(|state| state.name == name)
            .ok_or_else(|| {
                let names: Vec<_> = states.iter().map(|state| state.name.as_str()).collect();
                Failure::usage(format!(
                    "there is no state `{name}`; there are: {}",
                    names.join(", ")
                ))
            })
    }

    /// The key groups that a person chose, or all.
    ///
    /// # Errors
    /// When the text is no range, or the job does not have them.
    pub(crate) fn groups(&self, option: &str, chosen: Option<&str>) -> Result<KeyGroupRange> {
        let all = self.cut.max_parallelism.all();
        let Some(text) = chosen else { return Ok(all) };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) => KeyGroupRange::new(first, last).ok(),
            _ => None,
        };
        let range = range.ok_or_else(|| {
            Failure::usage(format!(
                "{option} {text}: give one number or a range such as 0-42"
            ))
        })?;
        if !all.covers(range) {
            return Err(Failure::usage(format!(
                "{option} {range}: the job has key groups {all}"
            )));
        }
        Ok(range)
    }

    /// The rows of a key group, of all states or of one, in order.
    ///
    /// # Errors
    /// When they are missing, damaged or cannot be copied, or the command was interrupted.
    pub(crate) fn rows(&mut self, group: KeyGroup, state: Option<StateId>) -> Result<Cursor<'_>> {
        let range = match state {
            Some(state) => RowRange::prefix(&row::prefix(group, state)),
            None => KeyGroupRange::new(group.get(), group.get())?.rows(),
        };
        let opened = match self.opened.take() {
            Some((groups, opened)) if groups.contains(group) => (groups, opened),
            // Before the next comes, so that one alone takes up space.
            other => {
                drop(other);
                self.open(group)?
            }
        };
        self.opened.insert(opened).1.rows(&range, &self.cancel)
    }

    fn open(&self, group: KeyGroup) -> Result<(KeyGroupRange, Opened)> {
        let mut manifests = self.manifests.iter();
        let manifest = manifests
            .find(|manifest| manifest.range.contains(group))
            .ok_or_else(|| {
                Failure::problem(format!(
                    "no manifest of checkpoint {} has key group {}",
                    self.cut.name,
                    group.get()
                ))
            })?;
        let opened = Opened::download(&self.cut, manifest, &self.cancel)?;
        Ok((manifest.range, opened))
    }
}
