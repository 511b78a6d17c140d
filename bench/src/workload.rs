//! Streaming workloads: events a second through an operator on keyed state.
//!
//! Two families: windows, sessions, joins and aggregates over events that come out of order, as streaming benchmarks of
//! stores have them; and queries of Nexmark. Each operator is written once and runs on all subjects ([`keyed`]); what it put out is
//! compared with a recomputation from plain maps ([`case`]). Only the second half of the events is measured, when state has
//! grown ([`run`]).
//!
//! | subject | what |
//! |---|---|
//! | `alluvium` | on RocksDB, within the budget |
//! | `alluvium-memory` | on the memory store, without a bound |
//! | `rocksdb` | the crate used raw, within the budget; timers in memory |
//! | `hashmap` | hash maps; timers in memory. Also tells the most bytes of state that there were |
//! | `alluvium-timely`, `alluvium-timely-memory` | the same two in a job on Timely, with checkpoints; Nexmark only |

mod case;
mod clicks;
mod input;
mod interval_join;
mod keyed;
mod measured;
mod nexmark;
mod outputs;
mod run;
mod sessions;
mod totals;
mod windows;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Result, bail};

use clicks::{Clicks, Draw};
use interval_join::IntervalJoin;
use measured::measure_case;
use sessions::fold::SessionFold;
use sessions::hold::SessionHold;
use totals::Totals;
use windows::fold::Fold;
use windows::hold::Hold;
use windows::join::WindowJoin;
use windows::{SIZE, SLIDE};

/// Gap between sessions in milliseconds.
const GAP: i64 = 30_000;

/// One operator on one subject.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who is measured: alluvium, alluvium-memory, rocksdb, hashmap; in Nexmark also alluvium-timely, alluvium-timely-memory.
    #[arg(long)]
    pub(crate) subject: String,
    /// The operator: tumbling-incremental, tumbling-holistic, sliding-incremental, sliding-holistic, session-incremental,
    /// session-holistic, window-join, interval-join, aggregation, nexmark-q4, -q5, -q7, -q9, -q11, -q12, -q17 to -q20.
    #[arg(long)]
    pub(crate) case: String,
    /// Number of events, of which the second half is measured.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) events: u64,
    /// Number of keys; a tenth of the events by default.
    #[arg(long)]
    pub(crate) keys: Option<u64>,
    /// How keys are drawn.
    #[arg(long, value_enum, default_value_t = Draw::Uniform)]
    pub(crate) draw: Draw,
    /// Bytes of an event's payload, a multiple of 8, in the cases that keep it.
    #[arg(long, default_value_t = 96)]
    pub(crate) value_bytes: usize,
    /// Memory for rows, in bytes, of subjects that have a budget.
    #[arg(long, default_value_t = 64 << 20)]
    pub(crate) budget_bytes: usize,
    /// What tables call this setting.
    #[arg(long, default_value = "")]
    pub(crate) setting: String,
    /// Rounds that the measured half is cut into.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: u64,
    /// Where files go.
    #[arg(long)]
    pub(crate) directory: PathBuf,
}

impl Arguments {
    /// The events of all cases but Nexmark's; in those that keep no payloads, without any.
    fn clicks(&self, value_bytes: usize) -> Clicks {
        let keys = self.keys.unwrap_or(self.events / 10).max(1);
        Clicks::new(self.events, keys, self.draw, value_bytes)
    }
}

/// Measures, verifies, prints records.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    std::fs::create_dir_all(&arguments.directory)?;
    let bare = || Ok(arguments.clicks(0));
    let loaded = || Ok(arguments.clicks(arguments.value_bytes));
    match arguments.case.as_str() {
        "tumbling-incremental" => measure_case::<Fold<SIZE>, _>(arguments, bare),
        "tumbling-holistic" => measure_case::<Hold<SIZE>, _>(arguments, loaded),
        "sliding-incremental" => measure_case::<Fold<SLIDE>, _>(arguments, bare),
        "sliding-holistic" => measure_case::<Hold<SLIDE>, _>(arguments, loaded),
        "session-incremental" => measure_case::<SessionFold<GAP>, _>(arguments, bare),
        "session-holistic" => measure_case::<SessionHold<GAP>, _>(arguments, loaded),
        "window-join" => measure_case::<WindowJoin, _>(arguments, loaded),
        "interval-join" => measure_case::<IntervalJoin, _>(arguments, loaded),
        "aggregation" => measure_case::<Totals, _>(arguments, bare),
        case => match case.strip_prefix("nexmark-") {
            Some(query) => nexmark::measure(arguments, query),
            None => bail!("there is no workload {case:?}"),
        },
    }
}
