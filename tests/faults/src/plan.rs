//! What is sent. Invariant: the same seed makes the same events under the same ids, and what they are worth
//! is known beforehand, visit by visit and lead by lead.

use fastrand::Rng;
use mqlite_tests::{Event, event, pageview, sixty_points};
use std::collections::BTreeMap;

/// Ways to arrive, and the channel of each.
const ARRIVALS: &[(&str, &str, &str)] = &[
    ("?utm_source=google&utm_medium=cpc&utm_campaign=brand", "", "paid_search"),
    ("?utm_source=newsletter&utm_medium=email", "", "email"),
    ("", "https://www.google.com/", "organic_search"),
    ("", "https://www.linkedin.com/", "organic_social"),
    ("", "https://news.example.net/", "referral"),
    ("", "", "direct"),
];

/// Events of one visitor that are sent together, answered before the next ones.
pub(crate) struct Sending {
    pub(crate) address: String,
    pub(crate) events: Vec<Event>,
}

/// Visits, leads and MQLs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visits: i64,
    pub(crate) leads: i64,
    pub(crate) mqls: i64,
}

/// Everything that is sent, and what it comes to.
pub(crate) struct Plan {
    /// What each connection sends, in this order.
    pub(crate) connections: Vec<Vec<Sending>>,
    /// By channel of the first touch.
    pub(crate) channels: BTreeMap<&'static str, Counts>,
    /// Each lead's score in points, by company.
    pub(crate) scores: BTreeMap<String, i64>,
    /// How many events there are.
    pub(crate) events: usize,
}

impl Plan {
    /// So many events by so many connections.
    pub(crate) fn new(seed: u64, events: usize, connections: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut plan = Self {
            connections: (0..connections).map(|_| Vec::new()).collect(),
            channels: BTreeMap::new(),
            scores: BTreeMap::new(),
            events: 0,
        };
        for visitor in 0_usize.. {
            let room = events - plan.events;
            if room == 0 {
                return plan;
            }
            let journey = plan.journey(&mut rng, visitor, room);
            plan.events += journey.len();
            plan.send(&mut rng, visitor, journey);
        }
        plan
    }

    /// One visitor's events: mostly people who look around, some who leave an address, some of them MQLs.
    fn journey(&mut self, rng: &mut Rng, visitor: usize, room: usize) -> Vec<Event> {
        let &(query, referrer, channel) = rng.choice(ARRIVALS).unwrap_or(&ARRIVALS[0]);
        let counts = self.channels.entry(channel).or_default();
        counts.visits += 1;
        let (company, address) = (format!("Company {visitor}"), format!("jo@company{visitor}.com"));
        let mut journey = sixty_points(query, &address, &company);
        let kind = rng.u32(0..100);
        if room < journey.len() || kind < 70 {
            journey = (0..rng.usize(1..=14).min(room)).map(|n| look_around(rng, query, n)).collect();
        } else {
            // With all three mail opens an MQL, with fewer none.
            let opens = if kind < 85 { 3 } else { rng.usize(0..3) };
            journey.truncate(journey.len() - 3 + opens);
            self.scores.insert(company, 51 + 3 * i64::try_from(opens).unwrap_or(0));
            counts.leads += 1;
            counts.mqls += i64::from(opens == 3);
        }
        journey[0] = journey[0].clone().with("r", referrer);
        let id = |rng: &mut Rng| format!("{:032x}", rng.u128(..));
        journey.into_iter().map(|event| event.with("k", id(rng))).collect()
    }

    /// Hands a journey to a connection: one event a request, now and then several.
    fn send(&mut self, rng: &mut Rng, visitor: usize, journey: Vec<Event>) {
        let address = format!("10.{}.{}.1", visitor / 256, visitor % 256);
        let connection = visitor % self.connections.len();
        let mut rest = journey.into_iter().peekable();
        while rest.peek().is_some() {
            let together = if rng.u32(0..20) == 0 { 3 } else { 1 };
            let events = rest.by_ref().take(together).collect();
            self.connections[connection].push(Sending { address: address.clone(), events });
        }
    }
}

fn look_around(rng: &mut Rng, query: &str, n: usize) -> Event {
    match (n, rng.u32(0..3)) {
        (0, _) => pageview(&format!("/{query}")),
        (_, 0) => event("engagement", "/about").from_within().with("e", 12_000),
        _ => pageview(&format!("/page/{}", rng.u32(0..20))).from_within(),
    }
}
