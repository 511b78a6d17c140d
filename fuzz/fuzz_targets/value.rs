//! Feeds the fuzzer's bytes to what reads serializers and their values; what the bytes are and which laws hold, `alluvium_flink::fuzzing` says.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| alluvium_flink::fuzzing::value(bytes));
