//! Feeds the fuzzer's bytes to what reads streams of Java's objects; what the bytes are and which laws hold, `alluvium_flink::fuzzing` says.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| alluvium_flink::fuzzing::java_stream(bytes));
