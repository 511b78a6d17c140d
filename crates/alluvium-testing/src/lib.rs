//! Conformance suite, oracle model and fault injection for Alluvium stores and storages.

#![forbid(unsafe_code)]
