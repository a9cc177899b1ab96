//! Why a request was refused. Invariant: it says where and what would be right, and repeats no more of
//! what was sent than a name or the first 160 bytes of the parser's own sentence, and only to its sender.

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind.
    pub kind: RefusalKind,
    /// JSON Pointer (RFC 6901) to the field; empty for the whole body.
    pub pointer: String,
    /// A sentence.
    pub detail: String,
}

/// Kinds of refusal, each with its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// 400: the body is not what it should be.
    Bad,
    /// 403: this page may not send for this site.
    Forbidden,
    /// 503: we cannot take it now.
    Unavailable,
}

impl Refusal {
    /// The field at `pointer` is not what it should be.
    pub(super) fn bad(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Bad, pointer: pointer.into(), detail: detail.into() }
    }

    pub(super) fn forbidden(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Forbidden, pointer: pointer.into(), detail: detail.into() }
    }

    pub(super) fn unavailable() -> Self {
        Self {
            kind: RefusalKind::Unavailable,
            pointer: String::new(),
            detail: "try again in a moment".to_owned(),
        }
    }

    /// The same, of the event at `index` of an array.
    pub(super) fn within(mut self, index: usize) -> Self {
        self.pointer = format!("/{index}{}", self.pointer);
        self
    }
}
