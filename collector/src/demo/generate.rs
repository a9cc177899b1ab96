//! Generates ninety days of visits. Invariant: only through the event log, as real events come; what the
//! dashboard shows of them is made by the same scorer. The same seed, moment and scale make the same events, a
//! day at a time.

use super::cast::{AGENTS, COMPANIES, COUNTRIES, INDUSTRIES, PAGES, SIZES, TITLES, WAYS, Way};
use crate::domain::{
    Agent, Attributes, Date, EmailDomain, Event, EventId, EventName, Invalid, LeadKey, Place, Props, Rung,
    Signal, Site, Text, Timestamp, Touch, Trust, VisitorId,
};
use crate::enrich::channel::touch;
use crate::storage::{Batch, EventStore, StoreError, Tally};
use fastrand::Rng;

/// How many times as many visits there may be.
pub const SCALE_MAX: u32 = 100;
const DAYS: i32 = 90;
const SEED: u64 = 0x4d51_4c69_7465;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// A lead that may come back.
#[derive(Clone)]
struct Known {
    key: LeadKey,
    domain: EmailDomain,
    attributes: Attributes,
    keen: u32,
    agent: Agent,
    place: Place,
}

struct Generator<'a> {
    site: &'a Site,
    scale: u32,
    rng: Rng,
    now: Timestamp,
    batch: Batch,
    known: Vec<Known>,
    written: u64,
}

/// Writes the events of the ninety days before `now`, of `scale` times as many visits (1 to [`SCALE_MAX`]); answers
/// how many those were. No more than a day's are held at a time.
///
/// # Errors
/// When the store fails.
pub fn generate<E: EventStore + ?Sized>(
    events: &E,
    site: &Site,
    now: Timestamp,
    scale: u32,
) -> Result<u64, StoreError> {
    let mut generator = Generator {
        site,
        scale: scale.clamp(1, SCALE_MAX),
        rng: Rng::with_seed(SEED),
        now,
        batch: Batch::default(),
        known: Vec::new(),
        written: 0,
    };
    let today = site.zone.date(now);
    for back in (0..DAYS).rev() {
        generator.day(today.plus(-back), DAYS - back).map_err(|error| StoreError::Failed(error.0))?;
        // In the order in which it happened, as the log has it.
        generator.batch.events.sort_by_key(|(event, _)| event.at);
        let batch = std::mem::take(&mut generator.batch);
        generator.written += u64::try_from(batch.events.len()).unwrap_or(0);
        for chunk in batch.events.chunks(1_000) {
            wait(events, Batch { events: chunk.to_vec(), tallies: Vec::new() })?;
        }
        wait(events, Batch { events: Vec::new(), tallies: batch.tallies })?;
    }
    Ok(generator.written)
}

fn wait<E: EventStore + ?Sized>(events: &E, batch: Batch) -> Result<(), StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| StoreError::Failed(error.to_string()))?;
    runtime.block_on(events.append(batch)).map(|_| ())
}

impl Generator<'_> {
    /// One day: more visits on weekdays, and a little more every week.
    fn day(&mut self, day: Date, age: i32) -> Result<(), Invalid> {
        let weekday = day.days() - day.week_start().days();
        let busy: u32 = if weekday < 5 { 100 } else { 35 };
        let grown = 80 + u32::try_from(age).unwrap_or(0) / 2;
        let visits = (busy * grown / 100) * self.rng.u32(80..=120) / 100 * self.scale;
        let reasons = [
            "suppressed:gpc",
            "suppressed:gpc",
            "suppressed:gpc",
            "suppressed:api",
            "suppressed:consent_mode",
        ];
        for _ in 0..visits / 14 {
            let reason = self.pick_one(&reasons);
            self.batch.tallies.push(Tally { site: self.site.no, day, reason });
        }
        for _ in 0..visits {
            let at = self.moment(day);
            if at > self.now.plus_millis(-10 * MINUTE) {
                continue;
            }
            // A lead that comes back comes by the newsletter, by a search, or by itself.
            if !self.known.is_empty() && self.rng.u32(0..1_000) < 45 {
                let lead = self.known[self.rng.usize(0..self.known.len())].clone();
                let way = &WAYS[*[0_usize, 1, 6].get(self.rng.usize(0..3)).unwrap_or(&1)];
                self.visit(at, way, Some(&lead))?;
            } else {
                let way = self.weighted(WAYS, |way| way.share);
                self.visit(at, way, None)?;
            }
        }
        Ok(())
    }

    /// A moment of the day, most often in working hours.
    fn moment(&mut self, day: Date) -> Timestamp {
        let hour = if self.rng.u32(0..10) < 8 { self.rng.i64(8..19) } else { self.rng.i64(0..24) };
        let start = self.site.zone.start_of(day);
        start.plus_millis(hour * 60 * MINUTE + self.rng.i64(0..60 * MINUTE))
    }

    fn visit(&mut self, start: Timestamp, way: &Way, lead: Option<&Known>) -> Result<(), Invalid> {
        let visitor = VisitorId::from_bytes(self.bytes());
        let (browser, os, device, _) = *self.weighted(AGENTS, |(_, _, _, share)| *share);
        let (country, _) = *self.weighted(COUNTRIES, |(_, share)| *share);
        let agent = Agent {
            browser: Text::non_empty(browser),
            os: Text::non_empty(os),
            device: Text::non_empty(device),
        };
        let place = Place { country: Text::non_empty(country) };
        let becomes = lead.is_none() && self.rng.u32(0..1_000) < way.leads;
        let keen = lead.map_or(way.keen, |lead| lead.keen);
        let (agent, place) = lead.map_or((agent, place), |lead| (lead.agent.clone(), lead.place.clone()));
        let mut at = start;
        let mut walk = Walk { visitor, agent, place, lead: lead.cloned(), first: Some(touch(&way.arrival)) };
        let interested = becomes || lead.is_some();
        let pages = if interested { self.rng.u32(2..6) } else { self.rng.u32(1..4) };
        self.page(&mut at, "/demo/", &mut walk)?;
        for _ in 1..pages {
            let (path, _) = *self.weighted(PAGES, |(_, share)| *share);
            self.page(&mut at, path, &mut walk)?;
            let reads_case =
                path.contains("case-studies") && self.rng.u32(0..100) < if interested { 70 } else { 8 };
            if reads_case {
                self.event(at, "case_study_download", path, &mut walk, Details::default())?;
            }
        }
        if becomes {
            let person = self.person(way, &walk);
            let ask = self.rng.u32(0..100);
            let (name, path) = match () {
                () if ask < keen => ("demo_request", "/demo/request-a-demo"),
                () if ask < keen + 25 => ("webinar_registration", "/demo/webinar"),
                () => ("newsletter_signup", "/demo/blog"),
            };
            self.page(&mut at, path, &mut walk)?;
            walk.lead = Some(person.clone());
            self.event(at, name, path, &mut walk, Details { identify: true, ..Details::default() })?;
            self.known.push(person);
        }
        Ok(())
    }

    /// A page view, and how long the page was read.
    fn page(&mut self, at: &mut Timestamp, path: &str, walk: &mut Walk) -> Result<(), Invalid> {
        self.event(*at, EventName::PAGEVIEW, path, walk, Details::default())?;
        let stay = self.rng.i64(6 * SECOND..150 * SECOND);
        *at = at.plus_millis(stay);
        let engagement = Some((u32::try_from(stay).unwrap_or(0), self.rng.u8(20..=100)));
        self.event(*at, EventName::ENGAGEMENT, path, walk, Details { engagement, ..Details::default() })?;
        *at = at.plus_millis(self.rng.i64(SECOND..8 * SECOND));
        Ok(())
    }

    fn event(
        &mut self,
        at: Timestamp,
        name: &str,
        path: &str,
        walk: &mut Walk,
        details: Details,
    ) -> Result<(), Invalid> {
        let id = EventId::from_bytes(self.bytes());
        let lead = walk.lead.as_ref();
        let identified = lead.filter(|_| details.identify);
        let event = Event {
            id,
            site: self.site.no,
            at: at.min(self.now),
            name: EventName::parse(name)?,
            rung: if lead.is_some() { Rung::Qualified } else { Rung::Unset },
            signal: if lead.is_some() { Signal::Form } else { Signal::None },
            policy: self.site.policy_version,
            trust: Trust::Human,
            visitor: Some(walk.visitor),
            lead: lead.map(|lead| lead.key),
            domain: identified.map(|lead| lead.domain.clone()),
            attributes: identified.map(|lead| lead.attributes.clone()).unwrap_or_default(),
            path: Text::clean(path),
            touch: walk.first.take(),
            agent: walk.agent.clone(),
            place: walk.place.clone(),
            props: Props::new(),
            revenue: None,
            engagement_ms: details.engagement.map(|(ms, _)| ms),
            scroll_depth: details.engagement.map(|(_, percent)| percent),
        };
        let day = self.site.zone.date(event.at);
        self.batch.events.push((event, day));
        Ok(())
    }

    fn person(&mut self, way: &Way, walk: &Walk) -> Known {
        let (company, domain) = self.pick_one(COMPANIES);
        let free = self.rng.u32(0..100) < 22;
        let mut attributes = Attributes::new();
        let mut declare = |name: &str, value: &str| attributes.insert(Text::clean(name), Text::clean(value));
        let (title, _) = *self.weighted(TITLES, |(_, share)| *share);
        let (size, _) = *self.weighted(SIZES, |(_, share)| *share);
        let (industry, _) = *self.weighted(INDUSTRIES, |(_, share)| *share);
        declare("job_title", title);
        if !free {
            declare("company", company);
            declare("company_size", size);
        }
        if self.rng.u32(0..100) < 60 {
            declare("industry", industry);
        }
        Known {
            key: LeadKey::from_bytes(self.bytes()),
            domain: if free { EmailDomain::Free } else { EmailDomain::Company(Text::clean(domain)) },
            attributes,
            keen: way.keen,
            agent: walk.agent.clone(),
            place: walk.place.clone(),
        }
    }

    fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.rng.fill(&mut bytes);
        bytes
    }

    fn pick_one<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.rng.usize(0..items.len())]
    }

    fn weighted<'t, T>(&mut self, items: &'t [T], share: impl Fn(&T) -> u32) -> &'t T {
        let total: u32 = items.iter().map(&share).sum();
        let mut drawn = self.rng.u32(0..total);
        items
            .iter()
            .find(|item| match drawn.checked_sub(share(item)) {
                Some(rest) => {
                    drawn = rest;
                    false
                }
                None => true,
            })
            .unwrap_or(&items[0])
    }
}

/// One visitor's way through the site.
struct Walk {
    visitor: VisitorId,
    agent: Agent,
    place: Place,
    lead: Option<Known>,
    first: Option<Touch>,
}

/// What an event has besides its name.
#[derive(Default, Clone, Copy)]
struct Details {
    identify: bool,
    engagement: Option<(u32, u8)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::add_site;
    use crate::domain::{Cursor, to_hex};
    use crate::storage::memory::{MemoryEvents, MemoryLedger};
    use sha2::{Digest as _, Sha256};

    fn events(scale: u32) -> Vec<Event> {
        let (log, ledger) = (MemoryEvents::default(), MemoryLedger::default());
        let site = Site { zone: crate::domain::Zone::utc(), ..add_site(&ledger).expect("adds") };
        let now = Timestamp::parse("2026-11-22T12:00:00Z").expect("valid");
        let count = generate(&log, &site, now, scale).expect("generates");
        let events = log.scan(Cursor::default(), usize::MAX).expect("reads");
        assert_eq!(events.len() as u64, count);
        events.into_iter().map(|logged| logged.event).collect()
    }

    fn digest(events: &[Event]) -> String {
        let mut hash = Sha256::new();
        for event in events {
            hash.update(event.id.bytes());
            hash.update(event.lead.map(|lead| *lead.bytes()).unwrap_or_default());
            hash.update(event.visitor.map(|visitor| *visitor.bytes()).unwrap_or_default());
            hash.update(format!("{} {} {:?}", event.at, event.name.as_str(), event.path));
            hash.update(format!("{:?} {:?}", event.attributes, event.touch));
        }
        to_hex(&hash.finalize())[..16].to_owned()
    }

    /// Pictures and figures of the docs are of these events.
    #[test]
    fn the_same_seed_makes_the_same_events() {
        let one = events(1);
        assert_eq!((one.len(), digest(&one).as_str()), (33_467, "1d4c9329a16202b2"));
    }

    #[test]
    fn the_scale_multiplies_visits_and_leads_of_every_day() {
        let (one, three) = (events(1), events(3));
        assert!((90_000..112_000).contains(&three.len()), "{}", three.len());
        assert_ne!(digest(&three), digest(&events(2)));
        assert!(three.windows(2).all(|pair| pair[0].at.millis() <= pair[1].at.millis() + Timestamp::DAY_MS));
        let leads = |events: &[Event]| {
            events.iter().filter_map(|event| event.lead).collect::<std::collections::BTreeSet<_>>().len()
        };
        let (few, many) = (leads(&one), leads(&three));
        assert!((few * 5 / 2..few * 7 / 2).contains(&many), "{few} {many}");
        let ids: std::collections::BTreeSet<EventId> = three.iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), three.len());
    }
}
