//! The event log in memory. Invariant: an append is whole before the next begins.

use crate::domain::{
    Cursor, Date, Event, EventId, LeadKey, Outcome, Signal, SiteNo, Timestamp, Trust, VisitorId,
};
use crate::storage::{
    Append, Appended, Batch, Census, Counted, CountedTable, DayCount, Doorbell, EraseEvents, ErasedEvents,
    EventStore, Logged, OutcomeCount, OutcomeQuery, Prune, Selector, Sought, StoreError,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct Log {
    last: i64,
    events: BTreeMap<i64, Event>,
    known: HashSet<EventId>,
    outcomes: BTreeMap<(SiteNo, Date, Counted), u64>,
}

impl Log {
    /// The pseudonyms of a lead's events.
    fn visitors_of(&self, lead: LeadKey) -> BTreeSet<VisitorId> {
        self.events
            .values()
            .filter(|event| event.lead == Some(lead))
            .filter_map(|event| event.visitor)
            .collect()
    }
}

/// The event log in memory.
#[derive(Default)]
pub struct MemoryEvents {
    log: Mutex<Log>,
    doorbell: Arc<Doorbell>,
}

impl MemoryEvents {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Census for MemoryEvents {
    /// Nothing is stored: it is gone with the process.
    fn census(&self) -> Result<Vec<CountedTable>, StoreError> {
        Ok(Vec::new())
    }
}

impl EventStore for MemoryEvents {
    fn append(&self, batch: Batch) -> Append {
        let mut log = self.log();
        let mut appended = Appended::default();
        for (event, day) in batch.events {
            let outcome = if log.known.insert(event.id) {
                appended.stored += 1;
                Outcome::Stored
            } else {
                appended.duplicates += 1;
                Outcome::Duplicate
            };
            for counted in Counted::of(&event, outcome) {
                *log.outcomes.entry((event.site, day, counted)).or_default() += 1;
            }
            if outcome == Outcome::Stored {
                log.last += 1;
                let seq = log.last;
                log.events.insert(seq, event);
            }
        }
        for tally in batch.tallies {
            let counted = Counted::Reason(tally.reason);
            *log.outcomes.entry((tally.site, tally.day, counted)).or_default() += 1;
        }
        drop(log);
        self.doorbell.ring();
        Box::pin(std::future::ready(Ok(appended)))
    }

    fn scan(&self, after: Cursor, limit: usize) -> Result<Vec<Logged>, StoreError> {
        let after = after.raw().saturating_add(1);
        let logged =
            |(seq, event): (&i64, &Event)| Logged { cursor: Cursor::from_raw(*seq), event: event.clone() };
        Ok(self.log().events.range(after..).take(limit).map(logged).collect())
    }

    fn seek(&self, sought: &Sought, after: Cursor, limit: usize) -> Result<Vec<Logged>, StoreError> {
        let is_sought = |event: &Event| {
            let in_time = (sought.from..sought.to).contains(&event.at);
            event.site == sought.site && (in_time || event.lead.is_some())
        };
        let mut found = self.scan(after, usize::MAX)?;
        found.retain(|logged| is_sought(&logged.event));
        found.truncate(limit);
        Ok(found)
    }

    fn has_up_to(&self, site: SiteNo, place: Cursor) -> Result<bool, StoreError> {
        Ok(self.log().events.range(..=place.raw()).any(|(_, event)| event.site == site))
    }

    fn head(&self) -> Result<Cursor, StoreError> {
        Ok(Cursor::from_raw(self.log().events.last_key_value().map_or(0, |(seq, _)| *seq)))
    }

    fn report(&self, query: &OutcomeQuery) -> Result<Vec<OutcomeCount>, StoreError> {
        let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
        for ((site, day, counted), count) in &self.log().outcomes {
            if let Counted::Reason(reason) = counted
                && *site == query.site
                && (query.from..=query.to).contains(day)
            {
                *by_reason.entry(reason).or_default() += count;
            }
        }
        let mut counts: Vec<_> = by_reason
            .into_iter()
            .map(|(reason, count)| OutcomeCount { reason: reason.to_owned(), count })
            .collect();
        counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
        Ok(counts)
    }

    fn daily(&self, query: &OutcomeQuery) -> Result<Vec<DayCount>, StoreError> {
        let asked = |site: SiteNo, day: Date| site == query.site && (query.from..=query.to).contains(&day);
        let mut counts: Vec<DayCount> = self
            .log()
            .outcomes
            .iter()
            .filter(|((site, day, _), _)| asked(*site, *day))
            .map(|((_, day, counted), count)| DayCount {
                day: *day,
                word: counted.word().into_owned(),
                count: *count,
            })
            .collect();
        counts.sort_by(|a, b| (a.day, &a.word).cmp(&(b.day, &b.word)));
        Ok(counts)
    }

    fn erase(&self, selector: &Selector) -> Result<u64, StoreError> {
        let mut log = self.log();
        let before = log.events.len();
        log.events.retain(|seq, event| match selector {
            Selector::Lead(key) => event.lead != Some(*key),
            Selector::LeadBefore(key, before) => event.lead != Some(*key) || event.at >= *before,
            Selector::Unproven(key, up_to) => {
                event.lead != Some(*key) || event.trust == Trust::Vouched || *seq > up_to.raw()
            }
            Selector::Visitor(id) => event.visitor != Some(*id),
        });
        Ok(u64::try_from(before - log.events.len()).unwrap_or(u64::MAX))
    }

    fn prune(&self, prune: &Prune, dry_run: bool) -> Result<u64, StoreError> {
        let goes = |seq: i64, event: &Event| {
            event.site == prune.site
                && event.lead.is_none()
                && event.at < prune.before
                && seq <= prune.up_to.raw()
        };
        let mut log = self.log();
        let count = log.events.iter().filter(|(seq, event)| goes(**seq, event)).count();
        if !dry_run {
            log.events.retain(|seq, event| !goes(*seq, event));
        }
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    fn prune_outcomes(&self, site: SiteNo, before: Date, dry_run: bool) -> Result<u64, StoreError> {
        let goes = |no: SiteNo, day: Date| no == site && day < before;
        let mut log = self.log();
        let count = log.outcomes.keys().filter(|(no, day, _)| goes(*no, *day)).count();
        if !dry_run {
            log.outcomes.retain(|(no, day, _), _| !goes(*no, *day));
        }
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    fn silent_leads(&self, site: SiteNo, before: Timestamp) -> Result<Vec<LeadKey>, StoreError> {
        let mut newest: BTreeMap<LeadKey, Timestamp> = BTreeMap::new();
        for event in self.log().events.values().filter(|event| event.site == site) {
            if let Some(lead) = event.lead {
                let at = newest.entry(lead).or_insert(event.at);
                *at = (*at).max(event.at);
            }
        }
        Ok(newest.into_iter().filter(|(_, at)| *at < before).map(|(lead, _)| lead).collect())
    }

    fn drop_unused(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn visitors_since(&self, since: Timestamp) -> Result<Vec<(VisitorId, Timestamp)>, StoreError> {
        let mut newest: BTreeMap<VisitorId, Timestamp> = BTreeMap::new();
        for event in self.log().events.values().filter(|event| event.at >= since) {
            if let Some(visitor) = event.visitor {
                let at = newest.entry(visitor).or_insert(event.at);
                *at = (*at).max(event.at);
            }
        }
        Ok(newest.into_iter().collect())
    }

    fn backup(&self, _: &Path) -> Result<(), StoreError> {
        Err(StoreError::Failed("what is in memory only has no copy".to_owned()))
    }

    fn events_of(&self, lead: LeadKey) -> Result<Vec<Logged>, StoreError> {
        let log = self.log();
        let visitors = log.visitors_of(lead);
        let of_them = |event: &Event| {
            event.lead == Some(lead) || event.visitor.is_some_and(|visitor| visitors.contains(&visitor))
        };
        let logged =
            |(seq, event): (&i64, &Event)| Logged { cursor: Cursor::from_raw(*seq), event: event.clone() };
        Ok(log.events.iter().filter(|(_, event)| of_them(event)).map(logged).collect())
    }

    fn erase_person(&self, order: &EraseEvents) -> Result<ErasedEvents, StoreError> {
        let mut log = self.log();
        let visitors = log.visitors_of(order.lead);
        let mut erased =
            ErasedEvents { visitors: visitors.iter().copied().collect(), ..ErasedEvents::default() };
        let mut events = log.events.clone();
        events.retain(|_, event| {
            let linked = event.visitor.is_some_and(|visitor| visitors.contains(&visitor));
            let (goes, counter) = match event.lead {
                Some(lead) if lead == order.lead => {
                    let unproven = order.unproven && event.trust != Trust::Vouched;
                    let goes = !order.consented_only || event.signal != Signal::Policy || unproven;
                    (goes, &mut erased.events)
                }
                Some(_) => {
                    erased.unlinked += u64::from(linked);
                    (false, &mut erased.same_pseudonym)
                }
                None => (linked, &mut erased.same_pseudonym),
            };
            if linked {
                event.visitor = None;
            }
            *counter += u64::from(goes);
            !goes
        });
        if !order.dry_run {
            log.events = events;
        }
        Ok(erased)
    }

    fn compact(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn settle(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn doorbell(&self) -> Arc<Doorbell> {
        Arc::clone(&self.doorbell)
    }
}
