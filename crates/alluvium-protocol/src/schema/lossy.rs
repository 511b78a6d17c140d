//! Types that a codec writes and cannot read back.
//!
//! MessagePack has one way to say that there is nothing: `nil`. An absent value is written so, and so is a value without
//! content; a newtype is written as what it wraps. Where both may be meant, what is read is not what was written.

use crate::schema::MSGPACK_NAMED;
use crate::shape::Shape;

/// Why values of a shape would not come back from a codec as they were, if so: nothing can be read from a state that
/// should never have been written.
///
/// MessagePack writes an absent value and a value without content alike.
#[must_use]
pub fn lossy(codec: &str, shape: &Shape) -> Option<String> {
    if codec != MSGPACK_NAMED {
        return None;
    }
    lost(shape, &mut Vec::new())
}

/// Whether a value may be written as an absent one is. `otherwise` says it of shapes that do not show it themselves.
pub(super) fn may_be_nil(shape: &Shape, otherwise: impl FnOnce(&Shape) -> bool) -> bool {
    match content(shape) {
        Shape::Option(_) | Shape::Unit => true,
        shape => otherwise(shape),
    }
}

/// What is written of a value: of a newtype, what it wraps. A newtype has a shape of its own where it contains itself.
fn content(mut shape: &Shape) -> &Shape {
    while let Shape::Struct { fields, .. } = shape
        && let [(name, wrapped)] = fields.as_slice()
        && name == "0"
    {
        shape = wrapped;
    }
    shape
}

/// Why values inside of `enclosing`, outermost first, would not come back, if so.
fn lost<'a>(shape: &'a Shape, enclosing: &mut Vec<&'a Shape>) -> Option<String> {
    match shape {
        Shape::Option(of) if is_nil(of, enclosing) => Some(format!(
            "{MSGPACK_NAMED} writes the `Some(None)` or `Some(())` of {shape} as it writes `None`"
        )),
        Shape::Option(of) | Shape::Seq(of) => lost(of, enclosing),
        Shape::Map(key, value) => lost(key, enclosing).or_else(|| lost(value, enclosing)),
        Shape::Tuple(parts) => parts.iter().find_map(|part| lost(part, enclosing)),
        Shape::Struct { fields, .. } => {
            enclosing.push(shape);
            let why = fields.iter().find_map(|(name, field)| {
                lost(field, enclosing).map(|why| format!("field `{name}`: {why}"))
            });
            enclosing.pop();
            why
        }
        Shape::Enum { variants, .. } => {
            enclosing.push(shape);
            let why = variants.iter().find_map(|(_, name, payload)| {
                lost(payload, enclosing).map(|why| format!("variant `{name}`: {why}"))
            });
            enclosing.pop();
            why
        }
        _ => None,
    }
}

/// Whether a value inside of `enclosing` may be written as an absent one is.
fn is_nil(shape: &Shape, enclosing: &[&Shape]) -> bool {
    may_be_nil(shape, |shape| {
        let Shape::Recursive(to) = shape else {
            return false;
        };
        let named = |shape: &&Shape| match shape {
            Shape::Struct { name, .. } | Shape::Enum { name, .. } => name == to,
            _ => false,
        };
        let Some(at) = enclosing.iter().rposition(named) else {
            return false;
        };
        // Only what is around it matters then, so this ends.
        let (around, inside) = enclosing.split_at(at);
        inside.first().is_some_and(|shape| is_nil(shape, around))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure(name: &str, field: &str, shape: Shape) -> Shape {
        Shape::Struct {
            name: name.to_owned(),
            fields: vec![(field.to_owned(), shape)],
        }
    }

    #[test]
    fn two_options_around_each_other_are_one_in_messagepack() {
        let nested = Shape::option(Shape::option(Shape::U8));
        let within = structure("Leg", "gate", Shape::seq(nested));

        let why = lossy(MSGPACK_NAMED, &within).unwrap();

        assert!(why.starts_with("field `gate`: "), "{why}");
        assert_eq!(lossy("postcard", &within), None);
        assert_eq!(lossy(MSGPACK_NAMED, &Shape::option(Shape::U8)), None);
    }

    #[test]
    fn an_option_of_a_newtype_of_an_option_is_one_in_messagepack() {
        let recursive = |name: &str| Shape::Recursive(name.to_owned());
        let next = |node| structure("Next", "0", Shape::option(node));
        // struct Next(Option<Box<Node>>); struct Node { next: Next }
        let sound = next(structure("Node", "next", recursive("Next")));
        // struct Next(Option<Box<Node>>); struct Node { next: Option<Next> }
        let inside = next(structure("Node", "next", Shape::option(recursive("Next"))));

        assert_eq!(lossy(MSGPACK_NAMED, &sound), None);
        assert!(lossy(MSGPACK_NAMED, &Shape::option(sound)).is_some());
        let why = lossy(MSGPACK_NAMED, &inside).unwrap();
        assert!(why.starts_with("field `0`: field `next`: "), "{why}");
    }

    #[test]
    fn an_option_of_a_type_that_contains_itself_otherwise_is_read_back() {
        let recursive = |name: &str| Shape::Recursive(name.to_owned());
        let tree = structure("Tree", "0", Shape::seq(recursive("Tree")));
        let list = structure("List", "next", Shape::option(recursive("List")));

        assert_eq!(lossy(MSGPACK_NAMED, &Shape::option(tree)), None);
        assert_eq!(lossy(MSGPACK_NAMED, &Shape::option(list)), None);
    }
}
