//! The consent decision, all of it. Invariant: for every combination of what a request, a page, a form and
//! a policy may say, the collector decides as the table in the design does.

use super::*;
use crate::domain::{Basis, Outcome, Rung, Signal};
use crate::ingest::{IDENTITY_DROPPED, consent, validate, wire};

/// What may be said.
#[derive(Debug, Clone, Copy)]
struct Said {
    gpc: bool,
    dnt: bool,
    honour_dnt: bool,
    measure: Option<bool>,
    qualify: Option<bool>,
    signal: Signal,
    identity: bool,
    box_ticked: bool,
    basis: Basis,
}

/// The design's table, in its words: who says no is heard first, then who says yes, from the most that was
/// granted to the least.
fn spec(said: Said) -> (Rung, Signal, bool) {
    let no = [
        (said.gpc, Signal::Gpc),
        (said.dnt && said.honour_dnt, Signal::Dnt),
        (said.measure == Some(false), said.signal),
    ];
    if let Some((_, signal)) = no.into_iter().find(|(no, _)| *no) {
        return (Rung::Denied, signal, false);
    }
    let page_grants = said.qualify == Some(true);
    let operator_declares = said.basis != Basis::Consent && said.qualify.is_none();
    let yes =
        [(page_grants, said.signal), (said.box_ticked, Signal::Form), (operator_declares, Signal::Policy)];
    match yes.into_iter().find(|(yes, _)| *yes && said.identity) {
        Some((_, signal)) => (Rung::Qualified, signal, true),
        None if page_grants || said.measure == Some(true) => (Rung::Measured, said.signal, false),
        None => (Rung::Unset, said.signal, false),
    }
}

fn all() -> Vec<Said> {
    let (flags, claims) = ([false, true], [None, Some(false), Some(true)]);
    let mut all = Vec::new();
    for (gpc, dnt, honour_dnt) in (0..8).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)) {
        for (measure, qualify) in claims.into_iter().flat_map(|m| claims.map(|q| (m, q))) {
            for signal in Signal::ALL.into_iter().filter(|signal| signal.can_be_claimed()) {
                for (identity, box_ticked) in flags.into_iter().flat_map(|i| flags.map(|b| (i, b))) {
                    for basis in [Basis::Consent, Basis::LegitimateInterest, Basis::Contract] {
                        // A box belongs to a form that says who it is from.
                        if identity || !box_ticked {
                            let consent = (measure, qualify, signal);
                            let (measure, qualify, signal) = consent;
                            all.push(Said {
                                gpc,
                                dnt,
                                honour_dnt,
                                measure,
                                qualify,
                                signal,
                                identity,
                                box_ticked,
                                basis,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

impl Said {
    fn client(self) -> Client {
        let headers = [(self.gpc, ("sec-gpc", "1")), (self.dnt, ("dnt", "1"))];
        client(&headers.into_iter().filter_map(|(set, header)| set.then_some(header)).collect::<Vec<_>>())
    }

    fn policy(self) -> SitePolicy {
        SitePolicy { honour_dnt: self.honour_dnt, form_basis: self.basis, ..SitePolicy::default() }
    }

    fn body(self) -> Vec<u8> {
        let mut event = page_view(json!({
            "n": "form_submit",
            "c": { "m": self.measure, "q": self.qualify, "s": self.signal.name() },
        }));
        if self.identity {
            event["l"] =
                json!({ "h": HASH, "d": "acme.com", "f": { "job_title": "CTO" }, "q": self.box_ticked });
        }
        bytes(&event)
    }
}

#[test]
fn every_combination_is_decided_by_the_table() {
    let all = all();
    assert_eq!(all.len(), 8 * 9 * 7 * 3 * 3, "none is left out");
    for said in all {
        let body = said.body();
        let (mut events, _) = wire::parse(&body).expect("reads");
        let draft = validate::draft(events.remove(0)).expect("valid");
        let decision = consent::decide(&draft, &said.policy(), &said.client());
        let decided = (decision.consent.rung, decision.consent.signal, decision.keep_identity);
        assert_eq!(decided, spec(said), "{said:?}");
    }
}

/// And what is stored is what was decided.
#[test]
fn what_is_kept_follows_the_decision() {
    let door = Door::new();
    for said in all().into_iter().filter(|said| [Signal::Tag, Signal::None].contains(&said.signal)) {
        let (rung, signal, keep) = spec(said);
        let taken = door.take(&said.body(), &said.client(), &said.policy()).expect("takes");
        if rung == Rung::Denied {
            assert_eq!(taken.outcomes, [Outcome::Suppressed(signal)], "{said:?}");
            assert!(taken.events.is_empty() && taken.tallies.is_empty(), "a form is no arrival: {said:?}");
            continue;
        }
        assert_eq!(taken.outcomes, [Outcome::Stored], "{said:?}");
        let event = &taken.events[0].0;
        assert_eq!((event.rung, event.signal), (rung, signal), "{said:?}");
        let kept = [event.lead.is_some(), event.domain.is_some(), !event.attributes.is_empty()];
        assert_eq!(kept, [keep; 3], "{said:?}");
        let dropped = taken.tallies.iter().filter(|(_, _, reason)| *reason == IDENTITY_DROPPED).count();
        assert_eq!(dropped == 1, said.identity && !keep, "{said:?}");
        assert_eq!(taken.tallies.len(), dropped, "{said:?}");
    }
}

#[test]
fn a_denied_arrival_is_counted_once() {
    let door = Door::new();
    let body = |name: &str, referrer: &str| {
        bytes(&page_view(json!({ "n": name, "r": referrer, "c": { "m": false, "s": "tag" } })))
    };
    let tallies = |body: Vec<u8>| {
        let taken = door.take(&body, &client(&[]), &SitePolicy::default()).expect("takes");
        assert_eq!(taken.outcomes, [Outcome::Suppressed(Signal::Tag)]);
        assert!(taken.events.is_empty());
        taken.tallies.into_iter().map(|(_, day, reason)| (day.to_string(), reason)).collect::<Vec<_>>()
    };
    // Half past eleven in the evening, UTC, is the next day in Berlin.
    let counted = vec![("2026-11-21".to_owned(), "suppressed:tag")];
    assert_eq!(tallies(body("pageview", "")), counted);
    assert_eq!(tallies(body("pageview", "https://www.google.com/")), counted);
    assert_eq!(tallies(body("pageview", "https://example.com/a")), [], "a further page");
    assert_eq!(tallies(body("engagement", "")), [], "what happens on a page");
}

#[test]
fn only_a_header_that_says_one_is_a_signal() {
    let door = Door::new();
    let honour = SitePolicy { honour_dnt: true, ..SitePolicy::default() };
    let outcome = |headers: &[(&str, &str)]| {
        door.take(&bytes(&page_view(json!({}))), &client(headers), &honour).expect("takes").outcomes[0]
    };
    assert_eq!(outcome(&[("sec-gpc", "1")]), Outcome::Suppressed(Signal::Gpc));
    assert_eq!(outcome(&[("dnt", "1")]), Outcome::Suppressed(Signal::Dnt));
    assert_eq!(outcome(&[("sec-gpc", "1"), ("dnt", "1")]), Outcome::Suppressed(Signal::Gpc));
    for value in ["0", "", "null", "true", "11"] {
        assert_eq!(outcome(&[("sec-gpc", value), ("dnt", value)]), Outcome::Stored, "{value}");
    }
}

#[test]
fn what_the_collector_finds_itself_cannot_be_claimed() {
    let door = Door::new();
    for signal in ["form", "policy", "server", "Tag", "", "consent"] {
        let body = bytes(&page_view(json!({ "c": { "m": true, "q": true, "s": signal } })));
        let refusal = door.take(&body, &client(&[]), &SitePolicy::default()).expect_err("refuses");
        assert_eq!(refusal.pointer, "/c/s", "{signal}");
    }
}

#[test]
fn content_and_term_are_kept_from_measured_up() {
    let door = Door::new();
    let url = "https://example.com/?utm_source=google&utm_medium=cpc&utm_campaign=c&utm_content=x&utm_term=y";
    let kept = |measure: Option<bool>| {
        let body = bytes(&page_view(json!({ "u": url, "c": { "m": measure } })));
        let taken = door.take(&body, &client(&[]), &SitePolicy::default()).expect("takes");
        let touch = taken.events[0].0.touch.clone().expect("an arrival");
        assert_eq!(touch.campaign.expect("is kept").as_str(), "c");
        (touch.content.is_some(), touch.term.is_some())
    };
    assert_eq!(kept(None), (false, false));
    assert_eq!(kept(Some(true)), (true, true));
}
