//! Keys made of keys: options, tuples and arrays; and references, which encode as what they refer to.

use super::{EncodeKey, Key, KeyReader};
use crate::error::{Error, Result};
use crate::shape::Shape;

impl<K: EncodeKey + ?Sized> EncodeKey for &K {
    type Key = K::Key;

    fn encode_key(&self, out: &mut Vec<u8>) {
        (**self).encode_key(out);
    }
}

impl<K: EncodeKey> EncodeKey for Option<K> {
    type Key = Option<K::Key>;

    fn encode_key(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(key) => {
                out.push(1);
                key.encode_key(out);
            }
        }
    }
}

impl<K: Key> Key for Option<K> {
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
        match input.byte()? {
            0 => Ok(None),
            1 => K::decode_key(input).map(Some),
            other => Err(Error::corrupt(format!(
                "byte {other} where a key has an option"
            ))),
        }
    }

    fn shape() -> Shape {
        Shape::option(K::shape())
    }
}

impl<K: EncodeKey, const N: usize> EncodeKey for [K; N] {
    type Key = [K::Key; N];

    fn encode_key(&self, out: &mut Vec<u8>) {
        for key in self {
            key.encode_key(out);
        }
    }
}

impl<K: Key, const N: usize> Key for [K; N] {
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
        let keys = (0..N)
            .map(|_| K::decode_key(input))
            .collect::<Result<Vec<K>>>()?;
        Self::try_from(keys)
            .map_err(|keys| Error::corrupt(format!("{} keys in an array of {N}", keys.len())))
    }

    fn shape() -> Shape {
        Shape::Tuple(vec![K::shape(); N])
    }
}

macro_rules! tuple {
    ($($part:ident),+) => {
        impl<$($part: EncodeKey),+> EncodeKey for ($($part,)+) {
            type Key = ($($part::Key,)+);

            #[expect(non_snake_case, reason = "each part is named as its type parameter")]
            fn encode_key(&self, out: &mut Vec<u8>) {
                let ($($part,)+) = self;
                $($part.encode_key(out);)+
            }
        }

        impl<$($part: Key),+> Key for ($($part,)+) {
            fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
                Ok(($($part::decode_key(input)?,)+))
            }

            fn shape() -> Shape {
                Shape::Tuple(vec![$($part::shape()),+])
            }
        }
    };
}

tuple!(A);
tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);
tuple!(A, B, C, D, E);
tuple!(A, B, C, D, E, F);
