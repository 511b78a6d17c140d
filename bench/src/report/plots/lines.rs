//! A plot of lines in panels, one above the other: what grows with a number, from zero.

use anyhow::{Context as _, Result};
use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Text};
use plotters::prelude::{Color as _, DrawingArea, IntoDrawingArea as _, SVGBackend};
use plotters::series::LineSeries;
use plotters::style::text_anchor::HPos;

use super::style::{HEADLINE, LETTERS, hair, letters, line_color, width};
use crate::report::numbers;

const WIDTH: u32 = 980;
const PANEL: u32 = 250;
const TITLE: u32 = 64;

pub(super) struct Lines {
    pub(super) title: &'static str,
    /// What is counted from left to right.
    pub(super) across: &'static str,
    pub(super) panels: Vec<Panel>,
}

pub(super) struct Panel {
    pub(super) unit: &'static str,
    /// A name and its points, equal names in all panels having equal colors.
    pub(super) lines: Vec<(String, Vec<(f64, f64)>)>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Lines {
    /// The plot, or `None` where there are no points.
    pub(super) fn svg(mut self) -> Result<Option<String>> {
        self.panels.retain(|panel| !panel.lines.is_empty());
        if self.panels.is_empty() {
            return Ok(None);
        }
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut svg = String::new();
        {
            let count = u32::try_from(self.panels.len())?;
            let size = (WIDTH, TITLE + PANEL * count);
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let (head, body) = area.split_vertically(TITLE);
            self.head(&head, &names)?;
            for (panel, part) in self
                .panels
                .iter()
                .zip(body.split_evenly((self.panels.len(), 1)))
            {
                self.panel(&part, panel, &names)
                    .with_context(|| format!("draw {:?}", self.title))?;
            }
            area.present().context("finish a plot")?;
        }
        Ok(Some(svg))
    }

    fn head(&self, area: &Area<'_>, names: &[&str]) -> Result<()> {
        area.draw(&Text::new(
            self.title,
            (12, 18),
            letters(HEADLINE, HPos::Left),
        ))?;
        let mut x = 12;
        for (index, name) in names.iter().enumerate() {
            let style = line_color(index).stroke_width(2);
            area.draw(&PathElement::new([(x, 46), (x + 22, 46)], style))?;
            area.draw(&Text::new(
                *name,
                (x + 30, 46),
                letters(LETTERS, HPos::Left),
            ))?;
            x += width(name) + 54;
        }
        Ok(())
    }

    fn panel(&self, area: &Area<'_>, panel: &Panel, names: &[&str]) -> Result<()> {
        let points = || panel.lines.iter().flat_map(|(_, points)| points);
        let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max).max(1e-9);
        let right = most(&mut points().map(|(x, _)| *x));
        let high = most(&mut points().map(|(_, y)| *y)) * 1.12;
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .margin_right(40)
            .x_label_area_size(38)
            .y_label_area_size(84)
            .build_cartesian_2d(0.0..right, 0.0..high)?;
        chart
            .configure_mesh()
            .x_labels(11)
            .y_labels(6)
            .axis_style(hair(0.6))
            .bold_line_style(hair(0.25))
            .light_line_style(hair(0.0))
            .label_style(letters(LETTERS, HPos::Left))
            .axis_desc_style(letters(LETTERS, HPos::Center))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| numbers::tick(*y, panel.unit))
            .x_desc(self.across)
            .draw()?;
        for (name, points) in &panel.lines {
            let index = names.iter().position(|known| known == name).unwrap_or(0);
            let color = line_color(index);
            chart.draw_series(LineSeries::new(
                points.iter().copied(),
                color.stroke_width(2),
            ))?;
            let dots = points
                .iter()
                .map(|point| Circle::new(*point, 3, color.filled()));
            chart.draw_series(dots)?;
        }
        Ok(())
    }
}
