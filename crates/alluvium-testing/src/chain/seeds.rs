//! Draws chains from seeds, and shrinks those that fail.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use alluvium::environment::{Random, SystemRandom};
use alluvium::store::StoreFactory;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Chain, run, steps};

/// Steps of a chain at the most: several attempts' worth.
const STEPS_MAX: usize = 90;

/// How often a failing chain is run again to make it shorter.
const SHRINKS_MAX: usize = 400;

pub(super) fn check(factory: &dyn Fn() -> Arc<dyn StoreFactory>, default: u32) {
    let chains = setting("ALLUVIUM_CHAINS").unwrap_or_else(|| u64::from(default));
    let first = setting("ALLUVIUM_SEED").unwrap_or_else(draw);
    let kind = factory().kind();
    tell(&format!(
        "{chains} chains on {kind} stores: ALLUVIUM_SEED={first}"
    ));
    for number in 0..chains {
        let seed = first.wrapping_add(number);
        let mut tree = tree(seed);
        if let Some(why) = fails(factory, &tree.current()) {
            let (chain, why) = shrink(factory, &mut *tree, why);
            panic!(
                "chain {number} of {chains} failed: {why}\n\
                 again: ALLUVIUM_CHAINS=1 ALLUVIUM_SEED={seed}\n{}",
                told(&chain)
            );
        }
    }
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    // A mistyped setting must not run other chains, or fewer.
    Some(text.parse().expect("a number"))
}

/// A seed that is easily typed.
fn draw() -> u64 {
    u64::try_from(SystemRandom.bits() % 1_000_000_000).unwrap_or(0)
}

/// Past the test harness, which keeps what is printed to itself unless a test fails.
fn tell(line: &str) {
    use std::io::Write;
    let told = writeln!(std::io::stderr().lock(), "{line}");
    told.expect("standard error takes a line");
}

/// A chain, with a line for each step.
fn told(chain: &Chain) -> String {
    let Chain {
        names,
        parallelism,
        memory_budget_bytes,
        transfer_threads,
        steps,
    } = chain;
    let steps: Vec<_> = steps.iter().map(|step| format!("  {step:?}\n")).collect();
    format!(
        "shrunk: names {names}, parallelism {parallelism}, memory budget {memory_budget_bytes}, \
         transfer threads {transfer_threads}, steps\n{}",
        steps.concat()
    )
}

fn tree(seed: u64) -> Box<dyn ValueTree<Value = Chain>> {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(seed.to_be_bytes()) {
        *to = from;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let drawn = steps::chain(STEPS_MAX).new_tree(&mut runner);
    Box::new(drawn.expect("every draw is a chain"))
}

/// Why a chain fails, if it does.
fn fails(factory: &dyn Fn() -> Arc<dyn StoreFactory>, chain: &Chain) -> Option<String> {
    let ran = catch_unwind(AssertUnwindSafe(|| run(factory(), chain)));
    let panic = ran.err()?;
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(text.unwrap_or_else(|| "a panic without a message".to_owned()))
}

/// The shortest failing chain that is found, and why it fails.
fn shrink(
    factory: &dyn Fn() -> Arc<dyn StoreFactory>,
    tree: &mut dyn ValueTree<Value = Chain>,
    why: String,
) -> (Chain, String) {
    // Threads take turns as they like: a chain that fails may live when it is run again.
    let mut least = (tree.current(), why);
    for _ in 0..SHRINKS_MAX {
        let chain = tree.current();
        let moved = match fails(factory, &chain) {
            Some(why) => {
                least = (chain, why);
                tree.simplify()
            }
            None => tree.complicate(),
        };
        if !moved {
            break;
        }
    }
    least
}
