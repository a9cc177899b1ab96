//! Passwords and sessions in memory. Invariant: as the trait says.

use super::ledger::MemoryLedger;
use crate::domain::{Role, Timestamp};
use crate::storage::{Accounts, Digest, SessionRow, SetupRow, StoreError};

impl Accounts for MemoryLedger {
    fn password(&self, role: Role) -> Result<Option<String>, StoreError> {
        Ok(self.state().passwords.get(&role).cloned())
    }

    fn setup(&self, token: &Digest, now: Timestamp) -> Result<Option<Role>, StoreError> {
        let state = self.state();
        let mut alive = state.setups.values().filter(|row| row.token == *token && row.expires_at > now);
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
        Ok(self.state().sessions.get(token).filter(|row| row.expires_at > now).map(|row| row.role))
    }

    fn end_session(&self, token: &Digest) -> Result<(), StoreError> {
        self.state().sessions.remove(token);
        Ok(())
    }
}
