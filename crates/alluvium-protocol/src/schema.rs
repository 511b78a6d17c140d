//! What a snapshot records of each state's types, and whether a program can go on with it.
//!
//! ```text
//! message KeyedSchema
//!  1  key        Shape          shape of the stream's key
//!  2  states     StateSchema[]  ids and names are distinct
//!
//! message StateSchema
//!  1  id         uint32         the state's number in row keys, 0 to 65535
//!  2  name       string         what the program calls it
//!  3  kind       uint32         1 value, 2 list, 3 map, 4 reducing, 5 aggregating,
//!                               6 event-time timers, 7 processing-time timers
//!  4  namespace  Shape
//!  5  map_key    Shape          present exactly when the kind is map
//!  6  value      ValueSchema
//!  7  ttl        Ttl            absent: values have no stamps
//!
//! message ValueSchema
//!  1  codec      string         "postcard", "msgpack-named", "flink", "bytes", or a name of the
//!                               user's
//!  2  version    uint32         the codec's own version
//!  3  type_name  string         for people
//!  4  shape      Shape
//!  5  type_version  uint32     the type's version; present where each value begins with its own
//!  6  older      Form[]         what values may look like that were not written since, oldest first
//!
//! message Form
//!  1  type_version  uint32     as in ValueSchema
//!  2  type_name  string
//!  3  shape      Shape
//! ```
//!
//! A codec whose bytes carry no names, such as postcard, reads a changed struct without any error and
//! gets wrong values. Comparing shapes before the first read ([`resolve()`]) is what prevents that: it is a
//! matter of correctness, not of comfort. For the same reason a schema keeps the older forms that values may still
//! have: what is declared must be able to read them all.

mod decode;
mod form;
mod lossy;
mod merge;
mod migration;
mod resolve;
mod returning;
mod tolerant;
mod wire;

use std::fmt;

pub use form::{Form, OLDER_MAX};
pub use lossy::lossy;
pub use merge::merge;
pub use migration::{Migration, plan_migration};
pub use resolve::{Resolution, resolve, resolve_key};
pub(crate) use wire::KeyedSchemaWire;

use crate::row::StateId;
use crate::shape::Shape;
use crate::ttl::Ttl;

/// The codec whose bytes are fields in their declared order, without names. On disk.
pub const POSTCARD: &str = "postcard";

/// The codec whose bytes name each field. On disk.
pub const MSGPACK_NAMED: &str = "msgpack-named";

/// The codec whose bytes are what Flink's serializers write: fields in their order, without names. On disk.
pub const FLINK: &str = "flink";

/// The codec that writes bytes as they are. On disk.
pub const BYTES: &str = "bytes";

/// What a state holds for each key and namespace. On disk; never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a backend must know every kind of state"
)]
#[repr(u8)]
pub enum StateKind {
    /// One value.
    Value = 1,
    /// Elements in the order they were appended.
    List = 2,
    /// Values by map key, in the map keys' order.
    Map = 3,
    /// One value that additions are folded into.
    Reducing = 4,
    /// One accumulator that inputs are folded into.
    Aggregating = 5,
    /// Timers that fire by the stream's watermark.
    EventTimers = 6,
    /// Timers that fire by the clock.
    ProcessingTimers = 7,
}

impl StateKind {
    const ALL: [Self; 7] = [
        Self::Value,
        Self::List,
        Self::Map,
        Self::Reducing,
        Self::Aggregating,
        Self::EventTimers,
        Self::ProcessingTimers,
    ];

    fn tag(self) -> u32 {
        u32::from(self as u8)
    }

    /// Whether it holds timers, which have no values.
    #[must_use]
    pub const fn is_timers(self) -> bool {
        matches!(self, Self::EventTimers | Self::ProcessingTimers)
    }

    fn from_tag(tag: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }
}

impl fmt::Display for StateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "value",
            Self::List => "list",
            Self::Map => "map",
            Self::Reducing => "reducing",
            Self::Aggregating => "aggregating",
            Self::EventTimers => "event-time timers",
            Self::ProcessingTimers => "processing-time timers",
        })
    }
}

/// How a state's values were turned into bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it field by field")]
pub struct ValueSchema {
    /// The codec: [`POSTCARD`], [`MSGPACK_NAMED`], [`FLINK`], [`BYTES`], or a user's.
    pub codec: String,
    /// The codec's own version.
    pub version: u32,
    /// The type's name, for people: it decides nothing.
    pub type_name: String,
    /// What the bytes consist of.
    pub shape: Shape,
    /// The type's version, where each value begins with its own ([`versioned`](crate::versioned)); `None` where values
    /// do not tell.
    pub type_version: Option<u32>,
    /// Stored: what values may look like that were not written since, oldest first. Declared: the older versions
    /// that the program can read.
    pub older: Vec<Form>,
}

/// One state as a snapshot holds it, or as a program declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "backends build it field by field"
)]
pub struct StateSchema {
    /// Its number in row keys.
    pub id: StateId,
    /// What the program calls it.
    pub name: String,
    /// What it holds.
    pub kind: StateKind,
    /// Shape of the namespace.
    pub namespace: Shape,
    /// Shape of the map key; `Some` exactly for maps.
    pub map_key: Option<Shape>,
    /// How its values were written.
    pub value: ValueSchema,
    /// How long they live; values (list elements, map values, accumulators) are stamped if it is there.
    pub ttl: Option<Ttl>,
}

/// All states of a backend, and the key that they share.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "backends build it field by field"
)]
pub struct KeyedSchema {
    /// Shape of the stream's key.
    pub key: Shape,
    /// The states; ids and names are distinct.
    pub states: Vec<StateSchema>,
}
