//! What the audit page asks for. Invariant: it is open to those who audit and shows nothing of marketing; an
//! answer is never kept by a cache.

pub(super) mod documents;
pub(super) mod fields;
