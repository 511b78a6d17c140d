//! The state of a job that is interrupted: what each checkpoint adds to it, and what it is then.

use std::collections::BTreeMap;

use alluvium::{Backend, ListState, Result, ValueState};

const KEYS: std::ops::Range<u32> = 0..64;

const VALUES: ValueState<String> = ValueState::new("values");
const LISTS: ListState<u64> = ListState::new("lists");

/// The state of each key.
pub(super) type Contents = BTreeMap<u32, (Option<String>, Vec<u64>)>;

/// The state at checkpoint `number`.
pub(super) fn expected_after(number: u64) -> Contents {
    let of = |key| {
        let pushed = (1..=number).filter(|number| touches(*number, key));
        let pushed: Vec<u64> = pushed.collect();
        (pushed.last().map(|last| told(*last, key)), pushed)
    };
    KEYS.map(|key| (key, of(key))).collect()
}

/// Whether checkpoint `number` has something new of `key`: of all keys, then of fewer and fewer, then of all again.
fn touches(number: u64, key: u32) -> bool {
    u64::from(key).is_multiple_of(number.saturating_sub(1) % 7 + 1)
}

fn told(number: u64, key: u32) -> String {
    format!("{key} in checkpoint {number}")
}

/// What checkpoint `number` adds.
pub(super) fn write(backends: &mut [Backend<u32>], number: u64) -> Result<()> {
    for backend in backends {
        let (values, lists) = (backend.register(VALUES)?, backend.register(LISTS)?);
        for key in KEYS.filter(|key| touches(number, *key)) {
            if let Ok(mut scope) = backend.key(&key) {
                scope.value(values).set(&told(number, key))?;
                scope.list(lists).push(&number)?;
            }
        }
    }
    Ok(())
}

/// All state of all keys.
pub(super) fn read(backends: &mut [Backend<u32>]) -> Result<Contents> {
    let mut contents = Contents::new();
    for backend in backends {
        let (values, lists) = (backend.register(VALUES)?, backend.register(LISTS)?);
        for key in KEYS {
            if let Ok(mut scope) = backend.key(&key) {
                let value = scope.value(values).get()?;
                contents.insert(key, (value, scope.list(lists).get()?));
            }
        }
    }
    Ok(contents)
}
