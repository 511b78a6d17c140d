//! Vectors that hold for ever, and the laws of ranges.

use proptest::prelude::*;

use super::*;

/// What `java.lang.String.hashCode` returns.
fn java_string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

fn flink_group(max: u32, java_hash: i32) -> u16 {
    MaxParallelism::new(max)
        .unwrap()
        .group_of(flink_murmur(java_hash))
        .get()
}

#[test]
fn flink_hashes_have_these_values_for_ever() {
    let vectors = [
        (0, 593_689_054),
        (1, 68_075_478),
        (2, 1_085_422_463),
        (42, 1_134_849_565),
        (-1, 1_982_413_648),
        (i32::MAX, 1_653_689_534),
        (i32::MIN, 1_718_298_732),
    ];

    for (java_hash, expected) in vectors {
        assert_eq!(
            flink_murmur(java_hash),
            KeyHash(expected),
            "hash of {java_hash}"
        );
    }
}

#[test]
fn flink_integers_and_strings_fall_into_the_groups_flink_gives_them() {
    for (key, group) in [(0, 94), (1, 86), (2, 127), (42, 29), (-1, 80), (1000, 7)] {
        assert_eq!(flink_group(128, key), group, "group of {key}");
    }
    for (key, group) in [
        ("", 94),
        ("a", 81),
        ("abc", 115),
        ("hello", 35),
        ("key-1", 54),
    ] {
        assert_eq!(
            flink_group(128, java_string_hash(key)),
            group,
            "group of {key:?}"
        );
    }
    for (group, key) in (0..).zip(["8", "5", "25", "13", "4", "7", "1", "6", "9", "3"]) {
        assert_eq!(
            flink_group(10, java_string_hash(key)),
            group,
            "group of {key:?}"
        );
    }
    assert_eq!(flink_group(10, java_string_hash("a")), 1);
    assert_eq!(flink_group(10, java_string_hash("b")), 8);
}

#[test]
fn native_hashes_have_these_values_for_ever() {
    // Low 32 bits of what the reference implementation of XXH3 (seed 0) gives.
    let vectors: [(&[u8], u32); 5] = [
        (b"", 0x38d3_94c2),
        (b"a", 0x1e96_4e1f),
        (b"alice\0\0", 0x1510_f844),
        (&42_u64.to_be_bytes(), 0xb689_10ac),
        (&[7; 300], 0x14da_d453),
    ];

    let hashes = vectors.map(|(key, _)| KeyHash::of(key));

    assert_eq!(
        hashes,
        vectors.map(|(_, expected)| KeyHash(expected)),
        "{hashes:#x?}"
    );
}

#[test]
fn three_subtasks_share_128_groups_as_flink_does() {
    let ranges = [0, 1, 2].map(|i| MaxParallelism::DEFAULT.range_of(i, 3).unwrap().to_string());

    assert_eq!(ranges, ["0-42", "43-85", "86-127"]);
}

#[test]
fn the_default_maximum_is_that_of_flink() {
    let default = |parallelism| MaxParallelism::default_for(parallelism).map(MaxParallelism::get);

    assert_eq!(default(1), Ok(128));
    assert_eq!(default(85), Ok(128));
    assert_eq!(default(86), Ok(256));
    assert_eq!(default(32_768), Ok(32_768));
    assert!(default(0).is_err());
    assert!(default(32_769).is_err());
}

#[test]
fn a_parallelism_above_the_maximum_is_refused_naming_both_and_the_remedy() {
    let refused = MaxParallelism::new(4).unwrap().range_of(0, 5).unwrap_err();

    assert_eq!(refused.kind(), crate::ErrorKind::Invalid);
    let message = refused.to_string();
    assert!(message.contains("parallelism 5"), "{message}");
    assert!(message.contains("max parallelism 4"), "{message}");
    assert!(message.contains("at most 4 subtasks"), "{message}");
}

#[test]
fn maxima_and_subtasks_out_of_range_are_refused() {
    assert!(MaxParallelism::new(0).is_err());
    assert!(MaxParallelism::new(32_769).is_err());
    assert!(MaxParallelism::new(65_537).is_err());
    assert!(MaxParallelism::DEFAULT.range_of(0, 0).is_err());
    assert!(MaxParallelism::DEFAULT.range_of(3, 3).is_err());
    assert!(KeyGroupRange::new(2, 1).is_err());
}

#[test]
fn rows_of_a_range_start_at_its_first_group_and_end_after_its_last() {
    let rows = KeyGroupRange::new(1, 255).unwrap().rows();

    assert_eq!(rows.from(), [0, 1]);
    assert_eq!(rows.to(), Some(&[1, 0][..]));
    assert_eq!(KeyGroupRange::new(0, u16::MAX).unwrap().rows().to(), None);
}

proptest! {
    #[test]
    fn subtasks_own_disjoint_ranges_that_cover_all_groups(max in 1_u32..=2048, share in 0_u32..2048) {
        let parallelism = 1 + share % max;
        let max = MaxParallelism::new(max).unwrap();

        let mut owned = Vec::new();
        for subtask in 0..parallelism {
            let range = max.range_of(subtask, parallelism).unwrap();
            for group in range.iter() {
                prop_assert_eq!(max.subtask_of(group, parallelism), subtask);
                owned.push(group);
            }
        }

        prop_assert_eq!(owned, max.all().iter().collect::<Vec<_>>());
    }

    #[test]
    fn every_hash_falls_into_a_group_of_the_job(max in 1_u32..=32_768, hash: u32) {
        let max = MaxParallelism::new(max).unwrap();

        prop_assert!(max.all().contains(max.group_of(KeyHash(hash))));
    }

    #[test]
    fn an_intersection_has_the_groups_of_both(a: u16, b: u16, c: u16, d: u16, group: u16) {
        let left = KeyGroupRange::new(a.min(b), a.max(b)).unwrap();
        let right = KeyGroupRange::new(c.min(d), c.max(d)).unwrap();
        let group = KeyGroup::new(group);

        let both = left.intersection(right);

        prop_assert_eq!(both.is_some_and(|r| r.contains(group)), left.contains(group) && right.contains(group));
        prop_assert_eq!(both == Some(right), left.covers(right));
        prop_assert_eq!(both, right.intersection(left));
    }
}
