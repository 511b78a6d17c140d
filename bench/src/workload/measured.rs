//! One case on one subject: runs it, compares what it put out, prints records.

use anyhow::{Result, bail, ensure};

use super::Arguments;
use super::case::Case;
use super::input::{Each, Input};
use super::keyed::encoded::Encoded;
use super::keyed::engines::Engine as _;
use super::keyed::engines::hash_map::HashMaps;
use super::keyed::engines::rocksdb::Raw;
use super::outputs::Outputs;
use super::run::{Stopwatch, run};
use crate::memory;
use crate::record::Record;
use crate::subjects::alluvium;

/// What a run has shown, before it is verified.
pub(super) struct Ran {
    pub(super) out: Outputs,
    rates: Vec<f64>,
    resident_bytes: u64,
    /// The most bytes of state, where the subject counts them.
    peak_bytes: Option<u64>,
}

impl Ran {
    /// What a run has shown that ends here: before anything is recomputed, which takes memory, too.
    pub(super) fn new(out: Outputs, stopwatch: Stopwatch, peak_bytes: Option<u64>) -> Self {
        Self {
            out,
            rates: stopwatch.rates(),
            resident_bytes: memory::peak_resident_bytes(),
            peak_bytes,
        }
    }
}

/// Measures a case on a subject that has no job around it.
pub(super) fn measure_case<C, I>(
    arguments: &Arguments,
    open_input: impl Fn() -> Result<I>,
) -> Result<()>
where
    C: Case,
    I: Input<Event = C::Event>,
{
    let ran = run_on_subject::<C, I>(arguments, open_input()?)?;
    verify::<C, I>(&ran.out, open_input()?)?;
    print(arguments, ran)
}

pub(super) fn run_on_subject<C, I>(arguments: &Arguments, input: I) -> Result<Ran>
where
    C: Case,
    I: Input<Event = C::Event>,
{
    let Arguments {
        directory,
        budget_bytes,
        ..
    } = arguments;
    // What making the input took is not the subject's.
    memory::forget_peak();
    let mut stopwatch = Stopwatch::new(arguments.events, arguments.rounds);
    let mut peak_bytes = None;
    let out = match arguments.subject.as_str() {
        "alluvium" => {
            let mut backend = alluvium::backend(directory, *budget_bytes)?;
            run::<C, _>(&mut backend, input, &mut stopwatch)?
        }
        "alluvium-memory" => {
            let mut backend = alluvium::in_memory(directory)?;
            run::<C, _>(&mut backend, input, &mut stopwatch)?
        }
        "rocksdb" => {
            let mut backend = Encoded::over(Raw::open(directory, *budget_bytes)?);
            run::<C, _>(&mut backend, input, &mut stopwatch)?
        }
        "hashmap" => {
            let mut backend = Encoded::over(HashMaps::default());
            let out = run::<C, _>(&mut backend, input, &mut stopwatch)?;
            peak_bytes = backend.engine.peak_bytes();
            out
        }
        subject => bail!("workloads have no subject {subject:?}"),
    };
    Ok(Ran::new(out, stopwatch, peak_bytes))
}

/// Compares what was put out with the recomputation.
pub(super) fn verify<C, I>(out: &Outputs, input: I) -> Result<()>
where
    C: Case,
    I: Input<Event = C::Event>,
{
    let last = input.last();
    let mut events = Each::of(input);
    let expected = C::expected(&mut events, last);
    if let Some(error) = events.error {
        return Err(error);
    }
    ensure!(
        *out == expected,
        "{} outputs with checksum {:x} instead of {} with {:x}",
        out.count,
        out.sum,
        expected.count,
        expected.sum
    );
    Ok(())
}

pub(super) fn print(arguments: &Arguments, ran: Ran) -> Result<()> {
    let rate = Record {
        suite: "workload".to_owned(),
        case: arguments.case.clone(),
        subject: arguments.subject.clone(),
        setting: arguments.setting.clone(),
        measure: "rate".to_owned(),
        unit: "1/s".to_owned(),
        rounds: ran.rates,
        verified: true,
        resident_bytes: ran.resident_bytes,
        budget_bytes: match arguments.subject.as_str() {
            "hashmap" | "alluvium-memory" | "alluvium-timely-memory" => 0,
            _ => arguments.budget_bytes as u64,
        },
        version: alluvium::VERSION.to_owned(),
    };
    rate.print()?;
    println!("{} outputs, as recomputed", ran.out.count);
    if let Some(bytes) = ran.peak_bytes {
        let state = Record {
            measure: "state".to_owned(),
            unit: "MB".to_owned(),
            rounds: vec![bytes as f64 / 1e6],
            ..rate
        };
        state.print()?;
    }
    Ok(())
}
