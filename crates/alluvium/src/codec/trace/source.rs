//! A source of made-up values that notes what it is asked for.

use alluvium_protocol::shape::Shape;
use serde::de::{Deserializer, Visitor};

use super::access::{Parts, Payload, product};
use super::aliases::structure;
use super::node::{Form, Node, next_variant};
use super::pass::{Enclosing, Pass, Stop};

/// How many values are tried where a type refuses one.
pub(super) const CANDIDATES: usize = 8;

const TEXTS: [&str; CANDIDATES] = [
    "",
    "a",
    "1970-01-01T00:00:00Z",
    "1970-01-01",
    "00:00:00",
    "127.0.0.1",
    "http://a.b/",
    "1.0.0",
];
const BYTE_LENGTHS: [usize; CANDIDATES] = [0, 16, 32, 4, 8, 20, 64, 1];
const ZEROS: [u8; 64] = [0; 64];

/// One place of a pass.
#[derive(Debug)]
pub(super) struct Source<'t> {
    node: &'t mut Node,
    pass: &'t Pass,
}

impl<'t> Source<'t> {
    pub(super) fn new(node: &'t mut Node, pass: &'t Pass) -> Self {
        Self { node, pass }
    }

    /// Answers with a value without parts. `answer` is told which of the candidates to give.
    fn leaf<R>(
        self,
        shape: &Shape,
        answer: impl FnOnce(usize) -> Result<R, Stop>,
    ) -> Result<R, Stop> {
        let refused = self.node.leaf(shape)?;
        answer((*refused + self.pass.round) % CANDIDATES).inspect_err(|_| {
            *refused += 1;
            if *refused < CANDIDATES {
                self.pass.learn();
            }
        })
    }

    /// Goes into a type with a name, unless the place is already inside of it.
    fn inside<'de, V: Visitor<'de>>(
        self,
        name: &'static str,
        visit: impl FnOnce(&mut Node, &Pass) -> Result<V::Value, Stop>,
    ) -> Result<V::Value, Stop> {
        let Self { node, pass } = self;
        let this = Enclosing {
            name,
            type_name: Some(std::any::type_name::<V::Value>()),
        };
        if pass.is_inside(this)? {
            if let Node::Unknown = node {
                *node = Node::Recursive(name);
                pass.learn();
            }
            return Err(Stop::new(format!("`{name}` contains itself")));
        }
        pass.within(this, || visit(node, pass))
    }
}

/// Answers for values without parts: the method, the visitor's, the shape, and the candidates in turn.
macro_rules! leaves {
    ($($deserialize:ident $visit:ident $shape:ident $candidates:expr;)+) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            self.leaf(&Shape::$shape, |candidate| {
                let candidates = $candidates;
                let [first, ..] = candidates;
                let mut turn = candidates.iter().copied().cycle();
                visitor.$visit(turn.nth(candidate).unwrap_or(first))
            })
        }
    )+};
}

/// Questions that only a format which describes itself could answer.
macro_rules! unanswerable {
    ($($deserialize:ident)+) => {$(
        fn $deserialize<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
            Err(Stop::new(concat!("it asks for ", stringify!($deserialize))))
        }
    )+};
}

impl<'de> Deserializer<'de> for Source<'_> {
    type Error = Stop;

    leaves! {
        deserialize_bool visit_bool Bool [false, true];
        deserialize_i8 visit_i8 I8 [1, 0, 2];
        deserialize_i16 visit_i16 I16 [1, 0, 2];
        deserialize_i32 visit_i32 I32 [1, 0, 2];
        deserialize_i64 visit_i64 I64 [1, 0, 2];
        deserialize_i128 visit_i128 I128 [1, 0, 2];
        deserialize_u8 visit_u8 U8 [1, 0, 2];
        deserialize_u16 visit_u16 U16 [1, 0, 2];
        deserialize_u32 visit_u32 U32 [1, 0, 2];
        deserialize_u64 visit_u64 U64 [1, 0, 2];
        deserialize_u128 visit_u128 U128 [1, 0, 2];
        deserialize_f32 visit_f32 F32 [1.0, 0.0];
        deserialize_f64 visit_f64 F64 [1.0, 0.0];
        deserialize_char visit_char Char ['a', 'A', '0'];
        deserialize_str visit_str Str TEXTS;
        deserialize_string visit_str Str TEXTS;
    }

    unanswerable! { deserialize_any deserialize_identifier deserialize_ignored_any }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.leaf(&Shape::Bytes, |candidate| {
            let length = BYTE_LENGTHS.get(candidate).copied().unwrap_or_default();
            visitor.visit_bytes(ZEROS.get(..length).unwrap_or_default())
        })
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.leaf(&Shape::Unit, |_| visitor.visit_unit())
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let content = self.node.option()?;
        if content.is_known() {
            visitor.visit_none()
        } else {
            visitor.visit_some(Source::new(content, self.pass))
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let element = self.node.seq()?;
        let one = (!element.is_known()).then_some(element);
        visitor.visit_seq(Parts {
            nodes: one.into_iter(),
            pass: self.pass,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let entry = self.node.map()?;
        let one = (!entry.iter().all(Node::is_known)).then_some(entry);
        visitor.visit_map(Parts {
            nodes: one.into_iter().flatten(),
            pass: self.pass,
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        product(self.node, self.pass, Form::Tuple, length, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.inside::<V>(name, |node, pass| {
            match node.parts(Form::Newtype(name), 1)? {
                [part] => visitor.visit_newtype_struct(Source::new(part, pass)),
                _ => Err(Stop::unsteady()),
            }
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.inside::<V>(name, |node, pass| {
            product(node, pass, Form::TupleStruct(name), length, visitor)
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.inside::<V>(name, |node, pass| {
            structure(node, pass, name, fields, visitor)
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.inside::<V>(name, |node, pass| {
            let new = matches!(node, Node::Unknown);
            let Some((number, variant)) = next_variant(node.variants(name, names)?) else {
                // That there is no value of it is worth knowing: whoever contains it can do without.
                if new {
                    pass.learn();
                }
                return Err(Stop::new(format!("there is no end to `{name}`")));
            };
            let known = variant.payload.is_known();
            let payload = Payload {
                number,
                name: variant.name,
                node: &mut variant.payload,
                pass,
            };
            let outcome = visitor.visit_enum(payload);
            if outcome.is_ok() {
                variant.built = true;
            } else if known && !variant.built {
                variant.endless = true;
                pass.learn();
            }
            outcome
        })
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
