//! Aggregating states: one accumulator for each key and namespace, into which inputs of another type go.

use std::marker::PhantomData;
use std::sync::Arc;

use alluvium_protocol::key::Key;
use alluvium_protocol::schema::StateKind;

use super::entry::Entry;
use super::single::Single;
use super::{Described, Registered, State, Types, choices, copyable, sealed, upgrade};
use crate::bytes::StateDeclaration;
use crate::codec::{Codec, Postcard, UpgradeValue};
use crate::error::Result;

/// How inputs become a result by way of an accumulator, which is what is stored.
///
/// ```
/// use alluvium::state::{Aggregate, AggregatingState};
///
/// /// The mean of delays in minutes.
/// enum Mean {}
///
/// impl Aggregate for Mean {
///     type Input = i64;
///     type Accumulator = (i64, u32);
///     type Output = Option<f64>;
///
///     fn create() -> (i64, u32) {
///         (0, 0)
///     }
///
///     fn add((sum, count): &mut (i64, u32), delay: &i64) {
///         *sum += delay;
///         *count += 1;
///     }
///
///     fn merge((sum, count): &mut (i64, u32), other: (i64, u32)) {
///         *sum += other.0;
///         *count += other.1;
///     }
///
///     fn result((sum, count): &(i64, u32)) -> Option<f64> {
///         (*count > 0).then(|| *sum as f64 / f64::from(*count))
///     }
/// }
///
/// const MEAN_DELAY: AggregatingState<Mean> = AggregatingState::new("mean delay");
///
/// assert_eq!(Mean::result(&(30, 2)), Some(15.0));
/// ```
pub trait Aggregate: 'static {
    /// What is added.
    type Input;
    /// What is stored.
    type Accumulator;
    /// What is read.
    type Output;

    /// The accumulator before the first input.
    fn create() -> Self::Accumulator;

    /// Takes an input in.
    fn add(accumulator: &mut Self::Accumulator, input: &Self::Input);

    /// Takes in all inputs of another accumulator, when namespaces are merged.
    fn merge(accumulator: &mut Self::Accumulator, other: Self::Accumulator);

    /// The result of all inputs so far.
    fn result(accumulator: &Self::Accumulator) -> Self::Output;
}

/// Describes a state that keeps an accumulator of `A`.
pub struct AggregatingState<A, N = (), C = Postcard> {
    described: Described,
    types: Types<(A, N, C)>,
}

impl<A: Aggregate> AggregatingState<A> {
    /// An aggregating state of this name, unique in its operator.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            described: Described::new(name),
            types: PhantomData,
        }
    }
}

choices!(AggregatingState<A; N, C>);

impl<A: Aggregate, N: Key, C: Codec<A::Accumulator>> State for AggregatingState<A, N, C> {
    type Handle = Aggregating<A, N, C>;

    fn name(&self) -> &'static str {
        self.described.name
    }

    fn declaration(&self) -> StateDeclaration {
        self.described
            .declaration::<N, A::Accumulator, C>(StateKind::Aggregating)
    }

    fn upgrade(&self) -> Option<Arc<UpgradeValue>> {
        upgrade::<A::Accumulator, C>()
    }

    fn handle(&self, state: Registered) -> Self::Handle {
        Aggregating {
            state,
            types: PhantomData,
        }
    }
}

/// A registered [`AggregatingState`].
pub struct Aggregating<A, N = (), C = Postcard> {
    pub(crate) state: Registered,
    types: Types<(A, N, C)>,
}

copyable!(Aggregating<A, N, C> shows state);

/// One key's accumulator. From [`KeyScope::aggregating`](crate::KeyScope::aggregating).
///
/// # Errors
/// All calls: `Invalid` when the handle is another backend's; `Corrupt` when what the store has is damaged, or no accumulator; `Unavailable` when
/// the store cannot be read, or could not take what was written earlier.
#[derive(Debug)]
pub struct AggregatingScope<'s, A: Aggregate, C = Postcard>(Single<'s, A::Accumulator, C>);

impl<'s, A: Aggregate, C: Codec<A::Accumulator>> AggregatingScope<'s, A, C> {
    pub(crate) fn new(entry: Entry<'s>) -> Self {
        Self(Single::new(entry))
    }

    /// Adds an input, with one look-up.
    ///
    /// # Errors
    /// See [`AggregatingScope`]; `Invalid` when the codec has no bytes for the accumulator. It stays as it was then.
    pub fn add(&mut self, input: &A::Input) -> Result<()> {
        self.change(|accumulator| A::add(accumulator, input))
    }

    /// The result of what was added, if anything was and has not expired.
    ///
    /// # Errors
    /// See [`AggregatingScope`].
    pub fn get(&mut self) -> Result<Option<A::Output>> {
        Ok(self
            .accumulator()?
            .map(|accumulator| A::result(&accumulator)))
    }

    /// Removes the accumulator, without reading it.
    ///
    /// # Errors
    /// See [`AggregatingScope`].
    pub fn clear(&mut self) -> Result<()> {
        self.0.clear()
    }

    pub(crate) fn accumulator(&mut self) -> Result<Option<A::Accumulator>> {
        self.0.get()
    }

    pub(crate) fn change(&mut self, change: impl FnOnce(&mut A::Accumulator)) -> Result<()> {
        let changed = |old: Option<A::Accumulator>| {
            let mut accumulator = old.unwrap_or_else(A::create);
            change(&mut accumulator);
            accumulator
        };
        self.0.change(changed, |new| Some(new)).map(drop)
    }
}
