//! Rows of RocksDB's tables, key group by key group.

use alluvium_protocol::key_group::{KeyGroup, MaxParallelism};

use super::Each;
use crate::error::Result;
use crate::keyed::KeyedMeta;
use crate::keyed::composite::Layout;
use crate::scan::tables::Tables;

/// Reads the rows of a key group, state by state.
pub(super) fn group(
    tables: &Tables,
    meta: &KeyedMeta,
    group: KeyGroup,
    max_parallelism: MaxParallelism,
    each: &mut Each<'_>,
) -> Result<()> {
    let layout = Layout::of_timers(max_parallelism);
    let prefix = layout.prefix(group.get())?;
    let next = layout.prefix(group.get() + 1)?;
    for (number, state) in (0_u16..).zip(&meta.states) {
        let mut rows = tables.database.rows(&state.name, &prefix, Some(&next))?;
        while let Some((key, value)) = rows.current()? {
            each(number, key, value)?;
            rows.advance();
        }
    }
    Ok(())
}
