//! The lifecycle. Invariant: a lead becomes an MQL once per qualification; nothing else is decided by
//! the machine, and `next` is a pure function of where the lead stands and what scoring answered.

use crate::domain::{Points, Stage};

/// Where a lead in `stage` goes by its score, if anywhere.
pub fn next(stage: Stage, qualifies: bool) -> Option<Stage> {
    match (stage, qualifies) {
        (Stage::Lead, true) => Some(Stage::Mql),
        _ => None,
    }
}

/// Why a lead became an MQL, in a sentence.
pub fn reason(total: Points, threshold: Points) -> String {
    if total >= threshold {
        format!("score {total} reached the threshold of {threshold}")
    } else {
        format!("score {total} and a rule that qualifies at once")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lead_becomes_an_mql_and_only_once() {
        assert_eq!(next(Stage::Lead, true), Some(Stage::Mql));
        assert_eq!(next(Stage::Lead, false), None);
        for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Lead) {
            assert_eq!(next(stage, true), None, "{stage:?}");
        }
    }
}
