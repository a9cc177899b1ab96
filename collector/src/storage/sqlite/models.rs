//! Versions of scoring models on SQLite. Invariant: as the trait says.

use super::{SqliteLedger, scores, sql};
use crate::domain::{Actor, ModelHash, SiteNo, Text, Timestamp};
use crate::storage::{ModelVersion, Models, StoreError};
use rusqlite::{Row, params};
use std::collections::BTreeMap;

fn version(row: &Row<'_>) -> Result<ModelVersion, StoreError> {
    Ok(ModelVersion {
        site: SiteNo::new(row.get("site")?),
        hash: ModelHash::from_bytes(row.get("hash")?),
        name: row.get("name")?,
        text: row.get("text")?,
        made_at: Timestamp::from_millis(row.get("made_at")?),
        made_by: Actor {
            role: scores::role(&row.get::<_, String>("made_by_role")?, "models.made_by_role")?,
            who: Text::clean(&row.get::<_, String>("made_by")?),
        },
    })
}

impl Models for SqliteLedger {
    fn models(&self, site: SiteNo) -> Result<Vec<ModelVersion>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/models"))?;
            let mut rows = statement.query([site.get()])?;
            let mut versions = Vec::new();
            while let Some(row) = rows.next()? {
                versions.push(version(row)?);
            }
            Ok(versions)
        })
    }

    fn model(&self, site: SiteNo, hash: ModelHash) -> Result<Option<ModelVersion>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/model"))?;
            let mut rows = statement.query(params![site.get(), hash.bytes()])?;
            rows.next()?.map(version).transpose()
        })
    }

    fn put_model(&self, model: &ModelVersion) -> Result<bool, StoreError> {
        let put = self.writer().execute(
            sql!("ledger/put_model"),
            params![
                model.site.get(),
                model.hash.bytes(),
                model.name,
                model.text,
                model.made_at.millis(),
                model.made_by.role.name(),
                model.made_by.who.as_str(),
            ],
        )?;
        Ok(put == 1)
    }

    fn drop_model(&self, site: SiteNo, hash: ModelHash) -> Result<bool, StoreError> {
        let dropped = self.writer().execute(sql!("ledger/drop_model"), params![site.get(), hash.bytes()])?;
        Ok(dropped == 1)
    }

    fn live_models(&self) -> Result<BTreeMap<SiteNo, ModelHash>, StoreError> {
        self.readers.read(|connection| {
            let mut statement = connection.prepare_cached(sql!("ledger/live_models"))?;
            let rows = statement
                .query_map([], |row| Ok((SiteNo::new(row.get(0)?), ModelHash::from_bytes(row.get(1)?))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn set_live_model(&self, site: SiteNo, hash: ModelHash) -> Result<(), StoreError> {
        self.writer().execute(sql!("ledger/set_live_model"), params![site.get(), hash.bytes()])?;
        Ok(())
    }
}
