//! Gathers the facts of each lead while a replay scores the log by the draft. Invariant: what it keeps of a lead
//! is bounded by the model, not by how much the lead did.

use super::facts::{Facts, Mql, RuleHit};
use super::lift::{Kind, Scored};
use super::staircase::{Staircase, Walk};
use crate::domain::{LeadKey, Points, Timestamp};
use crate::jobs::replay::Observer;
use crate::jobs::standing::rules;
use crate::leads::lifecycle::Rules;
use crate::leads::outcome::closed;
use crate::leads::{Lead, Transition};
use crate::scoring::{Evaluation, LineKind, Model};
use std::collections::{BTreeMap, HashMap};

/// How close a lead came to being an MQL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Best {
    pub(super) total: Points,
    pub(super) at: Timestamp,
    /// In sentences; nothing when its score was enough.
    pub(super) missing: Vec<String>,
}

struct Seen {
    walk: Walk,
    hits: Vec<(usize, Timestamp)>,
    best: Option<Best>,
}

/// Sees every score of a replay.
pub(super) struct Watcher {
    rules: Rules,
    scored: Vec<Scored>,
    place: HashMap<String, usize>,
    people: BTreeMap<LeadKey, Vec<Transition>>,
    leads: HashMap<LeadKey, Seen>,
}

impl Watcher {
    /// Watches what `draft` makes; `people` is what people made of the site's leads.
    pub(super) fn new(draft: &Model, people: Vec<Transition>) -> Self {
        let rule = draft.rules().map(|(id, label, ..)| (id, label, Kind::Rule));
        let attribute = draft.attributes().map(|(id, label)| (id, label, Kind::Attribute));
        let scored: Vec<Scored> = rule
            .chain(attribute)
            .map(|(id, label, kind)| Scored { id: id.clone(), label: label.to_owned(), kind })
            .collect();
        let mut of_leads: BTreeMap<LeadKey, Vec<Transition>> = BTreeMap::new();
        for change in people {
            of_leads.entry(change.lead).or_default().push(change);
        }
        let place = scored.iter().enumerate().map(|(n, scored)| (scored.id.to_string(), n)).collect();
        Self { rules: rules(draft), scored, place, people: of_leads, leads: HashMap::new() }
    }

    /// The rules and attributes that it tells apart.
    pub(super) fn scored(&self) -> &[Scored] {
        &self.scored
    }

    /// How close a lead came.
    pub(super) fn best(&self, key: LeadKey) -> Option<&Best> {
        self.leads.get(&key)?.best.as_ref()
    }

    /// The facts of a lead, when no event is left. Of the two models' ledgers it is in at least one.
    pub(super) fn facts(&self, live: Option<&Lead>, draft: Option<&Lead>) -> Option<Facts> {
        let lead = live.or(draft)?;
        let mql = |lead: Option<&Lead>| {
            lead?.qualified.as_ref().map(|mql| Mql { at: mql.at, total: mql.score.total })
        };
        let seen = draft.and_then(|draft| self.leads.get(&draft.key));
        let hits = seen.map_or(&[][..], |seen| &seen.hits);
        let hit = |(place, at): &(usize, Timestamp)| {
            Some(RuleHit { rule: self.scored.get(*place)?.id.clone(), at: *at })
        };
        Some(Facts {
            key: lead.key,
            channel: lead.first.touch.channel,
            known_at: lead.known_at,
            live: mql(live),
            draft: mql(draft),
            stairs: seen.map_or_else(Staircase::default, |seen| seen.walk.clone().finish()),
            hits: hits.iter().filter_map(hit).collect(),
            outcome: self.people.get(&lead.key).and_then(|changes| closed(changes)).map(Into::into),
        })
    }
}

impl Observer for Watcher {
    fn begun(&mut self) {
        self.leads.clear();
    }

    fn evaluated(&mut self, lead: &Lead, at: Timestamp, evaluation: &Evaluation) {
        let Self { rules, place, people, leads, .. } = self;
        let seen = leads.entry(lead.key).or_insert_with(|| Seen {
            walk: Walk::new(people.get(&lead.key).into_iter().flatten()),
            hits: Vec::new(),
            best: None,
        });
        seen.walk.evaluated(rules, lead, at, evaluation);
        for line in &evaluation.lines {
            let gives = match line.kind {
                LineKind::Rule => true,
                LineKind::Attribute => line.count > 0 && line.points > Points::ZERO,
                _ => false,
            };
            let known = || seen.hits.iter().map(|(place, _)| place);
            if let Some(place) = place.get(&line.id).filter(|_| gives)
                && !known().any(|known| known == place)
            {
                seen.hits.push((*place, at));
            }
        }
        let open = seen.walk.stairs().first_at(rules.threshold).is_none();
        if open && seen.best.as_ref().is_none_or(|best| best.total < evaluation.total) {
            let missing = evaluation.missing.clone();
            seen.best = Some(Best { total: evaluation.total, at, missing });
        }
    }
}
