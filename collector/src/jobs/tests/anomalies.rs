//! Tests of what is marked as odd. Invariant: a site that is only quiet has a usual day, and who was proven by the
//! site's own server alarms nobody.

use super::publish::{Place, SITE, both};
use super::*;
use crate::jobs::anomalies::{Anomaly, What, report};
use crate::storage::{Changes, RollupDelta, RollupKey};

fn today(place: &Place) -> Date {
    place.site().zone.date(minute(60))
}

/// What is marked of this week.
fn marked(place: &Place) -> Vec<Anomaly> {
    let to = today(place);
    let made = report(place.events.as_ref(), place.ledger.as_ref(), &place.site(), (to.plus(-6), to));
    made.expect("reports").anomalies
}

/// A site with so many visits by mail, so many days ago.
fn visited(place: &Place, days: &[(i32, i64)]) {
    place.ledger.restart(*model(MODEL).hash()).expect("begins");
    let cell = |ago: i32| RollupKey {
        site: SITE,
        day: today(place).plus(-ago),
        attribution: Attribution::Visit,
        dimension: Dimension::Channel,
        key: Channel::Email.key().to_owned(),
    };
    let of = |visits| RollupDelta { visits, ..RollupDelta::default() };
    let rollups = days.iter().map(|(ago, visits)| (cell(*ago), of(*visits))).collect();
    let generation = place.ledger.generation().expect("reads");
    let changes = Changes { rollups, generation, ..Changes::default() };
    place.ledger.commit(Cursor::default(), Cursor::default(), &changes).expect("commits");
}

/// Nothing for weeks is what is usual there, and not the beginning of the site.
#[test]
fn a_quiet_site_is_no_new_one() {
    both(|place| {
        visited(place, &[(300, 2), (10, 3), (0, 250)]);
        let found = marked(place);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].what, found[0].value, found[0].usual), (What::Visits, 250, 0));
    });
    both(|place| {
        visited(place, &[(10, 3), (0, 250)]);
        assert_eq!(marked(place), [], "ten days after its first visit it is new");
    });
}

/// A server that signs people up is one visitor with many leads, each day.
#[test]
fn who_is_proven_alarms_nobody() {
    let of = |number: u8, by_server: bool| {
        let signed_up = event("sign_up", "/", minute(i64::from(number)));
        if by_server { proven(number, signed_up) } else { known(number, signed_up) }
    };
    both(|place| {
        place.append(&numbered((0..50).map(|number| of(number, true)).collect()));
        place.score(MODEL);
        assert_eq!(marked(place), []);
    });
    // Those that nobody proved are marked as ever, and they alone are counted.
    both(|place| {
        place.append(&numbered((0..50).map(|number| of(number, number >= 21)).collect()));
        place.score(MODEL);
        let found = marked(place);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].what, found[0].value), (What::LeadsOfVisits, 21));
        assert_eq!(found[0].channel, Some(Channel::Direct));
    });
}
