//! Everything that changes a lead, in any order: events, what people make of it and say against its score, time, other
//! models by restart and by publication. Invariant: in the end it stands as on a site that had the last model from the
//! beginning, and so does what is said of any moment before.

use super::publish::{Place, SITE, of_site};
use super::streaming::by;
use super::*;
use crate::domain::{Actor, Effect, Override, Points, Role, Stage};
use crate::jobs::overrides;
use crate::jobs::past::Past;
use crate::jobs::publish::Step as Worked;
use crate::jobs::replay::Go;
use crate::jobs::stages::Asked;
use crate::storage::Changes;

/// What may happen.
#[derive(Debug, Clone)]
enum Step {
    /// So many events more arrive and are scored.
    Arrive(usize),
    /// Somebody changes a lead's stage, as of so many minutes ago.
    Say(u8, Stage, i64),
    /// Somebody gives an override that lasts for so many hours.
    Give(u8, Effect, i64),
    /// Somebody ends one.
    End(u8, u32),
    /// A sweep comes by.
    Sweep,
    /// A model is to be published.
    Ask(bool),
    /// Publishing goes on for so many looks.
    Work(usize),
    /// The collector is started with this model.
    Restart(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let effect = prop_oneof![
        2 => (-20..40_i32).prop_map(|points| Effect::Engagement(Points::whole(if points == 0 { 1 } else { points }))),
        1 => (1..20_i32).prop_map(|points| Effect::Fit(Points::whole(points))),
        1 => Just(Effect::Hold),
        2 => Just(Effect::Qualify),
    ];
    let back = prop_oneof![2 => Just(0_i64), 1 => 1..1_000_i64];
    prop_oneof![
        6 => (1..12_usize).prop_map(Step::Arrive),
        2 => (0..3_u8, prop::sample::select(Stage::ALL.to_vec()), back)
            .prop_map(|(lead, to, back)| Step::Say(lead, to, back)),
        3 => (0..3_u8, effect, 1..60_i64).prop_map(|(lead, effect, hours)| Step::Give(lead, effect, hours)),
        1 => (0..3_u8, 1..4_u32).prop_map(|(lead, no)| Step::End(lead, no)),
        1 => Just(Step::Sweep),
        1 => any::<bool>().prop_map(Step::Ask),
        3 => (1..4_usize).prop_map(Step::Work),
        1 => any::<bool>().prop_map(Step::Restart),
    ]
}

fn text(other: bool) -> String {
    let behaviour = if other { by(15, 2, 16) } else { by(10, 4, 16) };
    let points = if other { 6 } else { 3 };
    format!(
        "{behaviour}\n[[group]]\nid = \"is\"\nlabel = \"Is\"\naxis = \"fit\"\n[[attribute]]\nid = \"size\"\nlabel = \
         \"Size\"\ngroup = \"is\"\nattribute = \"size\"\nbands = [{{ gte = 100, points = {points} }}]\n"
    )
}

struct Medley {
    place: Place,
    base: bool,
    published: Option<bool>,
}

impl Medley {
    fn base(&self) -> String {
        text(self.base)
    }

    /// A moment of its own.
    fn tick(&self) {
        self.place.clock.set(self.place.clock.now().plus_millis(1));
    }

    fn arrive(&self, events: &[Event]) {
        let Some(last) = events.last() else { return };
        self.place.append(events);
        self.place.clock.set(self.place.clock.now().max(last.at));
        self.place.score(&self.base());
    }

    /// Works until there is nothing to do, or for so many looks.
    fn work(&mut self, most: usize) {
        let mut looks = 0;
        loop {
            let publisher = self.place.publisher(&self.base());
            let worked = publisher.step(&mut |_, _| {
                looks += 1;
                if looks > most { Go::Stop } else { Go::On }
            });
            match worked.expect("works") {
                Worked::Done(publication, _) => {
                    let other = publication.asked.model == *model(&text(true)).hash();
                    self.published = Some(other);
                }
                Worked::Idle | Worked::Stopped => return,
                failed @ Worked::Failed(..) => panic!("{failed:?}"),
            }
        }
    }

    fn take(&mut self, step: &Step, rest: &mut &[Event]) {
        let (owner, site, stages) =
            (Actor::account(Role::Owner), self.place.site(), self.place.stages(&self.base()));
        let now = self.place.clock.now();
        match *step {
            Step::Arrive(count) => {
                let (now, later) = rest.split_at(count.min(rest.len()));
                self.arrive(now);
                *rest = later;
            }
            Step::Say(lead, to, back) => {
                let at = (back > 0).then(|| now.plus_millis(-back * 60_000 - 7));
                let asked = Asked { to, seen: None, reason: Text::clean(""), at, amount: None };
                // Refused where it is no legal change.
                let _ = stages.change(&owner, &site, lead_key(16 + lead), &asked).expect("judges");
            }
            Step::Give(lead, effect, hours) => {
                let until = now.plus_millis(hours * 3_600_000);
                let asked = overrides::Asked { effect, until, reason: Text::clean("they called") };
                let _ = stages.give(&owner, &site, lead_key(16 + lead), &asked).expect("judges");
            }
            Step::End(lead, no) => {
                let _ = stages.end(&owner, &site, lead_key(16 + lead), no).expect("judges");
            }
            Step::Sweep => self.place.sweep(&self.base()),
            Step::Ask(other) => {
                let publisher = self.place.publisher(&self.base());
                let hash = *model(&text(other)).hash();
                let drafted = publisher.draft(&owner, &site, &text(other)).expect("keeps");
                assert_eq!(drafted.expect("is a model").0.model.hash, hash);
                // Refused while it is live or being published.
                let _ = publisher.ask(&owner, &site, hash, false).expect("judges");
            }
            Step::Work(looks) => self.work(looks),
            Step::Restart(other) => {
                self.base = other;
                self.place.score(&self.base());
            }
        }
        self.tick();
    }
}

/// A site that had this model from the beginning, with what people did.
fn undisturbed(place: &Place, log: &[Event], of: &Snapshot, text: &str, end: Timestamp) {
    let people = of.transitions.iter().flatten().filter(|change| change.by_people()).cloned().collect();
    let given = |lead: &Lead| -> Vec<(LeadKey, SiteNo, Override)> {
        lead.overrides.iter().map(|given| (lead.key, lead.site, given.clone())).collect()
    };
    place.ledger.restart(*model(text).hash()).expect("begins");
    let generation = place.ledger.generation().expect("reads");
    let overrides = of.leads.iter().flat_map(given).collect();
    let said = Changes { transitions: people, overrides, generation, ..Changes::default() };
    place.ledger.commit(Cursor::default(), Cursor::default(), &said).expect("commits");
    place.ledger.restart(*model(text).hash()).expect("begins");
    place.append(log);
    place.clock.set(end);
    place.score(text);
    place.sweep(text);
}

/// What is said of the leads at a moment.
fn said(place: &Place, text: &str, as_of: Timestamp) -> Vec<impl PartialEq + std::fmt::Debug> {
    let (past, model, site) =
        (Past::new(place.events.clone(), place.ledger.clone()), model(text), place.site());
    let seen = place.of_site();
    let of_lead = |lead: &Lead| {
        let transitions = place.ledger.transitions(SITE, lead.key).expect("reads");
        let then = past.at(&model, &site, lead, &transitions, as_of, place.clock.now());
        let then = then.expect("reads").expect("nobody else asks");
        let explained = then.lead.map(|was| {
            let profile = profile(&was);
            let falls_at = model.falls_out(&was.hits, &profile, as_of);
            let standing = (was.stage, was.stage_at, was.stage_by, was.qualified.clone());
            (model.evaluate(&was.hits, &profile, as_of), standing, falls_at)
        });
        (explained, then.inexact_because)
    };
    seen.leads.iter().map(of_lead).collect()
}

fn check(places: [Place; 2], log: &[Event], steps: &[Step]) -> Result<(), TestCaseError> {
    // Each at a moment of its own, with room between them; every second one by somebody who says who they are.
    let spread = |(number, event): (i64, &Event)| {
        let event = Event { at: event.at.plus_millis(number * 500), ..event.clone() };
        if number % 2 == 1 || event.lead.is_some() || event.site != SITE {
            return event;
        }
        known(16 + u8::try_from(number / 2 % 3).expect("few"), event)
    };
    let log: Vec<Event> = (0..).zip(log).map(spread).collect();
    let [place, whole] = places;
    let mut medley = Medley { place, base: false, published: None };
    medley.place.score(&text(false));
    let mut rest = log.as_slice();
    for step in steps {
        medley.take(step, &mut rest);
    }
    medley.arrive(rest);
    medley.work(usize::MAX);
    let last = text(medley.published.unwrap_or(medley.base));
    let end = medley.place.clock.now().plus_days(3);
    medley.place.clock.set(end);
    medley.place.sweep(&medley.base());
    let seen = medley.place.of_site();
    undisturbed(&whole, &log, &seen, &last, end);
    let expected = of_site(whole.ledger.as_ref());
    for (place, (this, that)) in seen.leads.iter().zip(&expected.leads).enumerate() {
        prop_assert_eq!(&seen.transitions[place], &expected.transitions[place]);
        prop_assert_eq!(this, that);
    }
    prop_assert_eq!(&seen, &expected);
    for event in log.iter().step_by(7) {
        for as_of in [event.at, event.at.plus_millis(1), event.at.plus_millis(40_000_000)] {
            prop_assert_eq!(said(&medley.place, &last, as_of), said(&whole, &last, as_of), "at {}", as_of);
        }
    }
    Ok(())
}

/// One lead that reads seven times, and a model that is being published: what there is of it is replayed already.
fn half_published(place: &Place, new: &str) {
    let read =
        |n: i64| known(20, Event { visitor: Some(visitor(20)), ..event("engagement", "/", minute(30 + n)) });
    place.append(&numbered((0..7).map(read).collect()));
    place.clock.set(minute(60));
    place.score(MODEL);
    place.ask(new, false);
    let mut looks = 0;
    let stopped = place.publisher(MODEL).step(&mut |_, _| {
        looks += 1;
        if looks == 2 { Go::Stop } else { Go::On }
    });
    assert_eq!(stopped.expect("stops"), Worked::Stopped);
}

fn publish(place: &Place) {
    let done = place.publisher(MODEL).step(&mut |_, _| Go::On).expect("works");
    assert!(matches!(done, Worked::Done(..)), "{done:?}");
}

/// What sales say as of a moment that the new model has gone past stands before what came later.
#[test]
fn what_people_did_before_a_shadow_got_there_comes_to_its_place() {
    for place in [Place::in_memory(), Place::on_disk()] {
        // By its twelve points an MQL at the second reading.
        half_published(&place, OTHER);
        let (owner, site, at) = (Actor::account(Role::Owner), place.site(), minute(30).plus_millis(30_000));
        let asked =
            Asked { to: Stage::Customer, seen: None, reason: Text::clean(""), at: Some(at), amount: None };
        place.stages(MODEL).change(&owner, &site, lead_key(20), &asked).expect("judges").expect("is legal");
        publish(&place);
        let whole = Place::in_memory();
        let seen = place.of_site();
        undisturbed(
            &whole,
            &place
                .events
                .scan(Cursor::default(), 99)
                .expect("reads")
                .into_iter()
                .map(|logged| logged.event)
                .collect::<Vec<_>>(),
            &seen,
            OTHER,
            minute(60),
        );
        assert_eq!(seen.transitions, whole.of_site().transitions);
        assert_eq!(seen.leads, whole.of_site().leads);
    }
}

/// An override whose turn came after an event that is newer than it is judged all the same.
#[test]
fn an_override_that_comes_late_into_a_shadow_counts() {
    for place in [Place::in_memory(), Place::on_disk()] {
        half_published(&place, &MODEL.replace("total_gte = 30", "total_gte = 90"));
        let (owner, site) = (Actor::account(Role::Owner), place.site());
        place.clock.set(minute(33));
        let asked = overrides::Asked {
            effect: Effect::Qualify,
            until: minute(0).plus_days(9),
            reason: Text::clean("they called"),
        };
        let given =
            place.stages(MODEL).give(&owner, &site, lead_key(20), &asked).expect("judges").expect("given");
        assert_eq!(given.stage, Stage::Mql);
        place.clock.set(minute(60));
        publish(&place);
        let lead = place.ledger.lead(SITE, lead_key(20)).expect("reads").expect("is there");
        assert_eq!((lead.stage, lead.stage_at), (Stage::Mql, minute(33)));
    }
}

/// What is dated back to before an override was given does not undo what that says: neither in the ledger nor in a
/// shadow that has come past both.
#[test]
fn an_override_is_judged_again_after_what_is_dated_back_to_before_it() {
    for (place, published) in [
        (Place::in_memory(), false),
        (Place::on_disk(), false),
        (Place::in_memory(), true),
        (Place::on_disk(), true),
    ] {
        let read = |at| known(20, event("pageview", "/", minute(at)));
        place.append(&numbered(vec![read(0)]));
        place.clock.set(minute(0));
        let (owner, site, stages) = (Actor::account(Role::Owner), place.site(), place.stages(MODEL));
        let say = |to, at| {
            let asked = Asked { to, seen: None, reason: Text::clean(""), at, amount: None };
            stages.change(&owner, &site, lead_key(20), &asked).expect("judges").expect("is legal");
        };
        place.score(MODEL);
        place.clock.set(minute(61));
        say(Stage::Mql, None);
        place.clock.set(minute(70));
        let (effect, until, reason) = (Effect::Qualify, minute(170), Text::clean("they called"));
        let asked = overrides::Asked { effect, until, reason };
        stages.give(&owner, &site, lead_key(20), &asked).expect("judges").expect("given");
        place.clock.set(minute(80));
        place.append(&[Event { id: EventId::from_bytes([80; 16]), ..read(80) }]);
        place.score(MODEL);
        if published {
            place.ask(OTHER, false);
            let mut looks = 0;
            let stopped = place.publisher(MODEL).step(&mut |_, _| {
                looks += 1;
                if looks == 2 { Go::Stop } else { Go::On }
            });
            assert_eq!(stopped.expect("stops"), Worked::Stopped);
        }
        place.clock.set(minute(90));
        say(Stage::Recycled, Some(minute(69)));
        if published {
            publish(&place);
        }
        let lead = place.ledger.lead(SITE, lead_key(20)).expect("reads").expect("is there");
        assert_eq!((lead.stage, lead.stage_at, lead.scored_at), (Stage::Mql, minute(70), minute(80)));
        let made = place.ledger.transitions(SITE, lead_key(20)).expect("reads");
        let made: Vec<_> = made.iter().map(|change| (change.at, change.to)).collect();
        let right = [(61, Stage::Mql), (69, Stage::Recycled), (70, Stage::Mql)];
        assert_eq!(made, right.map(|(at, to)| (minute(at), to)));
        // What comes after the override undoes it.
        if !published {
            say(Stage::Recycled, None);
            let lead = place.ledger.lead(SITE, lead_key(20)).expect("reads");
            assert_eq!(lead.map(|lead| lead.stage), Some(Stage::Recycled));
        }
    }
}

/// A visit that had begun before, and of which it was heard afterwards that it was theirs, did not bring the MQL.
#[test]
fn what_is_dated_back_to_before_a_visit_was_theirs_was_not_brought_by_it() {
    for places in [[Place::in_memory(), Place::in_memory()], [Place::on_disk(), Place::on_disk()]] {
        let [place, whole] = places;
        let by = |number: u8, at: i64, touch: Option<Touch>| Event {
            visitor: Some(visitor(number)),
            touch,
            ..event("pageview", "/", minute(at))
        };
        let log = numbered(vec![
            known(20, by(20, 0, Some(Touch::DIRECT))),
            by(21, 60, email()),
            known(20, by(21, 70, None)),
        ]);
        place.append(&log);
        place.clock.set(minute(80));
        place.score(MODEL);
        let (owner, site) = (Actor::account(Role::Owner), place.site());
        let asked = Asked {
            to: Stage::Mql,
            seen: None,
            reason: Text::clean("at the fair"),
            at: Some(minute(65)),
            amount: None,
        };
        place.stages(MODEL).change(&owner, &site, lead_key(20), &asked).expect("judges").expect("is legal");
        let seen = place.of_site();
        let channels: Vec<Channel> =
            seen.leads[0].touches.iter().map(|touch| touch.origin.touch.channel).collect();
        assert_eq!((channels, seen.leads[0].last.touch.channel), (vec![Channel::Direct], Channel::Direct));
        undisturbed(&whole, &log, &seen, MODEL, minute(80));
        place.sweep(MODEL);
        assert_eq!(place.of_site(), whole.of_site());
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn in_memory_all_of_it_ends_as_if_it_had_been_the_last_model(
        log in log(0),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        check([Place::in_memory(), Place::in_memory()], &log, &steps)?;
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn on_disk_all_of_it_ends_as_if_it_had_been_the_last_model(
        log in log(0),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        check([Place::on_disk(), Place::on_disk()], &log, &steps)?;
    }
}
