//! Feeds the fuzzer's bytes to what reads values that jobs read by the codec `Flink`; what the bytes are and which laws hold, `alluvium_flink::fuzzing` says.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| alluvium_flink::fuzzing::codec(bytes));
