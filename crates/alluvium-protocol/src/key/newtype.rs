//! The macro that makes a newtype a key.

/// Makes a tuple struct with one field a key, encoded as that field and with its shape and hash.
///
/// The struct is declared as usual, so that derives and docs are its author's. Its order must be that of
/// the field, as `derive(PartialOrd, Ord)` makes it.
///
/// ```
/// use alluvium_protocol::key;
/// use alluvium_protocol::key_newtype;
///
/// #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
/// struct AircraftId(String);
///
/// key_newtype!(AircraftId(String));
///
/// let bytes = key::encode(&AircraftId("LN-RGM".into()));
/// assert_eq!(bytes, key::encode("LN-RGM"));
/// assert_eq!(key::decode::<AircraftId>(&bytes)?, AircraftId("LN-RGM".into()));
/// # Ok::<(), alluvium_protocol::Error>(())
/// ```
#[macro_export]
macro_rules! key_newtype {
    ($newtype:ident($inner:ty)) => {
        impl $crate::key::EncodeKey for $newtype {
            type Key = Self;

            fn encode_key(&self, out: &mut ::std::vec::Vec<u8>) {
                $crate::key::EncodeKey::encode_key(&self.0, out);
            }
        }

        impl $crate::key::Key for $newtype {
            fn decode_key(input: &mut $crate::key::KeyReader<'_>) -> $crate::Result<Self> {
                <$inner as $crate::key::Key>::decode_key(input).map(Self)
            }

            fn shape() -> $crate::shape::Shape {
                <$inner as $crate::key::Key>::shape()
            }

            fn hash(encoded: &[u8]) -> $crate::key_group::KeyHash {
                <$inner as $crate::key::Key>::hash(encoded)
            }
        }
    };
}
