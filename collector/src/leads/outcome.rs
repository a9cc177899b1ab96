//! How it ended with a lead. Invariant: the newest change that people made decides, and nothing that the machine
//! did; a deal that was taken back is lost.

use super::Transition;
use crate::domain::{Money, Stage, Timestamp};

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// The stage customer was reached.
    Won {
        /// When.
        at: Timestamp,
        /// What was won, where it was said.
        amount: Option<Money>,
    },
    /// Lost, or ruled out by people.
    Lost {
        /// When.
        at: Timestamp,
    },
}

/// How it ended with a lead of these changes, oldest first; nothing while it is open.
pub fn closed(transitions: &[Transition]) -> Option<Closed> {
    let newest = transitions.iter().rev().find(|transition| transition.by_people())?;
    match newest.to {
        Stage::Customer => Some(Closed::Won { at: newest.at, amount: newest.amount.clone() }),
        Stage::Lost | Stage::Disqualified => Some(Closed::Lost { at: newest.at }),
        _ => None,
    }
}
