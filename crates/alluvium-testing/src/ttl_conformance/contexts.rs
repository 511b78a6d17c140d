//! The contexts that values with a TTL live in: one for each kind of state, and more where a kind has several ways in.
//!
//! They are those of Flink's `TtlStateTestBase`. Each writes and reads versions of its contents: version 0, 1, 2 are different, and
//! each says by itself what it reads as, alone or merged.

use std::fmt::Debug;

use alluvium::state::{Aggregate, Aggregating, List, Map, Reducing, State, Value};
use alluvium::{
    AggregatingState, KeyScope, ListState, MapState, ReducingState, Result, Ttl, ValueState,
};

/// A key's namespace.
pub type Scope<'b> = KeyScope<'b, u32, u32>;

/// A way into values with a TTL.
pub trait Context {
    /// The state that it works on.
    type State: State;
    /// What is read.
    type Read: PartialEq + Debug;
    /// Whether each part lives by itself when namespaces are merged.
    const IS_LIST: bool = false;

    /// The state, with this TTL or none.
    fn state(ttl: Option<Ttl>) -> Self::State;

    /// Writes a version over what is there.
    ///
    /// # Errors
    /// Those of the backend.
    fn write(scope: &mut Scope<'_>, at: Handle<Self>, version: u32) -> Result<()>;

    /// Reads.
    ///
    /// # Errors
    /// Those of the backend.
    fn read(scope: &mut Scope<'_>, at: Handle<Self>) -> Result<Self::Read>;

    /// Removes what is there.
    ///
    /// # Errors
    /// Those of the backend.
    fn clear(scope: &mut Scope<'_>, at: Handle<Self>) -> Result<()>;

    /// What reading finds after these versions were written, each to a namespace of its own, and the namespaces
    /// merged; of one version it is what was written.
    fn found(versions: &[u32]) -> Self::Read;

    /// Merges namespaces into another. Returns false where the kind of state has no such thing.
    ///
    /// # Errors
    /// Those of the backend.
    fn merge(
        key: &mut KeyScope<'_, u32>,
        at: Handle<Self>,
        into: u32,
        from: &[u32],
    ) -> Result<bool> {
        let _has_no_merge = (key, at, into, from);
        Ok(false)
    }
}

/// The handle of a context's state.
pub type Handle<C> = <<C as Context>::State as State>::Handle;

/// As a descriptor with a TTL or without.
macro_rules! with {
    ($state:expr, $ttl:expr) => {
        match $ttl {
            Some(ttl) => $state.ttl(ttl),
            None => $state,
        }
    };
}

/// A context type.
macro_rules! context {
    ($(#[$doc:meta] $name:ident)*) => {
        $(
            #[$doc]
            #[derive(Debug)]
            #[expect(clippy::exhaustive_enums, reason = "never made")]
            pub enum $name {}
        )*
    };
}

context! {
    /// One value.
    OneValue
    /// A list of elements of one length.
    ShortElements
    /// A list of elements of any length.
    AnyElements
    /// A map that is written and read as a whole.
    WholeMap
    /// An entry of a map that is written and read by its key.
    OneEntry
    /// An entry of a map whose value is that there is none.
    NullEntry
    /// A sum.
    Sum
    /// An accumulator that is not what is added to it.
    Mean
}

impl Context for OneValue {
    type State = ValueState<String, u32>;
    type Read = Option<String>;

    fn state(ttl: Option<Ttl>) -> Self::State {
        with!(ValueState::new("one value").namespaced(), ttl)
    }

    fn write(scope: &mut Scope<'_>, at: Value<String, u32>, version: u32) -> Result<()> {
        scope.value(at).set(&version.to_string())
    }

    fn read(scope: &mut Scope<'_>, at: Value<String, u32>) -> Result<Self::Read> {
        scope.value(at).get()
    }

    fn clear(scope: &mut Scope<'_>, at: Value<String, u32>) -> Result<()> {
        scope.value(at).update_or_clear(|_| None).map(drop)
    }

    fn found(versions: &[u32]) -> Self::Read {
        versions.last().map(u32::to_string)
    }
}

impl Context for ShortElements {
    type State = ListState<u32, u32>;
    type Read = Vec<u32>;
    const IS_LIST: bool = true;

    fn state(ttl: Option<Ttl>) -> Self::State {
        with!(ListState::new("short elements").namespaced(), ttl)
    }

    fn write(scope: &mut Scope<'_>, at: List<u32, u32>, version: u32) -> Result<()> {
        scope.list(at).set([version, version + 10])
    }

    fn read(scope: &mut Scope<'_>, at: List<u32, u32>) -> Result<Self::Read> {
        scope.list(at).get()
    }

    fn clear(scope: &mut Scope<'_>, at: List<u32, u32>) -> Result<()> {
        scope.list(at).set([0; 0])
    }

    fn found(versions: &[u32]) -> Self::Read {
        let of = |&version: &u32| [version, version + 10];
        versions.iter().flat_map(of).collect()
    }

    fn merge(
        key: &mut KeyScope<'_, u32>,
        at: Handle<Self>,
        into: u32,
        from: &[u32],
    ) -> Result<bool> {
        key.merge_namespaces(at, &into, from).map(|()| true)
    }
}

impl AnyElements {
    /// The second is longer than what one byte tells the length of.
    fn elements(version: u32) -> [String; 3] {
        [
            version.to_string(),
            "long ".repeat(40) + &version.to_string(),
            String::new(),
        ]
    }
}

impl Context for AnyElements {
    type State = ListState<String, u32>;
    type Read = Vec<String>;
    const IS_LIST: bool = true;

    fn state(ttl: Option<Ttl>) -> Self::State {
        with!(ListState::new("any elements").namespaced(), ttl)
    }

    fn write(scope: &mut Scope<'_>, at: List<String, u32>, version: u32) -> Result<()> {
        scope.list(at).clear()?;
        for element in Self::elements(version) {
            scope.list(at).push(&element)?;
        }
        Ok(())
    }

    fn read(scope: &mut Scope<'_>, at: List<String, u32>) -> Result<Self::Read> {
        scope.list(at).get()
    }

    fn clear(scope: &mut Scope<'_>, at: List<String, u32>) -> Result<()> {
        scope.list(at).clear()
    }

    fn found(versions: &[u32]) -> Self::Read {
        versions
            .iter()
            .flat_map(|version| Self::elements(*version))
            .collect()
    }

    fn merge(
        key: &mut KeyScope<'_, u32>,
        at: Handle<Self>,
        into: u32,
        from: &[u32],
    ) -> Result<bool> {
        key.merge_namespaces(at, &into, from).map(|()| true)
    }
}

impl Context for WholeMap {
    type State = MapState<u32, String, u32>;
    type Read = Vec<(u32, String)>;

    fn state(ttl: Option<Ttl>) -> Self::State {
        with!(MapState::new("whole map").namespaced(), ttl)
    }

    fn write(scope: &mut Scope<'_>, at: Map<u32, String, u32>, version: u32) -> Result<()> {
        let entries = Self::found(&[version]);
        scope.map(at).clear()?;
        scope.map(at).extend(entries.iter().map(|(k, v)| (k, v)))
    }

    fn read(scope: &mut Scope<'_>, at: Map<u32, String, u32>) -> Result<Self::Read> {
        scope.map(at).entries()
    }

    fn clear(scope: &mut Scope<'_>, at: Map<u32, String, u32>) -> Result<()> {
        scope.map(at).clear()
    }

    fn found(versions: &[u32]) -> Self::Read {
        let of = |&version: &u32| (0..3).map(move |k| (k, format!("{version} {k}")));
        versions.iter().flat_map(of).collect()
    }
}

impl Context for OneEntry {
    type State = MapState<u32, u64, u32>;
    type Read = Option<u64>;

    fn state(ttl: Option<Ttl>) -> Self::State {
        with!(MapState::new("one entry").namespaced(), ttl)
    }

    fn write(scope: &mut Scope<'_>, at: Map<u32, u64, u32>, version: u32) -> Result<()> {
        scope.map(at).insert(&1_u32, &version.into())
    }

    fn read(scope: &mut Scope<'_>, at: Map<u32, u64, u32>) -> Result<Self::Read> {
        scope.map(at).get(&1_u32)
    }

    fn clear(scope: &mut Scope<'_>, at: Map<u32, u64, u32>) -> Result<()> {
        scope.map(at).remove(&1_u32)
    }

    fn found(versions: &[u32]) -> Self::Read {
        versions.last().map(|version| u64::from(*version))
    }
}

impl Context for NullEntry {
    type State = MapState<u32, Option<u64>, u32>;
    type Read = bool;

    fn state(ttl: Option<Ttl>) -> Self::State {
        with!(MapState::new("null entry").namespaced(), ttl)
    }

    fn write(scope: &mut Scope<'_>, at: Map<u32, Option<u64>, u32>, _version: u32) -> Result<()> {
        scope.map(at).insert(&1_u32, &None)
    }

    fn read(scope: &mut Scope<'_>, at: Map<u32, Option<u64>, u32>) -> Result<Self::Read> {
        scope.map(at).contains(&1_u32)
    }

    fn clear(scope: &mut Scope<'_>, at: Map<u32, Option<u64>, u32>) -> Result<()> {
        scope.map(at).remove(&1_u32)
    }

    fn found(versions: &[u32]) -> Self::Read {
        !versions.is_empty()
    }
}

impl Context for Sum {
    type State = ReducingState<u64, u32>;
    type Read = Option<u64>;

    fn state(ttl: Option<Ttl>) -> Self::State {
        with!(
            ReducingState::new("sum", |one, other| one + other).namespaced(),
            ttl
        )
    }

    fn write(scope: &mut Scope<'_>, at: Reducing<u64, u32>, version: u32) -> Result<()> {
        scope.reducing(at).clear()?;
        scope.reducing(at).add(u64::from(version) + 1)?;
        scope.reducing(at).add(100).map(drop)
    }

    fn read(scope: &mut Scope<'_>, at: Reducing<u64, u32>) -> Result<Self::Read> {
        scope.reducing(at).get()
    }

    fn clear(scope: &mut Scope<'_>, at: Reducing<u64, u32>) -> Result<()> {
        scope.reducing(at).clear()
    }

    fn found(versions: &[u32]) -> Self::Read {
        let values = versions.iter().map(|version| u64::from(*version) + 101);
        values.reduce(|one, other| one + other)
    }

    fn merge(
        key: &mut KeyScope<'_, u32>,
        at: Handle<Self>,
        into: u32,
        from: &[u32],
    ) -> Result<bool> {
        key.merge_namespaces(at, &into, from).map(|()| true)
    }
}

impl Aggregate for Mean {
    type Input = u64;
    type Accumulator = (u64, u64);
    type Output = u64;

    fn create() -> (u64, u64) {
        (0, 0)
    }

    fn add((sum, count): &mut (u64, u64), input: &u64) {
        *sum += input;
        *count += 1;
    }

    fn merge((sum, count): &mut (u64, u64), other: (u64, u64)) {
        *sum += other.0;
        *count += other.1;
    }

    fn result((sum, count): &(u64, u64)) -> u64 {
        sum / count
    }
}

impl Context for Mean {
    type State = AggregatingState<Self, u32>;
    type Read = Option<u64>;

    fn state(ttl: Option<Ttl>) -> Self::State {
        with!(AggregatingState::new("mean").namespaced(), ttl)
    }

    fn write(scope: &mut Scope<'_>, at: Aggregating<Self, u32>, version: u32) -> Result<()> {
        scope.aggregating(at).clear()?;
        scope.aggregating(at).add(&(u64::from(version) * 10))?;
        scope.aggregating(at).add(&(u64::from(version) * 10 + 4))
    }

    fn read(scope: &mut Scope<'_>, at: Aggregating<Self, u32>) -> Result<Self::Read> {
        scope.aggregating(at).get()
    }

    fn clear(scope: &mut Scope<'_>, at: Aggregating<Self, u32>) -> Result<()> {
        scope.aggregating(at).clear()
    }

    fn found(versions: &[u32]) -> Self::Read {
        let mut accumulator = Self::create();
        for version in versions {
            <Self as Aggregate>::merge(&mut accumulator, (u64::from(*version) * 20 + 4, 2));
        }
        (accumulator.1 > 0).then(|| Self::result(&accumulator))
    }

    fn merge(
        key: &mut KeyScope<'_, u32>,
        at: Handle<Self>,
        into: u32,
        from: &[u32],
    ) -> Result<bool> {
        key.merge_namespaces(at, &into, from).map(|()| true)
    }
}
