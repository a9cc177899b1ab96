//! What somebody selects to be voided. Invariant: an event is selected by what is stored of it and by the way of its
//! visit, as the scorer saw that visit; reading changes nothing.

use crate::domain::{
    Channel, Cursor, Date, Event, EventName, Invalid, LeadKey, Only, Selection, Site, Text, Timestamp, Touch,
    Trust, VISIT_MS, VisitorId,
};
use crate::jobs::fold::{FORGET_MS, begins_anew, origin_of};
use crate::leads::Visit;
use crate::scoring::Glob;
use crate::storage::{EventStore, Ledger, Logged, Mark, Places, Sought, StoreError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Events of one read.
const RUN: usize = 5_000;
/// Leads of one read.
const LEADS: usize = 500;
/// So often visits that are over are forgotten, in events.
const SWEEP: usize = 100_000;

/// How many leads or MQLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Touched {
    /// Those of which nothing else is known: they go.
    pub go: u64,
    /// Those of which something stays: they are scored without the rest.
    pub scored_anew: u64,
}

/// What is selected of one day and channel. Each visitor and lead is counted where its first selected event is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The local date.
    pub day: Date,
    /// The channel of the visits.
    pub channel: Channel,
    /// Events.
    pub events: u64,
    /// Pseudonyms of a day.
    pub visitors: u64,
    /// Leads that go.
    pub leads: u64,
    /// Of these, those that became MQLs.
    pub mqls: u64,
}

/// What a void takes out, or would.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Picked {
    /// Events.
    pub events: u64,
    /// Pseudonyms of a day.
    pub visitors: u64,
    /// Leads.
    pub leads: Touched,
    /// Those of them that became MQLs.
    pub mqls: Touched,
    /// Those that go and that people said something of: a stage, an override.
    pub worked_on: u64,
    /// Visits of days before this one stay counted: their events are past their time.
    pub visits_stay_before: Option<Date>,
    /// By day, then by channel.
    pub rows: Vec<Row>,
    /// Where they are in the log.
    #[serde(skip)]
    pub(super) places: Vec<Places>,
}

/// A selection, ready to be compared with.
struct Chosen<'a> {
    selection: &'a Selection,
    path: Option<Glob>,
}

fn is<const N: usize>(wanted: Option<&Text<N>>, found: Option<&Text<N>>) -> bool {
    wanted.is_none_or(|wanted| found.is_some_and(|found| same(wanted.as_str(), found.as_str())))
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

impl Chosen<'_> {
    fn covers(&self, event: &Event, way: &Touch) -> bool {
        let Selection { from, to, only } = self.selection;
        let Only {
            channel,
            source,
            medium,
            campaign,
            referrer,
            path: _,
            event: name,
            country,
            browser,
            unverified,
        } = only;
        (*from..*to).contains(&event.at)
            && channel.is_none_or(|channel| channel == way.channel)
            && is(source.as_ref(), way.source.as_ref())
            && is(medium.as_ref(), way.medium.as_ref())
            && is(campaign.as_ref(), way.campaign.as_ref())
            && is(referrer.as_ref(), way.referrer.as_ref())
            && self.path.as_ref().is_none_or(|path| path.matches(event.path.as_str()))
            && name.as_ref().is_none_or(|name| same(name.as_str(), event.name.as_str()))
            && is(country.as_ref(), event.place.country.as_ref())
            && is(browser.as_ref(), event.agent.browser.as_ref())
            && (!*unverified || event.trust == Trust::Unverified)
    }
}

/// The visits of the time that is read, as the scorer tells them apart.
#[derive(Default)]
struct Ways {
    visits: HashMap<VisitorId, Visit>,
    seen: usize,
}

impl Ways {
    /// How the visit of an event came.
    fn of(&mut self, event: &Event) -> Touch {
        let Some(visitor) = event.visitor else { return origin_of(event, None).touch };
        self.seen += 1;
        if self.seen.is_multiple_of(SWEEP) {
            self.visits.retain(|_, visit| event.at.millis() - visit.last_at.millis() < FORGET_MS);
        }
        let known = self.visits.get_mut(&visitor);
        let late = known.is_none() && event.name.as_str() == EventName::ENGAGEMENT;
        if let Some(visit) = known {
            if !begins_anew(visit, event) {
                visit.last_at = visit.last_at.max(event.at);
                return visit.origin.touch.clone();
            }
            visit.origin = origin_of(event, Some(&visit.origin.touch));
            (visit.started_at, visit.last_at) = (event.at, visit.last_at.max(event.at));
            return visit.origin.touch.clone();
        }
        let origin = origin_of(event, None);
        let touch = origin.touch.clone();
        let last_at = if late { event.at.plus_millis(-VISIT_MS - 1) } else { event.at };
        let visit = Visit {
            visitor,
            site: event.site,
            started_at: event.at,
            last_at,
            origin,
            lead: None,
            proven: false,
            hits: Vec::new(),
        };
        self.visits.insert(visitor, visit);
        touch
    }
}

type Cell = (Date, Channel);

/// What is found while the log is read.
#[derive(Default)]
struct Finding {
    places: Vec<Places>,
    events: BTreeMap<Cell, u64>,
    visitors: HashMap<VisitorId, Cell>,
    leads: BTreeMap<LeadKey, Cell>,
    /// Leads of which something stays.
    stay: HashSet<LeadKey>,
    /// Pseudonyms under which leads did something that stays.
    tied: HashSet<(LeadKey, VisitorId)>,
}

impl Finding {
    fn take(&mut self, place: Cursor, event: &Event, cell: Cell) {
        match self.places.last_mut() {
            Some((_, last)) if last.raw() + 1 == place.raw() => *last = place,
            _ => self.places.push((place, place)),
        }
        *self.events.entry(cell).or_default() += 1;
        if let Some(visitor) = event.visitor {
            self.visitors.entry(visitor).or_insert(cell);
        }
        if let Some(lead) = event.lead {
            self.leads.entry(lead).or_insert(cell);
        }
    }

    fn leave(&mut self, event: &Event) {
        if let Some(lead) = event.lead {
            self.stay.insert(lead);
            self.tied.extend(event.visitor.map(|visitor| (lead, visitor)));
        }
    }
}

/// Reads the log for what a selection means.
///
/// # Errors
/// When storage fails; inside, what is wrong with the selection.
pub(super) fn pick(
    events: &dyn EventStore,
    ledger: &dyn Ledger,
    site: &Site,
    selection: &Selection,
    now: Timestamp,
) -> Result<Result<Picked, Invalid>, StoreError> {
    let path = selection.only.path.as_ref().map(|path| Glob::path(path.as_str())).transpose();
    let chosen = match (selection.check(now), path) {
        (Ok(()), Ok(path)) => Chosen { selection, path },
        (Err(wrong), _) | (_, Err(wrong)) => return Ok(Err(wrong)),
    };
    let sought = Sought { site: site.no, from: selection.from.plus_millis(-FORGET_MS), to: selection.to };
    let (mut finding, mut ways, mut after) = (Finding::default(), Ways::default(), Cursor::default());
    let end = events.head()?;
    loop {
        let run = events.seek(&sought, after, RUN)?;
        let voided = ledger.voided(&run.iter().map(|logged| logged.cursor).collect::<Vec<_>>(), None)?;
        for Logged { cursor, event } in run.iter().take_while(|logged| logged.cursor <= end) {
            let way = ways.of(event);
            if chosen.covers(event, &way) {
                finding.take(*cursor, event, (site.zone.date(event.at), way.channel));
            } else if !voided.contains(cursor) {
                finding.leave(event);
            }
        }
        match run.last() {
            Some(last) if run.len() == RUN && last.cursor <= end => after = last.cursor,
            _ => break,
        }
    }
    sum(ledger, site, finding).map(Ok)
}

fn sum(ledger: &dyn Ledger, site: &Site, finding: Finding) -> Result<Picked, StoreError> {
    let mut rows: BTreeMap<Cell, Row> = BTreeMap::new();
    let empty = |(day, channel): Cell| Row { day, channel, events: 0, visitors: 0, leads: 0, mqls: 0 };
    for (cell, events) in &finding.events {
        rows.entry(*cell).or_insert_with(|| empty(*cell)).events += events;
    }
    for cell in finding.visitors.values() {
        rows.entry(*cell).or_insert_with(|| empty(*cell)).visitors += 1;
    }
    let by_pseudonym = finding.tied.iter().filter(|(_, visitor)| finding.visitors.contains_key(visitor));
    let concerned: BTreeSet<LeadKey> =
        finding.leads.keys().copied().chain(by_pseudonym.map(|(lead, _)| *lead)).collect();
    let said = ledger.seed(site.no, Mark::default())?;
    let given = said.overrides.iter().flatten().map(|(lead, _)| *lead);
    let worked: BTreeSet<LeadKey> = said.people.iter().map(|change| change.lead).chain(given).collect();
    let mut picked = Picked {
        events: finding.events.values().sum(),
        visitors: u64::try_from(finding.visitors.len()).unwrap_or(u64::MAX),
        visits_stay_before: site.counted_from,
        places: finding.places,
        ..Picked::default()
    };
    for keys in Vec::from_iter(concerned).chunks(LEADS) {
        for (key, lead) in ledger.load(&[], keys)?.leads {
            let goes = finding.leads.get(&key).filter(|_| !finding.stay.contains(&key));
            let is_mql = u64::from(lead.qualified.is_some());
            let Some(cell) = goes else {
                picked.leads.scored_anew += 1;
                picked.mqls.scored_anew += is_mql;
                continue;
            };
            picked.leads.go += 1;
            picked.mqls.go += is_mql;
            picked.worked_on += u64::from(worked.contains(&key));
            let row = rows.entry(*cell).or_insert_with(|| empty(*cell));
            row.leads += 1;
            row.mqls += is_mql;
        }
    }
    picked.rows = rows.into_values().collect();
    Ok(picked)
}
