//! Any bytes, as long as one likes. Invariant: what must hold of them is in `mqlite_promises::outcomes` alone.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mqlite_promises::outcomes(bytes));
