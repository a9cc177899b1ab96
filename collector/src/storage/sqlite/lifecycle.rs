//! Changes of leads that no event makes, on SQLite. Invariant: as the trait says; the transaction holds the
//! writer's place from before the leads are read.

use super::connect::Connection;
use super::{SqliteLedger, audit, scores, sql, visits};
use crate::domain::{Entry, LeadKey};
use crate::storage::{Due, Loaded, StoreError, Turn, Turns};
use rusqlite::params;

fn keys(connection: &Connection, due: Due) -> Result<Vec<LeadKey>, StoreError> {
    let count = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
    let (query, values) = match due {
        Due::One(_, key) => return Ok(vec![key]),
        Due::Faded(before, limit) => (sql!("ledger/faded_leads"), vec![before.millis(), count(limit)]),
        Due::Pending(limit) => (sql!("ledger/pending_leads"), vec![count(limit)]),
    };
    let mut statement = connection.prepare_cached(query)?;
    let keys = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
    Ok(keys.map(|key| key.map(LeadKey::from_bytes)).collect::<Result<_, _>>()?)
}

impl Turns for SqliteLedger {
    fn turn(&self, due: Due, turn: Turn<'_>) -> Result<(usize, Option<Entry>), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let mut loaded = Loaded { generation: scores::generation(&transaction)?, ..Loaded::default() };
        for key in keys(&transaction, due)? {
            scores::load_lead(&transaction, key, &mut loaded)?;
        }
        if let Due::One(site, _) = due {
            loaded.leads.retain(|_, lead| lead.site == site);
        }
        let count = loaded.leads.len();
        if count == 0 {
            return Ok((0, None));
        }
        let turned = turn(loaded)?;
        visits::put_anew(&transaction, &turned.changes.visits)?;
        scores::write(&transaction, &turned.changes)?;
        if !turned.changes.leads.is_empty() {
            transaction.execute(sql!("ledger/raise_generation"), params![])?;
        }
        let entry = turned.act.map(|act| audit::append(&transaction, &act)).transpose()?;
        transaction.commit()?;
        Ok((count, entry))
    }
}
