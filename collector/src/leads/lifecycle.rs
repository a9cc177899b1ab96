//! The lifecycle. Invariant: a stage changes only as the table here allows, each change by the machine or by
//! people; the machine decides by what it is given and nothing else, never twice for one qualification, and
//! leaves alone what sales works on.

use crate::domain::{Points, Stage, Timestamp};
use std::fmt;

/// Who changes a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The collector, by the score.
    Machine,
    /// Somebody, by what they know.
    People,
}

/// A change that is legal, with what it means.
pub type Legal = (Stage, &'static str);

/// Where a lead in `from` may go, and what that says.
pub const fn legal(kind: Kind, from: Stage) -> &'static [Legal] {
    match kind {
        Kind::Machine => by_machine(from),
        Kind::People => by_people(from),
    }
}

const fn by_machine(from: Stage) -> &'static [Legal] {
    match from {
        Stage::Lead => &[(Stage::Mql, "qualified by its score"), (Stage::Disqualified, "ruled out")],
        Stage::Mql => &[
            (Stage::Lead, "fell out: its score faded, or it is held back"),
            (Stage::Disqualified, "ruled out"),
        ],
        Stage::Recycled => &[(Stage::Mql, "qualified anew"), (Stage::Disqualified, "ruled out")],
        Stage::Disqualified => &[(Stage::Lead, "nothing rules it out any more")],
        Stage::Sal | Stage::Sql | Stage::Customer | Stage::Lost => &[],
    }
}

const fn by_people(from: Stage) -> &'static [Legal] {
    match from {
        Stage::Lead => &[
            (Stage::Mql, "put forward by marketing"),
            (Stage::Sal, "taken up by sales"),
            (Stage::Sql, "qualified by sales"),
            (Stage::Customer, "won"),
            (Stage::Disqualified, "ruled out"),
        ],
        Stage::Mql => &[
            (Stage::Sal, "accepted by sales"),
            (Stage::Sql, "qualified by sales"),
            (Stage::Customer, "won"),
            (Stage::Recycled, "handed back to marketing"),
            (Stage::Disqualified, "ruled out"),
            (Stage::Lost, "lost"),
        ],
        Stage::Sal => &[
            (Stage::Sql, "qualified by sales"),
            (Stage::Customer, "won"),
            (Stage::Recycled, "handed back to marketing"),
            (Stage::Disqualified, "ruled out"),
            (Stage::Lost, "lost"),
        ],
        Stage::Sql => &[
            (Stage::Customer, "won"),
            (Stage::Recycled, "handed back to marketing"),
            (Stage::Disqualified, "ruled out"),
            (Stage::Lost, "lost"),
        ],
        Stage::Customer => &[(Stage::Lost, "the deal was taken back")],
        Stage::Recycled => &[
            (Stage::Mql, "put forward again"),
            (Stage::Sal, "taken up by sales again"),
            (Stage::Sql, "qualified by sales"),
            (Stage::Customer, "won"),
            (Stage::Disqualified, "ruled out"),
            (Stage::Lost, "lost"),
        ],
        Stage::Disqualified => &[(Stage::Lead, "ruled out by mistake")],
        Stage::Lost => &[
            (Stage::Recycled, "handed back to marketing"),
            (Stage::Sql, "open again"),
            (Stage::Customer, "won after all"),
        ],
    }
}

/// A change that is not legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Illegal {
    /// Where the lead stands.
    pub from: Stage,
    /// Where it cannot go.
    pub to: Stage,
    kind: Kind,
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ways: Vec<String> = legal(self.kind, self.from)
            .iter()
            .map(|(to, words)| format!("{} ({words})", to.name()))
            .collect();
        write!(f, "from {} a lead does not become {}; it may become ", self.from.name(), self.to.name())?;
        f.write_str(if ways.is_empty() { "nothing else" } else { "" })?;
        f.write_str(&ways.join(", "))
    }
}

/// Whether a change is legal; answers what it means.
///
/// # Errors
/// Names the changes that are.
pub fn check(kind: Kind, from: Stage, to: Stage) -> Result<&'static str, Illegal> {
    let found = legal(kind, from).iter().find(|(legal, _)| *legal == to);
    found.map(|(_, words)| *words).ok_or(Illegal { from, to, kind })
}

/// What the machine has to know of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: Timestamp,
    /// Whether the machine put it there.
    pub by_machine: bool,
    /// What of its score was engagement when it first became an MQL, if it did.
    pub qualified_with: Option<Points>,
    /// Its newest event.
    pub last_seen: Timestamp,
}

/// What scoring answers of a lead at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The moment.
    pub at: Timestamp,
    /// The score.
    pub total: Points,
    /// Its part for what the lead did.
    pub engagement: Points,
    /// Whether this is enough.
    pub qualifies: bool,
    /// What rules the lead out.
    pub ruled_out: Option<String>,
    /// Who holds the lead back, and why.
    pub held: Option<String>,
    /// Who says that the lead qualifies, whatever its points, and why.
    pub passed: Option<String>,
}

/// What the model says of the way in and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The total from which a lead is an MQL.
    pub threshold: Points,
    /// The total below which it is one no longer. Without one, nobody falls out.
    pub exit_below: Option<Points>,
    /// Days after falling out or being handed back before a lead may qualify again.
    pub cooldown_days: Option<u32>,
}

/// A change of stage and its reason, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// To where.
    pub to: Stage,
    /// Why.
    pub reason: String,
}

/// Until when a lead that fell out or was handed back may not qualify again.
pub fn cooling_until(standing: &Standing, rules: &Rules) -> Option<Timestamp> {
    let came_back = match standing.stage {
        Stage::Recycled => true,
        Stage::Lead => standing.qualified_with.is_some(),
        _ => false,
    };
    rules.cooldown_days.filter(|_| came_back).map(|days| standing.since.plus_days(i64::from(days)))
}

/// Where the machine puts a lead after an event, if anywhere else.
pub fn next(standing: &Standing, verdict: &Verdict, rules: &Rules) -> Option<Move> {
    let to = |to, reason| Some(Move { to, reason });
    let ours = standing.by_machine || standing.stage == Stage::Recycled;
    match (standing.stage, &verdict.ruled_out) {
        (Stage::Lead | Stage::Mql | Stage::Recycled, Some(why)) if ours => {
            to(Stage::Disqualified, format!("ruled out: {why}"))
        }
        (Stage::Disqualified, None) if ours => to(Stage::Lead, "nothing rules it out any more".to_owned()),
        (Stage::Lead | Stage::Recycled, None) if verdict.qualifies => {
            // Who says that it qualifies need not wait.
            let cooling = verdict.passed.is_none()
                && cooling_until(standing, rules).is_some_and(|until| verdict.at < until);
            if cooling { None } else { to(Stage::Mql, reason(verdict, rules.threshold)) }
        }
        _ => fades(standing, verdict, rules),
    }
}

/// Where the machine puts a lead as time passes and nothing happens, if anywhere else: an MQL falls out below
/// the exit, and when nothing that it did counts any more, however well it suits; not while somebody says that it
/// qualifies, and at once when they hold it back. What people made an MQL is theirs.
pub fn fades(standing: &Standing, verdict: &Verdict, rules: &Rules) -> Option<Move> {
    if standing.stage != Stage::Mql || !standing.by_machine {
        return None;
    }
    if let Some(why) = &verdict.held {
        return Some(Move { to: Stage::Lead, reason: why.clone() });
    }
    let exit = rules.exit_below.filter(|_| verdict.passed.is_none())?;
    let seen: String = standing.last_seen.to_string().chars().take(10).collect();
    let reason = if verdict.total < exit {
        format!("score {} fell below {exit}, the way out; last active on {seen}", verdict.total)
    } else if verdict.engagement <= Points::ZERO
        && standing.qualified_with.is_some_and(|engagement| engagement > Points::ZERO)
    {
        format!("nothing that it did counts any more; last active on {seen}")
    } else {
        return None;
    };
    Some(Move { to: Stage::Lead, reason })
}

/// Why a lead became an MQL, in a sentence.
fn reason(verdict: &Verdict, threshold: Points) -> String {
    let total = verdict.total;
    if let Some(why) = &verdict.passed {
        why.clone()
    } else if total >= threshold {
        format!("score {total} reached the threshold of {threshold}")
    } else {
        format!("score {total} and a rule that qualifies at once")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    const RULES: Rules =
        Rules { threshold: Points::whole(60), exit_below: Some(Points::whole(40)), cooldown_days: Some(30) };

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_days(day)
    }

    fn standing(stage: Stage) -> Standing {
        let qualified_with = (stage != Stage::Lead).then_some(Points::whole(50));
        Standing { stage, since: day(0), by_machine: true, qualified_with, last_seen: day(0) }
    }

    fn verdict(at: i64, total: i32) -> Verdict {
        let total = Points::whole(total);
        let qualifies = total >= RULES.threshold;
        Verdict {
            at: day(at),
            total,
            engagement: total,
            qualifies,
            ruled_out: None,
            held: None,
            passed: None,
        }
    }

    fn to(standing: &Standing, verdict: &Verdict) -> Option<Stage> {
        next(standing, verdict, &RULES).map(|next| next.to)
    }

    #[test]
    fn between_exit_and_threshold_nothing_changes() {
        assert_eq!(to(&standing(Stage::Lead), &verdict(1, 59)), None);
        assert_eq!(to(&standing(Stage::Lead), &verdict(1, 60)), Some(Stage::Mql));
        for total in [40, 59, 60, 100] {
            assert_eq!(to(&standing(Stage::Mql), &verdict(1, total)), None, "{total}");
        }
        assert_eq!(to(&standing(Stage::Mql), &verdict(1, 39)), Some(Stage::Lead));
    }

    #[test]
    fn who_fell_out_or_was_handed_back_waits_for_the_cooldown() {
        for stage in [Stage::Lead, Stage::Recycled] {
            let back = Standing { qualified_with: Some(Points::whole(50)), ..standing(stage) };
            assert_eq!(to(&back, &verdict(29, 80)), None, "{stage:?}");
            assert_eq!(to(&back, &verdict(30, 80)), Some(Stage::Mql), "{stage:?}");
            assert_eq!(cooling_until(&back, &RULES), Some(day(30)));
        }
        assert_eq!(
            cooling_until(&standing(Stage::Lead), &RULES),
            None,
            "who never was an MQL may be one now"
        );
    }

    #[test]
    fn fit_alone_keeps_nobody() {
        let faded = Verdict { engagement: Points::ZERO, ..verdict(200, 45) };
        let said = fades(&standing(Stage::Mql), &faded, &RULES).map(|next| next.reason);
        assert_eq!(said.as_deref(), Some("nothing that it did counts any more; last active on 1970-01-01"));
        let by_fit = Standing { qualified_with: Some(Points::ZERO), ..standing(Stage::Mql) };
        assert_eq!(fades(&by_fit, &faded, &RULES), None, "but for whom it was enough from the beginning");
        assert_eq!(fades(&standing(Stage::Mql), &faded, &Rules { exit_below: None, ..RULES }), None);
    }

    #[test]
    fn who_is_held_back_is_no_mql_and_who_is_said_to_qualify_is_one() {
        let held = |total| Verdict { held: Some("held".to_owned()), qualifies: false, ..verdict(5, total) };
        let passed =
            |total| Verdict { passed: Some("said".to_owned()), qualifies: true, ..verdict(5, total) };
        let why = |stage, verdict: &Verdict, rules: &Rules| {
            next(&standing(stage), verdict, rules).map(|next| (next.to, next.reason))
        };
        let said = |to, reason: &str| Some((to, reason.to_owned()));
        assert_eq!(why(Stage::Lead, &held(99), &RULES), None);
        assert_eq!(why(Stage::Mql, &held(99), &RULES), said(Stage::Lead, "held"));
        let endless = Rules { exit_below: None, ..RULES };
        assert_eq!(why(Stage::Mql, &held(99), &endless), said(Stage::Lead, "held"), "with no way out too");
        assert_eq!(why(Stage::Lead, &passed(0), &RULES), said(Stage::Mql, "said"));
        assert_eq!(
            why(Stage::Recycled, &passed(0), &RULES),
            said(Stage::Mql, "said"),
            "without the cooldown"
        );
        assert_eq!(why(Stage::Mql, &passed(0), &RULES), None, "and it stays, however it faded");
        let theirs = Standing { by_machine: false, ..standing(Stage::Mql) };
        assert_eq!(next(&theirs, &held(0), &RULES), None, "whom people made an MQL is theirs");
    }

    #[test]
    fn what_people_decided_is_theirs() {
        let out = Verdict { ruled_out: Some("a student".to_owned()), ..verdict(90, 0) };
        for stage in [Stage::Mql, Stage::Disqualified, Stage::Sal, Stage::Sql, Stage::Customer, Stage::Lost] {
            let theirs = Standing { by_machine: false, ..standing(stage) };
            for verdict in [&out, &verdict(90, 0), &verdict(90, 99)] {
                assert_eq!(to(&theirs, verdict), None, "{stage:?}");
            }
        }
        assert_eq!(to(&standing(Stage::Mql), &out), Some(Stage::Disqualified), "regardless of points");
        assert_eq!(to(&standing(Stage::Disqualified), &verdict(90, 0)), Some(Stage::Lead));
    }

    #[test]
    fn what_is_refused_names_what_would_be_right() {
        let refused = check(Kind::People, Stage::Customer, Stage::Mql).expect_err("is not legal");
        assert_eq!(
            refused.to_string(),
            "from customer a lead does not become mql; it may become lost (the deal was taken back)"
        );
        let refused = check(Kind::Machine, Stage::Sql, Stage::Mql).expect_err("is not legal");
        assert!(refused.to_string().ends_with("it may become nothing else"), "{refused}");
        assert_eq!(check(Kind::People, Stage::Sql, Stage::Customer), Ok("won"));
    }

    #[derive(Debug, Clone)]
    enum Doing {
        Event(Verdict),
        Quiet(Verdict),
        People(Stage),
    }

    fn doing() -> impl Strategy<Value = Doing> {
        let verdict = || {
            let said = || prop::option::weighted(0.1, "[a-z]{3}");
            (0..100_i32, -20..100_i32, any::<bool>(), said(), (said(), said())).prop_map(
                |(total, engagement, qualifies, ruled_out, (held, passed))| Verdict {
                    at: day(0),
                    total: Points::whole(total),
                    engagement: Points::whole(engagement),
                    qualifies: (qualifies || passed.is_some()) && ruled_out.is_none() && held.is_none(),
                    ruled_out,
                    held,
                    passed,
                },
            )
        };
        prop_oneof![
            4 => verdict().prop_map(Doing::Event),
            2 => verdict().prop_map(Doing::Quiet),
            2 => select(Stage::ALL.to_vec()).prop_map(Doing::People),
        ]
    }

    proptest! {
        /// Whatever happens to a lead, in whatever order: every change is in the table of whoever made it, and
        /// what is not in it changes nothing.
        #[test]
        fn no_illegal_transition_is_reachable(
            doings in prop::collection::vec((doing(), 0..50_i64), 0..60),
            exit in prop::option::of(0..60_i32),
            cooldown_days in prop::option::of(0..60_u32),
        ) {
            let rules = Rules { exit_below: exit.map(Points::whole), cooldown_days, ..RULES };
            let mut lead = Standing { qualified_with: None, ..standing(Stage::Lead) };
            let mut now = 0;
            for (doing, days) in doings {
                now += days;
                let at = |verdict: Verdict| Verdict { at: day(now), ..verdict };
                let (kind, stage, engagement) = match doing {
                    Doing::People(to) => {
                        match check(Kind::People, lead.stage, to) {
                            Ok(words) => prop_assert!(!words.is_empty()),
                            Err(refused) => {
                                for (legal, _) in legal(Kind::People, lead.stage) {
                                    prop_assert!(refused.to_string().contains(legal.name()));
                                }
                                continue;
                            }
                        }
                        (Kind::People, to, Points::ZERO)
                    }
                    Doing::Event(verdict) => match next(&lead, &at(verdict.clone()), &rules) {
                        Some(next) => (Kind::Machine, next.to, verdict.engagement),
                        None => continue,
                    },
                    Doing::Quiet(verdict) => match fades(&lead, &at(verdict.clone()), &rules) {
                        Some(next) => {
                            prop_assert_eq!((lead.stage, next.to), (Stage::Mql, Stage::Lead));
                            (Kind::Machine, next.to, verdict.engagement)
                        }
                        None => continue,
                    },
                };
                prop_assert_ne!(stage, lead.stage, "a change changes something");
                prop_assert!(check(kind, lead.stage, stage).is_ok(), "{:?} {:?} {:?}", kind, lead.stage, stage);
                let first = (stage == Stage::Mql).then_some(engagement);
                lead = Standing {
                    stage,
                    since: day(now),
                    by_machine: kind == Kind::Machine,
                    qualified_with: lead.qualified_with.or(first),
                    last_seen: day(now),
                };
            }
        }
    }
}
