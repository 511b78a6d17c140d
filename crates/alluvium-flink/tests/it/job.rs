//! A Rust job that goes on with the state of operator `keyed-all` of the Flink job in `data/flink/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use alluvium::backend::Backend;
use alluvium::savepoint::SavepointFolder;
use alluvium::state::{Aggregate, Aggregating, List, Map, Reducing, Timers, Value};
use alluvium::storage::Cancel;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{
    AggregatingState, Builder, EventTimers, ListState, MapState, ProcessingTimers, Progress,
    ReducingState, ValueState,
};
use alluvium_flink::codec::{Flink, Java};
use alluvium_protocol::catalog::Savepoint;
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::{CheckpointId, SnapshotKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::snapshots::data;

pub(crate) const EVENT_TIMERS: &str = "_timer_state/event_user-timers";
pub(crate) const PROCESSING_TIMERS: &str = "_timer_state/processing_user-timers";

/// `FixtureJob.Account`: the fields in Flink's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    flag: bool,
    id: i32,
    name: String,
    nullable: Option<i64>,
    pair: (String, i32),
    score: f64,
}

/// The mean, of which the sum and the number are stored.
pub(crate) enum Mean {}

impl Aggregate for Mean {
    type Input = i64;
    type Accumulator = (i64, i64);
    type Output = (i64, i64);

    fn create() -> (i64, i64) {
        (0, 0)
    }

    fn add((sum, count): &mut (i64, i64), input: &i64) {
        *sum += input;
        *count += 1;
    }

    fn result(accumulator: &(i64, i64)) -> (i64, i64) {
        *accumulator
    }

    fn merge(into: &mut (i64, i64), other: (i64, i64)) {
        into.0 += other.0;
        into.1 += other.1;
    }
}

/// One subtask.
pub(crate) struct Subtask {
    pub(crate) backend: Backend<Java<String>>,
    pub(crate) value: Value<i64, (), Flink>,
    pub(crate) list: List<String, (), Flink>,
    pub(crate) map: Map<String, i64, (), Flink>,
    pub(crate) sum: Reducing<i64, (), Flink>,
    pub(crate) mean: Aggregating<Mean, (), Flink>,
    pub(crate) account: Value<Account, (), Flink>,
    pub(crate) ttl_value: Value<i64, (), Flink>,
    pub(crate) ttl_list: List<String, (), Flink>,
    pub(crate) ttl_map: Map<String, i64, (), Flink>,
    pub(crate) event: Timers<()>,
    pub(crate) processing: Timers<()>,
    _directory: TempDir,
}

impl Subtask {
    /// Restores a subtask from a savepoint.
    pub(crate) fn restore(from: &SavepointFolder, subtask: u32, parallelism: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let builder = builder(from, &directory).subtask(subtask, parallelism);
        let from = from.restore_from(&from.read().unwrap()).unwrap();
        let (mut backend, _) = Backend::restore(builder, &from, &Cancel::new(), &nobody()).unwrap();
        let backend_of = &mut backend;
        Self {
            value: backend_of
                .register(ValueState::new("value-long").codec())
                .unwrap(),
            list: backend_of
                .register(ListState::new("list-string").codec())
                .unwrap(),
            map: backend_of
                .register(MapState::new("map-string-long").codec())
                .unwrap(),
            sum: backend_of
                .register(ReducingState::new("reducing-sum", |a, b| a + b).codec())
                .unwrap(),
            mean: backend_of
                .register(AggregatingState::new("aggregating-avg").codec())
                .unwrap(),
            account: backend_of
                .register(ValueState::new("pojo-account").codec())
                .unwrap(),
            ttl_value: backend_of
                .register(ValueState::new("ttl-value").codec())
                .unwrap(),
            ttl_list: backend_of
                .register(ListState::new("ttl-list").codec())
                .unwrap(),
            ttl_map: backend_of
                .register(MapState::new("ttl-map").codec())
                .unwrap(),
            event: backend_of
                .register(EventTimers::<()>::new(EVENT_TIMERS))
                .unwrap(),
            processing: backend_of
                .register(ProcessingTimers::<()>::new(PROCESSING_TIMERS))
                .unwrap(),
            backend,
            _directory: directory,
        }
    }

    /// All it holds: state, key and value as lines.
    pub(crate) fn contents(&mut self) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        let mut keys = BTreeSet::<String>::new();
        macro_rules! keys_of {
            ($($state:ident),*) => {$(
                self.backend
                    .keys(self.$state, &(), |key: Java<String>| {
                        keys.insert(key.0);
                        Ok(ControlFlow::Continue(()))
                    })
                    .unwrap();
            )*};
        }
        keys_of!(
            value, list, map, sum, mean, account, ttl_value, ttl_list, ttl_map
        );
        for key in keys {
            let mut put = |state: &str, value: Option<Json>| {
                lines.extend(value.map(|value| line(state, &key, &value)));
            };
            let some = |list: Vec<String>| (!list.is_empty()).then(|| json!(list));
            let entries = |entries: Vec<(String, i64)>| {
                let entries: BTreeMap<_, _> = entries.into_iter().collect();
                (!entries.is_empty()).then(|| json!(entries))
            };
            let mut scope = self.backend.key(&Java(key.as_str())).unwrap();
            let long = |value: Option<i64>| value.map(|value| json!(value));
            put("value-long", long(scope.value(self.value).get().unwrap()));
            put("list-string", some(scope.list(self.list).get().unwrap()));
            put(
                "map-string-long",
                entries(scope.map(self.map).entries().unwrap()),
            );
            put(
                "reducing-sum",
                long(scope.reducing(self.sum).get().unwrap()),
            );
            let mean = scope.aggregating(self.mean).get().unwrap();
            put("aggregating-avg", mean.map(|mean| json!(mean)));
            let account = scope.value(self.account).get().unwrap();
            put("pojo-account", account.map(|account| json!(account)));
            put(
                "ttl-value",
                long(scope.value(self.ttl_value).get().unwrap()),
            );
            put("ttl-list", some(scope.list(self.ttl_list).get().unwrap()));
            put(
                "ttl-map",
                entries(scope.map(self.ttl_map).entries().unwrap()),
            );
        }
        for (timers, state) in [
            (self.event, EVENT_TIMERS),
            (self.processing, PROCESSING_TIMERS),
        ] {
            for group in self.backend.range().iter() {
                self.backend
                    .for_each_timer(timers, group, |timer| {
                        lines.insert(line(state, &timer.key.0, &json!(timer.time)));
                        Ok(ControlFlow::Continue(()))
                    })
                    .unwrap();
            }
        }
        lines
    }
}

/// A builder of the savepoint's job.
pub(crate) fn builder(from: &SavepointFolder, directory: &TempDir) -> Builder {
    let savepoint = from.read().unwrap();
    let factory = Arc::new(MemoryStoreFactory::new());
    Builder::new(savepoint.job, factory, directory.path().join("state"))
        .max_parallelism(savepoint.max_parallelism)
}

pub(crate) fn nobody() -> Arc<dyn Progress> {
    Arc::new(())
}

fn line(state: &str, key: &str, value: &Json) -> String {
    // Numbers that were read are not always those that were written, but the same text is the same number.
    let value: Json = serde_json::from_str(&value.to_string()).unwrap();
    json!([state, key, value]).to_string()
}

/// What an operator contains according to `data/flink/<file>`, as [`Subtask::contents`] has it.
pub(crate) fn expected(file: &str, operator: &str) -> BTreeSet<String> {
    lines(&data().join(file))
        .iter()
        .filter(|row| row["op"] == operator)
        .map(|row| {
            line(
                row["state"].as_str().unwrap(),
                row["key"].as_str().unwrap(),
                &row["value"],
            )
        })
        .collect()
}

/// The rows of a packed file.
pub(crate) fn lines(file: &Path) -> Vec<Json> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
    rows.collect()
}

impl Subtask {
    /// Makes a savepoint of the job, whose only subtask this is.
    pub(crate) fn save(&mut self, job: &str, to: &SavepointFolder) {
        let id = CheckpointId::new(99);
        let snapshot = self.backend.snapshot(id, SnapshotKind::Savepoint).unwrap();
        let handle = snapshot.upload(&to.target(1), &Cancel::new(), &nobody());
        to.commit(&Savepoint {
            job: job.to_owned(),
            checkpoint: id,
            parallelism: 1,
            max_parallelism: MaxParallelism::DEFAULT,
            manifests: vec![handle.unwrap().manifest],
            attachments: BTreeMap::new(),
            created_unix_millis: 5,
        })
        .unwrap();
    }

    /// Changes something of every kind.
    pub(crate) fn change(&mut self) {
        let mut old = self.backend.key(&Java("key-0054")).unwrap();
        old.value(self.value).set(&-7).unwrap();
        old.list(self.list).push(&"ключ, 😀".to_owned()).unwrap();
        old.map(self.map).insert("k1", &99).unwrap();
        old.map(self.map).remove("k2").unwrap();
        old.reducing(self.sum).add(1000).unwrap();
        old.aggregating(self.mean).add(&5).unwrap();
        old.timers(self.event).register(77).unwrap();
        old.timers(self.event).deregister(10_054_000).unwrap();
        let account = old.value(self.account).get().unwrap().unwrap();
        let changed = Account {
            nullable: None,
            name: "other, name".to_owned(),
            ..account
        };
        old.value(self.account).set(&changed).unwrap();

        let mut new = self.backend.key(&Java("a new key")).unwrap();
        new.value(self.value).set(&1).unwrap();
        new.list(self.list).push(&String::new()).unwrap();
        new.timers(self.processing).register(-1).unwrap();

        let mut gone = self.backend.key(&Java("key-0055")).unwrap();
        gone.value(self.value).clear().unwrap();
        gone.list(self.list).clear().unwrap();
        gone.map(self.map).clear().unwrap();
        gone.value(self.account).clear().unwrap();
    }
}
