//! The state of one key in a store of rows.

use alluvium::codec::{Codec as _, Postcard};
use alluvium::protocol::key::Key;
use anyhow::{Context as _, Result};

use super::super::engines::{Engine, Place};
use super::super::{Row, Scope};
use super::{Encoded, Folded, Numbered, Numbers, decode, decode_key};

/// The state of the key that was encoded last.
#[derive(Debug)]
pub(crate) struct EncodedScope<'a, E, K>(pub(super) &'a mut Encoded<E, K>);

impl<E: Engine, K> EncodedScope<'_, E, K> {
    /// Puts the row key of an entry together.
    fn locate<N: Key>(&mut self, number: u8, within: &N) {
        let all = &mut *self.0;
        all.row.clear();
        all.row.push(number);
        all.row.extend_from_slice(&all.key);
        within.encode_key(&mut all.row);
    }

    /// Puts the row key of a map's entry together; returns where its map key begins.
    fn locate_in_map<M: Key>(&mut self, number: u8, at: &M) -> usize {
        self.locate(number, &());
        let start = self.0.row.len();
        at.encode_key(&mut self.0.row);
        start
    }

    fn read<T: Row>(&mut self) -> Result<Option<T>> {
        let Encoded { engine, row, .. } = &mut *self.0;
        engine.get(row, |value| value.map(decode).transpose())?
    }

    fn write<T: Row>(&mut self, value: &T) -> Result<()> {
        let Encoded {
            engine,
            row,
            value: bytes,
            ..
        } = &mut *self.0;
        bytes.clear();
        Postcard::encode(value, bytes)?;
        engine.put(row, bytes)
    }

    fn delete(&mut self) -> Result<()> {
        self.0.engine.delete(&self.0.row)
    }

    fn timer<N: Key>(&mut self, within: &N, time: i64) -> (i64, Vec<u8>) {
        let mut bytes = self.0.key.clone();
        within.encode_key(&mut bytes);
        (time, bytes)
    }
}

impl<E: Engine, K> Scope<Numbers> for EncodedScope<'_, E, K> {
    fn get<T: Row, N: Key>(&mut self, state: Numbered<(T, N)>, within: &N) -> Result<Option<T>> {
        self.locate(state.number, within);
        self.read()
    }

    fn set<T: Row, N: Key>(
        &mut self,
        state: Numbered<(T, N)>,
        within: &N,
        value: &T,
    ) -> Result<()> {
        self.locate(state.number, within);
        self.write(value)
    }

    fn update<T: Row, N: Key>(
        &mut self,
        state: Numbered<(T, N)>,
        within: &N,
        change: impl FnOnce(Option<T>) -> T,
    ) -> Result<T> {
        self.locate(state.number, within);
        let value = change(self.read()?);
        self.write(&value)?;
        Ok(value)
    }

    fn take<T: Row, N: Key>(&mut self, state: Numbered<(T, N)>, within: &N) -> Result<Option<T>> {
        self.locate(state.number, within);
        let taken = self.read()?;
        self.delete()?;
        Ok(taken)
    }

    fn add<T: Row, N: Key>(&mut self, state: Folded<T, N>, within: &N, value: T) -> Result<()> {
        let fold = |old| match old {
            Some(old) => (state.reduce)(&old, &value),
            None => value,
        };
        self.update(state.state, within, fold).map(drop)
    }

    fn take_reduced<T: Row, N: Key>(
        &mut self,
        state: Folded<T, N>,
        within: &N,
    ) -> Result<Option<T>> {
        self.take(state.state, within)
    }

    fn merge_reduced<T: Row, N: Key>(
        &mut self,
        state: Folded<T, N>,
        into: &N,
        from: &[N],
    ) -> Result<()> {
        for source in from {
            if let Some(value) = self.take(state.state, source)? {
                self.add(state, into, value)?;
            }
        }
        Ok(())
    }

    fn push<T: Row, N: Key>(
        &mut self,
        state: Numbered<(T, N)>,
        within: &N,
        element: &T,
    ) -> Result<()> {
        self.locate(state.number, within);
        let Encoded {
            engine, row, value, ..
        } = &mut *self.0;
        value.clear();
        value.extend_from_slice(&[0; 4]);
        Postcard::encode(element, value)?;
        let length = u32::try_from(value.len() - 4)?;
        value[..4].copy_from_slice(&length.to_be_bytes());
        engine.append(row, value)
    }

    fn elements<T: Row, N: Key>(
        &mut self,
        state: Numbered<(T, N)>,
        within: &N,
        mut visit: impl FnMut(T),
    ) -> Result<()> {
        self.locate(state.number, within);
        let Encoded { engine, row, .. } = &mut *self.0;
        engine.get(row, |list| {
            let mut rest = list.unwrap_or_default();
            while let Some((length, after)) = rest.split_first_chunk::<4>() {
                let length = u32::from_be_bytes(*length) as usize;
                let (element, after) = after.split_at_checked(length).context("a torn list")?;
                visit(decode(element)?);
                rest = after;
            }
            Ok(())
        })?
    }

    fn clear_list<T: Row, N: Key>(&mut self, state: Numbered<(T, N)>, within: &N) -> Result<()> {
        self.locate(state.number, within);
        self.delete()
    }

    fn merge_lists<T: Row, N: Key>(
        &mut self,
        state: Numbered<(T, N)>,
        into: &N,
        from: &[N],
    ) -> Result<()> {
        for source in from {
            self.locate(state.number, source);
            let Encoded { engine, row, .. } = &mut *self.0;
            let list = engine.get(row, |list| list.unwrap_or_default().to_vec())?;
            self.delete()?;
            self.locate(state.number, into);
            self.0.engine.append(&self.0.row, &list)?;
        }
        Ok(())
    }

    fn map_put<M: Key, T: Row>(
        &mut self,
        state: Numbered<(M, T)>,
        at: &M,
        value: &T,
    ) -> Result<()> {
        let map_key = self.locate_in_map(state.number, at);
        let Encoded {
            engine,
            row,
            value: bytes,
            ..
        } = &mut *self.0;
        bytes.clear();
        Postcard::encode(value, bytes)?;
        engine.map_put(Place { row, map_key }, bytes)
    }

    fn map_remove<M: Key, T: Row>(&mut self, state: Numbered<(M, T)>, at: &M) -> Result<()> {
        let map_key = self.locate_in_map(state.number, at);
        let Encoded { engine, row, .. } = &mut *self.0;
        engine.map_delete(Place { row, map_key })
    }

    fn map_scan<M: Key + Ord, T: Row>(
        &mut self,
        state: Numbered<(M, T)>,
        first: M,
        last: M,
        mut visit: impl FnMut(M, T),
    ) -> Result<()> {
        let map_key = self.locate_in_map(state.number, &first);
        let Encoded {
            engine, row, value, ..
        } = &mut *self.0;
        value.clear();
        value.extend_from_slice(&row[..map_key]);
        last.encode_key(value);
        // No map key is the beginning of another, so this excludes only what is after the last one.
        value.push(0);
        engine.map_scan(Place { row, map_key }, value, |at, value| {
            visit(decode_key(at)?, decode(value)?);
            Ok(())
        })
    }

    fn register<N: Key>(&mut self, timers: Numbered<N>, within: &N, time: i64) -> Result<()> {
        let timer = self.timer(within, time);
        self.0.timers[usize::from(timers.number)].insert(timer);
        Ok(())
    }

    fn deregister<N: Key>(&mut self, timers: Numbered<N>, within: &N, time: i64) -> Result<()> {
        let timer = self.timer(within, time);
        self.0.timers[usize::from(timers.number)].remove(&timer);
        Ok(())
    }
}
