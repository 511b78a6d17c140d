//! The laws of key codecs, for every type and for types made of them.

use std::fmt::Debug;

use alluvium_protocol::key::{self, Key, KeyReader};
use proptest::prelude::*;

/// Encodings sort as keys do, end where they end, and are one for each key.
fn laws<K: Key + Ord + Debug>(a: &K, b: &K) -> Result<(), TestCaseError> {
    let (x, y) = (key::encode(a), key::encode(b));
    prop_assert_eq!(a.cmp(b), x.cmp(&y));
    prop_assert!(a == b || !y.starts_with(&x));

    let both = [&x[..], &y].concat();
    let mut typed = KeyReader::new(&both);
    prop_assert_eq!(&K::decode_key(&mut typed).unwrap(), a);
    prop_assert_eq!(typed.remaining(), &y);
    prop_assert_eq!(&K::decode_key(&mut typed).unwrap(), b);
    typed.finish().unwrap();

    let mut untyped = KeyReader::new(&both);
    let value = key::decode_shape(&K::shape(), &mut untyped).unwrap();
    prop_assert_eq!(untyped.remaining(), &y);

    let mut written = Vec::new();
    key::encode_shape(&K::shape(), &value, &mut written).unwrap();
    let again = key::decode_shape(&K::shape(), &mut KeyReader::new(&written)).unwrap();
    prop_assert_eq!(&again, &value);
    // What prints alike is written alike: nested options alone do.
    prop_assert!(written == x || value.to_string().contains("null"));
    Ok(())
}

/// Any bytes are refused, or are the encoding of what they were read as.
fn total<K: Key + Debug>(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut input = KeyReader::new(bytes);
    if let Ok(key) = K::decode_key(&mut input) {
        let read = bytes.len() - input.remaining().len();
        prop_assert_eq!(&key::encode(&key), &bytes[..read]);
    }
    Ok(())
}

/// Short text of few characters, so that equal beginnings and zeros are common.
fn text() -> impl Strategy<Value = String> {
    "[\0\u{1}aä\u{10ffff}]{0,4}"
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(0), Just(1), Just(0xff), any::<u8>()], 0..5)
}

macro_rules! integers_obey {
    ($($integer:ident),*) => {$(
        mod $integer {
            use super::*;

            fn number() -> impl Strategy<Value = $integer> {
                let edge = prop::sample::select(vec![$integer::MIN, $integer::MAX, 0]);
                let near = (edge, prop::sample::select(vec![0, 1, 2])).prop_map(|(edge, n)| edge.wrapping_add(n));
                prop_oneof![any::<$integer>(), near]
            }

            proptest! {
                #[test]
                fn keys_obey_the_laws(a in number(), b in number()) {
                    laws(&a, &b)?;
                    laws(&Some(a), &Some(b))?;
                }
            }
        }
    )*};
}

integers_obey!(i8, i16, i32, i64, i128, u8, u16, u32, u64, u128);

type Nested = (
    Option<String>,
    ((i8, Vec<u8>), [bool; 2], ()),
    char,
    Option<Option<u16>>,
);

fn nested() -> impl Strategy<Value = Nested> {
    let small = prop::option::of(prop::option::of(0_u16..2));
    let middle = ((-1_i8..=1, bytes()), any::<[bool; 2]>(), Just(()));
    (
        prop::option::of(text()),
        middle,
        prop_oneof![Just('a'), any::<char>()],
        small,
    )
}

proptest! {
    #[test]
    fn text_obeys_the_laws(a in text(), b in text()) {
        laws(&a, &b)?;
    }

    #[test]
    fn bytes_obey_the_laws(a in bytes(), b in bytes()) {
        laws(&a, &b)?;
    }

    #[test]
    fn small_keys_obey_the_laws(a: (bool, char), b: (bool, char)) {
        laws(&a.0, &b.0)?;
        laws(&a.1, &b.1)?;
        laws(&None, &Some(a.0))?;
        laws(&(), &())?;
    }

    #[test]
    fn windows_obey_the_laws(a: (i64, i64), b: (i64, i64)) {
        laws(&a, &b)?;
        laws(&[a.0, a.1], &[b.0, b.1])?;
    }

    #[test]
    fn tuples_of_any_length_obey_the_laws(a in [text(), text()], b in [text(), text()], n: i8, m: i8) {
        let ([a0, a1], [b0, b1]) = (a, b);
        laws(&(a0.clone(),), &(b0.clone(),))?;
        laws(&(a0.clone(), n, a1.clone()), &(b0.clone(), m, b1.clone()))?;
        laws(&((), a0.clone(), n, (), a1.clone()), &((), b0.clone(), m, (), b1.clone()))?;
        laws(&(a0, n, n, n, n, a1), &(b0, m, m, m, m, b1))?;
    }

    #[test]
    fn nested_keys_obey_the_laws(a in nested(), b in nested()) {
        laws(&a, &b)?;
    }

    #[test]
    fn any_bytes_are_a_key_or_refused(bytes in bytes()) {
        total::<String>(&bytes)?;
        total::<Vec<u8>>(&bytes)?;
        total::<char>(&bytes)?;
        total::<(bool, Option<i16>)>(&bytes)?;
        total::<[u16; 2]>(&bytes)?;
        total::<Nested>(&bytes)?;
    }
}
