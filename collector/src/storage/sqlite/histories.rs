//! Leads with their past, on SQLite. Invariant: as the trait says; all of it is read in one transaction.

use super::{SqliteLedger, overrides, scores, sql};
use crate::domain::SiteNo;
use crate::storage::{Acted, EachHistory, Histories, StoreError};

impl Histories for SqliteLedger {
    fn histories(&self, site: SiteNo, acted: Acted, each: EachHistory<'_>) -> Result<(), StoreError> {
        self.readers.read(|connection| {
            let query = match acted {
                Acted::ByPeople => sql!("ledger/histories_by_people"),
                Acted::ByNobody => sql!("ledger/histories_by_nobody"),
            };
            let mut statement = connection.prepare_cached(query)?;
            let mut rows = statement.query([site.get()])?;
            while let Some(row) = rows.next()? {
                let mut lead = scores::lead(row)?;
                lead.hits = scores::hits(row)?;
                lead.overrides = overrides::of(connection, lead.key)?;
                let transitions = scores::transitions(connection, site, lead.key)?;
                if each(lead, transitions).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}
