//! The format's bytes, and what any reader can rely on. Files are written and read in memory here.

use proptest::prelude::*;

use super::*;
use crate::error::{Error, Result};
use crate::row::RowRange;

type Rows = Vec<(Vec<u8>, Option<Vec<u8>>)>;

fn encode(rows: &Rows) -> (Vec<u8>, Summary) {
    let mut encoder = Encoder::new();
    let mut file = Vec::new();
    for (row, value) in rows {
        let change = value.as_deref().map_or(Change::Delete, Change::Put);
        encoder.push(row, change, &mut file).unwrap();
    }
    let summary = encoder.finish(&mut file).unwrap();
    (file, summary)
}

fn open(file: &[u8]) -> Result<Index> {
    let short = || Error::corrupt("truncated");
    let header = file.first_chunk().ok_or_else(short)?;
    let trailer = Trailer::decode(
        header,
        file.last_chunk().ok_or_else(short)?,
        file.len() as u64,
    )?;
    let begin = usize::try_from(trailer.index_offset()).unwrap();
    let end = begin + usize::try_from(trailer.index_bytes()).unwrap();
    Index::decode(&file[begin..end], &trailer)
}

fn block(file: &[u8], entry: &BlockEntry) -> Result<Rows> {
    let begin = usize::try_from(entry.offset()).unwrap();
    let mut block = Block::decode(&file[begin..][..entry.bytes() as usize], entry)?;
    let mut rows = Rows::new();
    while block.advance()? {
        let value = match block.change() {
            Change::Put(value) => Some(value.to_vec()),
            Change::Delete => None,
        };
        rows.push((block.row().to_vec(), value));
    }
    Ok(rows)
}

fn decode(file: &[u8]) -> Result<Rows> {
    let index = open(file)?;
    let blocks: Result<Vec<Rows>> = index
        .blocks()
        .iter()
        .map(|entry| block(file, entry))
        .collect();
    Ok(blocks?.concat())
}

/// Three rows, the second a delete that shares two bytes with the first.
fn sample() -> Rows {
    vec![
        (b"abc".to_vec(), Some(b"one".to_vec())),
        (b"abd".to_vec(), None),
        (b"b".to_vec(), Some(Vec::new())),
    ]
}

/// The file of [`sample`], as format version 1 has it for ever.
const SAMPLE: &[u8] = &[
    b'A', b'L', b'L', b'U', b'R', b'O', b'W', b'S', 0, 1, 0, 1, // header
    0, 0, 0, 19, 0, 0, 0, 19, 0, // block: raw and stored length, plain
    0, 3, 0, 3, b'a', b'b', b'c', b'o', b'n', b'e', // put abc = one
    2, 1, 1, b'd', // delete abd
    0, 1, 0, 0, b'b', // put b = (empty)
    0xbf, 0x58, 0x27, 0xe9, // checksum
    0, 0, 0, 1, 1, b'b', // index: one block, last row
    3, b'a', b'b', b'c', 0, 0, 0, 32, 0, 0, 0, 3, // its first row, length, rows
    0x07, 0x5c, 0x92, 0x6c, // checksum
    0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 3, // trailer: offset of index, rows
    0xab, 0x11, 0x03, 0x5d, // checksum
    b'A', b'L', b'L', b'U', b'R', b'O', b'W', b'S',
];

/// An LZ4 block of one row, `k` = 64 times `v`. Packers may differ in their choices; what was packed
/// once is read for ever.
const PACKED_BLOCK: &[u8] = &[
    0, 0, 0, 69, 0, 0, 0, 16, 1, // raw and stored length, LZ4
    0x6f, 0, 1, 0, 64, b'k', b'v', 1, 0, 39, // six literals, then 58 bytes from one before
    0x50, b'v', b'v', b'v', b'v', b'v', // five literals
    0x7f, 0xeb, 0x04, 0x40, // checksum
];

#[test]
fn a_file_has_these_bytes_for_ever() {
    let (file, summary) = encode(&sample());

    assert_eq!(file, SAMPLE);
    assert_eq!(summary.bytes, SAMPLE.len() as u64);
    assert_eq!(summary.rows, 3);
    assert_eq!(summary.bounds, Some((b"abc".to_vec(), b"b".to_vec())));
    assert_eq!(decode(SAMPLE).unwrap(), sample());
}

#[test]
fn a_packed_block_is_read_for_ever() {
    let bytes = u32::try_from(PACKED_BLOCK.len()).unwrap();
    let entry = BlockEntry {
        first: b"k".to_vec(),
        offset: 0,
        bytes,
        rows: 1,
    };

    let rows = block(PACKED_BLOCK, &entry).unwrap();

    assert_eq!(rows, [(b"k".to_vec(), Some(vec![b'v'; 64]))]);
}

#[test]
fn a_file_without_rows_is_whole_and_has_no_bounds() {
    let (file, summary) = encode(&Rows::new());

    assert_eq!((summary.rows, summary.bounds), (0, None));
    assert_eq!(file.len(), HEADER_BYTES + 4 + 4 + TRAILER_BYTES);
    let index = open(&file).unwrap();
    assert_eq!(
        (index.bounds(), index.blocks_for(&RowRange::all())),
        (None, 0..0)
    );
}

/// Enough rows of noise and of zeros for several blocks, plain and packed, and one longer than a block.
fn long_sample() -> Rows {
    let noise = |n: u32| (0..100_u32).map(move |i| (n * 257 + i * i * 7919).to_be_bytes()[2]);
    let value = |n| match n {
        700 => vec![7; 3 * BLOCK_TARGET_BYTES],
        _ if n < 700 => noise(n).collect(),
        _ => vec![0; 200],
    };
    (0..1400_u32)
        .map(|n| (n.to_be_bytes().to_vec(), Some(value(n))))
        .collect()
}

#[test]
fn blocks_end_near_the_target_and_a_longer_row_has_one_of_its_own() {
    let (file, _) = encode(&long_sample());

    let index = open(&file).unwrap();

    let raw = |entry: &BlockEntry| {
        let begin = usize::try_from(entry.offset()).unwrap();
        u32::from_be_bytes(*file[begin..].first_chunk().unwrap()) as usize
    };
    let (long, others): (Vec<_>, Vec<_>) = index
        .blocks()
        .iter()
        .partition(|entry| raw(entry) > BLOCK_TARGET_BYTES);
    assert!(others.len() > 3, "{index:?}");
    assert_eq!(long.len(), 1);
    assert_eq!(
        (long[0].first(), long[0].rows()),
        (&700_u32.to_be_bytes()[..], 1)
    );
    assert_eq!(decode(&file).unwrap(), long_sample());
}

#[test]
fn rows_out_of_order_are_refused() {
    let mut encoder = Encoder::new();
    let mut file = Vec::new();
    encoder.push(b"b", Change::Delete, &mut file).unwrap();

    for row in [b"b", b"a"] {
        let error = encoder.push(row, Change::Delete, &mut file).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Invalid);
    }
}

#[test]
fn a_row_longer_than_the_longest_is_refused() {
    // Never touched: the length alone decides.
    let long = vec![0; ROW_BYTES_MAX];
    let mut encoder = Encoder::new();

    let error = encoder
        .push(b"a", Change::Put(&long), &mut Vec::new())
        .unwrap_err();

    assert_eq!(error.kind(), crate::ErrorKind::Invalid);
    assert!(
        error.to_string().starts_with("a row of 1073741809 bytes"),
        "{error}"
    );
}

#[test]
fn every_flipped_bit_of_a_file_is_found() {
    for bit in 0..8 * SAMPLE.len() {
        let mut damaged = SAMPLE.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);

        assert!(
            decode(&damaged).is_err(),
            "byte {} bit {}",
            bit / 8,
            bit % 8
        );
    }
}

#[test]
fn a_file_cut_or_extended_anywhere_is_refused() {
    for cut in 0..SAMPLE.len() {
        assert!(decode(&SAMPLE[..cut]).is_err(), "{cut}");
    }
    assert!(decode(&[SAMPLE, &[0]].concat()).is_err());
    assert!(decode(&[SAMPLE, SAMPLE].concat()).is_err());
}

#[test]
fn blocks_that_were_exchanged_are_found() {
    let (file, _) = encode(&(1..=2).map(|n| (vec![n], Some(vec![0; 40_000]))).collect());
    let index = open(&file).unwrap();
    let [one, other] = index.blocks() else {
        panic!("{index:?}")
    };
    assert_eq!(one.bytes(), other.bytes());
    let whole = |entry: &BlockEntry| {
        let begin = usize::try_from(entry.offset()).unwrap();
        file[begin..][..entry.bytes() as usize].to_vec()
    };

    assert!(Block::decode(&whole(one), one).is_ok());
    assert!(Block::decode(&whole(other), one).is_err());
}

#[test]
fn a_file_that_needs_a_newer_reader_asks_for_an_upgrade() {
    let mut file = SAMPLE.to_vec();
    file[8..12].copy_from_slice(&[0, 7, 0, 2]);
    let end = file.len() - TRAILER_BYTES;
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&file[..12]), &file[end..end + 16]);
    file[end + 16..end + 20].copy_from_slice(&checksum.to_be_bytes());

    let text = decode(&file).unwrap_err().to_string();

    assert_eq!(
        text,
        "written by a newer Alluvium (rows format 7, this reads up to 1): upgrade"
    );
}

/// Seals a forged block: its checksum is right, whatever it says.
fn sealed(mut block: Vec<u8>) -> (Vec<u8>, BlockEntry) {
    block.extend_from_slice(&crc32c::crc32c(&block).to_be_bytes());
    let bytes = u32::try_from(block.len()).unwrap();
    (
        block,
        BlockEntry {
            first: Vec::new(),
            offset: 0,
            bytes,
            rows: 1,
        },
    )
}

#[test]
fn a_length_that_the_stored_bytes_cannot_give_is_refused_before_memory_is_taken() {
    for codec in [0, 1] {
        for raw in [256_u32, 1 << 30, u32::MAX] {
            let mut forged = raw.to_be_bytes().to_vec();
            forged.extend_from_slice(&[0, 0, 0, 1, codec, 0]);
            let (forged, entry) = sealed(forged);

            assert!(
                Block::decode(&forged, &entry).is_err(),
                "codec {codec}, {raw} raw bytes"
            );
        }
    }
}

fn rows() -> impl Strategy<Value = Rows> {
    let byte = prop_oneof![Just(0_u8), Just(1), Just(0xff), any::<u8>()];
    let key = prop::collection::vec(byte, 0..12);
    let value = prop::option::of(prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (0..40_000_usize).prop_map(|length| vec![9; length]),
    ]);
    prop::collection::btree_map(key, value, 0..60).prop_map(|rows| rows.into_iter().collect())
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were(rows in rows()) {
        let (file, summary) = encode(&rows);

        prop_assert_eq!(summary.rows, rows.len() as u64);
        prop_assert_eq!(decode(&file), Ok(rows));
    }

    #[test]
    fn the_blocks_for_a_range_hold_its_rows_and_few_others(
        rows in rows(),
        from in prop::collection::vec(any::<u8>(), 0..3),
        to in prop::option::of(prop::collection::vec(any::<u8>(), 0..3)),
    ) {
        let range = RowRange::new(from, to);
        let (file, _) = encode(&rows);
        let index = open(&file).unwrap();

        let chosen = index.blocks_for(&range);

        for (at, entry) in index.blocks().iter().enumerate() {
            let block = block(&file, entry).unwrap();
            let wanted = block.iter().any(|(row, _)| range.contains(row));
            prop_assert!(chosen.contains(&at) || !wanted, "block {} left out", at);
            let last = block.last().map(|(row, _)| row.as_slice()).unwrap();
            let apart = last < range.from() || range.to().is_some_and(|to| entry.first() >= to);
            // The first may end before the range begins: the index does not know where blocks end.
            let needless = apart && chosen.contains(&at) && at != chosen.start;
            prop_assert!(!needless, "block {} is apart", at);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, rows in 0..5_u32) {
        let ends = (SAMPLE.first_chunk().unwrap(), SAMPLE.last_chunk().unwrap());
        let trailer = Trailer::decode(ends.0, ends.1, SAMPLE.len() as u64).unwrap();
        let checksum = crc32c::crc32c(&bytes).to_be_bytes();
        let index = Index::decode(&[bytes.as_slice(), &checksum[..]].concat(), &trailer);
        prop_assert!(index.is_err());

        for codec in [0, 1] {
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            let (block_bytes, mut entry) =
                sealed([&length[..], &length[..], &[codec], bytes.as_slice()].concat());
            entry.rows = rows;
            let _read_or_refused = block(&block_bytes, &entry);
        }
        let _read_or_refused = decode(&bytes);
    }
}
