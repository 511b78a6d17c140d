//! The pins of a job at one moment, and the stores that are opened of them.

use alluvium::protocol::row::RowRange;
use alluvium::store::Pinned;

use super::super::harness::{Place, Rows, assert_rows, scan_pinned, within};
use super::super::origins::Origins;
use super::super::placing::copy;
use super::Rescale;

/// The pins of all subtasks at one moment.
pub(super) struct Generation {
    pub(super) pins: Vec<(RowRange, Box<dyn Pinned>)>,
    pub(super) expected: Rows,
}

impl Generation {
    pub(super) fn check(&self) {
        for (n, (rows, pinned)) in self.pins.iter().enumerate() {
            let found = scan_pinned(&**pinned, &RowRange::all());
            let expected = within(&self.expected, rows);
            assert_rows(&found, &expected, &format!("the pin of subtask {n}"));
        }
    }
}

/// A store of the rows of a range: of parts of all pins whose subtasks had some of it.
pub(super) fn open(
    place: &Place<'_>,
    name: &str,
    rows: &RowRange,
    pieces: &[(RowRange, &Generation)],
    rescale: &Rescale,
) -> Origins {
    let pins = pieces.iter().flat_map(|(piece, from)| {
        let pins = from.pins.iter();
        pins.map(move |(source, pinned)| (piece, source, &**pinned))
    });
    let meeting = pins.filter_map(|(piece, source, pinned)| {
        let rows = source.intersection(rows)?.intersection(piece)?;
        Some((rows, pinned))
    });
    let chosen = meeting.zip(rescale.choices.iter().cycle()).enumerate();
    let mut parts: Vec<_> = chosen
        .map(|(n, ((rows, pinned), choice))| {
            let part = place.part_of(pinned, &format!("{name}, part {n}"), &rows, *choice);
            (part, pinned)
        })
        .collect();
    if rescale.copied {
        parts.iter().for_each(|(part, _)| copy(part));
    }
    if rescale.reversed {
        parts.reverse();
    }
    let (parts, pins): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    Origins::open(place, name, parts, &pins)
}
