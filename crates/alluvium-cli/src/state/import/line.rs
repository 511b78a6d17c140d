//! One line of an import, taken apart: which state, and the JSON of its parts.

use std::borrow::Cow;

use alluvium_protocol::schema::{StateKind, StateSchema};
use alluvium_protocol::shape::Shape;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An entry as `export` writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<'l> {
    #[serde(borrow)]
    pub(super) state: Cow<'l, str>,
    #[serde(borrow)]
    kind: Option<Cow<'l, str>>,
    pub(super) key_group: Option<u16>,
    #[serde(borrow)]
    pub(super) key: &'l RawValue,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) namespace: Option<&'l RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) map_key: Option<&'l RawValue>,
    pub(super) index: Option<u64>,
    pub(super) time: Option<i64>,
    /// Read so that exports can be imported; values live anew.
    #[serde(rename = "expires")]
    _expires: Option<i64>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) value: Option<&'l RawValue>,
}

/// A field that is there, also as `null`: that is a value, too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'l> Line<'l> {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &'l str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|wrong| {
            // serde_json counts lines, of which this is one alone.
            let told = wrong.to_string();
            let told = told.replace(" at line 1 column ", " at column ");
            format!("it is no object of an export: {told}")
        })
    }

    /// Checks that it has what its kind of state has, and no more.
    ///
    /// # Errors
    /// The field that is missing or too many.
    pub(super) fn check(&self, state: &StateSchema) -> Result<(), String> {
        let kind = state.kind;
        if let Some(said) = self
            .kind
            .as_deref()
            .filter(|said| **said != kind.to_string())
        {
            return Err(format!(
                "`kind` is {said}, but `{}` is a {kind} state",
                state.name
            ));
        }
        let is_timers = kind.is_timers();
        let has_namespace = state.namespace != Shape::Unit;
        let fields = [
            ("namespace", self.namespace.is_some(), has_namespace),
            ("map_key", self.map_key.is_some(), kind == StateKind::Map),
            ("time", self.time.is_some(), is_timers),
            ("value", self.value.is_some(), !is_timers),
        ];
        for (field, is_there, is_due) in fields {
            if is_due && !is_there {
                return Err(format!(
                    "`{field}` is missing: `{}` is a {kind} state",
                    state.name
                ));
            }
            if is_there && !is_due {
                return Err(format!(
                    "`{field}` is too many: `{}` is a {kind} state without",
                    state.name
                ));
            }
        }
        if self.index.is_some() && kind != StateKind::List {
            return Err(format!("`index` is too many: `{}` is no list", state.name));
        }
        Ok(())
    }
}
