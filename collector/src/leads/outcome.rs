//! How a lead ended. Invariant: one definition of won and lost for every report and every model that learns from
//! them: the newest thing that people said of a lead decides, and nothing that the machine did.

use super::Transition;
use crate::domain::{Money, Stage, Timestamp};

/// How a lead ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It is a customer.
    Won {
        /// Since when.
        at: Timestamp,
        /// What was won, where somebody said.
        amount: Option<Money>,
    },
    /// It was lost or ruled out.
    Lost {
        /// When.
        at: Timestamp,
    },
}

/// One thing that people said of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Where they put it.
    pub to: Stage,
    /// What was won with it.
    pub amount: Option<Money>,
}

/// How a lead ended, by its changes of stage from the oldest to the newest. Nothing: it is open, also when it was
/// handed back or taken up again after it had been lost. A customer whose deal was taken back is lost.
pub fn closed(transitions: &[Transition]) -> Option<Closed> {
    let newest = transitions.iter().rev().find(|transition| transition.by_people())?;
    ended(newest.to, newest.at, newest.amount.as_ref())
}

/// The same, by what people said from the oldest to the newest.
pub fn closed_by(said: &[Said]) -> Option<Closed> {
    let newest = said.last()?;
    ended(newest.to, newest.at, newest.amount.as_ref())
}

fn ended(to: Stage, at: Timestamp, amount: Option<&Money>) -> Option<Closed> {
    match to {
        Stage::Customer => Some(Closed::Won { at, amount: amount.cloned() }),
        Stage::Lost | Stage::Disqualified => Some(Closed::Lost { at }),
        Stage::Lead | Stage::Mql | Stage::Sal | Stage::Sql | Stage::Recycled => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Actor, LeadKey, ModelHash, Role, Score, SiteNo, Text};

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_days(day)
    }

    fn eur(minor: i64) -> Option<Money> {
        Some(Money { minor, currency: Text::clean("EUR") })
    }

    /// A path of (day, who, to, amount).
    fn path(path: &[(i64, Role, Stage, Option<Money>)]) -> Vec<Transition> {
        let step = |(at, role, to, amount): &(i64, Role, Stage, Option<Money>)| Transition {
            lead: LeadKey::from_bytes([1; 16]),
            site: SiteNo::new(1),
            at: day(*at),
            from: Stage::Lead,
            to: *to,
            reason: String::new(),
            actor: Actor::account(*role),
            amount: amount.clone(),
            score: Score::default(),
            model: ModelHash::from_bytes([0; 32]),
            lines: String::new(),
            rules: Vec::new(),
        };
        path.iter().map(step).collect()
    }

    fn ends(steps: &[(i64, Role, Stage, Option<Money>)]) -> Option<Closed> {
        let transitions = path(steps);
        let people = transitions.iter().filter(|transition| transition.by_people());
        let said: Vec<Said> =
            people.map(|made| Said { at: made.at, to: made.to, amount: made.amount.clone() }).collect();
        assert_eq!(closed(&transitions), closed_by(&said), "one definition");
        closed(&transitions)
    }

    #[test]
    fn the_newest_that_people_said_decides() {
        use Role::{Collector, Operator, Owner};
        let mql = (1, Collector, Stage::Mql, None);
        let won = (5, Owner, Stage::Customer, eur(900));
        assert_eq!(ends(&[]), None);
        assert_eq!(ends(&[mql.clone(), (2, Owner, Stage::Sal, None)]), None, "open");
        assert_eq!(ends(&[mql.clone(), won.clone()]), Some(Closed::Won { at: day(5), amount: eur(900) }));
        assert_eq!(
            ends(&[mql.clone(), won.clone(), (9, Operator, Stage::Lost, None)]),
            Some(Closed::Lost { at: day(9) }),
            "the deal was taken back"
        );
        let back = (9, Operator, Stage::Lost, None);
        let again = (12, Owner, Stage::Customer, None);
        assert_eq!(ends(&[won, back.clone(), again]), Some(Closed::Won { at: day(12), amount: None }));
        assert_eq!(
            ends(&[mql.clone(), (3, Owner, Stage::Disqualified, None)]),
            Some(Closed::Lost { at: day(3) })
        );
        assert_eq!(ends(&[back, (11, Owner, Stage::Recycled, None)]), None, "open again");
        let machine = (30, Collector, Stage::Disqualified, None);
        assert_eq!(ends(&[mql, machine]), None, "what the machine rules out was not lost by sales");
    }
}
