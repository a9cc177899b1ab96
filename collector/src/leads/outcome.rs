//! What became of a lead. Invariant: one definition for every report: the newest change that people made decides.

use super::Transition;
use crate::domain::{Money, Stage, Timestamp};

/// How sales closed a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It became a customer.
    Won {
        /// When.
        at: Timestamp,
        /// What was won, if it was said.
        amount: Option<Money>,
    },
    /// It was lost, or ruled out.
    Lost {
        /// When.
        at: Timestamp,
    },
}

/// How a lead was closed, by its changes of stage, oldest first; `None` while it is open. A customer that was
/// taken back is lost.
pub fn closed(transitions: &[Transition]) -> Option<Closed> {
    let newest = transitions.iter().rev().find(|transition| transition.by_people())?;
    match newest.to {
        Stage::Customer => Some(Closed::Won { at: newest.at, amount: newest.amount.clone() }),
        Stage::Lost | Stage::Disqualified => Some(Closed::Lost { at: newest.at }),
        Stage::Lead | Stage::Mql | Stage::Sal | Stage::Sql | Stage::Recycled => None,
    }
}
