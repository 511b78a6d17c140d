//! Finds the shape of a type from its `Deserialize` alone, without a value and without the user's help.
//!
//! The type is asked to deserialize itself from a source that has no bytes, only questions: each call says
//! what the type expects next, and the answer is made up. One such pass sees one way through the type: one
//! variant of each enum, and no end to a type that contains itself. So passes are repeated, over a tree of
//! what is known ([`node::Node`]), and each goes where something is still unknown:
//!
//! - an option or sequence whose content is known is answered with none;
//! - an enum is answered with a variant that is not known yet, then with one that is known to end;
//! - a type met inside itself is noted, and the pass given up: the next one goes around it;
//! - a struct that has more names than fields is asked which names are one field's ([`aliases`]);
//! - a value that the type refuses (a zero, a text that is no date) is followed by another.
//!
//! The tree is by place and not by name, so types of one name, and one generic type with several
//! parameters, do not get into each other's way.
//!
//! Types that only a self-describing format can read (`#[serde(flatten)]`, `untagged`, internally tagged
//! enums) have no shape: they are `Opaque`, and so is any type with one of them inside. Skipped fields and
//! variants are not part of the shape.

use alluvium_protocol::shape::{DEPTH_MAX, Shape};
use serde::de::DeserializeOwned;

mod access;
mod aliases;
mod node;
mod pass;
mod source;

use node::Node;
use pass::{Pass, Stop};
use source::Source;

/// More passes than any type needs that a person wrote: one for each variant, refused value and recursion.
const PASSES_MAX: usize = 10_000;

/// The shape of `T` as positional codecs write it, or [`Shape::Opaque`] where it cannot be known.
///
/// Takes several attempts at deserializing `T`; ask once for each type and keep the answer.
#[must_use]
pub fn trace<T: DeserializeOwned>() -> Shape {
    explore::<T>().unwrap_or_else(|stop| {
        tracing::debug!(type_name = std::any::type_name::<T>(), reason = %stop, "no shape");
        Shape::Opaque
    })
}

fn explore<T: DeserializeOwned>() -> Result<Shape, Stop> {
    let mut root = Node::Unknown;
    let mut round = 0;
    for _ in 0..PASSES_MAX {
        let pass = Pass::new(round);
        let outcome = T::deserialize(Source::new(&mut root, &pass));
        // Known is known, even where no value was found that the type accepts.
        if root.is_known() {
            return shape_of(&root);
        }
        match outcome {
            Err(stop) if !pass.has_learned() => {
                // A type around the refused value may have refused it: all values change at once.
                round += 1;
                if round == source::CANDIDATES {
                    return Err(stop);
                }
            }
            Ok(_) | Err(_) => {}
        }
    }
    Err(Stop::new("it does not end"))
}

fn shape_of(root: &Node) -> Result<Shape, Stop> {
    // What a snapshot records must be readable again.
    if root.depth() > DEPTH_MAX - 2 {
        return Err(Stop::new("it is nested too deeply"));
    }
    Ok(root.shape())
}

#[cfg(test)]
mod tests;
