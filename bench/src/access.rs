//! Access to state: operations a second on one kind of state, after flink-benchmarks.
//!
//! Pre-states and names of cases are those of `bench/flink/README.md`, so that a row of numbers compares like with like.

mod list;
mod map;
mod order;
mod stage;
mod timer;
mod value;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::record::Record;
#[cfg(feature = "cobble")]
use crate::subjects::cobble;
use crate::subjects::{alluvium, fjall, hash_map, raw_rocksdb};

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

    /// The subject's budget; 0 for one that has none.
    fn counted_budget_bytes(&self) -> u64 {
        match self.subject.as_str() {
            "hashmap" => 0,
            _ => self.budget_bytes as u64,
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
            budget_bytes: self.counted_budget_bytes(),
            version: version(&self.subject).to_owned(),
        }
    }
}

/// Measures, verifies, prints records.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    if arguments.rows == 0 || arguments.value_bytes == 0 || !arguments.value_bytes.is_multiple_of(8)
    {
        bail!("there must be rows, and values of a multiple of 8 bytes");
    }
    std::fs::create_dir_all(&arguments.directory)?;
    let budget = arguments.budget_bytes;
    match (arguments.kind.as_str(), arguments.subject.as_str()) {
        ("value", "alluvium") if arguments.value_bytes == 8 => {
            value::measure(arguments, &|directory| {
                alluvium::Longs::open(directory, budget)
            })
        }
        ("value", "alluvium") => value::measure(arguments, &|directory| {
            alluvium::ByteStrings::open(directory, budget)
        }),
        ("value", "rocksdb") => value::measure(arguments, &|directory| {
            raw_rocksdb::Raw::open(directory, budget)
        }),
        ("value", "fjall") => value::measure(arguments, &|directory| {
            fjall::Fjall::open(directory, budget)
        }),
        #[cfg(feature = "cobble")]
        ("value", "cobble") => value::measure(arguments, &|directory| {
            cobble::Cobble::open(directory, budget)
        }),
        ("value", "hashmap") => value::measure(arguments, &|_| Ok(hash_map::Plain::default())),
        ("list", "alluvium") => list::measure(arguments, &|directory| {
            alluvium::LongLists::open(directory, budget)
        }),
        ("list", "hashmap") => list::measure(arguments, &|_| Ok(hash_map::PlainLists::default())),
        ("map", "alluvium") => map::measure(arguments, &|directory| {
            alluvium::LongMaps::open(directory, budget)
        }),
        ("map", "hashmap") => map::measure(arguments, &|_| Ok(hash_map::PlainMaps::default())),
        ("timers", "alluvium") => timer::measure(arguments, &|directory| {
            alluvium::EventTimes::open(directory, budget)
        }),
        ("timers", "hashmap") => {
            timer::measure(arguments, &|_| Ok(hash_map::PlainTimers::default()))
        }
        (kind, subject) => bail!("there is no measurement of {kind} state for subject {subject:?}"),
    }
}

fn version(subject: &str) -> &'static str {
    match subject {
        "rocksdb" => raw_rocksdb::VERSION,
        "fjall" => fjall::VERSION,
        #[cfg(feature = "cobble")]
        "cobble" => cobble::VERSION,
        "hashmap" => hash_map::VERSION,
        _ => alluvium::VERSION,
    }
}
