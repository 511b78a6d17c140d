//! What lies below a place: the parts of a product, the elements of a collection, the payload of a variant.

use alluvium_protocol::shape::Shape;
use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::aliases::structure;
use super::node::{Form, Node};
use super::pass::{Enclosing, Pass, Stop};
use super::source::Source;

/// Answers with all parts of a product.
pub(super) fn product<'de, V: Visitor<'de>>(
    node: &mut Node,
    pass: &Pass,
    form: Form,
    length: usize,
    visitor: V,
) -> Result<V::Value, Stop> {
    visitor.visit_seq(Parts {
        nodes: node.parts(form, length)?.iter_mut(),
        pass,
    })
}

/// The parts of a product, the elements of a sequence or the keys and values of a map.
pub(super) struct Parts<'t, I> {
    pub(super) nodes: I,
    pub(super) pass: &'t Pass,
}

impl<'de, 't, I: Iterator<Item = &'t mut Node>> SeqAccess<'de> for Parts<'t, I> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        let next = self.nodes.next();
        next.map(|node| seed.deserialize(Source::new(node, self.pass)))
            .transpose()
    }
}

impl<'de, 't, I: Iterator<Item = &'t mut Node>> MapAccess<'de> for Parts<'t, I> {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        self.next_element_seed(seed)?.ok_or_else(Stop::unsteady)
    }
}

/// A variant: its number, then what it holds.
pub(super) struct Payload<'t> {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) node: &'t mut Node,
    pub(super) pass: &'t Pass,
}

impl<'de> EnumAccess<'de> for Payload<'_> {
    type Error = Stop;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Stop> {
        let number: U32Deserializer<Stop> = self.number.into_deserializer();
        Ok((seed.deserialize(number)?, self))
    }
}

impl<'de> VariantAccess<'de> for Payload<'_> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        self.node.leaf(&Shape::Unit).map(drop)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(Source::new(self.node, self.pass))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        product(self.node, self.pass, Form::Tuple, length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let Self {
            name, node, pass, ..
        } = self;
        pass.within(
            Enclosing {
                name,
                type_name: None,
            },
            || structure(node, pass, name, fields, visitor),
        )
    }
}
