//! Scores against a second, plainer way to them. Invariant: a lead's score is the evaluation of every hit
//! of every event that is the lead's, with what is known of it then, and its explanation sums to it.

use super::*;
use crate::domain::{Hit, Points};
use crate::scoring::Profile;
use std::collections::{BTreeMap, BTreeSet};

/// A lead's whole history, nothing pruned.
#[derive(Default)]
struct History {
    hits: Vec<Hit>,
    profile: Profile,
    newest: Option<Timestamp>,
    verified: bool,
}

/// Whose each event is, by the words of the design: a lead's own events; on a site that links, also what
/// the pseudonym did before, unless another lead was there before, and what it does after. Once a lead is proven,
/// only what is proven, and what a pseudonym does that was proven to be theirs.
fn histories(log: &[Event]) -> BTreeMap<LeadKey, History> {
    let model = model(MODEL);
    let mut leads: BTreeMap<LeadKey, History> = BTreeMap::new();
    let mut pending: BTreeMap<VisitorId, Vec<Hit>> = BTreeMap::new();
    let mut is: BTreeMap<VisitorId, (LeadKey, bool)> = BTreeMap::new();
    let mut verified: BTreeSet<LeadKey> = BTreeSet::new();
    for event in log.iter().filter(|event| event.site != SiteNo::new(3)) {
        let links = event.site == SiteNo::new(1);
        let visitor = event.visitor.expect("each has one");
        let proof = event.trust == Trust::Vouched;
        if let Some(key) = event.lead.filter(|key| verified.contains(key) && !proof) {
            if links {
                pending.remove(&visitor);
                let tie = is.entry(visitor).or_insert((key, false));
                *tie = if tie.0 == key { *tie } else { (key, false) };
            }
            continue;
        }
        if let Some(key) = event.lead {
            verified.extend(proof.then_some(key));
            let lead = leads.entry(key).or_default();
            lead.verified |= proof;
            lead.profile.attributes.extend(event.attributes.clone());
            lead.profile.domain.clone_from(&event.domain);
            lead.profile.country = event.place.country.clone().or_else(|| lead.profile.country.take());
            if links {
                is.insert(visitor, (key, proof));
                lead.hits.extend(pending.remove(&visitor).unwrap_or_default());
            }
        }
        let tie = is.get(&visitor).copied();
        if event.lead.is_none() && tie.is_some_and(|(key, proven)| verified.contains(&key) && !proven) {
            continue;
        }
        match event.lead.or(tie.map(|(key, _)| key)) {
            Some(key) => {
                let lead = leads.entry(key).or_default();
                lead.hits.extend(model.hits(event));
                lead.newest = lead.newest.max(Some(event.at));
            }
            None => pending.entry(visitor).or_default().extend(model.hits(event)),
        }
    }
    leads
}

proptest! {
    #![proptest_config(cases(64))]

    /// In whatever order the events arrived.
    #[test]
    fn a_score_is_that_of_the_whole_history(log in log(720)) {
        let world = World::new();
        world.append(&log);
        world.score(MODEL);
        let expected = histories(&log);
        let leads = world.snapshot().leads;
        prop_assert_eq!(leads.len(), expected.len());
        for lead in leads {
            let history = &expected[&lead.key];
            let newest = history.newest.expect("a lead did something");
            prop_assert_eq!(lead.last_seen, newest);
            prop_assert_eq!(lead.verified_at.is_some(), history.verified);
            prop_assert_eq!(&profile(&lead).attributes, &history.profile.attributes);
            let evaluation = model(MODEL).evaluate(&history.hits, &history.profile, newest);
            prop_assert_eq!(lead.score, evaluation.score());
            let kept = model(MODEL).evaluate(&lead.hits, &profile(&lead), newest);
            prop_assert_eq!(&kept.lines, &evaluation.lines, "what was pruned does not show");
            let sum: Points = kept.lines.iter().map(|line| line.points).sum();
            prop_assert_eq!(sum, lead.score.total);
            prop_assert!(lead.reasons.len() <= 4 && lead.reasons.is_sorted_by(|a, b| a.points >= b.points));
            for reason in &lead.reasons {
                let of_line = |line: &&crate::scoring::Line| line.id == reason.id && line.points == reason.points;
                prop_assert!(reason.points > Points::ZERO && kept.lines.iter().any(|line| of_line(&line)));
            }
        }
    }

    /// In the order in which they happened: what an MQL is shown with is what made it one.
    #[test]
    fn the_explanation_at_the_moment_is_the_score_at_the_moment(log in log(0)) {
        let world = World::new();
        let mut scorer = world.scorer(MODEL);
        // Only the event that made it one: another of the same millisecond may have raised the score since.
        let mut seen = BTreeSet::new();
        for event in &log {
            world.append(std::slice::from_ref(event));
            scorer.catch_up().expect("scores");
            for lead in world.snapshot().leads {
                let Some(qualified) = lead.qualified.clone() else { continue };
                if !seen.insert(lead.key) {
                    continue;
                }
                prop_assert_eq!(qualified.at, event.at);
                prop_assert_eq!(qualified.score, lead.score);
                let evaluation = model(MODEL).evaluate(&lead.hits, &profile(&lead), qualified.at);
                prop_assert_eq!(evaluation.total, qualified.score.total);
                let sum: Points = evaluation.lines.iter().map(|line| line.points).sum();
                prop_assert_eq!(sum, qualified.score.total);
                prop_assert!(evaluation.qualifies);
            }
        }
        let mqls = world.snapshot().leads.iter().filter(|lead| lead.qualified.is_some()).count();
        prop_assert_eq!(seen.len(), mqls);
    }
}

/// The lead's page asks for the explanation of the moment later on, from the hits that are left. Those
/// that fell out since then because a newer one of their kind came are missing: what is asked for then is
/// what the transition kept.
#[test]
fn the_score_of_the_moment_is_kept_with_the_transition() {
    let mut events = vec![known(1, event("demo_request", "/", minute(0)))];
    events.extend((1..5).map(|n| event("engagement", "/", minute(n))));
    let world = World::after(events.clone());
    let lead = world.lead(1);
    let at_the_moment = lead.qualified.clone().expect("an MQL");
    assert_eq!(at_the_moment.score.total, Points::whole(32));
    assert_eq!(world.transitions(&lead)[0].score, at_the_moment.score);
    events.push(event("demo_request", "/", minute(10)));
    let later = World::after(events).lead(1);
    assert_eq!(later.qualified, Some(at_the_moment), "what comes later changes nothing of it");
}
