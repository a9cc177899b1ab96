//! Documents for compliance teams. Invariant: they are made from the declarations and settings that the
//! collector runs with, never written by hand.
