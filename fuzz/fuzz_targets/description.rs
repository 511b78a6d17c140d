//! Feeds the fuzzer's bytes to what reads descriptions of keyed backends; what the bytes are and which laws hold, `alluvium_flink::fuzzing` says.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| alluvium_flink::fuzzing::description(bytes));
