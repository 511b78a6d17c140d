//! What Flink wrote is read, and written back as the same bytes; what is damaged is refused.
//!
//! The vectors in `tests/data` were made by Flink's own serializers.

mod laws;
mod made;
mod published;

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;

const VECTORS: &str = include_str!("../../../tests/data/serializers-2.3.0.txt");

/// What Flink's serializer of a name wrote.
struct Case {
    name: &'static str,
    length: i64,
    snapshot: Vec<u8>,
    /// The code, the bytes and the text of each value.
    values: Vec<(Option<i32>, Vec<u8>, &'static str)>,
}

impl Case {
    /// Whether it is of the files that `published` reads.
    fn is_published(&self) -> bool {
        self.name.starts_with("published ")
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|n| u8::from_str_radix(&hex[n..n + 2], 16).unwrap())
        .collect()
}

fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(parse);
    &CASES
}

fn parse() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in VECTORS.lines() {
        let mut parts = line.splitn(4, ' ');
        let mut part = || parts.next().unwrap();
        match part() {
            "S" => cases.push(Case {
                name: part(),
                length: part().parse().unwrap(),
                snapshot: unhex(part()),
                values: Vec::new(),
            }),
            "V" => {
                let value = (part().parse().ok(), unhex(part()), part());
                cases.last_mut().unwrap().values.push(value);
            }
            _ => {}
        }
    }
    assert!(cases.len() > 60);
    cases.extend(published::cases());
    cases
}

fn read(snapshot: &[u8]) -> Result<Serializer> {
    let file: Arc<str> = "snapshot".into();
    let mut cursor = Cursor::new(snapshot, &file, 0);
    let serializer = Serializer::read(&mut cursor)?;
    cursor.finish("a serializer")?;
    Ok(serializer)
}

/// The value, or the error, of both ways to read.
fn decode(serializer: &Serializer, bytes: &[u8]) -> Result<(Value, usize)> {
    let file: Arc<str> = "value".into();
    let mut cursor = Cursor::new(bytes, &file, 0);
    let mut skipped = cursor.clone();
    let value = serializer.decode(&mut cursor);
    let end = serializer.skip(&mut skipped);
    assert_eq!(value.is_ok(), end.is_ok());
    let left = cursor.left().len();
    if end.is_ok() {
        assert_eq!(left, skipped.left().len());
    }
    value.map(|value| (value, left))
}

fn encode(serializer: &Serializer, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    serializer.encode(value, &mut out).unwrap();
    out
}

/// Those whose values nobody without a JVM can read.
const OPAQUE: [&str; 2] = ["Kryo", "PojoSub"];

#[test]
fn serializers_are_read_and_written_back_as_they_were() {
    for case in cases() {
        let serializer = read(&case.snapshot).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let mut out = Vec::new();
        serializer.write(&mut out);

        assert_eq!(out, case.snapshot, "{}", case.name);
        let length = serializer.fixed_length().map(|n| i64::try_from(n).unwrap());
        if serializer.opaque().is_none() {
            assert_eq!(length.unwrap_or(-1), case.length, "{}", case.name);
        }
    }
}

#[test]
fn values_are_read_and_written_back_as_they_were() {
    for case in cases() {
        let serializer = read(&case.snapshot).unwrap();
        // Those that are published have a test of their own.
        if OPAQUE.contains(&case.name) || case.is_published() {
            continue;
        }
        for (_, bytes, text) in &case.values {
            let (value, left) =
                decode(&serializer, bytes).unwrap_or_else(|e| panic!("{} {text}: {e}", case.name));

            assert_eq!(left, 0, "{} {text}", case.name);
            assert_eq!(encode(&serializer, &value), *bytes, "{} {text}", case.name);
        }
    }
}

#[test]
fn values_print_as_java_prints_them() {
    let alike = [
        "Byte",
        "Short",
        "Int",
        "Long",
        "BigInt",
        "BigDec",
        "Instant",
        "LocalDate",
        "LocalTime",
        "LocalDateTime",
        "String",
        "Boolean",
    ];
    let mut checked = 0;
    for case in cases().iter().filter(|case| alike.contains(&case.name)) {
        let serializer = read(&case.snapshot).unwrap();
        for (_, bytes, text) in &case.values {
            let printed = match decode(&serializer, bytes).unwrap().0 {
                Value::Str(text) => text,
                // A lone surrogate, which Java prints as a question mark.
                Value::Bytes(_) => continue,
                other => other.to_string(),
            };
            assert_eq!(printed, *text, "{}", case.name);
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn codes_are_those_that_java_computes() {
    let mut checked = 0;
    for case in cases() {
        let serializer = read(&case.snapshot).unwrap();
        for (code, bytes, text) in &case.values {
            // Hash maps are no keys that stay what they are, and a generic row is not the binary one that keys are.
            let not_keys = ["VoidNamespace", "LinkedList", "Raw", "Avro"];
            let is_opaque = OPAQUE.contains(&case.name) || case.is_published();
            if is_opaque || not_keys.contains(&case.name) {
                continue;
            }
            let (value, _) = decode(&serializer, bytes).unwrap();
            let ours = serializer.java_hash(&value);
            if let Some(code) = code {
                assert_eq!(ours, Some(*code), "{} {text}", case.name);
                checked += 1;
            }
        }
    }
    assert!(checked > 80, "{checked}");
}

#[test]
fn rows_of_sql_are_decoded_by_their_types() {
    let cases = cases();
    let case = cases.iter().find(|case| case.name == "RowData").unwrap();
    let serializer = read(&case.snapshot).unwrap();

    let shown: Vec<String> = case
        .values
        .iter()
        .map(|(_, bytes, _)| decode(&serializer, bytes).unwrap().0.to_string())
        .collect();

    assert_eq!(
        shown[0],
        r#"[7,"hello","longer-than-7",null,"1970-01-01T00:00:01.000000005","1970-01-01T00:00:01.234","1969-12-31T23:59:59.999999Z","12.34","-12345678901234567890.1234","2024-10-04","01:02:03.004",true,-3,-300,1.5,-2.5,"0x010203040506070809",[1,null,3],{"k":5,"a-long-key":null},{"inner_id":5,"inner_name":"abc"},{"el":2},14,86400000,42]"#
    );
    assert!(shown[1].starts_with(r#"{"DELETE":[null,null"#));
}

#[test]
fn values_of_kryo_and_of_unknown_classes_are_refused_with_the_class() {
    let kryo = cases().iter().find(|case| case.name == "Kryo").unwrap();
    let unknown = [
        snapshot_of("com.example.BoxSerializerSnapshot", 7, b""),
        snapshot_of(
            "org.apache.flink.api.java.typeutils.runtime.ValueSerializer$ValueSerializerSnapshot",
            2,
            b"\0\x0Fcom.example.Box",
        ),
    ];
    let values = [
        (&kryo.snapshot, "java.util.UUID"),
        (&unknown[0], "com.example.Box"),
        (&unknown[1], "com.example.Box"),
    ];

    for (snapshot, class) in values {
        let serializer = read(snapshot).unwrap();

        assert!(serializer.opaque().unwrap().contains(class));
        let error = decode(&serializer, &[1, 2, 3]).unwrap_err();
        assert!(error.to_string().contains(class), "{error}");
        assert_eq!(error.kind(), crate::ErrorKind::Incompatible);
    }
}

/// A snapshot of any class.
fn snapshot_of(class: &str, version: i32, payload: &[u8]) -> Vec<u8> {
    let mut snapshot = Vec::new();
    crate::java::utf::write_utf(class, &mut snapshot).unwrap();
    snapshot.extend(version.to_be_bytes());
    snapshot.extend(payload);
    snapshot
}

#[test]
fn simple_serializers_of_the_version_before_are_read() {
    let class = crate::serializer::Simple::Long.class();
    let snapshot = snapshot_of(&class, 2, b"\0\x03a.B");

    assert_eq!(read(&snapshot).unwrap().to_string(), "Long");
}

#[test]
fn a_snapshot_or_value_cut_anywhere_is_refused() {
    for case in cases() {
        // Every byte of the short ones, some of the long ones.
        for end in (0..case.snapshot.len()).step_by(case.snapshot.len() / 400 + 1) {
            let error = read(&case.snapshot[..end]).unwrap_err();
            assert!(error.offset().is_some(), "{}: {error}", case.name);
        }
        let serializer = read(&case.snapshot).unwrap();
        for (_, bytes, text) in &case.values {
            for end in 0..bytes.len() {
                let Err(error) = decode(&serializer, &bytes[..end]) else {
                    panic!("{} {text} cut at {end} is still a value", case.name);
                };
                assert!(error.offset().is_some(), "{}: {error}", case.name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_damaged_snapshot_is_read_or_refused(
        case in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        value in any::<Vec<u8>>(),
    ) {
        let cases = cases();
        let mut snapshot = cases[case.index(cases.len())].snapshot.clone();
        for (place, byte) in places {
            let place = place.index(snapshot.len());
            snapshot[place] = byte;
        }
        match read(&snapshot) {
            Ok(serializer) => {
                drop(decode(&serializer, &value));
                drop(serializer.to_string());
            }
            Err(error) => prop_assert!(error.offset().is_some(), "{error}"),
        }
    }

    #[test]
    fn a_damaged_value_is_read_or_refused(
        case in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let cases = cases();
        let case = &cases[case.index(cases.len())];
        let serializer = read(&case.snapshot).unwrap();
        for (_, bytes, _) in &case.values {
            let mut bytes = bytes.clone();
            prop_assume!(!bytes.is_empty());
            for (place, byte) in &places {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            match decode(&serializer, &bytes) {
                Ok((value, _)) => {
                    // Flink would not have written it like that, perhaps, but it can be written.
                    let mut out = Vec::new();
                    drop(serializer.encode(&value, &mut out));
                    let _ = serializer.java_hash(&value);
                }
                Err(error) => prop_assert!(error.offset().is_some(), "{error}"),
            }
        }
    }
}
