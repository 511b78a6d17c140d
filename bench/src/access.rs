//! Access to state: operations a second on one kind of state, after flink-benchmarks.
//!
//! Pre-states and names of cases are those of `bench/flink/README.md`, so that a row of numbers compares like with like.

mod value;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::record::Record;
use crate::rounds::Rounds;
use crate::subjects::{alluvium, hash_map, raw_rocksdb};

/// One kind of state of one subject.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who is measured.
    #[arg(long)]
    pub(crate) subject: String,
    /// Kind of state: value, list, map, timers.
    #[arg(long)]
    pub(crate) kind: String,
    /// Number of keys.
    #[arg(long)]
    pub(crate) rows: u64,
    /// Bytes of a value, a multiple of 8.
    #[arg(long, default_value_t = 8)]
    pub(crate) value_bytes: usize,
    /// Memory for rows, in bytes.
    #[arg(long)]
    pub(crate) budget_bytes: usize,
    /// What tables call this setting.
    #[arg(long, default_value = "")]
    pub(crate) setting: String,
    /// Measured rounds of each case.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Length of a round.
    #[arg(long, default_value_t = 400)]
    pub(crate) round_ms: u64,
    /// Where files go.
    #[arg(long)]
    pub(crate) directory: PathBuf,
    /// Only these cases.
    #[arg(long, value_delimiter = ',')]
    pub(crate) cases: Vec<String>,
}

impl Arguments {
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == case)
    }

    pub(crate) fn rounds(&self) -> Rounds {
        Rounds {
            count: self.rounds,
            time: Duration::from_millis(self.round_ms),
        }
    }

    /// A record of a rate, not verified yet.
    pub(crate) fn record(&self, case: &str, rounds: Vec<f64>) -> Record {
        Record {
            suite: "access".to_owned(),
            case: case.to_owned(),
            subject: self.subject.clone(),
            setting: self.setting.clone(),
            measure: "rate".to_owned(),
            unit: "1/s".to_owned(),
            rounds,
            verified: false,
            resident_bytes: 0,
            budget_bytes: self.budget_bytes as u64,
            version: alluvium::VERSION.to_owned(),
        }
    }
}

/// Measures, verifies, prints records.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    std::fs::create_dir_all(&arguments.directory)?;
    match (arguments.kind.as_str(), arguments.subject.as_str()) {
        ("value", "alluvium") => {
            let backend = alluvium::backend(&arguments.directory, arguments.budget_bytes)?;
            if arguments.value_bytes == 8 {
                value::measure(arguments, alluvium::Longs::new(backend)?)
            } else {
                value::measure(arguments, alluvium::ByteStrings::new(backend)?)
            }
        }
        ("value", "hashmap") => value::measure(arguments, hash_map::Plain::default()),
        ("value", "rocksdb") => {
            let raw = raw_rocksdb::Raw::open(&arguments.directory, arguments.budget_bytes)?;
            value::measure(arguments, raw)
        }
        (kind, subject) => bail!("there is no measurement of {kind} state for subject {subject:?}"),
    }
}
