//! Migrating all values of a state at once: from one type or codec to another, or to the present version.

use alluvium_protocol::key::Key;

use super::{Backend, keys};
use crate::codec::Codec;
use crate::error::Result;
use crate::state::{
    Aggregate, Aggregating, AggregatingState, List, ListState, Map, MapState, Reducing,
    ReducingState, State, Value, ValueState,
};

/// A descriptor of a state that holds values: all but timers. Sealed, as [`State`] is.
pub trait Values: State {
    /// What it holds: values, list elements, map values or accumulators.
    type Value;
    /// How they are written.
    type Codec: Codec<Self::Value>;
}

impl<T, N: Key, C: Codec<T>> Values for ValueState<T, N, C> {
    type Value = T;
    type Codec = C;
}

impl<T, N: Key, C: Codec<T>> Values for ListState<T, N, C> {
    type Value = T;
    type Codec = C;
}

impl<MK: Key, V, N: Key, C: Codec<V>> Values for MapState<MK, V, N, C> {
    type Value = V;
    type Codec = C;
}

impl<T, N: Key, C: Codec<T>> Values for ReducingState<T, N, C> {
    type Value = T;
    type Codec = C;
}

impl<A: Aggregate, N: Key, C: Codec<A::Accumulator>> Values for AggregatingState<A, N, C> {
    type Value = A::Accumulator;
    type Codec = C;
}

/// The handle of a state whose values can be written anew. Sealed.
pub trait Rewrite: sealed::Held {}

impl<H: sealed::Held> Rewrite for H {}

mod sealed {
    use super::keys::sealed::Handle;
    use super::{Aggregate, Aggregating, Codec, Key, List, Map, Reducing, Result, Value};

    #[expect(unnameable_types, reason = "seals Rewrite")]
    pub trait Held: Handle {
        /// Appends a value as it is written now.
        fn write_anew(&self, old: &[u8], new: &mut Vec<u8>) -> Result<()>;
    }

    macro_rules! held {
        ($handle:ident<$($parameter:ident),+> holds $value:ty, where $($bound:tt)+) => {
            impl<$($parameter),+> Held for $handle<$($parameter),+> where $($bound)+ {
                fn write_anew(&self, old: &[u8], new: &mut Vec<u8>) -> Result<()> {
                    let value = self.registered().decode::<$value, C>(old)?;
                    self.registered().encode::<$value, C>(&value, new)
                }
            }
        };
    }

    held!(Value<T, N, C> holds T, where N: Key, C: Codec<T>);
    held!(List<T, N, C> holds T, where N: Key, C: Codec<T>);
    held!(Map<MK, V, N, C> holds V, where MK: Key, N: Key, C: Codec<V>);
    held!(Reducing<T, N, C> holds T, where N: Key, C: Codec<T>);
    held!(Aggregating<A, N, C> holds A::Accumulator, where A: Aggregate, N: Key, C: Codec<A::Accumulator>);
}

impl<K: Key> Backend<K> {
    /// Declares a state as `new`. Where its values are stored as `old` says, `migrate` makes new ones of all of them first, which
    /// takes a time in proportion to them and bounded memory. Where they are stored as `new` says already, or there are none,
    /// nothing is migrated: a program may keep the call for as long as it may meet a checkpoint of the old form.
    ///
    /// Name, kind, namespace and map key are the same in both; types, codec and version of the values may differ, and must in
    /// something that is recorded. `migrate` is asked twice for each value, and must give the same both times. Handles of the
    /// state from before are invalid once its values were migrated.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use alluvium::{Backend, Builder, store::memory::MemoryStoreFactory};
    /// use alluvium::ValueState;
    /// use alluvium::codec::MsgPackNamed;
    ///
    /// const MINUTES: ValueState<i16> = ValueState::new("late");
    /// const SECONDS: ValueState<i64, (), MsgPackNamed> = ValueState::new("late").codec();
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Arc::new(MemoryStoreFactory::default());
    /// # let mut backend = Backend::<String>::open(Builder::new("airport", store, directory.path()))?;
    /// # let minutes = backend.register(MINUTES)?;
    /// # backend.key("LX38")?.value(minutes).set(&-2)?;
    /// let late = backend.migrate(MINUTES, SECONDS, |minutes| Ok(i64::from(minutes) * 60))?;
    /// # assert_eq!(backend.key("LX38")?.value(late).get()?, Some(-120));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` when `old` and `new` differ in more than that, or record the same, when values may have had the form of `new` before, or
    /// could not be read in it; `Incompatible` when neither is
    /// what is stored; `Corrupt` when stored bytes are no value of `old`; what `migrate` returns. Nothing has changed then. What
    /// [`BytesBackend::get`](crate::BytesBackend::get) says of the store; when it fails while new values are written, the backend
    /// has to be restored again.
    pub fn migrate<Old: Values, New: Values>(
        &mut self,
        old: Old,
        new: New,
        mut migrate: impl FnMut(Old::Value) -> Result<New::Value>,
    ) -> Result<New::Handle> {
        self.bytes
            .migrate(old.declaration(), new.declaration(), &mut |bytes, out| {
                let value = migrate(Old::Codec::decode(bytes)?)?;
                New::Codec::encode(&value, out)
            })?;
        self.register(new)
    }

    /// Writes all values of a state in their present form, so that a program need not know the older ones any more: the versions
    /// before of an [`Evolving`](crate::codec::Evolving) type, or what named fields were. Takes a time in proportion to them and
    /// bounded memory; does nothing when no value can have an older form.
    ///
    /// # Errors
    /// `Invalid` when the handle is another backend's; `Corrupt` when stored bytes are no value of the state's type: nothing
    /// has changed then. What [`BytesBackend::get`](crate::BytesBackend::get) says of the store; when it fails while values are
    /// written, the backend has to be restored again.
    pub fn rewrite<H: Rewrite>(&mut self, state: H) -> Result<()> {
        let registered = state.registered();
        registered.check(&self.bytes)?;
        self.bytes
            .rewrite(registered.index, &mut |old, new| state.write_anew(old, new))
    }
}
