//! Tests of clipping.
