//! Requests of people, retention and other models, mixed in any order on the real files. Invariant: no count is
//! ever negative, reports name as many leads and MQLs as there are, and whoever was erased is nowhere.

use super::*;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Actor, Retention as Days, RetentionKind, Site};
use crate::jobs::retention::Retention;
use crate::rights::Service;
use crate::storage::AuditLog;
use crate::storage::sqlite::{SqliteEvents, SqliteLedger};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

/// What may happen.
#[derive(Debug, Clone)]
enum Step {
    /// So many events more arrive.
    Arrive(usize),
    /// What is there is scored, by the other model where it says so.
    Score(bool),
    Erase(u8),
    Withdraw(u8),
    Restrict(u8, bool),
    /// So many days later, with so many days for events and counts.
    Prune(i64, u32, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let lead = (1..3_u8, 0..3_u8).prop_map(|(site, lead)| site * 16 + lead);
    prop_oneof![
        4 => (1..25_usize).prop_map(Step::Arrive),
        3 => prop::bool::weighted(0.3).prop_map(Step::Score),
        2 => lead.clone().prop_map(Step::Erase),
        1 => lead.clone().prop_map(Step::Withdraw),
        1 => (lead, any::<bool>()).prop_map(|(lead, restricted)| Step::Restrict(lead, restricted)),
        2 => (2..5_i64, 1..4_u32, 1..4_u32).prop_map(|(day, events, counts)| Step::Prune(day, events, counts)),
    ]
}

struct Files {
    _folder: TempDir,
    events: Arc<SqliteEvents>,
    ledger: Arc<SqliteLedger>,
    clock: Clock,
    other: bool,
    erased: BTreeSet<u8>,
    /// The first day whose counts were never past their time.
    first: BTreeMap<SiteNo, Date>,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens");
        sites(&ledger);
        let events = SqliteEvents::open(&folder.path().join("events.db")).expect("opens");
        Self {
            _folder: folder,
            events: Arc::new(events),
            ledger: Arc::new(ledger),
            clock: Clock::fixed(morning().plus_days(3)),
            other: false,
            erased: BTreeSet::new(),
            first: BTreeMap::new(),
        }
    }

    fn model(&self) -> Arc<Model> {
        model(if self.other { OTHER } else { MODEL })
    }

    fn recorder(&self) -> Arc<Recorder> {
        Arc::new(Recorder::new(self.ledger.clone(), self.clock.clone(), None))
    }

    fn rights(&self) -> Service {
        let (events, ledger) = (self.events.clone(), self.ledger.clone());
        Service::new(events, ledger, self.model(), self.recorder(), self.clock.clone())
    }

    fn score(&self) {
        Scorer::new(self.events.clone(), self.ledger.clone(), self.model()).catch_up().expect("scores");
    }

    fn site(&self, lead: u8) -> Site {
        let sites = self.ledger.sites().expect("reads");
        sites.into_iter().find(|site| site.no == SiteNo::new(u32::from(lead / 16))).expect("is there")
    }

    fn take(&mut self, step: &Step, rest: &mut impl Iterator<Item = Event>) {
        let actor = Actor::collector();
        match *step {
            Step::Arrive(count) => {
                let events: Vec<_> = rest.take(count).map(|event| (event, Date::from_days(0))).collect();
                for (event, _) in &events {
                    self.erased.retain(|lead| event.lead != Some(lead_key(*lead)));
                }
                let appended = self.events.append(Batch { events, tallies: Vec::new() });
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                runtime.block_on(appended).expect("appends");
            }
            Step::Score(other) => {
                self.other ^= other;
                self.score();
            }
            Step::Erase(lead) => {
                let site = self.site(lead);
                self.rights().erase(&actor, &site, lead_key(lead), false).expect("erases");
                self.erased.insert(lead);
            }
            Step::Withdraw(lead) => {
                let site = self.site(lead);
                // Refused while another model scores.
                drop(self.rights().withdraw(&actor, &site, lead_key(lead), false));
            }
            Step::Restrict(lead, restricted) => {
                let site = self.site(lead);
                self.rights().restrict(&actor, &site, lead_key(lead), restricted, false).expect("restricts");
            }
            Step::Prune(day, events, counts) => self.prune(day, events, counts),
        }
    }

    fn prune(&mut self, day: i64, events: u32, counts: u32) {
        self.clock.set(morning().plus_days(day));
        let mut past = BTreeMap::new();
        for site in self.ledger.sites().expect("reads") {
            let retention = Days::default().with(RetentionKind::Events, events).expect("in range");
            let retention = retention.with(RetentionKind::Aggregates, counts).expect("in range");
            let first = retention.first_kept(RetentionKind::Aggregates, site.zone.date(self.clock.now()));
            past.insert(site.no, first);
            let policy = SitePolicy { retention, ..site.policy };
            self.ledger.put_site(NewSite { id: site.id, zone: site.zone, policy }).expect("puts");
        }
        let retention =
            Retention::new(self.events.clone(), self.ledger.clone(), self.recorder(), self.clock.clone());
        let dry = retention.run(&Actor::collector(), None, true);
        let runs = retention.run(&Actor::collector(), None, false);
        assert_eq!(dry.as_ref().ok(), runs.as_ref().ok(), "what a dry run says is what goes");
        // It waits for the scorer.
        for (site, first) in past.into_iter().filter(|_| runs.is_ok()) {
            let known = self.first.entry(site).or_insert(first);
            *known = (*known).max(first);
        }
    }

    fn check(&self) {
        for (site, leads) in [(1, 16..19_u8), (2, 32..35)] {
            let leads: Vec<Lead> = leads
                .filter_map(|lead| self.ledger.lead(SiteNo::new(site), lead_key(lead)).expect("reads"))
                .collect();
            let zone = Zone::parse("Europe/Berlin").expect("known");
            let first = self.first.get(&SiteNo::new(site)).copied().unwrap_or(Date::from_days(0));
            let known = |at: Timestamp| zone.date(at) >= first;
            let count = |found: usize| i64::try_from(found).expect("few");
            let leads_there = count(leads.iter().filter(|lead| known(lead.known_at)).count());
            let mqls = leads.iter().filter_map(|lead| lead.qualified.as_ref());
            let mqls_there = count(mqls.filter(|mql| known(mql.at)).count());
            for by in Dimension::ALL {
                for attribution in Attribution::OF_LEADS {
                    let (from, to) = (Date::from_days(i32::MIN), Date::from_days(i32::MAX));
                    let query = ReportQuery { site: SiteNo::new(site), from, to, by, attribution };
                    let rows = self.ledger.report(&query).expect("reports").rows;
                    for row in &rows {
                        let least = row.counts.visits.min(row.counts.leads).min(row.counts.mqls);
                        assert!(least >= 0, "{by:?} {attribution:?} {row:?}");
                    }
                    if by == Dimension::Rule {
                        continue;
                    }
                    let kept = || rows.iter().filter(|row| row.day >= first).map(|row| row.counts);
                    assert_eq!(kept().map(|counts| counts.leads).sum::<i64>(), leads_there, "leads, {by:?}");
                    let mqls: i64 = kept().map(|counts| counts.mqls).sum();
                    assert_eq!(mqls, mqls_there * attribution.per_mql(), "MQLs, {by:?} {attribution:?}");
                }
            }
        }
        for lead in &self.erased {
            let (site, key) = (self.site(*lead).no, lead_key(*lead));
            assert!(self.events.events_of(key).expect("reads").is_empty());
            assert_eq!(self.ledger.lead(site, key).expect("reads"), None);
            assert_eq!(self.ledger.transitions(site, key).expect("reads"), []);
            assert_eq!(self.ledger.known_reference(site, key).expect("reads"), None);
        }
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn whatever_is_done_in_whatever_order_adds_up(
        log in log(0),
        steps in prop::collection::vec(step(), 1..14),
    ) {
        let mut files = Files::new();
        let mut rest = log.into_iter().enumerate().map(|(number, event)| {
            // Half of them on the operator's own basis, which a withdrawal leaves.
            let signal = if number % 2 == 0 { Signal::Policy } else { event.signal };
            Event { signal, ..event }
        });
        for step in &steps {
            files.take(step, &mut rest);
            if matches!(step, Step::Score(_)) {
                files.check();
            }
        }
        files.score();
        files.check();
    }
}
