//! Who may look. Invariant: there is one account a role; passwords, session tokens and set-up tokens are kept
//! as hashes only.

use super::StoreError;
use crate::domain::{Role, Timestamp};

/// SHA-256 of a token.
pub type Digest = [u8; 32];

/// Days that a session lives.
pub const SESSION_DAYS: i64 = 14;
/// Days that a set-up link lives.
pub const LINK_DAYS: i64 = 1;
/// What ends later than it could was begun by a clock that was ahead, and lives no more: it would until that day. A
/// day more is for one that is put right by less.
const SLACK_DAYS: i64 = 1;

/// The latest end, at `now`, of what lives so many days.
pub(crate) fn latest_end(now: Timestamp, days: i64) -> Timestamp {
    now.plus_days(days + SLACK_DAYS)
}

/// A session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRow {
    /// Hash of its token.
    pub token: Digest,
    /// Whose it is.
    pub role: Role,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The one-time link that lets somebody choose an account's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetupRow {
    /// Hash of its token.
    pub token: Digest,
    /// Whose password it sets.
    pub role: Role,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Keeps the passwords and sessions of the owner and the auditor.
pub trait Accounts: Send + Sync + 'static {
    /// The password of a role's account, as an argon2 PHC string; `None` until it is set.
    ///
    /// # Errors
    /// When the engine fails.
    fn password(&self, role: Role) -> Result<Option<String>, StoreError>;

    /// Whose password a set-up token would set at `now`; it is not used up by asking. One that ends later than
    /// [`LINK_DAYS`] from now, and a day, is none.
    ///
    /// # Errors
    /// When the engine fails.
    fn setup(&self, token: &Digest, now: Timestamp) -> Result<Option<Role>, StoreError>;

    /// Uses up the set-up token, sets the password of its role, and ends every session of that role: whoever
    /// knew the old password is out.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such token, or it has ended by `now`.
    fn set_up(&self, token: &Digest, password_phc: &str, now: Timestamp) -> Result<Role, StoreError>;

    /// Puts a set-up token in the place of any earlier one of its role.
    ///
    /// # Errors
    /// When the engine fails.
    fn put_setup(&self, row: SetupRow) -> Result<(), StoreError>;

    /// Removes a role's account: its password, its set-up token and its sessions. Answers whether there was
    /// anything of it.
    ///
    /// # Errors
    /// When the engine fails.
    fn remove_account(&self, role: Role) -> Result<bool, StoreError>;

    /// Begins a session, and drops those that have ended by `now`.
    ///
    /// # Errors
    /// When the engine fails.
    fn put_session(&self, row: SessionRow, now: Timestamp) -> Result<(), StoreError>;

    /// Whose session is alive at `now`. One that ends later than [`SESSION_DAYS`] from now, and a day, is not.
    ///
    /// # Errors
    /// When the engine fails.
    fn session(&self, token: &Digest, now: Timestamp) -> Result<Option<Role>, StoreError>;

    /// Ends a session.
    ///
    /// # Errors
    /// When the engine fails.
    fn end_session(&self, token: &Digest) -> Result<(), StoreError>;
}
