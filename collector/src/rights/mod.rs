//! A person's rights. Invariant: nothing is found, exported, restricted, withdrawn or erased without an entry in
//! the audit log.
