//! Records, to look numbers up in: the median of one subject's rounds under one setting.
//!
//! Only what was verified is here. A record without rounds is no number.

use std::collections::BTreeMap;

use crate::record::Record;
use crate::results::Results;

/// What is measured: equal for all subjects that are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Question {
    pub(crate) suite: String,
    pub(crate) case: String,
    pub(crate) setting: String,
    pub(crate) measure: String,
}

impl Question {
    /// Case and setting, for people.
    pub(crate) fn name(&self) -> String {
        format!("{}, {}", self.case, self.setting)
    }
}

/// All verified medians.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// By question, then by subject, with the unit.
    answers: BTreeMap<Question, BTreeMap<String, f64>>,
    units: BTreeMap<Question, String>,
    /// Questions in the order in which they were asked.
    order: Vec<Question>,
}

impl Figures {
    pub(crate) fn new(results: &Results) -> Self {
        let mut figures = Self::default();
        for record in results.records().filter(|record| record.verified) {
            figures.put(record);
        }
        figures
    }

    fn put(&mut self, record: &Record) {
        let median = record.median();
        if !median.is_finite() {
            return;
        }
        let question = Question {
            suite: record.suite.clone(),
            case: record.case.clone(),
            setting: record.setting.clone(),
            measure: record.measure.clone(),
        };
        if !self.answers.contains_key(&question) {
            self.order.push(question.clone());
        }
        self.units.insert(question.clone(), record.unit.clone());
        let answers = self.answers.entry(question).or_default();
        answers.insert(record.subject.clone(), median);
    }

    /// Questions of a suite that were answered by anybody, in the order of measurement.
    pub(crate) fn questions(&self, suite: &str) -> impl Iterator<Item = &Question> {
        self.order
            .iter()
            .filter(move |question| question.suite == suite)
    }

    pub(crate) fn unit(&self, question: &Question) -> &str {
        self.units.get(question).map_or("", String::as_str)
    }

    pub(crate) fn get(&self, question: &Question, subject: &str) -> Option<f64> {
        self.answers.get(question)?.get(subject).copied()
    }

    /// Who answered a question.
    pub(crate) fn subjects(&self, question: &Question) -> impl Iterator<Item = &str> {
        let answers = self.answers.get(question);
        answers
            .into_iter()
            .flat_map(|by| by.keys().map(String::as_str))
    }
}
