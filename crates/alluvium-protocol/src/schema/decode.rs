//! Values as trees, by what their schema says of them.

use crate::error::{Error, Result};
use crate::schema::{MSGPACK_NAMED, POSTCARD, ValueSchema};
use crate::shape::Shape;
use crate::value::{self, Value};
use crate::versioned::split_version;

impl ValueSchema {
    /// What a tool can know of a stored value: a tree where codec and shape tell, else its bytes.
    ///
    /// A value that tells the version of its type is read by that version's shape. One that does not, and whose bytes are by
    /// position, has one shape only.
    ///
    /// # Errors
    /// `Corrupt` when the bytes contradict the schema.
    pub fn decode(&self, value: &[u8]) -> Result<Value> {
        let (type_version, value) = match self.type_version {
            None => (None, value),
            Some(_) => {
                let (version, value) = split_version(value)?;
                (Some(version), value)
            }
        };
        let shape = self.shape_of(type_version).ok_or_else(|| {
            Error::corrupt(format!(
                "a value of version {} of its type, of which the schema has no shape",
                type_version.unwrap_or_default()
            ))
        })?;
        match self.codec.as_str() {
            MSGPACK_NAMED => value::msgpack::decode(value),
            POSTCARD if shape != Shape::Opaque => value::postcard::decode(&shape, value),
            _ => Ok(Value::Bytes(value.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::schema::Form;

    #[test]
    fn a_value_is_read_by_the_shape_of_its_version() {
        let schema = ValueSchema {
            codec: POSTCARD.to_owned(),
            version: 1,
            type_name: String::new(),
            shape: Shape::Str,
            type_version: Some(2),
            older: vec![Form {
                type_version: Some(1),
                type_name: String::new(),
                shape: Shape::U8,
            }],
        };

        assert_eq!(schema.decode(b"\x01\x07").unwrap(), Value::Uint(7));
        assert_eq!(
            schema.decode(b"\x02\x01a").unwrap(),
            Value::Str("a".to_owned())
        );
        let error = schema.decode(b"\x03\x07").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("version 3"), "{error}");
    }
}
