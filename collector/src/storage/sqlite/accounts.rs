//! The owner's password and sessions on SQLite. Invariant: as the trait says: hashes only.

use super::{SqliteLedger, sql};
use crate::domain::Timestamp;
use crate::storage::{Accounts, Digest, SessionRow, SetupRow, StoreError};
use rusqlite::{OptionalExtension, params};

impl Accounts for SqliteLedger {
    fn password(&self) -> Result<Option<String>, StoreError> {
        self.readers.read(|connection| {
            Ok(connection
                .prepare_cached(sql!("ledger/password"))?
                .query_row([], |row| row.get(0))
                .optional()?)
        })
    }

    fn set_up(&self, token: &Digest, password_phc: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        if transaction.execute(sql!("ledger/use_setup"), params![token, now.millis()])? != 1 {
            return Err(StoreError::Conflict);
        }
        transaction.execute(sql!("ledger/put_password"), [password_phc])?;
        transaction.execute(sql!("ledger/end_all_sessions"), [])?;
        transaction.commit()?;
        Ok(())
    }

    fn put_setup(&self, row: SetupRow) -> Result<(), StoreError> {
        self.writer().execute(sql!("ledger/put_setup"), params![row.token, row.expires_at.millis()])?;
        Ok(())
    }

    fn put_session(&self, row: SessionRow, now: Timestamp) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        transaction.execute(sql!("ledger/drop_ended_sessions"), [now.millis()])?;
        transaction.execute(sql!("ledger/put_session"), params![row.token, row.expires_at.millis()])?;
        transaction.commit()?;
        Ok(())
    }

    fn session(&self, token: &Digest, now: Timestamp) -> Result<bool, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/session"))?;
            Ok(statement.exists(params![token, now.millis()])?)
        })
    }

    fn end_session(&self, token: &Digest) -> Result<(), StoreError> {
        self.writer().execute(sql!("ledger/end_session"), [token])?;
        Ok(())
    }
}
