//! The paths that are counted: set-up first, then the operations in [`measured`](crate::region::measured), then a look at
//! whether they did their work.

use alluvium::Result;

use crate::fixture::{GROUPS, KEYS};

mod collections;
mod flush;
mod formats;
mod timers;
mod values;

/// One path.
#[derive(Debug)]
pub(crate) struct Path {
    /// `<state or format>/<operation>`.
    pub(crate) name: &'static str,
    /// How many operations its measured part does.
    pub(crate) operations: u32,
    pub(crate) run: fn() -> Result<()>,
}

/// All of them. Each operation on a backend encodes its key and finds its key group, as a record does.
pub(crate) fn all() -> Vec<Path> {
    let path = |name, operations, run| Path {
        name,
        operations,
        run,
    };
    vec![
        path("value/get", KEYS, values::get as fn() -> Result<()>),
        path("value/get-absent", KEYS, values::get_absent),
        path("value/get-stored", KEYS, values::get_stored),
        path("value/set", KEYS, values::set),
        path("value/set-new", KEYS, values::set_new),
        path("value/update", KEYS, values::update),
        path("value/update-frozen", KEYS, values::update_frozen),
        path("value/update-window", KEYS, values::update_window),
        path("bytes/get", KEYS, values::bytes_get),
        path("bytes/put", KEYS, values::bytes_put),
        path("bytes/update", KEYS, values::bytes_update),
        path("reducing/add", KEYS, collections::reducing_add),
        path("list/append", KEYS, collections::list_append),
        path("list/read-10", GROUPS, collections::list_read),
        path("map/put", KEYS, collections::map_put),
        path("map/put-new", KEYS, collections::map_put_new),
        path("map/get", KEYS, collections::map_get),
        path("map/read-10", GROUPS, collections::map_read),
        path("timer/register", KEYS, timers::register),
        path("timer/poll", KEYS, timers::poll),
        path("snapshot/freeze", 1, flush::freeze),
        path("snapshot/flush-row", KEYS, flush::flush),
        path("key/encode-and-group", KEYS, formats::key_and_group),
        path("row/prefix", KEYS, formats::row_prefix),
        path("rows-file/write-row", KEYS, formats::rows_file_write),
        path("rows-file/read-row", KEYS, formats::rows_file_read),
    ]
}
