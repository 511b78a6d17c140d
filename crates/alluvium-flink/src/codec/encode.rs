//! Writes values of Rust's types as Flink's serializers do.

use serde::ser::{
    Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
    SerializeTupleStruct, Serializer,
};

use super::failure::{Failure, none_in_java};
use crate::serializer::write_text;

/// What an object by its fields begins with, if it is of the class itself.
pub(super) const EXACT: u8 = 2;

const NOT_NULL: u8 = 0;
const NULL: u8 = 1;

/// Appends one value.
pub(super) struct Encoder<'o> {
    out: &'o mut Vec<u8>,
    /// Whether the next value has a byte before it that tells whether it is null.
    in_slot: bool,
}

type Result<T, E = Failure> = std::result::Result<T, E>;

impl<'o> Encoder<'o> {
    pub(super) const fn new(out: &'o mut Vec<u8>) -> Self {
        let in_slot = false;
        Self { out, in_slot }
    }

    /// Where the bytes go of a value that is not null.
    fn present(&mut self) -> &mut Vec<u8> {
        if std::mem::take(&mut self.in_slot) {
            self.out.push(NOT_NULL);
        }
        self.out
    }

    fn count(&mut self, count: usize) -> Result<()> {
        let count = i32::try_from(count)
            .map_err(|error| Failure::Told(format!("{count} elements: {error}")))?;
        self.present().extend(count.to_be_bytes());
        Ok(())
    }

    fn in_slot(&mut self, value: &(impl Serialize + ?Sized)) -> Result<()> {
        self.in_slot = true;
        value.serialize(self)
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<()> {
            self.present().extend(value.to_be_bytes());
            Ok(())
        })*
    };
}

macro_rules! unsigned {
    ($($method:ident: $type:ty, $instead:literal;)*) => {
        $(fn $method(self, _value: $type) -> Result<()> {
            Err(none_in_java(concat!("`", stringify!($type), "`"), $instead))
        })*
    };
}

impl Serializer for &mut Encoder<'_> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<(), Failure>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Failure>;

    numbers!(
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_f32: f32,
        serialize_f64: f64
    );

    unsigned!(
        serialize_u8: u8, "`i8`, or byte strings with `serde_bytes`";
        serialize_u16: u16, "`i32`, or `char`";
        serialize_u32: u32, "`i64`";
        serialize_u64: u64, "`i64`";
        serialize_i128: i128, "`i64`";
        serialize_u128: u128, "`i64`";
    );

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.present().push(u8::from(value));
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        let unit = u16::try_from(u32::from(value)).map_err(|error| {
            Failure::Told(format!("{value:?} has two characters in Java: {error}"))
        })?;
        self.present().extend(unit.to_be_bytes());
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        Ok(write_text(value, self.present())?)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.count(value.len())?;
        self.out.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<()> {
        self.in_slot = false;
        self.out.push(NULL);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        self.in_slot = false;
        self.out.push(NOT_NULL);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.present().push(0);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        number: u32,
        _variant: &'static str,
    ) -> Result<()> {
        self.present().extend(number.to_be_bytes());
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _number: u32,
        variant: &'static str,
        _value: &T,
    ) -> Result<()> {
        Err(payload(name, variant))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self> {
        let len = len.ok_or_else(|| {
            Failure::Told("a sequence that does not know its length: collect it".to_owned())
        })?;
        self.count(len)?;
        Ok(self)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self> {
        self.present();
        Ok(self)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self> {
        self.present();
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _number: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(payload(name, variant))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self> {
        let len = len.ok_or_else(|| {
            Failure::Told("a map that does not know its length: collect it".to_owned())
        })?;
        self.count(len)?;
        Ok(self)
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self> {
        self.present().push(EXACT);
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _number: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(payload(name, variant))
    }
}

#[cold]
fn payload(name: &str, variant: &str) -> Failure {
    Failure::Told(format!(
        "{name}::{variant} carries something, which constants of Java's enums do not"
    ))
}

/// What is written one after the other, without a slot around each.
macro_rules! in_a_row {
    ($($compound:ident: $element:ident;)*) => {$(
        impl $compound for &mut Encoder<'_> {
            type Ok = ();
            type Error = Failure;

            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<()> {
                Ok(())
            }
        }
    )*};
}

in_a_row!(
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
);

impl SerializeMap for &mut Encoder<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.in_slot(value)
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}

impl SerializeStruct for &mut Encoder<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.in_slot(value)
    }

    fn skip_field(&mut self, name: &'static str) -> Result<()> {
        Err(Failure::Told(format!(
            "field `{name}` is left out, and without names those behind it would be read as it: write it always"
        )))
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}
