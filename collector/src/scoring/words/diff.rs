//! What one model changes against another. Invariant: pieces are compared by id, and every facet that differs
//! is named with what it was and what it is.

use super::parts::{Piece, Section, sections};
use crate::scoring::Model;

/// A sentence for each change, in the order of the sections.
pub(super) fn changes(old: &Model, new: &Model) -> Vec<String> {
    let mut changes = Vec::new();
    if old.name() != new.name() {
        changes.push(format!("Name: \"{}\" becomes \"{}\".", old.name(), new.name()));
    }
    for (old, new) in sections(&old.spec).iter().zip(&sections(&new.spec)) {
        compare(old, new, &mut changes);
    }
    changes
}

/// What one piece of a section is called.
fn kind(title: &str) -> &'static str {
    match title {
        "To be an MQL" => "MQL",
        "Limits" => "Limit",
        "Grades" => "Grades",
        "Time limits" => "Time limits",
        "Groups" => "Group",
        "Rules" => "Rule",
        "Attributes" => "Attribute",
        "Disqualifiers" => "Disqualifier",
        _ => "Ideal customer",
    }
}

fn compare(old: &Section, new: &Section, changes: &mut Vec<String>) {
    let kind = kind(new.title);
    let of = |pieces: &[Piece], id: &str| pieces.iter().position(|piece| piece.id == id);
    for before in &old.pieces {
        match of(&new.pieces, &before.id) {
            Some(at) => changed(kind, before, &new.pieces[at], changes),
            None => changes.push(format!("{kind} removed: {}{}.", before.label, told(before))),
        }
    }
    for after in new.pieces.iter().filter(|piece| of(&old.pieces, &piece.id).is_none()) {
        changes.push(format!("{kind} added: {}{}.", after.label, told(after)));
    }
}

fn changed(kind: &str, before: &Piece, after: &Piece, changes: &mut Vec<String>) {
    let what = if ["MQL", "Grades", "Time limits"].contains(&kind) {
        kind.to_owned()
    } else {
        format!("{kind} \"{}\"", after.label)
    };
    if before.label != after.label {
        changes.push(format!("{what} was called \"{}\".", before.label));
    }
    let mut names: Vec<&str> = before.facets.iter().map(|(name, _)| name.as_ref()).collect();
    names.extend(
        after.facets.iter().map(|(name, _)| name.as_ref()).filter(|name| before.facet(name).is_none()),
    );
    for name in names {
        match (before.facet(name), after.facet(name)) {
            (Some(was), Some(is)) if was != is => {
                changes.push(format!("{what}, {name}: from {was} to {is}."));
            }
            (Some(was), None) => changes.push(format!("{what}, {name}: no longer; it was {was}.")),
            (None, Some(is)) => changes.push(format!("{what}, {name}: new: {is}.")),
            _ => {}
        }
    }
}

/// What a piece says, to follow its label.
fn told(piece: &Piece) -> String {
    let facets: Vec<String> = piece.facets.iter().map(|(name, words)| format!("{name} {words}")).collect();
    if facets.is_empty() { String::new() } else { format!(" ({})", facets.join("; ")) }
}
