//! Java's own formats, as far as Flink's state contains them: modified UTF-8, `hashCode()`, and serialization streams.
//!
//! Leaves Flink's formats to `serializer`, `keyed` and `metadata`.

pub(crate) mod hash;
pub(crate) mod logical_type;
pub(crate) mod stream;
pub(crate) mod utf;
