//! A chain of three versions, over each codec.

use alluvium_protocol::shape::Shape;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::codec::{MsgPackNamed, Postcard};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct One(i16);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Two {
    text: String,
    number: i64,
}

/// Number 300, so that versions may have gaps and more than one byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Last {
    number: i64,
    words: Vec<String>,
}

impl Evolving for One {
    const VERSION: u32 = 1;
    type Before = First;

    fn upgrade(before: First) -> Result<Self> {
        match before {}
    }
}

impl Evolving for Two {
    const VERSION: u32 = 2;
    type Before = One;

    fn upgrade(One(number): One) -> Result<Self> {
        if number == i16::MIN {
            return Err(Error::new(
                ErrorKind::Incompatible,
                "no such number any more",
            ));
        }
        Ok(Self {
            text: number.to_string(),
            number: number.into(),
        })
    }
}

impl Evolving for Last {
    const VERSION: u32 = 300;
    type Before = Two;

    fn upgrade(Two { text, number }: Two) -> Result<Self> {
        let words = text.split(' ').map(str::to_owned).collect();
        Ok(Self { number, words })
    }
}

fn encoded<T, C: Codec<T>>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    C::encode(value, &mut out).unwrap();
    out
}

fn last<C>(bytes: &[u8]) -> Result<Last>
where
    Versioned<C>: Codec<Last>,
{
    Versioned::<C>::decode(bytes)
}

#[test]
fn values_have_the_same_bytes_in_every_release() {
    assert_eq!(
        encoded::<_, Versioned<Postcard>>(&One(-2)),
        [1, 3],
        "version 1, then -2 in zigzag"
    );
    let value = Last {
        number: 1,
        words: vec!["ab".to_owned()],
    };
    assert_eq!(
        encoded::<_, Versioned<Postcard>>(&value),
        b"\xac\x02\x02\x01\x02ab"
    );
    assert_eq!(
        encoded::<_, Versioned<MsgPackNamed>>(&value),
        b"\xac\x02\x82\xa6number\x01\xa5words\x91\xa2ab"
    );
}

#[test]
fn the_schema_has_the_forms_of_all_versions() {
    let schema = <Versioned<Postcard> as Codec<Last>>::schema();

    assert_eq!(schema.codec, "postcard");
    assert_eq!(schema.type_version, Some(300));
    assert_eq!(schema.shape, <Postcard as Codec<Last>>::shape());
    let older: Vec<_> = schema
        .older
        .iter()
        .map(|form| (form.type_version, form.shape.clone()))
        .collect();
    assert_eq!(
        older,
        [
            (Some(1), Shape::I16),
            (Some(2), <Postcard as Codec<Two>>::shape())
        ]
    );
}

#[test]
fn a_version_that_is_not_in_the_chain_is_incompatible_and_named() {
    for (bytes, told) in [
        (&b"\x05\x00"[..], "version 5"),
        (
            b"\xad\x02\x00",
            "version 301 of its type, of which the program knows none above 300",
        ),
    ] {
        let error = last::<Postcard>(bytes).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Incompatible);
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn bytes_that_are_no_value_of_their_version_are_corrupt() {
    for bytes in [
        &b""[..],
        b"\x00\x01",
        b"\x01",
        b"\x01\x02\x03",
        b"\x02\x05ab",
    ] {
        let error = last::<Postcard>(bytes).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Corrupt, "{bytes:x?}");
    }
}

#[test]
fn what_cannot_be_upgraded_is_the_error_of_the_upgrade() {
    let bytes = encoded::<_, Versioned<Postcard>>(&One(i16::MIN));

    let error = last::<Postcard>(&bytes).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Incompatible);
    assert_eq!(error.to_string(), "no such number any more");
}

fn round_trips<C>(one: &One, two: &Two, three: Last) -> Result<(), TestCaseError>
where
    Versioned<C>: Codec<One> + Codec<Two> + Codec<Last>,
{
    let from_two = Last::upgrade(two.clone()).unwrap();
    prop_assert_eq!(
        last::<C>(&encoded::<_, Versioned<C>>(two)).unwrap(),
        from_two
    );
    if one.0 != i16::MIN {
        let from_one = Last::upgrade(Two::upgrade(one.clone()).unwrap()).unwrap();
        prop_assert_eq!(
            last::<C>(&encoded::<_, Versioned<C>>(one)).unwrap(),
            from_one
        );
    }
    let bytes = encoded::<_, Versioned<C>>(&three);
    prop_assert_eq!(last::<C>(&bytes).unwrap(), three);
    Ok(())
}

proptest! {
    #[test]
    fn a_value_of_any_version_is_read_as_its_upgrade(
        one: i16,
        two: (String, i64),
        three: (i64, Vec<String>),
    ) {
        let one = One(one);
        let two = Two { text: two.0, number: two.1 };
        let three = Last { number: three.0, words: three.1 };

        round_trips::<Postcard>(&one, &two, three.clone())?;
        round_trips::<MsgPackNamed>(&one, &two, three)?;
    }

    #[test]
    fn any_bytes_give_a_value_or_an_error(bytes: Vec<u8>) {
        drop(last::<Postcard>(&bytes));
        drop(last::<MsgPackNamed>(&bytes));
    }
}
