//! Joins an Alluvium backend to Timely Dataflow.

#![forbid(unsafe_code)]
