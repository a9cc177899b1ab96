//! Leads that wait, in memory. Invariant: as the trait says.

use super::ledger::MemoryLedger;
use crate::leads::Lead;
use crate::storage::{LeadPage, Overdue, OverdueQuery, PageToken, StoreError};

impl Overdue for MemoryLedger {
    fn overdue(&self, query: &OverdueQuery) -> Result<LeadPage, StoreError> {
        let state = self.state();
        let restricted = |lead: &Lead| {
            let asked = state.restrictions.get(&lead.key);
            asked.is_some_and(|(_, restriction)| restriction.restricted.is_some())
        };
        let of_site = state.leads.values().filter(|lead| lead.site == query.site && !restricted(lead));
        let due = |lead: &Lead| query.due_at(lead).map(|at| PageToken { at, key: lead.key });
        let mut due: Vec<(PageToken, Lead)> =
            of_site.filter_map(|lead| Some((due(lead)?, lead.clone()))).collect();
        due.retain(|(token, _)| token.at <= query.now);
        due.sort_by_key(|(token, _)| (token.at, token.key));
        let total = u64::try_from(due.len()).unwrap_or(u64::MAX);
        if let Some(after) = query.after {
            due.retain(|(token, _)| (token.at, token.key) > (after.at, after.key));
        }
        let more = due.len() > query.limit;
        due.truncate(query.limit);
        let next = due.last().filter(|_| more).map(|(token, _)| *token);
        let leads = due.into_iter().map(|(_, lead)| Lead { hits: Vec::new(), ..lead }).collect();
        Ok(LeadPage { leads, total, next })
    }
}
