//! Tests of the scorer. Invariant: whatever cuts, crashes or rivals a log is folded through, the ledger
//! ends as if it had been folded at once.

mod anomalies;
mod asking;
mod attribution;
mod crash;
mod crashing;
mod cuts;
mod disturbed;
mod erased;
mod lifecycle;
mod linking;
mod medley;
mod mixed;
mod oracle;
mod outcomes;
mod overdue;
mod overrides;
mod past;
mod predictions;
mod proven;
mod publish;
mod published;
mod replay;
mod retention;
mod simulated;
mod streaming;
mod told;
mod touches;
mod visits;
mod voids;

use super::score::{Scorer, profile};
use crate::domain::cases;
use crate::domain::{
    Channel, Cursor, Date, EmailDomain, Event, EventId, EventName, LeadKey, Place, Rung, Signal, SiteId,
    SiteNo, SitePolicy, Text, Timestamp, Touch, Trust, VisitorId, Zone,
};
use crate::leads::{Dimension, Lead, Transition, Visit};
use crate::scoring::Model;
use crate::storage::memory::{MemoryEvents, MemoryLedger};
use crate::storage::{
    Attribution, Batch, EventStore, LeadQuery, Ledger, NewSite, ReportQuery, ReportRows, Reports, Scores,
    Sites,
};
use proptest::prelude::*;
use std::sync::Arc;

/// A threshold that random logs reach, with each kind of repetition and a gate.
const MODEL: &str = r#"
name = "Test"
[mql]
total_gte = 30
[[group]]
id = "does"
label = "Does"
axis = "engagement"
decay = { kind = "step", steps = [{ after_days = 1, percent = 50 }] }
[[group]]
id = "is"
label = "Is"
axis = "fit"
[[rule]]
id = "demo"
label = "Demo"
group = "does"
event = "demo_request"
points = 20
[[rule]]
id = "page"
label = "Page"
group = "does"
event = "pageview"
points = 2
repeat = "per_value"
per = { field = "path" }
cap = 6
[[rule]]
id = "read"
label = "Read"
group = "does"
event = "engagement"
points = 3
repeat = "every"
[[attribute]]
id = "size"
label = "Size"
group = "is"
attribute = "size"
bands = [{ gte = 100, points = 9 }]
[[disqualifier]]
id = "applied"
label = "Applied"
event = "job_application"
"#;

/// The same events, other points.
const OTHER: &str = r#"
name = "Other"
[mql]
total_gte = 12
[[group]]
id = "does"
label = "Does"
axis = "engagement"
[[rule]]
id = "read"
label = "Read"
group = "does"
event = "engagement"
points = 6
repeat = "every"
[[rule]]
id = "anything"
label = "Anything"
group = "does"
points = 1
event = "*"
repeat = "per_day"
"#;

fn model(text: &str) -> Arc<Model> {
    Arc::new(Model::parse(text).unwrap_or_else(|error| panic!("{error}")))
}

/// The morning of a winter's day, local time and UTC on the same date.
fn morning() -> Timestamp {
    Timestamp::parse("2026-11-20T08:00:00Z").expect("valid")
}

/// So many minutes after that.
fn minute(minutes: i64) -> Timestamp {
    morning().plus_millis(minutes * 60_000)
}

fn visitor(number: u8) -> VisitorId {
    VisitorId::from_bytes([number; 16])
}

fn lead_key(number: u8) -> LeadKey {
    LeadKey::from_bytes([number; 16])
}

fn touch(channel: Channel, source: &str) -> Touch {
    Touch { channel, source: Text::non_empty(source), ..Touch::DIRECT }
}

fn email() -> Option<Touch> {
    Some(touch(Channel::Email, "newsletter"))
}

/// What visitor 1 did on site 1.
fn event(name: &str, path: &str, at: Timestamp) -> Event {
    Event {
        name: EventName::parse(name).expect("valid"),
        rung: Rung::Measured,
        signal: Signal::Tag,
        visitor: Some(visitor(1)),
        path: Text::clean(path),
        ..Event::for_test(at)
    }
}

/// The same, by somebody who said who they are.
fn known(number: u8, event: Event) -> Event {
    Event { lead: Some(lead_key(number)), rung: Rung::Qualified, domain: Some(EmailDomain::Free), ..event }
}

/// The same, with a proof of the site's own server.
fn proven(number: u8, event: Event) -> Event {
    Event { trust: Trust::Vouched, ..known(number, event) }
}

/// Gives each event an id by its place.
fn numbered(events: Vec<Event>) -> Vec<Event> {
    let with_id =
        |(number, event): (u128, Event)| Event { id: EventId::from_bytes(number.to_be_bytes()), ..event };
    (1..).zip(events).map(with_id).collect()
}

/// Two sites: 1 links what a pseudonym did that day, 2 does not. Site 3 is not there.
fn sites(ledger: &dyn Sites) {
    for (id, link_same_day) in [("a.example", true), ("b.example", false)] {
        let zone = Zone::parse("Europe/Berlin").expect("known");
        let policy = SitePolicy { link_same_day, ..SitePolicy::default() };
        ledger.put_site(NewSite { id: SiteId::parse(id).expect("valid"), zone, policy }).expect("puts");
    }
}

/// A log and a ledger.
struct World {
    events: Arc<MemoryEvents>,
    ledger: Arc<MemoryLedger>,
}

impl World {
    fn new() -> Self {
        let ledger = MemoryLedger::default();
        sites(&ledger);
        Self { events: Arc::default(), ledger: Arc::new(ledger) }
    }

    /// A world in which `events` have been folded at once.
    fn after(events: Vec<Event>) -> Self {
        let world = Self::new();
        world.append(&numbered(events));
        world.score(MODEL);
        world
    }

    fn append(&self, events: &[Event]) {
        let events = events.iter().map(|event| (event.clone(), Date::from_days(0))).collect();
        // In memory the answer is there at once.
        drop(self.events.append(Batch { events, tallies: Vec::new() }));
    }

    fn scorer(&self, text: &str) -> Scorer {
        Scorer::new(self.events.clone(), self.ledger.clone(), model(text))
    }

    /// A scorer that has just been started scores what there is; answers how much that was.
    fn score(&self, text: &str) -> usize {
        self.scorer(text).catch_up().expect("scores")
    }

    fn lead(&self, number: u8) -> Lead {
        let found = [1, 2]
            .into_iter()
            .find_map(|site| self.ledger.lead(SiteNo::new(site), lead_key(number)).expect("reads"));
        found.expect("there is such a lead")
    }

    fn transitions(&self, lead: &Lead) -> Vec<Transition> {
        self.ledger.transitions(lead.site, lead.key).expect("reads")
    }

    fn visit(&self, number: u8) -> Option<Visit> {
        self.ledger.load(&[visitor(number)], &[]).expect("loads").visits.remove(&visitor(number))
    }

    fn report(&self, site: u32, by: Dimension, attribution: Attribution) -> ReportRows {
        let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
        self.ledger
            .report(&ReportQuery { site: SiteNo::new(site), from, to, by, attribution })
            .expect("reports")
    }

    /// Visits by channel.
    fn visits(&self) -> Vec<(String, i64)> {
        let rows = self.report(1, Dimension::Channel, Attribution::First).rows;
        rows.into_iter().filter(|row| row.counts.visits > 0).map(|row| (row.key, row.counts.visits)).collect()
    }

    fn snapshot(&self) -> Snapshot {
        snapshot(self.ledger.as_ref())
    }
}

/// All that follows from events but the visits, which are forgotten by the hour and so by the cut.
#[derive(Debug, PartialEq)]
struct Snapshot {
    cursor: Option<Cursor>,
    leads: Vec<Lead>,
    transitions: Vec<Vec<Transition>>,
    reports: Vec<ReportRows>,
}

fn snapshot(ledger: &dyn Ledger) -> Snapshot {
    let mut leads = Vec::new();
    let mut reports = Vec::new();
    for site in [1, 2, 3].map(SiteNo::new) {
        let query = LeadQuery {
            site,
            mqls: false,
            stage: None,
            from: None,
            before: None,
            channel: None,
            attribution: Attribution::First,
            limit: usize::MAX,
            after: None,
        };
        let listed = ledger.leads(&query).expect("lists").leads;
        leads
            .extend(listed.iter().map(|lead| ledger.lead(site, lead.key).expect("reads").expect("is there")));
        for by in Dimension::ALL {
            for attribution in Attribution::OF_LEADS {
                let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
                reports
                    .push(ledger.report(&ReportQuery { site, from, to, by, attribution }).expect("reports"));
            }
        }
    }
    let transitions = leads.iter().map(|lead| ledger.transitions(lead.site, lead.key).expect("reads"));
    let cursor = ledger.progress().expect("reads").map(|(cursor, _)| cursor);
    Snapshot { cursor, transitions: transitions.collect(), leads, reports }
}

/// What somebody may do, three times over.
const DOINGS: [&str; 6] =
    ["pageview", "engagement", "demo_request", "pageview", "engagement", "job_application"];

/// A log of three days: four people on each of three sites, in the order of arrival. Up to `late_most`
/// minutes after it happened an event may arrive; a pseudonym lives for a day of arrival.
fn log(late_most: i64) -> impl Strategy<Value = Vec<Event>> {
    let when = (0..3 * 1_440_i64, prop_oneof![3 => Just(0), 1 => 0..=late_most]);
    let who = (prop_oneof![6 => Just(1_u32), 3 => Just(2), 1 => Just(3)], 0..4_u8);
    let arrival = prop_oneof![
        4 => Just(None),
        2 => Just(Some(Touch::DIRECT)),
        1 => Just(email()),
        1 => Just(Some(touch(Channel::PaidSearch, "google"))),
    ];
    let proof = prop::bool::weighted(0.2);
    let identity = prop::option::weighted(0.25, (0..3_u8, prop::option::of(0..300_u32), proof));
    let what = (prop::sample::select(DOINGS.to_vec()), 0..4_u8);
    let one = (when, who, arrival, identity, what).prop_map(
        |((at, late), (site, person), touch, identity, what)| {
            let number = u8::try_from(site).expect("few") * 16;
            let day = u8::try_from((at + late) / 1_440).expect("few");
            let mut event = Event {
                site: SiteNo::new(site),
                visitor: Some(visitor(number + person * 4 + day)),
                touch,
                place: Place { country: Text::non_empty(["DE", "FR", "", "AT"][usize::from(person)]) },
                ..event(what.0, &format!("/{}", what.1), minute(at))
            };
            if let Some((lead, size, proof)) = identity {
                event = if proof { proven(number + lead, event) } else { known(number + lead, event) };
                event
                    .attributes
                    .extend(size.map(|size| (Text::clean("size"), Text::clean(&size.to_string()))));
            }
            (at + late, event)
        },
    );
    prop::collection::vec(one, 0..60).prop_map(|mut arrivals| {
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        numbered(arrivals.into_iter().map(|(_, event)| event).collect())
    })
}
