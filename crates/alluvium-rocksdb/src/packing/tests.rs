//! What may share a family, by hand and by law.

use alluvium::protocol::row::RowRange;
use proptest::prelude::*;

use super::*;

fn view(from: u8, to: u8) -> View {
    View::of([RowRange::new(vec![from], Some(vec![to]))])
}

fn fragment(view: View, files: &[(u8, u8)]) -> Fragment {
    let files = files.iter().map(|&(first, last)| (vec![first], vec![last]));
    Fragment {
        view,
        files: files.collect(),
    }
}

fn families(fragments: &[Fragment]) -> Vec<Vec<usize>> {
    let packing = pack(fragments, 8);
    assert_eq!(packing.copied, [0; 0]);
    packing.families
}

#[test]
fn clean_neighbors_share_a_family() {
    let fragments = [
        fragment(view(0, 10), &[(0, 4), (2, 9)]),
        fragment(view(10, 20), &[(10, 19)]),
        fragment(view(20, 30), &[(20, 29), (25, 26)]),
    ];

    assert_eq!(families(&fragments), [[0, 2, 1]]);
}

#[test]
fn a_file_that_reaches_into_a_neighbors_view_parts_them() {
    // The second source has no row at 10 to 12, so that the files do not overlap.
    let fragments = [
        fragment(view(0, 10), &[(0, 11)]),
        fragment(view(10, 20), &[(13, 19)]),
    ];

    assert_eq!(families(&fragments), [[0], [1]]);
}

#[test]
fn files_that_overlap_where_nobody_looks_part_their_fragments() {
    let fragments = [
        fragment(view(0, 10), &[(0, 14)]),
        fragment(view(20, 30), &[(12, 29)]),
    ];

    assert_eq!(families(&fragments), [[0], [1]]);
}

#[test]
fn a_region_without_files_is_kept_free_of_stale_rows() {
    let fragments = [
        fragment(view(0, 10), &[(0, 14)]),
        fragment(view(10, 20), &[]),
        fragment(view(20, 30), &[(20, 29)]),
    ];

    assert_eq!(families(&fragments), [vec![0, 2], vec![1]]);
}

#[test]
fn every_other_of_unclean_neighbors_shares_a_family() {
    let fragments: Vec<_> = (1..9)
        .map(|n| fragment(view(10 * n, 10 * n + 10), &[(10 * n - 1, 10 * n + 10)]))
        .collect();

    assert_eq!(families(&fragments), [[0, 2, 4, 6], [1, 3, 5, 7]]);
}

#[test]
fn beyond_the_most_families_the_smallest_are_copied() {
    let all = (0, 200);
    let fragments = [
        fragment(view(0, 10), &[all]),
        fragment(view(10, 20), &[all, all, all]),
        fragment(view(20, 30), &[all, all]),
        fragment(view(30, 40), &[all]),
    ];

    let packing = pack(&fragments, 3);

    assert_eq!(packing.families, [[1], [2]]);
    assert_eq!(packing.copied, [0, 3]);
    assert_eq!(pack(&fragments, 4).copied, [0; 0]);
}

fn fragments() -> impl Strategy<Value = Vec<Fragment>> {
    let files = prop::collection::vec((0..60_u8, 0..25_u8), 0..5);
    prop::collection::vec((1..8_u8, files), 1..9).prop_map(|parts| {
        let mut from = 0;
        let fragment = |(width, files): (u8, Vec<(u8, u8)>)| {
            let own = view(from, from + width);
            from += width;
            let files: Vec<_> = files
                .iter()
                .map(|&(at, length)| (at, at + length))
                .collect();
            fragment(own, &files)
        };
        parts.into_iter().map(fragment).collect()
    })
}

proptest! {
    #[test]
    fn fragments_that_share_a_family_never_meet(fragments in fragments(), most in 1..5_usize) {
        let packing = pack(&fragments, most);

        let families = packing.families.len() + usize::from(!packing.copied.is_empty());
        prop_assert!(families <= most);
        let mut placed: Vec<usize> = packing.families.concat();
        placed.extend(&packing.copied);
        placed.sort_unstable();
        prop_assert_eq!(placed, (0..fragments.len()).collect::<Vec<_>>());
        for family in &packing.families {
            for (a, b) in family.iter().flat_map(|a| family.iter().map(move |b| (a, b))) {
                if a == b {
                    continue;
                }
                for (first, last) in &fragments[*a].files {
                    prop_assert!(!fragments[*b].view.meets(first, last));
                    for (other_first, other_last) in &fragments[*b].files {
                        prop_assert!(last < other_first || other_last < first);
                    }
                }
            }
        }
    }
}
