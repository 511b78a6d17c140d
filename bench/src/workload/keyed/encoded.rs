//! Keyed state in a store of rows, in the manner of an engine that puts a thin layer of codecs around one.
//!
//! ```text
//! row key = state u8 ‖ key ‖ namespace ‖ map key
//! list    = elements, each with its length in front (u32), appended by the store if it can
//! ```
//!
//! Timers are kept in memory, in a `BTreeSet`: they cost no rows and would be lost in a crash, which favors these subjects.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use alluvium::codec::{Codec as _, Postcard};
use alluvium::protocol::key::{self, Key, KeyReader};
use anyhow::{Context as _, Result};

use super::engines::Engine;
use super::{Due, Handles, Keyed, Row};

mod scope;

pub(crate) use scope::EncodedScope;

/// A state's number, and its types.
#[derive(Debug)]
pub(crate) struct Numbered<T> {
    number: u8,
    types: PhantomData<fn() -> T>,
}

impl<T> Numbered<T> {
    const fn new(number: u8) -> Self {
        Self {
            number,
            types: PhantomData,
        }
    }
}

impl<T> Clone for Numbered<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Numbered<T> {}

/// A state's number, and how its values are folded.
#[derive(Debug)]
pub(crate) struct Folded<T, N> {
    state: Numbered<(T, N)>,
    reduce: fn(&T, &T) -> T,
}

impl<T, N> Clone for Folded<T, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, N> Copy for Folded<T, N> {}

/// Handles that are numbers.
pub(crate) enum Numbers {}

impl Handles for Numbers {
    type Value<T: Row, N: Key> = Numbered<(T, N)>;
    type Reducing<T: Row, N: Key> = Folded<T, N>;
    type List<T: Row, N: Key> = Numbered<(T, N)>;
    type Map<M: Key, T: Row> = Numbered<(M, T)>;
    type Timers<N: Key> = Numbered<N>;
}

/// State of keys `K` in the rows of an engine.
#[derive(Debug)]
pub(crate) struct Encoded<E, K> {
    pub(crate) engine: E,
    states: u8,
    /// Timers of every state, by time and then key and namespace; empty for states of other kinds.
    timers: Vec<BTreeSet<(i64, Vec<u8>)>>,
    key: Vec<u8>,
    row: Vec<u8>,
    value: Vec<u8>,
    keys: PhantomData<fn() -> K>,
}

impl<E, K> Encoded<E, K> {
    pub(crate) const fn over(engine: E) -> Self {
        Self {
            engine,
            states: 0,
            timers: Vec::new(),
            key: Vec::new(),
            row: Vec::new(),
            value: Vec::new(),
            keys: PhantomData,
        }
    }

    fn next_state<T>(&mut self) -> Numbered<T> {
        let number = self.states;
        self.states += 1;
        self.timers.push(BTreeSet::new());
        Numbered::new(number)
    }
}

impl<E: Engine, K: Key> Keyed<K> for Encoded<E, K> {
    type Handles = Numbers;
    type Scope<'a>
        = EncodedScope<'a, E, K>
    where
        Self: 'a;

    fn value<T: Row, N: Key>(&mut self, _: &'static str) -> Result<Numbered<(T, N)>> {
        Ok(self.next_state())
    }

    fn reducing<T: Row, N: Key>(
        &mut self,
        _: &'static str,
        reduce: fn(&T, &T) -> T,
    ) -> Result<Folded<T, N>> {
        let state = self.next_state();
        Ok(Folded { state, reduce })
    }

    fn list<T: Row, N: Key>(&mut self, _: &'static str) -> Result<Numbered<(T, N)>> {
        Ok(self.next_state())
    }

    fn map<M: Key, T: Row>(&mut self, _: &'static str) -> Result<Numbered<(M, T)>> {
        Ok(self.next_state())
    }

    fn timers<N: Key>(&mut self, _: &'static str) -> Result<Numbered<N>> {
        Ok(self.next_state())
    }

    fn key(&mut self, key: &K) -> Result<EncodedScope<'_, E, K>> {
        self.key.clear();
        key.encode_key(&mut self.key);
        Ok(EncodedScope(self))
    }

    fn due<N: Key>(&mut self, timers: Numbered<N>, up_to: i64) -> Result<Option<Due<K, N>>> {
        let timers = self.timers.get_mut(usize::from(timers.number));
        let timers = timers.context("timers of another backend")?;
        if timers.first().is_none_or(|(time, _)| *time > up_to) {
            return Ok(None);
        }
        let (time, bytes) = timers.pop_first().context("there is a first timer")?;
        let mut input = KeyReader::new(&bytes);
        Ok(Some(Due {
            time,
            key: K::decode_key(&mut input)?,
            namespace: N::decode_key(&mut input)?,
        }))
    }
}

fn decode<T: Row>(bytes: &[u8]) -> Result<T> {
    Ok(Postcard::decode(bytes)?)
}

fn decode_key<M: Key>(bytes: &[u8]) -> Result<M> {
    Ok(key::decode(bytes)?)
}
