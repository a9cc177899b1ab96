//! Reads the lines of a score as a transition keeps them. Invariant: which rules brought points is read in this
//! one place, when an MQL is counted as when its count is taken back.

use crate::domain::{Points, RuleId};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Kept {
    kind: String,
    id: String,
    points: Points,
}

/// The rules and attributes that brought points, by id. What is no array of lines has none.
pub fn rules_in(lines: &str) -> Vec<RuleId> {
    let lines: Vec<Kept> = serde_json::from_str(lines).unwrap_or_default();
    let brought =
        |line: &Kept| matches!(line.kind.as_str(), "rule" | "attribute") && line.points > Points::ZERO;
    let ids: BTreeSet<RuleId> =
        lines.iter().filter(|line| brought(line)).filter_map(|line| RuleId::parse(&line.id).ok()).collect();
    ids.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_attributes_with_points_and_nothing_else() {
        let lines = r#"[{"kind":"rule","id":"b","points":1.5,"count":2},{"kind":"rule","id":"a","points":3},
            {"kind":"rule","id":"b","points":1},{"kind":"attribute","id":"size","points":9},
            {"kind":"rule","id":"faded","points":0},{"kind":"group_cap","id":"does","points":-4}]"#;
        let ids: Vec<String> = rules_in(lines).iter().map(ToString::to_string).collect();
        assert_eq!(ids, ["a", "b", "size"]);
        assert!(rules_in("").is_empty() && rules_in("[1]").is_empty());
    }
}
