#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| siphon_sip::fuzz::message(data));
