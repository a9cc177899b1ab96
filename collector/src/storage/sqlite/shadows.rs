//! Shadows on SQLite: files of their own beside the ledger's, in the folder `shadow`. Invariant: as the trait says.

use super::connect::Connection;
use super::{SqliteLedger, ledger, overrides, rights, scores, sql, voids};
use crate::domain::{LeadKey, ModelHash, SiteNo};
use crate::leads::Transition;
use crate::storage::{Ledger, Mark, Seed, Shadows, StoreError};
use rusqlite::{OptionalExtension, params};
use std::path::PathBuf;
use std::sync::Arc;

const FOLDER: &str = "shadow";
const ENDING: &str = ".db";

fn failed(error: &std::io::Error) -> StoreError {
    StoreError::Failed(format!("the folder of shadows cannot be used: {error}"))
}

impl SqliteLedger {
    fn shadow_folder(&self) -> PathBuf {
        self.path().with_file_name(FOLDER)
    }

    /// Where the shadow of this name lies.
    pub(super) fn shadow_path(&self, name: &str) -> Result<PathBuf, StoreError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(StoreError::Failed(format!("{name:?} is no name of a shadow")));
        }
        Ok(self.shadow_folder().join(format!("{name}{ENDING}")))
    }
}

fn mark(connection: &Connection) -> Result<Option<Mark>, StoreError> {
    let row = |row: &rusqlite::Row<'_>| {
        Ok(Mark { takings: row.get(0)?, people: row.get(1)?, overrides: row.get(2)?, voids: row.get(3)? })
    };
    Ok(connection.prepare_cached(sql!("ledger/mark"))?.query_row([], row).optional()?)
}

/// How often leads were taken back, restricted or dropped.
pub(super) fn takings(connection: &Connection) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/takings"))?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// How many overrides a site has, and of how many of them the end.
pub(super) fn told(connection: &Connection, site: SiteNo) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/overrides_told"))?;
    Ok(statement.query_row([site.get()], |row| row.get(0))?)
}

/// What people made of a site's leads after a place, in the order in which they did.
fn people(connection: &Connection, site: SiteNo, after: i64) -> Result<Vec<Transition>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/people_after"))?;
    let mut rows = statement.query([i64::from(site.get()), after])?;
    let mut people = Vec::new();
    while let Some(row) = rows.next()? {
        people.push(scores::transition(row, site, LeadKey::from_bytes(row.get("lead")?))?);
    }
    Ok(people)
}

impl Shadows for SqliteLedger {
    fn open_shadow(&self, name: &str) -> Result<Arc<dyn Ledger>, StoreError> {
        std::fs::create_dir_all(self.shadow_folder()).map_err(|error| failed(&error))?;
        Ok(Arc::new(Self::open(&self.shadow_path(name)?)?))
    }

    fn discard_shadow(&self, name: &str) -> Result<(), StoreError> {
        let path = self.shadow_path(name)?;
        for beside in ["", "-wal", "-shm", "-journal"] {
            let mut file = path.clone().into_os_string();
            file.push(beside);
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(&error)),
                _ => {}
            }
        }
        Ok(())
    }

    fn shadows(&self) -> Result<Vec<String>, StoreError> {
        let entries = match std::fs::read_dir(self.shadow_folder()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| failed(&error))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| failed(&error))?.file_name();
            names.extend(name.to_str().and_then(|name| name.strip_suffix(ENDING)).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    fn seed(&self, site: SiteNo, since: Mark) -> Result<Seed, StoreError> {
        self.readers.read(|connection| {
            let known = ledger::sites(connection)?.into_iter().find(|known| known.no == site);
            let newest = connection.query_row(sql!("ledger/newest_transition"), [], |row| row.get(0))?;
            let told = told(connection, site)?;
            let other = told != since.overrides;
            let overrides = other.then(|| overrides::of_site(connection, site)).transpose()?;
            Ok(Seed {
                overrides,
                site: known.ok_or_else(|| StoreError::Unusable("there is no such site".to_owned()))?,
                restrictions: rights::restricted(connection)?
                    .into_iter()
                    .filter(|of_site| of_site.site == site)
                    .map(|of_site| (of_site.lead, of_site.restriction))
                    .collect(),
                people: people(connection, site, since.people)?,
                mark: Mark {
                    takings: takings(connection)?,
                    people: newest,
                    overrides: told,
                    voids: voids::told(connection, site)?,
                },
            })
        })
    }

    fn mark(&self) -> Result<Option<Mark>, StoreError> {
        self.readers.read(|connection| mark(connection))
    }

    fn plant(&self, seed: &Seed, model: ModelHash) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let Seed { site, restrictions, people, overrides, mark: told } = seed;
        if mark(&transaction)?.is_none() {
            let policy = serde_json::to_string(&site.policy)?;
            transaction.execute(
                sql!("ledger/plant_site"),
                params![
                    site.no.get(),
                    site.id.as_str(),
                    site.zone.name(),
                    policy,
                    site.policy_version,
                    site.counted_from.map(|day| day.days()),
                ],
            )?;
            for (lead, restriction) in restrictions {
                let (lead, no) = (lead.bytes(), site.no.get());
                if let Some(since) = restriction.restricted {
                    transaction.execute(sql!("ledger/put_restriction"), params![lead, no, since.millis()])?;
                }
                if let Some(since) = restriction.withdrawn {
                    let values = params![lead, no, since.millis(), restriction.verified];
                    transaction.execute(sql!("ledger/put_withdrawal"), values)?;
                }
            }
            transaction.execute(sql!("ledger/restart"), [model.bytes()])?;
        }
        for change in people {
            scores::insert_transition(&transaction, sql!("ledger/plant_change"), change)?;
        }
        for (lead, given) in overrides.iter().flatten() {
            overrides::put(&transaction, *lead, site.no, given)?;
        }
        transaction.execute(
            sql!("ledger/put_mark"),
            params![told.takings, told.people, told.overrides, told.voids],
        )?;
        // What is to be applied now was not when a run of events was loaded.
        transaction.execute(sql!("ledger/raise_generation"), [])?;
        transaction.commit()?;
        Ok(())
    }
}
