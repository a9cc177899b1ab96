//! The consent decision, all of it. Invariant: for every combination of what a request, a page, a form and
//! a policy may say, the collector decides as the ladder's words do. The browser's half of this, what a page
//! may say to what is sent, is tests/browser/combinations.test.mjs; they meet at the wire format.

use super::*;
use crate::domain::{Basis, Outcome, Part, Rung, Signal};
use crate::ingest::{CONSENT_CAPPED, IDENTITY_DROPPED, consent, validate, wire};

/// What may be said, and by whom.
#[derive(Debug, Clone)]
struct Said {
    gpc: bool,
    dnt: bool,
    honour_dnt: bool,
    measure: Option<bool>,
    qualify: Option<bool>,
    signal: Signal,
    /// Whether somebody says who they are, and whether the box is ticked.
    form: Option<bool>,
    basis: Basis,
    accepted: Vec<Signal>,
    ceiling: Rung,
}

/// What the ladder's words make of it.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    rung: Rung,
    signal: Signal,
    identity_kept: bool,
    capped: bool,
}

/// A yes: by which signal, up to which rung, and whether it is anybody's consent.
#[derive(Clone, Copy)]
struct Yes {
    signal: Signal,
    rung: Rung,
    consent: bool,
}

/// The ladder, in its words and not in the code's: any no is heard first. Then every yes is written down with
/// the rung that it would bring; those that name no signal that can raise, or one that the site does not
/// accept, are struck out; what is above the ceiling is lowered to it, and what is no consent falls. The
/// highest that is left holds.
fn spec(said: &Said) -> Verdict {
    let names = |signal| said.signal == signal;
    let no = [
        (said.gpc || names(Signal::Gpc), Signal::Gpc),
        (said.honour_dnt && (said.dnt || names(Signal::Dnt)), Signal::Dnt),
        (said.measure == Some(false), said.signal),
    ];
    if let Some((_, signal)) = no.into_iter().find(|(no, _)| *no) {
        return Verdict { rung: Rung::Denied, signal, identity_kept: false, capped: false };
    }
    let counts = |signal: Signal| {
        ["tag", "api", "consent_mode", "tcf", "form"].contains(&signal.name())
            && said.accepted.contains(&signal)
    };
    let highest_with_a_form = if said.form.is_some() { Rung::Qualified } else { Rung::Measured };
    let mut every_yes = Vec::new();
    let mut yes = |granted, signal, rung, consent| {
        if granted {
            every_yes.push(Yes { signal, rung, consent });
        }
    };
    yes(said.qualify == Some(true), said.signal, highest_with_a_form, true);
    yes(said.measure == Some(true), said.signal, Rung::Measured, true);
    yes(said.form == Some(true), Signal::Form, Rung::Qualified, true);
    let declared = said.basis != Basis::Consent && said.form.is_some() && said.qualify != Some(false);
    yes(declared, Signal::Policy, Rung::Qualified, false);
    let asked = every_yes.iter().map(|yes| yes.rung).max().unwrap_or(Rung::Unset);
    let left = every_yes
        .into_iter()
        .filter(|yes| !yes.consent || counts(yes.signal))
        .filter(|yes| yes.consent || yes.rung <= said.ceiling)
        .map(|yes| Yes { rung: yes.rung.min(said.ceiling), ..yes })
        .filter(|yes| yes.rung > Rung::Unset);
    // Of those that reach as high, the first that was written down.
    let highest = left.reduce(|best, next| if next.rung > best.rung { next } else { best });
    let unset = if said.qualify == Some(false) { said.signal } else { Signal::None };
    let (rung, signal) = highest.map_or((Rung::Unset, unset), |yes| (yes.rung, yes.signal));
    Verdict { rung, signal, identity_kept: rung == Rung::Qualified, capped: rung < asked }
}

const CLAIMABLE: [Signal; 7] =
    [Signal::None, Signal::Tag, Signal::Api, Signal::Gpc, Signal::Dnt, Signal::ConsentMode, Signal::Tcf];
const RAISING: [Signal; 5] = [Signal::Tag, Signal::Api, Signal::ConsentMode, Signal::Tcf, Signal::Form];
const FORMS: [Option<bool>; 3] = [None, Some(false), Some(true)];

/// Every claim that a request's body can make: nine answers by seven signals, with and without a form.
fn claims() -> Vec<Said> {
    let answers = [None, Some(false), Some(true)];
    let both = answers.into_iter().flat_map(|m| answers.map(|q| (m, q)));
    let signed = both.flat_map(|both| CLAIMABLE.map(|signal| (both, signal)));
    let formed = signed.flat_map(|signed| FORMS.map(|form| (signed, form)));
    let said = |(((measure, qualify), signal), form)| Said {
        gpc: false,
        dnt: false,
        honour_dnt: false,
        measure,
        qualify,
        signal,
        form,
        basis: Basis::Consent,
        accepted: RAISING.to_vec(),
        ceiling: Rung::Qualified,
    };
    formed.map(said).collect()
}

/// Every policy: Do Not Track, three bases, any of the 32 sets of accepted signals, three ceilings.
fn policies() -> Vec<SitePolicy> {
    let mut policies = Vec::new();
    for set in 0..32_u8 {
        let accepted = |(bit, signal): (usize, Signal)| (set & (1 << bit) != 0).then_some(signal);
        let signals: Vec<Signal> = RAISING.into_iter().enumerate().filter_map(accepted).collect();
        for form_basis in [Basis::Consent, Basis::LegitimateInterest, Basis::Contract] {
            for ceiling in [Rung::Unset, Rung::Measured, Rung::Qualified] {
                for honour_dnt in [false, true] {
                    let signals = signals.clone();
                    let rest = SitePolicy::default();
                    policies.push(SitePolicy { honour_dnt, form_basis, signals, ceiling, ..rest });
                }
            }
        }
    }
    policies
}

/// What a client's headers may say: of Global Privacy Control and of Do Not Track.
fn clients() -> [((bool, bool), Client); 4] {
    [(false, false), (true, false), (false, true), (true, true)].map(|(gpc, dnt)| {
        let headers = [(gpc, ("sec-gpc", "1")), (dnt, ("dnt", "1"))];
        let set = headers.into_iter().filter_map(|(set, header)| set.then_some(header));
        ((gpc, dnt), client(&set.collect::<Vec<_>>()))
    })
}

impl Said {
    fn under(&self, policy: &SitePolicy, (gpc, dnt): (bool, bool)) -> Self {
        Self {
            gpc,
            dnt,
            honour_dnt: policy.honour_dnt,
            basis: policy.form_basis,
            accepted: policy.signals.clone(),
            ceiling: policy.ceiling,
            ..self.clone()
        }
    }

    fn body(&self) -> Vec<u8> {
        let mut event = page_view(json!({
            "n": "form_submit",
            "c": { "m": self.measure, "q": self.qualify, "s": self.signal.name() },
        }));
        if let Some(ticked) = self.form {
            event["l"] = json!({ "h": HASH, "d": "acme.com", "f": { "job_title": "CTO" }, "q": ticked });
        }
        bytes(&event)
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "how many there were")]
fn every_combination_is_decided_by_the_table() {
    let (policies, clients) = (policies(), clients());
    let (mut combinations, mut capped) = (0, 0);
    for claim in claims() {
        let body = claim.body();
        let (mut events, _) = wire::parse(&body).expect("reads");
        let draft = validate::draft(events.remove(0)).expect("valid");
        for policy in &policies {
            for (headers, client) in &clients {
                let said = claim.under(policy, *headers);
                let decision = consent::decide(&draft, policy, client);
                let decided = Verdict {
                    rung: decision.consent.rung,
                    signal: decision.consent.signal,
                    identity_kept: decision.keeps(Part::Identity),
                    capped: decision.capped,
                };
                assert_eq!(decided, spec(&said), "{said:?}");
                combinations += 1;
                capped += u32::from(decided.capped);
            }
        }
    }
    assert_eq!(combinations, 9 * 7 * 3 * 2 * 3 * 32 * 3 * 4, "none is left out");
    println!("{combinations} combinations of claim, form, headers and policy; {capped} of them capped");
}

/// Every set of accepted signals but a few is the same to what follows.
fn some_policies() -> impl Iterator<Item = SitePolicy> {
    let sets = [RAISING.to_vec(), Vec::new(), vec![Signal::Form], vec![Signal::Tag, Signal::Api]];
    policies().into_iter().filter(move |policy| sets.contains(&policy.signals))
}

/// And what is stored is what was decided.
#[test]
#[expect(clippy::print_stdout, reason = "how many there were")]
fn what_is_kept_follows_the_decision() {
    let door = Door::new();
    let (policies, clients) = (some_policies().collect::<Vec<_>>(), clients());
    let mut combinations = 0;
    let few = [Signal::None, Signal::Tag, Signal::Gpc];
    for claim in claims().into_iter().filter(|claim| few.contains(&claim.signal)) {
        let body = claim.body();
        for policy in &policies {
            for (headers, client) in &clients {
                let said = claim.under(policy, *headers);
                let verdict = spec(&said);
                let taken = door.take(&body, client, policy).expect("takes");
                combinations += 1;
                if verdict.rung == Rung::Denied {
                    assert_eq!(taken.outcomes, [Outcome::Suppressed(verdict.signal)], "{said:?}");
                    assert!(taken.events.is_empty() && taken.tallies.is_empty(), "no arrival: {said:?}");
                    continue;
                }
                assert_eq!(taken.outcomes, [Outcome::Stored], "{said:?}");
                let event = &taken.events[0].0;
                assert_eq!((event.rung, event.signal), (verdict.rung, verdict.signal), "{said:?}");
                assert_eq!(event.policy, POLICY_VERSION, "it says which policy decided");
                let kept = [event.lead.is_some(), event.domain.is_some(), !event.attributes.is_empty()];
                assert_eq!(kept, [verdict.identity_kept; 3], "{said:?}");
                let dropped = (said.form.is_some() && !verdict.identity_kept).then_some(IDENTITY_DROPPED);
                let capped = verdict.capped.then_some(CONSENT_CAPPED);
                let counted: Vec<&str> = taken.tallies.iter().map(|(_, _, reason)| *reason).collect();
                assert_eq!(counted, dropped.into_iter().chain(capped).collect::<Vec<_>>(), "{said:?}");
            }
        }
    }
    println!("{combinations} combinations stored or left out as decided");
}

/// A snippet that lies upward, spelled out.
#[test]
fn a_claim_that_the_policy_does_not_let_raise_is_capped() {
    let door = Door::new();
    let only_api = SitePolicy { signals: vec![Signal::Api], ..SitePolicy::default() };
    let measured = SitePolicy { ceiling: Rung::Measured, ..SitePolicy::default() };
    let nothing = SitePolicy { ceiling: Rung::Unset, ..SitePolicy::default() };
    let all = SitePolicy::default();
    // A policy that was written by hand: what cannot raise does not, whatever is accepted.
    let anything = SitePolicy { signals: Signal::ALL.to_vec(), ..SitePolicy::default() };
    let cases = [
        ("no signal named", json!({ "m": 1, "q": 1 }), &all, Rung::Unset, true),
        ("a signal that cannot raise", json!({ "m": 1, "q": 1, "s": "dnt" }), &all, Rung::Unset, true),
        ("nobody, though accepted", json!({ "m": 1, "q": 1 }), &anything, Rung::Unset, true),
        ("no such yes, though accepted", json!({ "m": 1, "s": "dnt" }), &anything, Rung::Unset, true),
        ("not accepted here", json!({ "m": 1, "q": 1, "s": "tag" }), &only_api, Rung::Unset, true),
        ("accepted here", json!({ "m": 1, "q": 1, "s": "api" }), &only_api, Rung::Qualified, false),
        ("above the ceiling", json!({ "m": 1, "q": 1, "s": "tag" }), &measured, Rung::Measured, true),
        ("no higher than the ceiling", json!({ "m": 1, "s": "tag" }), &measured, Rung::Measured, false),
        ("a site that never goes higher", json!({ "m": 1, "s": "tag" }), &nothing, Rung::Unset, true),
        ("nothing said, as Plausible's scripts", Value::Null, &all, Rung::Unset, false),
    ];
    for (what, claim, policy, rung, capped) in cases {
        let body = page_view(json!({ "c": claim, "l": { "h": HASH, "d": "acme.com" } }));
        let taken = door.take(&bytes(&body), &client(&[]), policy).expect("takes");
        assert_eq!(taken.events[0].0.rung, rung, "{what}");
        let counted = taken.tallies.iter().filter(|(_, _, reason)| *reason == CONSENT_CAPPED).count();
        assert_eq!(counted, usize::from(capped), "{what}");
    }
    // A no is never capped, whoever says it and wherever.
    for signal in CLAIMABLE {
        let body = page_view(json!({ "c": { "m": 0, "q": 1, "s": signal.name() } }));
        for policy in policies() {
            let taken = door.take(&bytes(&body), &client(&[]), &policy).expect("takes");
            assert_eq!(taken.outcomes, [Outcome::Suppressed(signal)]);
        }
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
    for joined in ["1, 1", "0,1", "\t1 "] {
        assert_eq!(outcome(&[("sec-gpc", joined)]), Outcome::Suppressed(Signal::Gpc), "{joined}");
    }
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
        let body = bytes(&page_view(json!({ "u": url, "c": { "m": measure, "s": "tag" } })));
        let taken = door.take(&body, &client(&[]), &SitePolicy::default()).expect("takes");
        let touch = taken.events[0].0.touch.clone().expect("an arrival");
        assert_eq!(touch.campaign.expect("is kept").as_str(), "c");
        (touch.content.is_some(), touch.term.is_some())
    };
    assert_eq!(kept(None), (false, false));
    assert_eq!(kept(Some(true)), (true, true));
}

/// A form that waited in a browser while consent was taken back.
#[test]
fn a_box_that_was_ticked_before_a_withdrawal_does_not_end_it() {
    let door = Door::new();
    let policy = SitePolicy::default();
    let hash = crate::domain::from_hex(HASH.bytes()).expect("hexadecimal");
    let lead = crate::privacy::lead_key(&site(policy.clone()), &hash);
    let withdrawn = Some(now().plus_millis(-60_000));
    let restriction = crate::domain::Restriction { withdrawn, ..Default::default() };
    let site = crate::domain::SiteNo::new(1);
    door.privacy.restrictions().set([crate::domain::Restricted { site, lead, restriction }]);
    for (age, kept) in [(0, Some(lead)), (59_000, Some(lead)), (61_000, None)] {
        let form = page_view(json!({ "n": "demo_request", "a": age, "l": { "h": HASH, "q": 1 } }));
        let taken = door.take(&bytes(&form), &client(&[]), &policy).expect("is taken");
        assert_eq!(taken.events[0].0.lead, kept, "{age} ms ago");
    }
}
