//! Leads with their past, in memory. Invariant: as the trait says; they are copied under one lock.

use super::ledger::MemoryLedger;
use crate::domain::{SiteNo, Timestamp};
use crate::leads::{Lead, Transition};
use crate::storage::{Acted, EachHistory, Histories, StoreError};
use std::cmp::Reverse;

impl Histories for MemoryLedger {
    fn histories(&self, site: SiteNo, acted: Acted, each: EachHistory<'_>) -> Result<(), StoreError> {
        let state = self.state().clone();
        let mut found: Vec<(Timestamp, Lead, Vec<Transition>)> = Vec::new();
        let leads = state.leads.values().filter(|lead| lead.site == site);
        for lead in leads.filter(|lead| !state.restrictions.contains_key(&lead.key)) {
            let of_lead = |of: &&Transition| of.lead == lead.key && of.site == site;
            let transitions: Vec<Transition> = state.transitions.iter().filter(of_lead).cloned().collect();
            let newest = transitions.iter().filter(|of| of.by_people()).map(|of| of.at).max();
            let moment = match acted {
                Acted::ByPeople => newest,
                Acted::ByNobody => Some(lead.last_seen).filter(|_| newest.is_none()),
            };
            let lead = Lead { touches: Vec::new(), overrides: state.overrides(lead.key), ..lead.clone() };
            found.extend(moment.map(|moment| (moment, lead, transitions)));
        }
        found.sort_by_key(|(moment, lead, _)| Reverse((*moment, lead.key)));
        for (_, lead, transitions) in found {
            if each(lead, transitions).is_break() {
                break;
            }
        }
        Ok(())
    }
}
