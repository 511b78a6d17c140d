//! The state of a Rust job, in the place of an operator's.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use alluvium::storage::Watch;
use alluvium_protocol::key_group::{KeyGroup, MaxParallelism};

use super::order::{Hashed, Hashing, Order};
use super::rows::{Conversion, OpenList};
use super::source::Source;
use super::states::states;
use crate::error::{Error, Result};
use crate::keyed::KeyedMeta;
use crate::metadata::OperatorId;
use crate::write::{Merged, Replacement, Rows};

/// The state that takes the place of an operator's.
pub(super) struct Returned {
    operator: OperatorId,
    source: Source,
    renames: BTreeMap<String, String>,
    /// Once it is known which states there are.
    begun: Option<(Conversion, Order)>,
}

impl Returned {
    pub(super) const fn new(
        operator: OperatorId,
        source: Source,
        renames: BTreeMap<String, String>,
    ) -> Self {
        Self {
            operator,
            source,
            renames,
            begun: None,
        }
    }
}

impl Replacement for Returned {
    fn operator(&self) -> OperatorId {
        self.operator
    }

    fn begin(
        &mut self,
        meta: &KeyedMeta,
        max_parallelism: MaxParallelism,
        scratch: &Path,
        watch: &dyn Watch,
    ) -> Result<()> {
        let schema = self.source.schema();
        let now = self.source.created_unix_millis();
        let states = states(schema, meta, &self.renames, max_parallelism, now)?;
        let conversion = Conversion::new(meta.key.clone(), schema, states);
        let order = Order::of(&self.source, &conversion, max_parallelism, scratch, watch)?;
        self.begun = Some((conversion, order));
        Ok(())
    }

    fn group(&mut self, group: KeyGroup, rows: &mut dyn Rows) -> Result<()> {
        match &mut self.begun {
            None => Err(Error::invalid(
                "rows before it is known which states there are",
            )),
            Some((conversion, Order::Dealt(merged))) => dealt(conversion, merged, group, rows),
            Some((conversion, Order::Kept(hashing))) => {
                kept(conversion, *hashing, &self.source, group, rows)
            }
        }
    }
}

fn kept(
    conversion: &Conversion,
    hashing: Hashing,
    source: &Source,
    group: KeyGroup,
    rows: &mut dyn Rows,
) -> Result<()> {
    let mut list = OpenList::default();
    source.group(group, &mut |id, rest, value| {
        let number = conversion.number(id)?;
        let key = Hashed::of(conversion, number, rest)?;
        key.check(hashing, group, source.max_parallelism())?;
        conversion.row(group, number, (rest, value), &mut list, rows)?;
        Ok(ControlFlow::Continue(()))
    })
}

fn dealt(
    conversion: &Conversion,
    merged: &mut Merged,
    group: KeyGroup,
    rows: &mut dyn Rows,
) -> Result<()> {
    let mut list = OpenList::default();
    while merged.group()? == Some(group.get())
        && let Some(row) = merged.next()?
    {
        let parts = (row.key.as_slice(), row.value.as_slice());
        conversion.row(group, row.state, parts, &mut list, rows)?;
    }
    Ok(())
}
