//! A buffer whose bytes are lent to RocksDB from one call of a compaction filter to the next.
//!
//! The binding's `Decision::Change` asks for bytes that live for ever, which a changed value does not. RocksDB itself needs
//! them no longer than the call: its C interface (`rocksdb_compactionfilter_t::Filter` in `db/c.cc`) copies them with
//! `new_value->assign(c_new_value, new_value_length)` as soon as the callback has returned, on the same thread, and before it calls
//! anything else; the binding (`filter_callback` in `compaction_filter.rs`) does no more than pass pointer and length on.
//!
//! This file is the only one of the crate with `unsafe` code.

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Lent(Vec<u8>);

impl Lent {
    /// The buffer, empty. What was lent before is not read any more: RocksDB has copied it.
    pub(crate) fn cleared(&mut self) -> &mut Vec<u8> {
        self.0.clear();
        &mut self.0
    }

    /// The buffer's bytes, to be returned from a filter's callback and used for nothing else.
    #[expect(
        unsafe_code,
        reason = "the binding asks for a longer life than RocksDB needs"
    )]
    pub(crate) const fn lend(&mut self) -> &'static [u8] {
        let (start, length) = (self.0.as_ptr(), self.0.len());
        // SAFETY: pointer and length are those of an initialized vector of bytes. They stay valid until the vector is changed or
        // dropped: that takes `&mut self` of the filter that owns it, which RocksDB's compaction has to itself, on one thread
        // (a factory makes one filter for each). Its next use is the next call of the filter or its destructor, and by
        // then RocksDB has copied the bytes and the binding has forgotten the reference (see the module).
        unsafe { std::slice::from_raw_parts(start, length) }
    }
}
