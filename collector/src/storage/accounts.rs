//! Who may look. Invariant: passwords, session tokens and set-up tokens are kept as hashes only.

use super::StoreError;
use crate::domain::Timestamp;

/// SHA-256 of a token.
pub type Digest = [u8; 32];

/// A session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRow {
    /// Hash of its token.
    pub token: Digest,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The one-time link that lets somebody choose the owner's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetupRow {
    /// Hash of its token.
    pub token: Digest,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Keeps the owner's password and sessions.
pub trait Accounts: Send + Sync + 'static {
    /// The owner's password, as an argon2 PHC string; `None` until it is set.
    ///
    /// # Errors
    /// When the engine fails.
    fn password(&self) -> Result<Option<String>, StoreError>;

    /// Uses up the set-up token, sets the owner's password, and ends every session: whoever knew the old
    /// password is out.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such token, or it has ended by `now`.
    fn set_up(&self, token: &Digest, password_phc: &str, now: Timestamp) -> Result<(), StoreError>;

    /// Puts a set-up token in the place of any earlier one.
    ///
    /// # Errors
    /// When the engine fails.
    fn put_setup(&self, row: SetupRow) -> Result<(), StoreError>;

    /// Begins a session, and drops those that have ended by `now`.
    ///
    /// # Errors
    /// When the engine fails.
    fn put_session(&self, row: SessionRow, now: Timestamp) -> Result<(), StoreError>;

    /// Whether a session is alive at `now`.
    ///
    /// # Errors
    /// When the engine fails.
    fn session(&self, token: &Digest, now: Timestamp) -> Result<bool, StoreError>;

    /// Ends a session.
    ///
    /// # Errors
    /// When the engine fails.
    fn end_session(&self, token: &Digest) -> Result<(), StoreError>;
}
