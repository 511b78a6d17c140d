//! Colors, marks and letters of all plots.
//!
//! There is no background, and every color is of middle lightness: a plot can be read on white and on black paper. Subjects differ by shape as well as by
//! color.

use plotters::prelude::{Color as _, FontFamily, IntoFont as _, RGBColor, ShapeStyle, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::names;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(118, 118, 118);
/// Pixels of letters.
pub(super) const LETTERS: i32 = 13;
pub(super) const HEADLINE: i32 = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Square,
    Diamond,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) color: RGBColor,
    pub(super) shape: Shape,
    pub(super) filled: bool,
    /// Half its width in pixels.
    pub(super) size: i32,
}

impl Mark {
    pub(super) fn hollow(self) -> Self {
        Self {
            filled: false,
            ..self
        }
    }
}

/// How a subject is drawn.
pub(super) fn mark(subject: &str) -> Mark {
    use Shape::{Circle, Diamond, Square};
    let (color, shape) = match subject {
        names::ALLUVIUM => (RGBColor(232, 89, 12), Circle),
        names::ALLUVIUM_MEMORY => (RGBColor(196, 134, 59), Circle),
        names::ALLUVIUM_TIMELY => (RGBColor(201, 42, 42), Circle),
        names::ALLUVIUM_TIMELY_MEMORY => (RGBColor(184, 96, 110), Circle),
        names::HASH_MAP => (RGBColor(134, 142, 150), Diamond),
        names::RAW_ROCKSDB => (RGBColor(34, 139, 230), Diamond),
        names::FJALL => (RGBColor(47, 158, 68), Diamond),
        names::COBBLE => (RGBColor(156, 54, 181), Diamond),
        names::FLINK_HASH_MAP => (RGBColor(200, 140, 0), Square),
        names::FLINK_MANAGED => (RGBColor(214, 51, 108), Square),
        names::FLINK_PARTITIONED => (RGBColor(92, 148, 13), Square),
        names::FLINK_DEFAULTS => (RGBColor(112, 72, 232), Square),
        names::FLINK_SPINNING => (RGBColor(12, 166, 120), Square),
        names::FLINK_INGEST => (RGBColor(12, 133, 153), Square),
        names::FLINK_DELETE_RANGE => (RGBColor(171, 120, 78), Square),
        names::FLINK_INGEST_DELETE_RANGE => (RGBColor(156, 54, 181), Square),
        names::FLINK_CANONICAL => (RGBColor(214, 51, 108), Square),
        names::FLINK_NATIVE => (RGBColor(112, 72, 232), Square),
        _ => (RGBColor(134, 142, 150), Circle),
    };
    Mark {
        color,
        shape,
        filled: true,
        size: if subject == names::ALLUVIUM { 6 } else { 5 },
    }
}

/// Colors of lines that are no subjects.
pub(super) fn line_color(index: usize) -> RGBColor {
    const COLORS: [RGBColor; 4] = [
        RGBColor(232, 89, 12),
        RGBColor(34, 139, 230),
        RGBColor(47, 158, 68),
        RGBColor(156, 54, 181),
    ];
    let turn = COLORS.get(index % COLORS.len());
    turn.copied().unwrap_or(INK)
}

pub(super) fn letters(size: i32, across: HPos) -> TextStyle<'static> {
    let font = (FontFamily::SansSerif, size).into_font();
    let style: TextStyle<'static> = font.into();
    style.color(&INK).pos(Pos::new(across, VPos::Center))
}

/// Hair lines: `strength` from 0 to 1.
pub(super) fn hair(strength: f64) -> ShapeStyle {
    INK.mix(strength).stroke_width(1)
}

/// About how many pixels a text has.
pub(super) fn width(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(i32::MAX / 16) * LETTERS * 6 / 11
}
