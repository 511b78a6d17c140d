//! List states: elements in the order they were appended, for each key and namespace.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use alluvium_protocol::key::Key;
use alluvium_protocol::schema::StateKind;

use super::entry::{Access, Entry};
use super::{Described, Registered, State, Types, choices, copyable, sealed};
use crate::bytes::elements::Elements;
use crate::bytes::{BytesBackend, StateDeclaration};
use crate::codec::{Codec, Postcard};
use crate::error::Result;

/// Describes a state that keeps a list of `T`.
pub struct ListState<T, N = (), C = Postcard> {
    described: Described,
    types: Types<(T, N, C)>,
}

impl<T> ListState<T> {
    /// A list state of this name, unique in its operator.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            described: Described::new(name),
            types: PhantomData,
        }
    }
}

choices!(ListState<T; N, C>);

impl<T, N: Key, C: Codec<T>> State for ListState<T, N, C> {
    type Handle = List<T, N, C>;

    fn name(&self) -> &'static str {
        self.described.name
    }

    fn declaration(&self) -> StateDeclaration {
        self.described.declaration::<N, T, C>(StateKind::List)
    }

    fn handle(&self, state: Registered) -> Self::Handle {
        List {
            state,
            types: PhantomData,
        }
    }
}

/// A registered [`ListState`].
pub struct List<T, N = (), C = Postcard> {
    pub(crate) state: Registered,
    types: Types<(T, N, C)>,
}

copyable!(List<T, N, C> shows state);

/// One key's list. From [`KeyScope::list`](crate::KeyScope::list).
///
/// Appending is cheap however long the list is: nothing is read. An empty list and none are the same.
///
/// # Errors
/// All calls: `Invalid` when the handle is another backend's, `Corrupt` when stored bytes are no `T`, and
/// what [`BytesBackend::get`](crate::bytes::BytesBackend::get) says of the store.
#[derive(Debug)]
pub struct ListScope<'s, T, C = Postcard> {
    entry: Entry<'s>,
    types: Types<(T, C)>,
}

impl<'s, T, C: Codec<T>> ListScope<'s, T, C> {
    pub(crate) fn new(entry: Entry<'s>) -> Self {
        Self {
            entry,
            types: PhantomData,
        }
    }

    /// Appends an element.
    ///
    /// # Errors
    /// See [`ListScope`]; `Invalid` when the codec has no bytes for `element`.
    pub fn push(&mut self, element: &T) -> Result<()> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        encode_all::<T, C, &T>(bytes, state, [element], &mut scratch.elements)?;
        bytes.append_framed(&at, &scratch.elements)
    }

    /// Appends elements, all or (after an error) none.
    ///
    /// # Errors
    /// As [`ListScope::push`].
    pub fn extend<E: Borrow<T>>(&mut self, elements: impl IntoIterator<Item = E>) -> Result<()> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        encode_all::<T, C, E>(bytes, state, elements, &mut scratch.elements)?;
        bytes.append_framed(&at, &scratch.elements)
    }

    /// Replaces the list. No elements clear it.
    ///
    /// # Errors
    /// As [`ListScope::push`]; the list stays as it was when an element cannot be encoded.
    pub fn set<E: Borrow<T>>(&mut self, elements: impl IntoIterator<Item = E>) -> Result<()> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        encode_all::<T, C, E>(bytes, state, elements, &mut scratch.elements)?;
        bytes.replace_list_framed(&at, &scratch.elements)
    }

    /// The whole list; empty when there is none.
    ///
    /// # Errors
    /// See [`ListScope`].
    pub fn get(&mut self) -> Result<Vec<T>> {
        let mut elements = Vec::new();
        self.for_each(|element| elements.push(element))?;
        Ok(elements)
    }

    /// Visits every element in order. The list may be larger than memory.
    ///
    /// # Errors
    /// See [`ListScope`].
    pub fn for_each(&mut self, mut visit: impl FnMut(T)) -> Result<()> {
        self.try_for_each(|element| {
            visit(element);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Visits elements in order until `visit` breaks or fails.
    ///
    /// # Errors
    /// See [`ListScope`], and what `visit` returns.
    pub fn try_for_each(
        &mut self,
        mut visit: impl FnMut(T) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let Access {
            bytes, at, state, ..
        } = self.entry.access()?;
        bytes.for_each_element(&at, &mut |element| visit(state.decode::<T, C>(element)?))
    }

    /// Whether there is no element.
    ///
    /// # Errors
    /// See [`ListScope`].
    pub fn is_empty(&mut self) -> Result<bool> {
        let Access { bytes, at, .. } = self.entry.access()?;
        let mut empty = true;
        bytes.for_each_element(&at, &mut |_| {
            empty = false;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(empty)
    }

    /// Removes the list.
    ///
    /// # Errors
    /// See [`ListScope`].
    pub fn clear(&mut self) -> Result<()> {
        self.entry.clear()
    }
}

fn encode_all<T, C: Codec<T>, E: Borrow<T>>(
    bytes: &BytesBackend,
    state: Registered,
    values: impl IntoIterator<Item = E>,
    elements: &mut Elements,
) -> Result<()> {
    if state.stamped {
        elements.clear_for(bytes.element_stamp(state.index));
    } else {
        elements.clear();
    }
    values
        .into_iter()
        .try_for_each(|value| elements.push_with(|out| state.encode::<T, C>(value.borrow(), out)))
}
