//! Leads on their way to a customer, on SQLite. Invariant: by the indexes of `leads` on the moments of becoming known
//! and of becoming an MQL, and by that of `transitions` on the lead; never from the event log.

use super::{SqliteLedger, codec, scores, sql};
use crate::domain::{LeadKey, Money, Stage, Text, Timestamp};
use crate::leads::closed_loop::Journey;
use crate::leads::outcome::Said;
use crate::storage::{JourneyQuery, StoreError, journey};
use rusqlite::{Row, named_params};
use std::collections::HashMap;

fn said(row: &Row<'_>) -> Result<Said, StoreError> {
    let amount: Option<i64> = row.get("amount")?;
    let currency: Option<String> = row.get("currency")?;
    let stage = Stage::from_code(row.get("to_stage")?);
    Ok(Said {
        at: Timestamp::from_millis(row.get("at")?),
        to: stage.ok_or_else(|| scores::damaged("transitions.to_stage"))?,
        amount: amount
            .zip(currency)
            .map(|(minor, currency)| Money { minor, currency: Text::clean(&currency) }),
    })
}

impl SqliteLedger {
    pub(super) fn read_journeys(&self, query: &JourneyQuery) -> Result<Vec<Journey>, StoreError> {
        let (site, millis) = (query.site.get(), |(at, _): (Timestamp, Timestamp)| at.millis());
        let (known_before, mql_before) = (query.known.1.millis(), query.qualified.1.millis());
        self.readers.read(|connection| {
            let mut of_lead: HashMap<LeadKey, Vec<Said>> = HashMap::new();
            let mut statement = connection.prepare_cached(sql!("ledger/said"))?;
            let mut rows = statement.query(named_params! {
                ":site": site, ":mql_from": millis(query.qualified), ":mql_before": mql_before,
            })?;
            while let Some(row) = rows.next()? {
                of_lead.entry(LeadKey::from_bytes(row.get("lead")?)).or_default().push(said(row)?);
            }
            let mut statement = connection.prepare_cached(sql!("ledger/journeys"))?;
            let mut rows = statement.query(named_params! {
                ":site": site, ":mql_from": millis(query.qualified), ":mql_before": mql_before,
                ":known_from": millis(query.known), ":known_before": known_before,
            })?;
            let mut journeys = Vec::new();
            while let Some(row) = rows.next()? {
                let mql_at: Option<i64> = row.get("mql_at")?;
                let (first, last) = scores::origins(row)?;
                let touches = codec::to_touches(scores::blob(row, "touches")?, &first)?;
                journeys.push(journey(
                    query,
                    Timestamp::from_millis(row.get("known_at")?),
                    mql_at.map(Timestamp::from_millis),
                    (&first, &last),
                    &touches,
                    of_lead.remove(&LeadKey::from_bytes(row.get("key")?)).unwrap_or_default(),
                ));
            }
            Ok(journeys)
        })
    }
}
