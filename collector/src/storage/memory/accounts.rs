//! Passwords and sessions in memory. Invariant: as the trait says.

use super::ledger::MemoryLedger;
use crate::domain::{Role, Timestamp};
use crate::storage::accounts::{LINK_DAYS, SESSION_DAYS, latest_end};
use crate::storage::{Accounts, Digest, SessionRow, SetupRow, StoreError};

/// Whether what ends at `end` is alive, and was not begun by a clock that was ahead.
fn lives(end: Timestamp, now: Timestamp, days: i64) -> bool {
    end > now && end <= latest_end(now, days)
}

impl Accounts for MemoryLedger {
    fn password(&self, role: Role) -> Result<Option<String>, StoreError> {
        Ok(self.state().passwords.get(&role).cloned())
    }

    fn setup(&self, token: &Digest, now: Timestamp) -> Result<Option<Role>, StoreError> {
        let state = self.state();
        let mut alive =
            state.setups.values().filter(|row| row.token == *token && lives(row.expires_at, now, LINK_DAYS));
        Ok(alive.next().map(|row| row.role))
    }

    fn set_up(&self, token: &Digest, password_phc: &str, now: Timestamp) -> Result<Role, StoreError> {
        let role = self.setup(token, now)?.ok_or(StoreError::Conflict)?;
        let mut state = self.state();
        // Of two that use it at once, one is the second.
        state.setups.remove(&role).filter(|row| row.token == *token).ok_or(StoreError::Conflict)?;
        state.passwords.insert(role, password_phc.to_owned());
        state.sessions.retain(|_, row| row.role != role);
        Ok(role)
    }

    fn put_setup(&self, row: SetupRow) -> Result<(), StoreError> {
        self.state().setups.insert(row.role, row);
        Ok(())
    }

    fn remove_account(&self, role: Role) -> Result<bool, StoreError> {
        let mut state = self.state();
        let known = state.sessions.len();
        state.sessions.retain(|_, row| row.role != role);
        let ended = state.sessions.len() < known;
        let linked = state.setups.remove(&role).is_some();
        Ok(state.passwords.remove(&role).is_some() || linked || ended)
    }

    fn put_session(&self, row: SessionRow, now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        state.sessions.retain(|_, row| row.expires_at > now);
        state.sessions.insert(row.token, row);
        Ok(())
    }

    fn session(&self, token: &Digest, now: Timestamp) -> Result<Option<Role>, StoreError> {
        let state = self.state();
        let session = state.sessions.get(token).filter(|row| lives(row.expires_at, now, SESSION_DAYS));
        Ok(session.map(|row| row.role))
    }

    fn end_session(&self, token: &Digest) -> Result<(), StoreError> {
        self.state().sessions.remove(token);
        Ok(())
    }
}
