//! What can be checked, for the owner and the auditor. Invariant: every handler here asks for
//! [`Auditing`](super::auth::Auditing), shows nothing of what marketing sees and no secret, and answers are not
//! for caches.

pub(super) mod consent;
pub(super) mod documents;
pub(super) mod fields;
pub(super) mod ladder;
pub(super) mod log;
pub(super) mod retention;
pub(super) mod salts;
pub(super) mod verify;
