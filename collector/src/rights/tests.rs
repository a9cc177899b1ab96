//! x Invariant: x
