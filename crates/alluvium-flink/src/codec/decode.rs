//! Reads values of Rust's types as Flink's serializers wrote them.
//!
//! Invariant: total; values nest at most [`DEPTH_MAX`] levels.

use alluvium_protocol::value::DEPTH_MAX;
use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::encode::EXACT;
use super::failure::{Failure, none_in_java};
use crate::cursor::Cursor;
use crate::serializer::read_text;

/// Reads one value.
pub(super) struct Decoder<'c> {
    cursor: Cursor<'c>,
    /// Of a value with a byte before it that told so: whether it is null.
    slot: Option<bool>,
    depth: usize,
}

type Result<T, E = Failure> = std::result::Result<T, E>;

impl<'c> Decoder<'c> {
    pub(super) const fn new(cursor: Cursor<'c>) -> Self {
        Self {
            cursor,
            slot: None,
            depth: 0,
        }
    }

    /// That nothing is left.
    pub(super) fn finish(&self) -> crate::Result<()> {
        self.cursor.finish("a value")
    }

    /// A value that is not null comes next.
    fn present(&mut self) -> Result<&mut Cursor<'c>> {
        if self.slot.take() == Some(true) {
            let message = "null where the type has no place for it: declare an `Option`";
            return Err(self.cursor.corrupt(message).into());
        }
        Ok(&mut self.cursor)
    }

    fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("a value of more than {DEPTH_MAX} levels");
            return Err(self.cursor.corrupt(message).into());
        }
        Ok(())
    }

    fn in_slot<'de, T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let is_null = self.cursor.bool("whether a value is null")?;
        self.slot = Some(is_null);
        seed.deserialize(self)
    }

    fn parts<'de, V: Visitor<'de>>(
        &mut self,
        count: usize,
        place: Place,
        visitor: V,
    ) -> Result<V::Value> {
        self.enter()?;
        let value = visitor.visit_seq(Parts {
            decoder: self,
            left: count,
            place,
        })?;
        self.depth -= 1;
        Ok(value)
    }
}

macro_rules! numbers {
    ($($method:ident, $visit:ident: $type:ty;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            let bytes = self.present()?.array(stringify!($type))?;
            visitor.$visit(<$type>::from_be_bytes(bytes))
        })*
    };
}

macro_rules! unsigned {
    ($($method:ident: $type:literal, $instead:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value> {
            Err(none_in_java($type, $instead))
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Decoder<'_> {
    type Error = Failure;

    numbers!(
        deserialize_i8, visit_i8: i8;
        deserialize_i16, visit_i16: i16;
        deserialize_i32, visit_i32: i32;
        deserialize_i64, visit_i64: i64;
        deserialize_f32, visit_f32: f32;
        deserialize_f64, visit_f64: f64;
    );

    unsigned!(
        deserialize_u8: "`u8`", "`i8`, or byte strings with `serde_bytes`";
        deserialize_u16: "`u16`", "`i32`, or `char`";
        deserialize_u32: "`u32`", "`i64`";
        deserialize_u64: "`u64`", "`i64`";
        deserialize_i128: "`i128`", "`i64`";
        deserialize_u128: "`u128`", "`i64`";
        deserialize_any: "bytes that say what they are", "a type of its own, without `flatten` and `untagged`";
        deserialize_ignored_any: "bytes that say where they end", "all fields";
        deserialize_identifier: "names in its bytes", "a type without `flatten`";
    );

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_bool(self.present()?.bool("a truth value")?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let cursor = self.present()?;
        let unit = cursor.u16("a character")?;
        match char::from_u32(unit.into()) {
            Some(char) => visitor.visit_char(char),
            None => Err(cursor
                .corrupt("half of a surrogate pair, which is no `char`")
                .into()),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_string(read_text(self.present()?)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_bytes(self.present()?.sized("bytes")?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let is_null = match self.slot.take() {
            Some(is_null) => is_null,
            None => self.cursor.bool("whether a value is null")?,
        };
        if is_null {
            return visitor.visit_none();
        }
        self.enter()?;
        let value = visitor.visit_some(&mut *self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.present()?.u8("a byte in nothing's place")?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.enter()?;
        let value = visitor.visit_newtype_struct(&mut *self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let count = self.present()?.count(1, "elements")?;
        self.parts(count, Place::Plain, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.present()?;
        self.parts(len, Place::Plain, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let count = self.present()?.count(2, "entries")?;
        self.enter()?;
        let value = visitor.visit_map(Parts {
            decoder: self,
            left: count,
            place: Place::Plain,
        })?;
        self.depth -= 1;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let cursor = self.present()?;
        let start = cursor.clone();
        match cursor.u8("an object")? {
            EXACT => self.parts(fields.len(), Place::Slot, visitor),
            1 => Err(start
                .corrupt(format!("null in the place of an object, {name}"))
                .into()),
            4 | 8 => Err(start
                .unknown(format!("an object of a subclass in the place of {name}"))
                .into()),
            other => Err(start
                .corrupt(format!("no object begins with {other:02x}"))
                .into()),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let cursor = self.present()?;
        let start = cursor.clone();
        let number = cursor.i32("a constant")?;
        let known = u32::try_from(number)
            .ok()
            .filter(|number| usize::try_from(*number).is_ok_and(|number| number < variants.len()));
        let Some(number) = known else {
            let message = format!("constant {number} of an enum of {}", variants.len());
            return Err(start.corrupt(message).into());
        };
        visitor.visit_enum(Constant(number))
    }
}

/// Whether parts have a byte before them that tells whether they are null.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    Slot,
}

/// The parts of a value, one after the other.
struct Parts<'d, 'c> {
    decoder: &'d mut Decoder<'c>,
    left: usize,
    place: Place,
}

impl<'de> SeqAccess<'de> for Parts<'_, '_> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        match self.place {
            Place::Plain => seed.deserialize(&mut *self.decoder).map(Some),
            Place::Slot => self.decoder.in_slot(seed).map(Some),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Parts<'_, '_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        self.decoder.in_slot(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

#[cold]
fn payload() -> Failure {
    none_in_java("constants that carry something", "variants without")
}

/// A constant of an enum, by its number.
struct Constant(u32);

impl<'de> EnumAccess<'de> for Constant {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let number: U32Deserializer<Failure> = self.0.into_deserializer();
        Ok((seed.deserialize(number)?, self))
    }
}

impl<'de> VariantAccess<'de> for Constant {
    type Error = Failure;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value> {
        Err(payload())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value> {
        Err(payload())
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value> {
        Err(payload())
    }
}
