//! `alluvium timers`: which timers a checkpoint holds, how many are due when, and the ones due first.
//!
//! Invariant: memory holds as many timers as are listed, however many there are.

mod buckets;

use std::collections::BTreeSet;

use alluvium_protocol::row::split_prefix;
use alluvium_protocol::schema::StateSchema;
use alluvium_protocol::timer::split_time;
use anyhow::Result;
use serde::Serialize;

use self::buckets::Buckets;
use crate::args::TimersOptions;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::state::cut_rows::CutRows;
use crate::state::typed::{self, Entry};
use crate::state::{self, key_argument};
use crate::time::format_rfc3339;
use crate::units;

#[derive(Debug, Serialize)]
struct Found {
    checkpoint: String,
    job: String,
    states: Vec<State>,
    /// Whether there were more timers than the limit.
    more: bool,
    /// Those due first, in the order in which they are due.
    timers: Vec<Entry>,
}

/// The timers of a state.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    /// Whose state it is, in snapshots of Flink, which have several operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operator: Option<String>,
    pub(crate) state: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) timers: u64,
    /// Milliseconds since the Unix epoch, as all times here.
    first: Option<i64>,
    last: Option<i64>,
    buckets: Vec<Bucket>,
}

#[derive(Debug, Serialize)]
struct Bucket {
    from: i64,
    before: i64,
    timers: u64,
}

/// Prints the timers.
///
/// # Errors
/// When storage does not answer, a checkpoint or state is not there or damaged, the state holds no timers, or Ctrl-C
/// was pressed.
pub(crate) fn run(options: &TimersOptions) -> Result<Exit> {
    let mut rows = state::open(&options.from)?;
    let states = states(&rows, options.state.as_deref())?;
    let key = options.key.as_deref();
    let key = key.map(|key| key_argument::encode(&rows.schema().key, key));
    let wanted = Wanted {
        before: options.before,
        key: key.transpose()?,
        limit: options.limit,
    };
    let found = find(&mut rows, &states, &wanted)?;
    match options.output {
        Format::Json => output::json(&found)?,
        Format::Table => {
            output::text(&told(&found))?;
            if found.more {
                output::note("there are more timers: raise --limit to see them");
            }
        }
    }
    Ok(Exit::Done)
}

/// The states with timers, or the one that was asked for.
fn states(rows: &CutRows, name: Option<&str>) -> Result<Vec<StateSchema>> {
    if let Some(name) = name {
        let state = rows.state(name)?;
        if !state.kind.is_timers() {
            return Err(Failure::usage(format!(
                "state `{name}` is a {} state and holds no timers",
                state.kind
            )));
        }
        return Ok(vec![state.clone()]);
    }
    let states = rows.schema().states.iter();
    Ok(states
        .filter(|state| state.kind.is_timers())
        .cloned()
        .collect())
}

/// Which timers are counted and listed.
struct Wanted {
    before: Option<i64>,
    /// Encoded.
    key: Option<Vec<u8>>,
    limit: usize,
}

fn find(rows: &mut CutRows, states: &[StateSchema], wanted: &Wanted) -> Result<Found> {
    let schema = rows.schema().clone();
    let mut all = states.iter().map(|_| Counted::new()).collect::<Vec<_>>();
    // By time, then by row: the state's position is only there to read the row.
    let mut due: BTreeSet<(i64, Vec<u8>, usize)> = BTreeSet::new();
    for group in rows.cut().max_parallelism.all().iter() {
        for (position, (state, counted)) in states.iter().zip(&mut all).enumerate() {
            let mut cursor = rows.rows(group, Some(state.id))?;
            while cursor.advance()? {
                let (_, _, rest) = split_prefix(cursor.row())?;
                let (time, _) = split_time(rest)?;
                if wanted.before.is_some_and(|before| time >= before) {
                    // Later rows of this state and key group are due later.
                    break;
                }
                if let Some(key) = &wanted.key
                    && typed::decode(&schema, state, cursor.row())?.key_bytes != key
                {
                    continue;
                }
                counted.add(time);
                let is_early = due.last().is_none_or(|(last, ..)| time <= *last);
                if due.len() < wanted.limit || is_early {
                    due.insert((time, cursor.row().to_vec(), position));
                }
                if due.len() > wanted.limit {
                    due.pop_last();
                }
            }
        }
    }
    let timers = due.iter().filter_map(|(_, row, position)| {
        let state = states.get(*position)?;
        Some(typed::decode(&schema, state, row).map(|decoded| decoded.entry))
    });
    let total: u64 = all.iter().map(|counted| counted.timers).sum();
    Ok(Found {
        checkpoint: rows.cut().name.clone(),
        job: rows.cut().job.clone(),
        more: total > due.len() as u64,
        timers: timers.collect::<Result<_>>()?,
        states: states.iter().zip(all).map(summary).collect(),
    })
}

/// Counts timers.
#[derive(Debug)]
pub(crate) struct Counted {
    timers: u64,
    first: Option<i64>,
    last: Option<i64>,
    buckets: Buckets,
}

impl Counted {
    pub(crate) const fn new() -> Self {
        Self {
            timers: 0,
            first: None,
            last: None,
            buckets: Buckets::new(),
        }
    }

    /// How many.
    pub(crate) const fn timers(&self) -> u64 {
        self.timers
    }

    pub(crate) fn add(&mut self, time: i64) {
        self.timers += 1;
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = self.last.max(Some(time));
        self.buckets.add(time);
    }
}

fn summary((state, counted): (&StateSchema, Counted)) -> State {
    counted.summary(
        None,
        &state.name,
        &state.kind.to_string(),
        state.namespace.to_string(),
    )
}

impl Counted {
    /// The timers of this state.
    pub(crate) fn summary(
        &self,
        operator: Option<String>,
        state: &str,
        kind: &str,
        namespace: String,
    ) -> State {
        let buckets = self.buckets.counts();
        State {
            operator,
            state: state.to_owned(),
            kind: kind.to_owned(),
            namespace,
            timers: self.timers,
            first: self.first,
            last: self.last,
            buckets: buckets
                .map(|(from, before, timers)| Bucket {
                    from,
                    before,
                    timers,
                })
                .collect(),
        }
    }
}

fn told(found: &Found) -> String {
    let heading = format!("checkpoint {} of job {}", found.checkpoint, found.job);
    format!("{heading}\n{}", tables(&found.states, &found.timers))
}

/// States, buckets and the timers due first, as tables.
pub(crate) fn tables(states: &[State], timers: &[Entry]) -> String {
    let time = |time: Option<i64>| time.map_or_else(String::new, format_rfc3339);
    let is_of_operators = states.iter().any(|state| state.operator.is_some());
    // The first column is there where there are operators.
    let table = |columns: &[&str], right: &str, rows: Vec<Vec<String>>| {
        let from = usize::from(!is_of_operators);
        let rows = rows
            .into_iter()
            .map(|row| row.into_iter().skip(from).collect());
        output::table(columns.get(from..).unwrap_or_default(), &[right], rows)
    };
    let operator = |operator: &Option<String>| operator.clone().unwrap_or_default();
    let columns = ["operator", "state", "kind", "timers", "first", "last"];
    let rows = states.iter().map(|state| {
        vec![
            operator(&state.operator),
            state.state.clone(),
            state.kind.clone(),
            units::count(state.timers),
            time(state.first),
            time(state.last),
        ]
    });
    let mut told = vec![table(&columns, "timers", rows.collect())];
    let columns = ["operator", "state", "due from", "before", "timers"];
    let buckets = states.iter().flat_map(|state| {
        state.buckets.iter().map(|bucket| {
            vec![
                operator(&state.operator),
                state.state.clone(),
                format_rfc3339(bucket.from),
                format_rfc3339(bucket.before),
                units::count(bucket.timers),
            ]
        })
    });
    told.push(table(&columns, "timers", buckets.collect()));
    let columns = ["operator", "due", "state", "key group", "key", "namespace"];
    let timers = timers.iter().map(|timer| {
        let namespace = timer.namespace.as_ref();
        vec![
            operator(&timer.operator),
            time(timer.time),
            timer.state.clone(),
            timer.key_group.to_string(),
            timer.key.to_string(),
            namespace.map_or_else(String::new, ToString::to_string),
        ]
    });
    told.push(table(&columns, "key group", timers.collect()));
    told.join("\n")
}
