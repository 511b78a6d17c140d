//! List states: elements in the order they were appended, for each key and namespace.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::Arc;

use alluvium_protocol::key::Key;
use alluvium_protocol::schema::StateKind;
use alluvium_protocol::stamp::Stamp;

use super::entry::{Access, Entry};
use super::{Described, Registered, State, Types, choices, copyable, sealed, upgrade};
use crate::bytes::elements::{Elements, Filled};
use crate::bytes::{BytesBackend, StateDeclaration};
use crate::codec::{Codec, Postcard, UpgradeValue};
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

    fn upgrade(&self) -> Option<Arc<UpgradeValue>> {
        upgrade::<T, C>()
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
/// Appending is cheap however long the list is: nothing is read. Elements are visited in the order in which they were appended. The list may be
/// larger than memory. An empty list and none are the same.
///
/// # Errors
/// All calls: `Invalid` when the handle is another backend's; `Corrupt` when what the store has is damaged, or no `T`; `Unavailable` when
/// the store cannot be read, or could not take what was written earlier.
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
    /// See [`ListScope`]; `Invalid` when the codec has no bytes for `element`, or too many for a row.
    pub fn push(&mut self, element: &T) -> Result<()> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        let elements = &mut scratch.elements;
        elements.clear_for(stamp(bytes, state));
        elements.push_with(|out| state.encode::<T, C>(element, out))?;
        bytes.append_framed(&at, elements)
    }

    /// Appends elements, in order: all or, after an error, none. There may be more of them than memory holds: what has more than an eighth
    /// of [`memory_budget_bytes`](crate::Options::memory_budget_bytes) is written in pieces as it comes.
    ///
    /// # Errors
    /// As [`ListScope::push`], of any element. When the store fails as well while pieces are taken back, they may stay, and the
    /// backend takes no snapshot any more (`Unavailable`); neither does it after `elements` panicked between two pieces.
    pub fn extend<E: Borrow<T>>(&mut self, elements: impl IntoIterator<Item = E>) -> Result<()> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        let stamp = stamp(bytes, state);
        let mut items = elements.into_iter();
        bytes.append_filled(&at, &mut scratch.elements, &mut |elements, bytes_max| {
            fill::<T, C, E>(elements, bytes_max, &mut items, stamp, state)
        })
    }

    /// Replaces the list; no elements clear it. After an error the list is as it was. There may be more elements than
    /// memory holds, as with [`ListScope::extend`].
    ///
    /// # Errors
    /// As [`ListScope::extend`].
    pub fn set<E: Borrow<T>>(&mut self, elements: impl IntoIterator<Item = E>) -> Result<()> {
        let Access {
            bytes,
            scratch,
            at,
            state,
        } = self.entry.access()?;
        let stamp = stamp(bytes, state);
        let mut items = elements.into_iter();
        bytes.replace_filled(&at, &mut scratch.elements, &mut |elements, bytes_max| {
            fill::<T, C, E>(elements, bytes_max, &mut items, stamp, state)
        })
    }

    /// Takes out the elements of which `keep` says no. It is asked about each once, in order. The list may be larger than memory: of a
    /// long one the chunks that lose elements are written again, one at a time.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use alluvium::{Backend, Builder, ListState, store::memory::MemoryStoreFactory};
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Arc::new(MemoryStoreFactory::default());
    /// # let mut backend = Backend::<String>::open(Builder::new("airport", store, directory.path()))?;
    /// const DELAYS: ListState<i32> = ListState::new("delays");
    ///
    /// let delays = backend.register(DELAYS)?;
    /// let mut gate = backend.key("A12")?;
    /// gate.list(delays).extend([-4, 15, 0, 61])?;
    /// gate.list(delays).retain(|delay| *delay > 0)?;
    /// assert_eq!(gate.list(delays).get()?, [15, 61]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Of a state with a TTL, what has expired goes without being asked about, and what stays lives as long as before.
    ///
    /// # Errors
    /// See [`ListScope`]. The list is as it was then, unless it has more than an eighth of the memory budget: elements
    /// before the one that could not be read may be gone, and calling it again goes on.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) -> Result<()> {
        let Access {
            bytes, at, state, ..
        } = self.entry.access()?;
        bytes.retain_elements(&at, &mut |element| {
            Ok(keep(&state.decode::<T, C>(element)?))
        })
    }

    /// The whole list; empty when there is none. Holds it in memory: see [`ListScope::for_each`].
    ///
    /// # Errors
    /// See [`ListScope`].
    pub fn get(&mut self) -> Result<Vec<T>> {
        let mut elements = Vec::new();
        self.for_each(|element| elements.push(element))?;
        Ok(elements)
    }

    /// Visits every element in order, with a chunk of the list in memory at a time, 64 KiB.
    ///
    /// Nothing of the backend can be read or written meanwhile, so that no visit sees half of a change:
    ///
    /// ```compile_fail,E0499
    /// # use alluvium::{KeyScope, Result, state::List};
    /// # fn repeat(mut gate: KeyScope<'_, String>, delays: List<i32>) -> Result<()> {
    /// gate.list(delays).for_each(|delay| {
    ///     gate.list(delays).push(&delay); // the list is being visited
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// What is to be written is collected first:
    ///
    /// ```
    /// # use alluvium::{KeyScope, Result, state::List};
    /// # fn repeat(mut gate: KeyScope<'_, String>, delays: List<i32>) -> Result<()> {
    /// let mut late = Vec::new();
    /// gate.list(delays).for_each(|delay| late.push(delay))?;
    /// gate.list(delays).extend(&late)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ListScope`].
    pub fn for_each(&mut self, mut visit: impl FnMut(T)) -> Result<()> {
        self.try_for_each(|element| {
            visit(element);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// As [`ListScope::for_each`], until `visit` breaks or fails.
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

    /// Removes the list, without reading it: what the store has of it goes as the write buffer is flushed.
    ///
    /// # Errors
    /// See [`ListScope`].
    pub fn clear(&mut self) -> Result<()> {
        self.entry.clear()
    }
}

/// The stamp of elements that are written now, if the state's have any.
#[inline]
fn stamp(bytes: &BytesBackend, state: Registered) -> Option<Stamp> {
    if state.stamped {
        bytes.element_stamp(state.index)
    } else {
        None
    }
}

fn fill<T, C: Codec<T>, E: Borrow<T>>(
    elements: &mut Elements,
    bytes_max: usize,
    items: &mut impl Iterator<Item = E>,
    stamp: Option<Stamp>,
    state: Registered,
) -> Result<Filled> {
    elements.fill(stamp, bytes_max, items, |elements, item| {
        elements.push_with(|out| state.encode::<T, C>(item.borrow(), out))
    })
}
