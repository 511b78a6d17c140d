//! A plot of dots: a row for each question, a dot for each series, on a scale of powers of ten.
//!
//! Positions are pixels from the upper left corner. The height follows the number of rows.

use anyhow::{Context as _, Result};
use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{Color as _, DrawingArea, IntoDrawingArea as _, SVGBackend};
use plotters::style::text_anchor::HPos;

use super::style::{HEADLINE, INK, LETTERS, Mark, Shape, hair, letters, width};
use crate::report::numbers;

const WIDTH: i32 = 980;
const ROW: i32 = 21;
const RIGHT: i32 = WIDTH - 40;
/// The line of the headline, and the first line of the legend.
const TITLE_AT: i32 = 18;
const LEGEND_AT: i32 = 46;
const LEGEND_LINE: i32 = 20;

pub(super) struct Dots {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) series: Vec<(String, Mark)>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) label: String,
    pub(super) points: Vec<Point>,
}

pub(super) struct Point {
    /// Index of its series.
    pub(super) series: usize,
    pub(super) value: f64,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Dots {
    /// The plot, or `None` where there is no point above zero.
    pub(super) fn svg(self) -> Result<Option<String>> {
        let Some(scale) = Scale::over(&self.rows) else {
            return Ok(None);
        };
        let names = self.series.iter().map(|(name, _)| name.as_str());
        let legend = legend(names);
        let top = LEGEND_AT + LEGEND_LINE * legend.last().map_or(0, |(_, line)| line + 1) + 8;
        let bottom = top + ROW * i32::try_from(self.rows.len())?;
        let left = 24
            + self
                .rows
                .iter()
                .map(|row| width(&row.label))
                .max()
                .unwrap_or(0);
        let frame = Frame {
            left,
            top,
            bottom,
            scale,
        };
        let mut svg = String::new();
        {
            let height = u32::try_from(bottom + 44)?;
            let size = (u32::try_from(WIDTH)?, height);
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            self.draw(&area, &frame, &legend)
                .with_context(|| format!("draw {:?}", self.title))?;
            area.present().context("finish a plot")?;
        }
        Ok(Some(svg))
    }

    fn draw(&self, area: &Area<'_>, frame: &Frame, legend: &[(i32, i32)]) -> Result<()> {
        area.draw(&Text::new(
            self.title,
            (12, TITLE_AT),
            letters(HEADLINE, HPos::Left),
        ))?;
        for ((name, mark), (x, line)) in self.series.iter().zip(legend) {
            let y = LEGEND_AT + line * LEGEND_LINE;
            draw_mark(area, *mark, (x + 6, y))?;
            area.draw(&Text::new(
                name.as_str(),
                (x + 18, y),
                letters(LETTERS, HPos::Left),
            ))?;
        }
        for (value, strong) in frame.scale.ticks() {
            let x = frame.x(value);
            let strength = if strong { 0.45 } else { 0.18 };
            area.draw(&PathElement::new(
                [(x, frame.top), (x, frame.bottom)],
                hair(strength),
            ))?;
            if strong {
                let text = numbers::tick(value, self.unit);
                area.draw(&Text::new(
                    text,
                    (x, frame.bottom + 14),
                    letters(LETTERS, HPos::Center),
                ))?;
            }
        }
        for (index, row) in self.rows.iter().enumerate() {
            let y = frame.top + ROW * i32::try_from(index)? + ROW / 2;
            let line = [(frame.left, y), (RIGHT, y)];
            area.draw(&PathElement::new(line, hair(0.18)))?;
            let at = (frame.left - 10, y);
            area.draw(&Text::new(
                row.label.as_str(),
                at,
                letters(LETTERS, HPos::Right),
            ))?;
            // The first series is drawn last, above all others.
            let mut points: Vec<_> = row
                .points
                .iter()
                .filter(|point| point.value > 0.0)
                .collect();
            points.sort_by_key(|point| std::cmp::Reverse(point.series));
            for point in points {
                if let Some((_, mark)) = self.series.get(point.series) {
                    draw_mark(area, *mark, (frame.x(point.value), y))?;
                }
            }
        }
        Ok(())
    }
}

/// Where rows and values are.
struct Frame {
    left: i32,
    top: i32,
    bottom: i32,
    scale: Scale,
}

impl Frame {
    fn x(&self, value: f64) -> i32 {
        let share = (value.log10() - self.scale.low) / (self.scale.high - self.scale.low);
        self.left + (share * f64::from(RIGHT - self.left)).round() as i32
    }
}

/// Powers of ten from the least to the most.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn over(rows: &[Row]) -> Option<Self> {
        let values = rows
            .iter()
            .flat_map(|row| &row.points)
            .map(|point| point.value);
        let logs = values.filter(|value| *value > 0.0).map(f64::log10);
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| {
            (low.min(log), high.max(log))
        });
        (low <= high).then_some(Self {
            // A little room, so that no dot lies on the frame.
            low: low - 0.08,
            high: high + 0.08,
        })
    }

    /// Values with a line, and whether it is a strong one with a number.
    fn ticks(&self) -> Vec<(f64, bool)> {
        let wide = self.high - self.low > 2.2;
        let powers = (self.low.floor() as i32)..=(self.high.ceil() as i32);
        let all = powers.flat_map(|power| (1..10).map(move |step| (power, step)));
        all.map(|(power, step)| {
            let strong = step == 1 || (!wide && (step == 2 || step == 5));
            (f64::from(step) * 10_f64.powi(power), strong)
        })
        .filter(|(value, _)| (self.low..=self.high).contains(&value.log10()))
        .collect()
    }
}

/// The left edge and the line of each name.
fn legend<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(i32, i32)> {
    let (mut x, mut line) = (12, 0);
    let places = names.map(|name| {
        let wide = width(name) + 38;
        if x + wide > WIDTH && x > 12 {
            (x, line) = (12, line + 1);
        }
        let place = (x, line);
        x += wide;
        place
    });
    places.collect()
}

fn draw_mark(area: &Area<'_>, mark: Mark, (x, y): (i32, i32)) -> Result<()> {
    let style = match mark.filled {
        true => mark.color.filled(),
        false => mark.color.stroke_width(2),
    };
    let size = mark.size;
    match mark.shape {
        Shape::Circle => area.draw(&Circle::new((x, y), size, style))?,
        Shape::Square => {
            let corners = [(x - size + 1, y - size + 1), (x + size - 1, y + size - 1)];
            area.draw(&Rectangle::new(corners, style))?;
        }
        Shape::Diamond => {
            let corners = [(x, y - size), (x + size, y), (x, y + size), (x - size, y)];
            area.draw(&Polygon::new(corners, mark.color))?;
        }
    }
    // A thin edge keeps dots apart that lie on each other.
    if mark.filled && mark.shape == Shape::Circle {
        area.draw(&Circle::new((x, y), size, INK.mix(0.6).stroke_width(1)))?;
    }
    Ok(())
}
