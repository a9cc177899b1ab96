//! Which counts a visit, a lead and an MQL are in. Invariant: what is counted and what is taken back go by the
//! same functions, so that taking back leaves the counts of everybody else.

use super::rights::TELLING;
use super::{Attribution, Remade, RollupDelta, RollupKey};
use crate::domain::{Date, RuleId, Site, Thousandths, Timestamp};
use crate::leads::{Dimension, Lead, Origin, Touched, Transition, rules_in, share};
use std::collections::BTreeMap;

/// Counts to add, by group.
pub type Rollups = BTreeMap<RollupKey, RollupDelta>;

/// Adds `delta` to every group of an origin.
pub fn count(
    rollups: &mut Rollups,
    site: &Site,
    at: Timestamp,
    attribution: Attribution,
    origin: &Origin,
    delta: RollupDelta,
) {
    let day = site.zone.date(at);
    for dimension in Dimension::ALL.into_iter().filter(|dimension| *dimension != Dimension::Rule) {
        add(rollups, site, day, attribution, dimension, origin.key(dimension), delta);
    }
}

/// Counts a lead that became known at `at`, `times` over; its first touch is its last one, too.
pub fn count_lead(rollups: &mut Rollups, site: &Site, at: Timestamp, origin: &Origin, times: i64) {
    let delta = RollupDelta { leads: times, ..RollupDelta::default() };
    for attribution in [Attribution::First, Attribution::Last] {
        count(rollups, site, at, attribution, origin, delta);
    }
}

/// The origins that get credit for an MQL of the moment `at`, and how much; the credits sum to one.
pub fn credits<'a>(
    attribution: Attribution,
    (first, last): (&'a Origin, &'a Origin),
    touches: &'a [Touched],
    at: Timestamp,
) -> Vec<(&'a Origin, Thousandths)> {
    match attribution.sharing() {
        Some(sharing) => share(sharing, touches, first, at),
        None if attribution == Attribution::Last => vec![(last, Thousandths::ONE)],
        None => vec![(first, Thousandths::ONE)],
    }
}

/// Counts a lead that became an MQL at `at` by these rules, `times` over.
pub fn count_mql(
    rollups: &mut Rollups,
    site: &Site,
    at: Timestamp,
    lead: &Lead,
    rules: &[RuleId],
    times: i64,
) {
    for attribution in Attribution::OF_LEADS {
        let mqls =
            |credit: Thousandths| times * credit.get() * attribution.per_mql() / Thousandths::ONE.get();
        let delta = |credit| RollupDelta { mqls: mqls(credit), ..RollupDelta::default() };
        for (origin, credit) in credits(attribution, (&lead.first, &lead.last), &lead.touches, at) {
            count(rollups, site, at, attribution, origin, delta(credit));
        }
        // Each rule has its part in all of it, whichever way the lead came.
        for rule in rules {
            let whole = delta(Thousandths::ONE);
            add(rollups, site, site.zone.date(at), attribution, Dimension::Rule, rule.as_str(), whole);
        }
    }
}

/// What takes a lead out of the counts again.
pub(super) fn taken_back(site: &Site, lead: &Lead, transitions: &[Transition]) -> Rollups {
    let mut rollups = Rollups::new();
    count_lead(&mut rollups, site, lead.known_at, &lead.first, -1);
    // Who qualifies anew was counted the first time.
    let first = |transition: &&Transition| {
        transition.to == crate::domain::Stage::Mql
            && lead.qualified.as_ref().is_some_and(|qualified| qualified.at == transition.at)
    };
    if let Some(transition) = transitions.iter().find(first) {
        let rules = rules_in(&transition.lines);
        count_mql(&mut rollups, site, transition.at, lead, &rules, -1);
    }
    rollups
}

fn add(
    rollups: &mut Rollups,
    site: &Site,
    day: Date,
    attribution: Attribution,
    dimension: Dimension,
    key: &str,
    delta: RollupDelta,
) {
    let key = RollupKey { site: site.no, day, attribution, dimension, key: key.to_owned() };
    let total = rollups.entry(key).or_default();
    total.visits += delta.visits;
    total.leads += delta.leads;
    total.mqls += delta.mqls;
}

/// The counts of visits that could tell the way of the lead, when no more are left in one than were its own.
pub(super) fn telling(site: &Site, made: &Remade, lead: Option<&Lead>) -> BTreeMap<RollupKey, i64> {
    let mut ways: Vec<(Date, &Origin)> = made.ways.iter().map(|(day, origin)| (*day, origin)).collect();
    if let Some(lead) = lead {
        let qualified = lead.qualified.as_ref().map(|qualified| qualified.at);
        for at in [Some(lead.first_seen), Some(lead.known_at), qualified].into_iter().flatten() {
            ways.extend([&lead.first, &lead.last].map(|origin| (site.zone.date(at), origin)));
        }
        ways.extend(lead.touches.iter().map(|touch| (site.zone.date(touch.at), &touch.origin)));
    }
    let cells = |(day, origin): (Date, &Origin)| {
        TELLING.map(|dimension| RollupKey {
            site: site.no,
            day,
            attribution: Attribution::Visit,
            dimension,
            key: origin.key(dimension).to_owned(),
        })
    };
    let own = |cell: RollupKey| {
        let visits = made.visits.get(&cell).map_or(1, |delta| delta.visits.max(1));
        (cell, visits)
    };
    ways.into_iter().flat_map(cells).filter(|cell| !cell.key.is_empty()).map(own).collect()
}
