//! Alluvium's side of Flink's bytes: a codec of values, and keys that meet Flink's key groups.
//!
//! A Rust job that goes on with the state of a Flink job declares its states with [`Flink`] and is keyed by [`Java`]; then
//! values are the bytes that Flink's serializers write, and can go back to Flink as they are.
//!
//! Leaves to others: the serializers that a snapshot records (`serializer`), and how state gets from one system to the other
//! (`import`).

mod decode;
mod encode;
mod failure;
mod flink;
mod java;

pub use flink::Flink;
pub(crate) use flink::with_nulls;
pub use java::{Java, JavaHash};
