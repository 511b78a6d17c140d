//! Namespaces that are merged, where a kind of state has that.

use super::contexts::Context;
use super::harness::{Job, Stores, in_every_context, told};

/// Flink's `testMergeNamespaces`: what had expired is left out; elements of lists keep their time, what is folded gets a new one.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn merged_namespaces_keep_what_is_alive(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            opened.write((1, 1), 0);
            job.set_time(&mut opened, 50);
            opened.write((1, 2), 1);
            job.set_time(&mut opened, 120);
            opened.write((1, 3), 2);

            let at = opened.at;
            let mut key = told(opened.backend.key(&1_u32));
            if !told(C::merge(&mut key, at, 4, &[1, 2, 3])) {
                return;
            }

            opened.finds((1, 4), &[1, 2], "at 120: the first had expired");
            for source in 1..4 {
                opened.finds((1, source), &[], "a source after the merge");
            }
            job.set_time(&mut opened, 150);
            let expected = if C::IS_LIST { &[2][..] } else { &[1, 2] };
            opened.finds((1, 4), expected, "at 150");
            job.set_time(&mut opened, 220);
            opened.finds((1, 4), &[], "at 220");
        }
    }
    in_every_context!(check, stores);
}
