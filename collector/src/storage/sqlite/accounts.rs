//! Passwords and sessions on SQLite. Invariant: as the trait says: one account a role, hashes only.

use super::{SqliteLedger, sql};
use crate::domain::{Role, Timestamp};
use crate::storage::accounts::{LINK_DAYS, SESSION_DAYS, latest_end};
use crate::storage::{Accounts, Digest, SessionRow, SetupRow, StoreError};
use rusqlite::{OptionalExtension, params};

fn role(name: Option<String>) -> Result<Option<Role>, StoreError> {
    let known = |name: String| {
        Role::from_name(&name)
            .ok_or_else(|| StoreError::Unusable(format!("there is no role `{name}`; restore a backup")))
    };
    name.map(known).transpose()
}

impl Accounts for SqliteLedger {
    fn password(&self, role: Role) -> Result<Option<String>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/password"))?;
            Ok(statement.query_row([role.name()], |row| row.get(0)).optional()?)
        })
    }

    fn setup(&self, token: &Digest, now: Timestamp) -> Result<Option<Role>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/setup"))?;
            let latest = latest_end(now, LINK_DAYS).millis();
            role(statement.query_row(params![token, now.millis(), latest], |row| row.get(0)).optional()?)
        })
    }

    fn set_up(&self, token: &Digest, password_phc: &str, now: Timestamp) -> Result<Role, StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let used = transaction
            .query_row(
                sql!("ledger/use_setup"),
                params![token, now.millis(), latest_end(now, LINK_DAYS).millis()],
                |row| row.get(0),
            )
            .optional()?;
        let role = role(used)?.ok_or(StoreError::Conflict)?;
        transaction.execute(sql!("ledger/put_password"), params![role.name(), password_phc])?;
        transaction.execute(sql!("ledger/end_sessions_of"), [role.name()])?;
        transaction.commit()?;
        Ok(role)
    }

    fn put_setup(&self, row: SetupRow) -> Result<(), StoreError> {
        self.writer().execute(
            sql!("ledger/put_setup"),
            params![row.role.name(), row.token, row.expires_at.millis()],
        )?;
        Ok(())
    }

    fn remove_account(&self, role: Role) -> Result<bool, StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let mut removed = 0;
        for query in [sql!("ledger/drop_account"), sql!("ledger/drop_setup"), sql!("ledger/end_sessions_of")]
        {
            removed += transaction.execute(query, [role.name()])?;
        }
        transaction.commit()?;
        Ok(removed > 0)
    }

    fn put_session(&self, row: SessionRow, now: Timestamp) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        transaction.execute(sql!("ledger/drop_ended_sessions"), [now.millis()])?;
        transaction.execute(
            sql!("ledger/put_session"),
            params![row.token, row.role.name(), row.expires_at.millis()],
        )?;
        transaction.commit()?;
        Ok(())
    }

    fn session(&self, token: &Digest, now: Timestamp) -> Result<Option<Role>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/session"))?;
            let latest = latest_end(now, SESSION_DAYS).millis();
            role(statement.query_row(params![token, now.millis(), latest], |row| row.get(0)).optional()?)
        })
    }

    fn end_session(&self, token: &Digest) -> Result<(), StoreError> {
        self.writer().execute(sql!("ledger/end_session"), [token])?;
        Ok(())
    }
}
