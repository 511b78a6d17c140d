//! Whether a target is met: a bound, and the ratios that were measured for it.
//!
//! A target is met when every ratio that belongs to it was measured and keeps the bound; missed as soon as one does not. What was not measured never
//! meets anything.

use serde::Serialize;

/// What a ratio must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    /// A number that is none keeps no bound.
    pub(crate) fn holds(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => ratio >= least,
            Self::AtMost(most) => ratio <= most,
        }
    }

    /// Whether the first ratio is further from being kept.
    fn worse(self, first: f64, second: f64) -> bool {
        match self {
            Self::AtLeast(_) => first < second,
            Self::AtMost(_) => first > second,
        }
    }
}

/// One measured ratio.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Ratio {
    /// Case and setting.
    pub(crate) of: String,
    pub(crate) value: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Met,
    Missed,
    NotMeasured,
}

impl Verdict {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "**missed**",
            Self::NotMeasured => "not measured",
        }
    }
}

/// What was found for a target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    pub(crate) ratios: Vec<Ratio>,
    /// What belongs to the target and was not measured.
    pub(crate) missing: Vec<String>,
}

impl Found {
    /// A ratio, or what is missing.
    pub(crate) fn push(&mut self, of: String, ratio: Option<f64>) {
        match ratio.filter(|ratio| ratio.is_finite()) {
            Some(value) => self.ratios.push(Ratio { of, value }),
            None => self.missing.push(of),
        }
    }

    pub(crate) fn verdict(&self, bound: Bound) -> Verdict {
        if self.ratios.iter().any(|ratio| !bound.holds(ratio.value)) {
            Verdict::Missed
        } else if self.ratios.is_empty() || !self.missing.is_empty() {
            Verdict::NotMeasured
        } else {
            Verdict::Met
        }
    }

    /// The ratio that is furthest from being kept; of equals the first.
    pub(crate) fn worst(&self, bound: Bound) -> Option<&Ratio> {
        self.ratios.iter().reduce(|worst, ratio| {
            if bound.worse(ratio.value, worst.value) {
                ratio
            } else {
                worst
            }
        })
    }

    /// How many ratios keep the bound.
    pub(crate) fn kept(&self, bound: Bound) -> usize {
        let ratios = self.ratios.iter();
        ratios.filter(|ratio| bound.holds(ratio.value)).count()
    }

    /// All ratios as one: their geometric mean.
    pub(crate) fn geometric_mean(self, of: &str) -> Self {
        let sum: f64 = self.ratios.iter().map(|ratio| ratio.value.ln()).sum();
        let mean = (!self.ratios.is_empty()).then(|| Ratio {
            of: format!("{of}, {} ratios", self.ratios.len()),
            value: (sum / self.ratios.len() as f64).exp(),
        });
        Self {
            ratios: mean.into_iter().collect(),
            missing: self.missing,
        }
    }
}
