//! What a person was scored on, and what would have changed it. Invariant: every number is the model's own
//! answer, also for what did not happen: nothing is reckoned here.

use crate::domain::{Effect, Money, Override, Points, Role, Score, Stage, Timestamp};
use crate::jobs::score::profile;
use crate::leads::{Lead, Transition};
use crate::scoring::{Evaluation, Line, LineKind, Model, Profile};
use crate::storage::Earlier;
use serde::Serialize;

/// The score, how it came about and what would make it another.
#[derive(Debug, Clone, Serialize)]
pub struct Scored {
    /// The model's name.
    pub model: String,
    /// Its hash.
    pub model_hash: String,
    /// The score from which a lead is handed to sales.
    pub threshold: Points,
    /// The score now.
    pub now: Score,
    /// Whether that is enough.
    pub qualifies: bool,
    /// What it consists of; the points sum to the score.
    pub lines: Vec<Line>,
    /// The score without what people say against it.
    pub machine_score: Score,
    /// What people said against the score, those included that are over.
    pub overrides: Vec<Said>,
    /// What is missing, in sentences.
    pub missing: Vec<String>,
    /// What would change it, in sentences.
    pub what_if: Vec<String>,
    /// Every change of stage, with what it was decided on.
    pub decisions: Vec<Decision>,
    /// What the machine had decided by models that another took the place of since.
    pub earlier_decisions: Vec<Decision>,
}

/// What was decided of somebody of whom nothing counts any more.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    /// What people said against the score of then.
    pub overrides: Vec<Said>,
    /// Changes of stage by people.
    pub decisions: Vec<Decision>,
    /// What the machine had decided before the events were taken out of the counting.
    pub earlier_decisions: Vec<Decision>,
}

/// What somebody said against the score.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    /// Points on engagement or fit, or hold, or qualify.
    pub effect: Effect,
    /// What it adds.
    pub points: Option<Points>,
    /// When it was given.
    pub from: Timestamp,
    /// When it expires or was ended.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// In which role somebody said it.
    pub said_by: Role,
}

/// A change of stage.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub from: Stage,
    /// To where.
    pub to: Stage,
    /// Why.
    pub reason: String,
    /// In which role somebody decided it; the collector is the machine.
    pub decided_by: Role,
    /// What was won.
    pub amount: Option<Money>,
    /// The score at that moment.
    pub score: Score,
    /// The model's hash.
    pub model_hash: String,
    /// What the score consisted of at that moment.
    pub lines: serde_json::Value,
}

/// The score of `lead` at `now`, with its reasons.
pub(super) fn scored(
    model: &Model,
    lead: &Lead,
    transitions: &[Transition],
    earlier: &[Earlier],
    now: Timestamp,
) -> Scored {
    let profile = profile(lead);
    let evaluation = model.evaluate(&lead.hits, &profile, now);
    let what_if = evaluation
        .lines
        .iter()
        .filter(|line| line.points != Points::ZERO)
        .filter_map(|line| without(model, lead, &profile, line, &evaluation))
        .collect();
    Scored {
        model: model.name().to_owned(),
        model_hash: model.hash().to_string(),
        threshold: model.threshold(),
        now: evaluation.score(),
        qualifies: evaluation.qualifies,
        machine_score: model.evaluate(&lead.hits, &profile.without_overrides(), now).score(),
        overrides: lead.overrides.iter().map(said).collect(),
        missing: evaluation.missing.clone(),
        what_if,
        lines: evaluation.lines,
        decisions: transitions.iter().map(decision).collect(),
        earlier_decisions: earlier.iter().map(|earlier| decision(&earlier.transition)).collect(),
    }
}

fn decision(transition: &Transition) -> Decision {
    Decision {
        at: transition.at,
        from: transition.from,
        to: transition.to,
        reason: transition.reason.clone(),
        decided_by: transition.actor.role,
        amount: transition.amount.clone(),
        score: transition.score,
        model_hash: transition.model.to_string(),
        lines: serde_json::from_str(&transition.lines).unwrap_or_default(),
    }
}

/// What was decided of a lead that is not there; nothing when nothing was.
pub(super) fn decided(
    overrides: &[Override],
    transitions: &[Transition],
    earlier: &[Earlier],
) -> Option<Decided> {
    let any = !(overrides.is_empty() && transitions.is_empty() && earlier.is_empty());
    any.then(|| Decided {
        overrides: overrides.iter().map(said).collect(),
        decisions: transitions.iter().map(decision).collect(),
        earlier_decisions: earlier.iter().map(|earlier| decision(&earlier.transition)).collect(),
    })
}

fn said(given: &Override) -> Said {
    Said {
        effect: given.effect,
        points: given.effect.points(),
        from: given.from,
        until: given.over_at(),
        reason: given.reason.to_string(),
        said_by: given.actor.role,
    }
}

/// What the score would be without what a line is about.
fn without(
    model: &Model,
    lead: &Lead,
    profile: &Profile,
    line: &Line,
    evaluation: &Evaluation,
) -> Option<String> {
    let (hits, profile) = match line.kind {
        LineKind::Rule => {
            let others = lead.hits.iter().filter(|hit| hit.rule.as_str() != line.id);
            (others.cloned().collect(), profile.clone())
        }
        LineKind::Attribute => (lead.hits.clone(), blank(profile, model.field_of(&line.id)?)),
        LineKind::Override => {
            let mut others = profile.clone();
            others.overrides.retain(|given| line.id != format!("override_{}", given.no));
            (lead.hits.clone(), others)
        }
        LineKind::RuleCap | LineKind::GroupCap | LineKind::AxisClamp | LineKind::TotalClamp => return None,
    };
    let other = model.evaluate(&hits, &profile, evaluation.as_of);
    let outcome = match (evaluation.qualifies, other.qualifies) {
        (true, false) => "; that would not have been enough",
        (false, true) => "; that would have been enough",
        (true, true) => "; that would still be enough",
        (false, false) => "",
    };
    Some(format!(
        "Without “{}” the score would be {} instead of {}{outcome}.",
        line.label, other.total, evaluation.total
    ))
}

/// The profile without the field that an attribute of the model reads.
fn blank(profile: &Profile, field: &str) -> Profile {
    let mut profile = profile.clone();
    profile.attributes.remove(field);
    match field {
        "country" => profile.country = None,
        "email_domain" | "email_class" => profile.domain = None,
        _ => {}
    }
    profile
}
