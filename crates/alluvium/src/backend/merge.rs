//! Merging what several namespaces of a key hold in one state.
//!
//! The target is written before the sources are cleared, so that an error on the way loses nothing. Lists are moved piece by
//! piece: they may be larger than memory.

use alluvium_protocol::key::{self, Key};

use super::KeyScope;
use crate::codec::Codec;
use crate::error::Result;
use crate::state::entry::{Access, Entry};
use crate::state::{
    Aggregate, Aggregating, AggregatingScope, List, Reducing, ReducingScope, Registered,
};

/// A state whose namespaces can be merged: list, reducing or aggregating. Sealed.
pub trait Merge: sealed::Gather {
    /// The namespaces it is kept for.
    type Namespace: Key;
}

impl<T, N: Key, C: Codec<T>> Merge for List<T, N, C> {
    type Namespace = N;
}

impl<T, N: Key, C: Codec<T>> Merge for Reducing<T, N, C> {
    type Namespace = N;
}

impl<A: Aggregate, N: Key, C: Codec<A::Accumulator>> Merge for Aggregating<A, N, C> {
    type Namespace = N;
}

mod sealed {
    use super::{Entry, Registered, Result};

    #[expect(unnameable_types, reason = "seals Merge")]
    pub trait Gather: Copy {
        /// What was found in the sources so far.
        type Found: Default;

        fn registered(&self) -> Registered;

        /// Adds what one source holds, or where that is.
        fn gather(&self, source: Entry<'_>, found: &mut Self::Found) -> Result<()>;

        /// Adds what was found to the target.
        fn give(&self, target: Entry<'_>, found: Self::Found) -> Result<()>;
    }
}

pub(super) fn merge<K: Key, M: Merge>(
    scope: &mut KeyScope<'_, K>,
    state: &M,
    into: &M::Namespace,
    from: &[M::Namespace],
) -> Result<()> {
    let mut seen = vec![key::encode(into)];
    let mut sources = Vec::with_capacity(from.len());
    for source in from {
        let bytes = key::encode(source);
        if !seen.contains(&bytes) {
            seen.push(bytes);
            sources.push(source);
        }
    }
    let mut found = M::Found::default();
    for source in &sources {
        state.gather(scope.within(*source).entry(state.registered()), &mut found)?;
    }
    state.give(scope.within(into).entry(state.registered()), found)?;
    for source in sources {
        scope.within(source).entry(state.registered()).clear()?;
    }
    Ok(())
}

impl<T, N: Key, C: Codec<T>> sealed::Gather for List<T, N, C> {
    /// Encoded key and namespace of each source.
    type Found = Vec<Vec<u8>>;

    fn registered(&self) -> Registered {
        self.state
    }

    fn gather(&self, source: Entry<'_>, found: &mut Vec<Vec<u8>>) -> Result<()> {
        found.push(source.key.to_vec());
        Ok(())
    }

    fn give(&self, mut target: Entry<'_>, found: Vec<Vec<u8>>) -> Result<()> {
        let Access { bytes, at, .. } = target.access()?;
        bytes.append_lists(&at, &found)
    }
}

impl<T, N: Key, C: Codec<T>> sealed::Gather for Reducing<T, N, C> {
    type Found = Option<T>;

    fn registered(&self) -> Registered {
        self.state
    }

    fn gather(&self, source: Entry<'_>, found: &mut Option<T>) -> Result<()> {
        let here = ReducingScope::<T, C>::new(source, self.reduce).get()?;
        *found = match (found.take(), here) {
            (Some(before), Some(here)) => Some((self.reduce)(&before, &here)),
            (one, None) | (None, one) => one,
        };
        Ok(())
    }

    fn give(&self, target: Entry<'_>, found: Option<T>) -> Result<()> {
        let Some(found) = found else { return Ok(()) };
        ReducingScope::<T, C>::new(target, self.reduce)
            .add(found)
            .map(drop)
    }
}

impl<A: Aggregate, N: Key, C: Codec<A::Accumulator>> sealed::Gather for Aggregating<A, N, C> {
    type Found = Option<A::Accumulator>;

    fn registered(&self) -> Registered {
        self.state
    }

    fn gather(&self, source: Entry<'_>, found: &mut Self::Found) -> Result<()> {
        let here = AggregatingScope::<A, C>::new(source).accumulator()?;
        *found = match (found.take(), here) {
            (Some(mut before), Some(here)) => {
                A::merge(&mut before, here);
                Some(before)
            }
            (one, None) | (None, one) => one,
        };
        Ok(())
    }

    fn give(&self, target: Entry<'_>, found: Self::Found) -> Result<()> {
        let Some(found) = found else { return Ok(()) };
        AggregatingScope::<A, C>::new(target).change(|accumulator| A::merge(accumulator, found))
    }
}
