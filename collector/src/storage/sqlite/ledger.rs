//! `ledger.db`: everything transactional and small. Invariant: one connection writes, under a lock;
//! reports read through connections that cannot write.

use super::connect::{self, Connection, Readers};
use super::{migrate, sql, visits};
use crate::domain::{Date, IdentitySecrets, Site, SiteId, SiteNo, SitePolicy, Zone};
use crate::storage::{Ledger, NewSite, Sites, StoreError, random};
use rusqlite::{Row, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The ledger on SQLite.
pub struct SqliteLedger {
    path: PathBuf,
    writer: Mutex<Connection>,
    pub(super) readers: Readers,
    pub(super) places: visits::Places,
}

impl SqliteLedger {
    /// Opens `path`, creating and migrating it.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the file cannot be used; it is left as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = connect::writer(path, migrate::LEDGER)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Readers::new(path),
            places: visits::Places::default(),
        })
    }

    /// Opens `path` for reading only, whatever version wrote it: what is asked for must have been there in that version.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the file cannot be used.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let reader = connect::reader(path)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(reader),
            readers: Readers::new(path),
            places: visits::Places::default(),
        })
    }

    /// Goes on with what can be read of a damaged write-ahead log, and empties it.
    ///
    /// # Errors
    /// When it cannot be written, or another process reads it.
    pub fn empty_log(&self) -> Result<(), StoreError> {
        let writer = self.writer();
        writer.busy_timeout(connect::COMPACT_PATIENCE)?;
        connect::empty_log(&writer, &self.path)
    }

    /// The migrations that made this database.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn schema(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(|connection| migrate::applied(connection))
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The writing connection. A panic while it was held left no open transaction, for those roll back
    /// when they are dropped.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn site(row: &Row<'_>) -> Result<Site, StoreError> {
    let damaged =
        |what: &str| StoreError::Unusable(format!("sites.{what} in ledger.db is damaged; restore a backup"));
    let policy: SitePolicy =
        serde_json::from_str(&row.get::<_, String>("policy")?).map_err(|_| damaged("policy"))?;
    Ok(Site {
        no: SiteNo::new(row.get("no")?),
        id: SiteId::parse(&row.get::<_, String>("domain")?).map_err(|_| damaged("domain"))?,
        zone: Zone::parse(&row.get::<_, String>("zone")?).map_err(|_| damaged("zone"))?,
        policy,
        policy_version: row.get("policy_version")?,
        secret: row.get("secret")?,
        identity: IdentitySecrets {
            current: row.get("identity_secret")?,
            before: row.get("identity_secret_before")?,
        },
        counted_from: row.get::<_, Option<i32>>("counted_from")?.map(Date::from_days),
    })
}

/// Every site.
pub(super) fn sites(connection: &Connection) -> Result<Vec<Site>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/sites"))?;
    let mut rows = statement.query([])?;
    let mut sites = Vec::new();
    while let Some(row) = rows.next()? {
        sites.push(site(row)?);
    }
    Ok(sites)
}

fn by_domain(connection: &Connection, id: &SiteId) -> Result<Site, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/site"))?;
    let mut rows = statement.query([id.as_str()])?;
    site(rows.next()?.ok_or_else(|| StoreError::Failed("the site was not kept".to_owned()))?)
}

impl Ledger for SqliteLedger {
    fn settle(&self) -> Result<(), StoreError> {
        connect::settle_file(&self.writer())
    }
}

impl Sites for SqliteLedger {
    fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.readers.read(|connection| sites(connection))
    }

    fn put_site(&self, new: NewSite) -> Result<Site, StoreError> {
        let secret = random::<32>()?;
        let policy = serde_json::to_string(&new.policy)?;
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        transaction
            .execute(sql!("ledger/put_site"), params![new.id.as_str(), new.zone.name(), policy, secret])?;
        let mut stored = by_domain(&transaction, &new.id)?;
        // Compared as policies, not as text: a setting that is newer than the stored text is no change.
        if stored.policy != new.policy {
            transaction.execute(sql!("ledger/change_policy"), params![new.id.as_str(), policy])?;
            stored = by_domain(&transaction, &new.id)?;
        }
        transaction.commit()?;
        Ok(stored)
    }

    fn set_identity_secrets(&self, site: SiteNo, secrets: &IdentitySecrets) -> Result<(), StoreError> {
        let changed = self.writer().execute(
            sql!("ledger/set_identity_secrets"),
            params![site.get(), secrets.current, secrets.before],
        )?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }
}
