//! Keys that are in the key groups that Flink puts them into.

use alluvium_protocol::Result;
use alluvium_protocol::key::{self, EncodeKey, Key, KeyReader};
use alluvium_protocol::key_group::{KeyHash, flink_murmur};
use alluvium_protocol::shape::Shape;

use crate::java::hash;

/// What `hashCode()` of the Java object returns that a Rust value stands for.
///
/// Implement it for keys of your own as the Java class does; a wrong one finds nothing of what Flink wrote.
///
/// ```
/// use alluvium_flink::codec::JavaHash;
///
/// assert_eq!("hello".java_hash(), 99_162_322);
/// assert_eq!((1_i32, true).java_hash(), 31 + 1231); // As Flink's `Tuple2` does it.
/// ```
pub trait JavaHash {
    /// The hash.
    fn java_hash(&self) -> i32;
}

/// A key in the key group that Flink puts it into: the bytes and the order of `K`, and the hash of Java.
///
/// A job that goes on with Flink's key groups is keyed by it; and so its savepoints can go back to Flink, key group by key
/// group.
///
/// ```
/// use alluvium_flink::codec::Java;
/// use alluvium_protocol::key::{Key, encode};
/// use alluvium_protocol::key_group::MaxParallelism;
///
/// let hash = Java::<String>::hash(&encode(&Java("key-6")));
/// assert_eq!(MaxParallelism::DEFAULT.group_of(hash).get(), 71);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper has one field")]
pub struct Java<K: ?Sized>(pub K);

impl<K: EncodeKey + ?Sized> EncodeKey for Java<K>
where
    K::Key: JavaHash,
{
    type Key = Java<K::Key>;

    fn encode_key(&self, out: &mut Vec<u8>) {
        self.0.encode_key(out);
    }
}

impl<K: Key + JavaHash> Key for Java<K> {
    fn decode_key(input: &mut KeyReader<'_>) -> Result<Self> {
        K::decode_key(input).map(Self)
    }

    fn shape() -> Shape {
        K::shape()
    }

    fn hash(encoded: &[u8]) -> KeyHash {
        // What is hashed was encoded by `K`; of other bytes any hash is right.
        key::decode::<K>(encoded).map_or_else(
            |_not_one| KeyHash::of(encoded),
            |key| flink_murmur(key.java_hash()),
        )
    }
}

impl JavaHash for str {
    fn java_hash(&self) -> i32 {
        hash::units(self.encode_utf16())
    }
}

impl JavaHash for String {
    fn java_hash(&self) -> i32 {
        self.as_str().java_hash()
    }
}

impl JavaHash for bool {
    fn java_hash(&self) -> i32 {
        hash::boolean(*self)
    }
}

impl JavaHash for i64 {
    fn java_hash(&self) -> i32 {
        hash::long(*self)
    }
}

macro_rules! small {
    ($($type:ty),*) => {
        $(impl JavaHash for $type {
            fn java_hash(&self) -> i32 {
                i32::from(*self)
            }
        })*
    };
}

small!(i8, i16, i32);

/// Of its only unit; of characters that have two in Java, which are no `char` there, as if they were a text.
impl JavaHash for char {
    fn java_hash(&self) -> i32 {
        let mut units = [0; 2];
        hash::units(self.encode_utf16(&mut units).iter().copied())
    }
}

/// Null is 0.
impl<K: JavaHash> JavaHash for Option<K> {
    fn java_hash(&self) -> i32 {
        self.as_ref().map_or(0, K::java_hash)
    }
}

impl<K: JavaHash + ?Sized> JavaHash for &K {
    fn java_hash(&self) -> i32 {
        (**self).java_hash()
    }
}

macro_rules! tuple {
    ($first:ident $(, $part:ident)*) => {
        impl<$first: JavaHash $(, $part: JavaHash)*> JavaHash for ($first, $($part,)*) {
            #[expect(non_snake_case, reason = "the names of the types are at hand")]
            fn java_hash(&self) -> i32 {
                let ($first, $($part,)*) = self;
                let hash = $first.java_hash();
                $(let hash = hash.wrapping_mul(31).wrapping_add($part.java_hash());)*
                hash
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

#[cfg(test)]
mod tests {
    use alluvium_protocol::key_group::MaxParallelism;
    use alluvium_protocol::value::Value;

    use super::*;
    use crate::serializer::{Serializer, Simple};

    #[test]
    fn keys_are_in_the_groups_that_flink_puts_them_into() {
        let group = |key: &str| {
            let hash = Java::<String>::hash(&key::encode(&Java(key)));
            MaxParallelism::DEFAULT.group_of(hash).get()
        };

        assert_eq!(group("key-6"), 71);
        assert_eq!(group("ключ-1"), 1);
    }

    #[test]
    fn tuples_hash_as_those_that_flink_wrote() {
        let simple = |simple| Serializer::simple(simple).unwrap();
        let parts = [
            simple(Simple::String),
            simple(Simple::Long),
            simple(Simple::Boolean),
        ];
        let tuple = Serializer::tuple(&parts.each_ref()).unwrap();
        let value = Value::Seq(vec![
            Value::Str("a".to_owned()),
            Value::Int(1 << 33),
            Value::Bool(false),
        ]);

        let hash = ("a".to_owned(), 1_i64 << 33, false).java_hash();

        assert_eq!(Some(hash), tuple.java_hash(&value));
    }
}
