//! Random chains: how often what happens.

use std::ops::Range;

use proptest::prelude::*;

use super::connection::Effect;
use super::{Chain, Damage, Interruption, Recovery, Source, Step, ZombieAct};
use crate::trial;

/// Subtasks of a chain's job: enough that ranges nest, meet and straddle, few enough that restores are quick.
const PARALLELISM: std::ops::RangeInclusive<u32> = 1..=5;

/// The keys: some for each of five subtasks, few enough that operations meet what earlier ones left.
pub(super) const KEYS: Range<u16> = 0..24;

/// Operations on storage that a failpoint lets pass: a checkpoint of a few subtasks takes about thirty.
const PASS: Range<u8> = 0..40;

/// Random chains of up to `steps_max` steps, which is at least 3.
pub fn chain(steps_max: usize) -> impl Strategy<Value = Chain> {
    let budget = prop_oneof![Just(2 << 10), Just(8 << 10), Just(1 << 20)];
    let threads = prop_oneof![3 => Just(1_usize), 1 => Just(3)];
    let steps = prop_oneof![
        3 => proptest::collection::vec(step(), 1..=steps_max),
        1 => proptest::collection::vec(rescale(), 1..=steps_max / 3),
    ];
    (any::<u64>(), PARALLELISM, budget, threads, steps).prop_map(
        |(names, parallelism, memory_budget_bytes, transfer_threads, steps)| Chain {
            names,
            parallelism,
            memory_budget_bytes,
            transfer_threads,
            steps,
        },
    )
}

/// Steps of a job whose parallelism changes all the time and which nothing worse befalls: what its files went through
/// is what is hard here.
fn rescale() -> impl Strategy<Value = Step> {
    let recovery = (PARALLELISM, source()).prop_map(|(parallelism, source)| Recovery {
        source,
        ..Recovery::plain(parallelism)
    });
    prop_oneof![
        4 => operations(),
        4 => Just(Step::Checkpoint { full: false, fate: trial::Fate::Completed }),
        1 => (1..=3_u8).prop_map(Step::Retain),
        1 => Just(Step::Compare),
        4 => recovery.prop_map(|recovery| Step::Die(None, recovery)),
    ]
}

fn operations() -> impl Strategy<Value = Step> {
    proptest::collection::vec((KEYS, trial::operation()), 1..24).prop_map(Step::Operate)
}

fn step() -> impl Strategy<Value = Step> {
    let full = || proptest::bool::weighted(0.15);
    prop_oneof![
        40 => operations(),
        3 => (1..25_i64).prop_map(Step::Advance),
        1 => Just(Step::Compare),
        12 => (full(), trial::fate()).prop_map(|(full, fate)| Step::Checkpoint { full, fate }),
        6 => full().prop_map(|full| Step::Prepare { full }),
        6 => any::<u8>().prop_map(Step::Upload),
        1 => (any::<u8>(), PASS).prop_map(|(which, at)| Step::Cancel(which, at)),
        6 => any::<u8>().prop_map(Step::Commit),
        4 => any::<u8>().prop_map(Step::Tell),
        1 => any::<bool>().prop_map(|complete| Step::TellUnknown { complete }),
        2 => any::<u8>().prop_map(Step::Abort),
        5 => (1..=3_u8).prop_map(Step::Retain),
        1 => Just(Step::Savepoint),
        2 => Just(Step::Sweep),
        2 => (PASS, effect()).prop_map(|(at, effect)| Step::Hiccup(at, effect)),
        6 => (proptest::option::weighted(0.8, (PASS, effect())), recovery())
            .prop_map(|(at, recovery)| Step::Die(at, recovery)),
        2 => zombie_act().prop_map(Step::Zombie),
    ]
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![
        Just(Effect::Never),
        Just(Effect::Done),
        (1..=u8::MAX).prop_map(Effect::Late),
    ]
}

fn recovery() -> impl Strategy<Value = Recovery> {
    let lost = [
        proptest::bool::weighted(0.25),
        proptest::bool::weighted(0.25),
    ];
    let damage = proptest::collection::vec((any::<u16>(), damage()), 0..4);
    let interrupted = proptest::option::weighted(0.3, (PASS, interruption()));
    (
        PARALLELISM,
        source(),
        lost,
        damage,
        any::<bool>(),
        interrupted,
        proptest::bool::weighted(0.15),
    )
        .prop_map(
            |(parallelism, source, lost, damage, leftovers, interrupted, zombie)| Recovery {
                parallelism,
                source,
                lost,
                damage,
                leftovers,
                interrupted,
                zombie,
            },
        )
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        7 => Just(Source::Newest),
        2 => any::<u8>().prop_map(Source::Retained),
        1 => Just(Source::Savepoint),
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::Lost),
        Just(Damage::Truncated),
        Just(Damage::Flipped),
        Just(Damage::Longer),
        Just(Damage::Rotten),
    ]
}

fn interruption() -> impl Strategy<Value = Interruption> {
    prop_oneof![
        effect().prop_map(Interruption::Dies),
        Just(Interruption::Cancelled),
    ]
}

fn zombie_act() -> impl Strategy<Value = ZombieAct> {
    prop_oneof![
        Just(ZombieAct::Checkpoint),
        Just(ZombieAct::Finish),
        Just(ZombieAct::Retain),
    ]
}
