//! Tests of what others are told when history changes. Invariant: each change is told once, under one number, whatever is
//! voided and taken back, whoever scored it first and however it was written.

use super::publish::{Place, SITE, both, work};
use super::voids::{ask, asked, begun, undo};
use super::*;
use crate::domain::{Only, Stage};

/// What others are to be told of after a place: number, lead, where to and when.
fn to_tell(place: &Place, after: i64) -> Vec<(i64, LeadKey, Stage, Timestamp)> {
    let told = place.ledger.to_announce(after, 99).expect("reads").into_iter();
    told.map(|told| (told.number, told.transition.lead, told.transition.to, told.transition.at)).collect()
}

/// Without an event a lead becomes an MQL later: that is the same change, so whoever has told of it does not tell it
/// again, and whoever had not yet does.
#[test]
fn a_change_that_moved_is_told_once() {
    both(|place| {
        begun(place);
        let before = to_tell(place, 0);
        let mqls: Vec<_> = before.iter().map(|(_, lead, to, at)| (*lead, *to, *at)).collect();
        assert_eq!(mqls, [17, 18].map(|lead| (lead_key(lead), Stage::Mql, minute(7))));
        let newest = before[1].0;
        let first = asked(6, 7, Only { event: Some(Text::clean("engagement")), ..Only::default() });
        let (void, _, _) = ask(place, &first).expect("may");
        work(place, Vec::new());
        let moved: Vec<_> =
            before.iter().map(|(number, lead, to, _)| (*number, *lead, *to, minute(8))).collect();
        assert_eq!(to_tell(place, 0), moved);
        assert_eq!(to_tell(place, newest), []);
        undo(place, void.no).expect("may");
        work(place, Vec::new());
        assert_eq!(to_tell(place, 0), before);
        assert_eq!(to_tell(place, newest), []);
        // What is taken out altogether is told to nobody, and what comes back is the same again.
        let (void, _, _) =
            ask(place, &asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() }))
                .expect("may");
        work(place, Vec::new());
        assert_eq!(to_tell(place, 0), before[1..]);
        ask(place, &first).expect("may");
        work(place, Vec::new());
        undo(place, void.no).expect("may");
        work(place, Vec::new());
        assert_eq!(to_tell(place, 0), moved, "at another moment, too");
        assert_eq!(to_tell(place, newest), []);
    });
}

/// A publication lets time pass up to the last midnight; what that did to leads is told, though the sweep had not come
/// to it yet.
#[test]
fn what_time_did_is_told_whoever_was_first() {
    let by_mail = || asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() });
    let fades = MODEL.replace("total_gte = 30", "total_gte = 30\nexit_below = 20");
    for make in [Place::in_memory, Place::on_disk] {
        let (swept, voided) = (make(), make());
        for place in [&swept, &voided] {
            begun(place);
            place.ask(&fades, false);
            work(place, Vec::new());
            place.clock.set(minute(60).plus_days(2));
        }
        swept.sweep(MODEL);
        for place in [&swept, &voided] {
            ask(place, &by_mail()).expect("may");
            work(place, Vec::new());
            place.sweep(MODEL);
        }
        let told = to_tell(&swept, 0);
        let stages: Vec<_> = told.iter().map(|(_, lead, to, _)| (*lead, *to)).collect();
        assert_eq!(stages, [Stage::Mql, Stage::Lead].map(|to| (lead_key(18), to)));
        let without_numbers = |told: Vec<(i64, LeadKey, Stage, Timestamp)>| -> Vec<_> {
            told.into_iter().map(|(_, lead, to, at)| (lead, to, at)).collect()
        };
        assert_eq!(without_numbers(to_tell(&voided, 0)), without_numbers(told));
    }
}

/// What an earlier version wrote as JSON is the same change, so a void keeps nothing apart of leads that it leaves as
/// they are.
#[test]
fn what_an_earlier_version_wrote_is_no_other_change() {
    let place = Place::on_disk();
    begun(&place);
    let before = place.of_site();
    let lines: Vec<(LeadKey, String)> =
        before.leads.iter().zip(&before.transitions).fold(Vec::new(), |mut all, (lead, changes)| {
            all.extend(changes.iter().map(|change| (lead.key, change.lines.clone())));
            all
        });
    assert_eq!(lines.len(), 2, "each became an MQL");
    #[expect(clippy::disallowed_types, reason = "as a ledger of then lies on the disk")]
    let hand = rusqlite::Connection::open(place.path("ledger.db")).expect("opens");
    for (lead, lines) in &lines {
        let written = hand.execute(
            "UPDATE transitions SET lines = CAST(?2 AS BLOB) WHERE lead = ?1 AND lines <> CAST(?2 AS BLOB)",
            rusqlite::params![lead.bytes(), lines],
        );
        assert_eq!(written.expect("writes"), 1, "it was packed");
    }
    assert_eq!(place.of_site(), before, "read as it was");
    ask(&place, &asked(0, 60, Only { channel: Some(Channel::Email), ..Only::default() })).expect("may");
    work(&place, Vec::new());
    let earlier = |number| place.ledger.earlier(SITE, lead_key(number)).expect("reads").len();
    assert_eq!((earlier(17), earlier(18)), (1, 0), "what is gone, and nothing of what stays");
}
