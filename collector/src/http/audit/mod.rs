//! What the audit page and its commands ask for. Invariant: nothing here changes anything, and nothing here
//! names a person.

pub(super) mod consent;
pub(super) mod ladder;
