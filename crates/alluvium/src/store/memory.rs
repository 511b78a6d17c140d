//! The memory store: immutable sorted runs in memory, merged as they grow.
