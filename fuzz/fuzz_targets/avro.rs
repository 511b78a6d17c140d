//! Feeds the fuzzer's bytes to what reads schemas of Avro's and their values; what the bytes are and which laws hold, `alluvium_flink::fuzzing` says.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| alluvium_flink::fuzzing::avro(bytes));
