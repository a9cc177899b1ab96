//! How far consent went, by day. Invariant: counts only, and each is of what the collector decided itself: a
//! stored event is counted under its rung once, a suppressed visit under the signal that asked for it.

use crate::domain::{Date, Outcome, Rung, Site, SitePolicy};
use crate::http::auth::Auditing;
use crate::http::blocking::blocking;
use crate::http::error::Problem;
use crate::http::private::private;
use crate::http::reports;
use crate::http::state::State;
use crate::ingest;
use crate::storage::{Counted, DayCount, OutcomeQuery};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which site, and which days.
#[derive(Deserialize)]
pub(in crate::http) struct Query {
    site: String,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    site: String,
    from: Date,
    to: Date,
    #[serde(flatten)]
    counts: Counts,
    policy: Policy,
    days: Vec<Day>,
}

#[derive(Serialize)]
struct Policy {
    version: u32,
    #[serde(flatten)]
    policy: SitePolicy,
}

#[derive(Serialize, Default)]
struct Counts {
    stored: Vec<Stored>,
    suppressed: Vec<Suppressed>,
    dropped: Vec<Dropped>,
    identity_dropped: u64,
    identity_limited: u64,
    identity_unproven: u64,
    consent_capped: u64,
    redacted: u64,
    property_dropped: u64,
}

#[derive(Serialize)]
struct Stored {
    rung: &'static str,
    signal: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct Suppressed {
    signal: String,
    count: u64,
}

#[derive(Serialize)]
struct Dropped {
    reason: String,
    count: u64,
}

#[derive(Serialize)]
struct Day {
    day: Date,
    #[serde(flatten)]
    counts: DayCounts,
}

#[derive(Serialize, Default, Clone, Copy)]
struct DayCounts {
    unset: u64,
    measured: u64,
    qualified: u64,
    suppressed: u64,
}

/// `GET /api/v1/audit/consent`
pub(in crate::http) async fn show(
    _: Auditing,
    query: web::Query<Query>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = reports::site(&state, &query.site)?;
    let today = site.zone.date(state.clock.now());
    let (from, to) = reports::period(query.from.as_ref(), query.to.as_ref(), today)?;
    let asked = OutcomeQuery { site: site.no, from, to };
    let counted = blocking(move || state.events.daily(&asked)).await?;
    let shown = shown(&site, from, to, &counted);
    Ok(private().json(shown))
}

fn shown(site: &Site, from: Date, to: Date, counted: &[DayCount]) -> Shown {
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    let every_day = (from.days()..=to.days()).map(|day| (Date::from_days(day), DayCounts::default()));
    let mut days: BTreeMap<Date, DayCounts> = every_day.collect();
    for DayCount { day, word, count } in counted {
        *totals.entry(word).or_default() += count;
        let Some(day) = days.get_mut(day) else { continue };
        if word.starts_with(Outcome::SUPPRESSED) {
            day.suppressed += count;
        }
        match Counted::consent(word).map(|consent| consent.rung) {
            Some(Rung::Unset) => day.unset += count,
            Some(Rung::Measured) => day.measured += count,
            Some(Rung::Qualified) => day.qualified += count,
            Some(Rung::Denied) | None => {}
        }
    }
    Shown {
        site: site.id.to_string(),
        from,
        to,
        counts: counts(totals),
        policy: Policy { version: site.policy_version, policy: site.policy.clone() },
        days: days.into_iter().map(|(day, counts)| Day { day, counts }).collect(),
    }
}

/// Most frequent first; what occurs as often, by its word.
fn counts(totals: BTreeMap<&str, u64>) -> Counts {
    let mut totals: Vec<(&str, u64)> = totals.into_iter().collect();
    totals.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut counts = Counts::default();
    for (word, count) in totals {
        if let Some(consent) = Counted::consent(word) {
            counts.stored.push(Stored { rung: consent.rung.name(), signal: consent.signal.name(), count });
        } else if let Some(signal) = word.strip_prefix(Outcome::SUPPRESSED) {
            counts.suppressed.push(Suppressed { signal: signal.to_owned(), count });
        } else if let Some(reason) = word.strip_prefix(Outcome::DROPPED) {
            counts.dropped.push(Dropped { reason: reason.to_owned(), count });
        } else {
            match word {
                ingest::IDENTITY_DROPPED => counts.identity_dropped = count,
                ingest::IDENTITY_LIMITED => counts.identity_limited = count,
                ingest::IDENTITY_UNPROVEN => counts.identity_unproven = count,
                ingest::CONSENT_CAPPED => counts.consent_capped = count,
                "redacted" => counts.redacted = count,
                "property_dropped" => counts.property_dropped = count,
                // Stored and duplicate: the first is the sum of the rungs.
                _ => {}
            }
        }
    }
    counts
}
