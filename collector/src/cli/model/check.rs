//! `mqlite model check`. Invariant: what it calls usable, the collector starts with.

use crate::cli::{Failure, say};
use std::path::Path;

/// Says that a model is usable and what it has, or what is wrong.
pub(super) fn run(named: &Path) -> Result<(), Failure> {
    let model = super::read(named)?;
    let size = model.size();
    let count =
        |n: usize, one: &str, many: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {many}") };
    let parts = [
        count(size.rules, "rule", "rules"),
        count(size.attributes, "attribute", "attributes"),
        count(size.disqualifiers, "disqualifier", "disqualifiers"),
        count(size.icp, "requirement of the ideal customer", "requirements of the ideal customer"),
    ];
    say(format!("\"{}\" can be used: {}.", model.name(), parts.join(", ")))?;
    say(format!("An MQL needs {} points. Use it with --model {}.", model.threshold(), named.display()))?;
    say(format!("Its hash, by which scores name it: {}", model.hash()))?;
    model.advice().into_iter().try_for_each(|advice| say(format!("Worth knowing: {advice}")))
}
