//! A model in sentences, for people who do not read TOML. Invariant: what is said is read from the checked
//! model, and the example is evaluated, never told from memory.

mod advice;
mod diff;
mod example;
mod parts;

use super::{
    Axis, Model,
    model::{Group, Rule},
};
use parts::{Piece, Section, entries, sections, signed};
use std::fmt::Write;

impl Model {
    /// The model in words: what an MQL is, what brings how many points, how they fade, what rules out; and an
    /// example from day to day.
    pub fn explain(&self) -> String {
        let sections = sections(&self.spec);
        let mut out = format!("{}\n", self.name());
        for section in &sections {
            match section.title {
                "Groups" => {}
                "Rules" => self.rules_in_words(section, &mut out),
                "Attributes" => self.attributes_in_words(&mut out),
                "Ideal customer profile" if !self.spec.mql.icp_required => {
                    listed("Ideal customer profile (shown, decides nothing)", section, &mut out);
                }
                title => listed(title, section, &mut out),
            }
        }
        heading("An example", &mut out);
        out.push_str(&example::told(self));
        out
    }

    /// What can be used as it is, and is perhaps not meant so; a sentence each.
    pub fn advice(&self) -> Vec<String> {
        advice::of(&self.spec)
    }

    /// What `other` changes, a sentence each; empty when both mean the same.
    pub fn changes_to(&self, other: &Self) -> Vec<String> {
        let mut changes = diff::changes(self, other);
        if changes.is_empty() && self.hash() != other.hash() {
            changes
                .push("They differ in something that changes no score, such as an id of a group.".to_owned());
        }
        changes
    }

    fn groups_of(&self, axis: Axis) -> impl Iterator<Item = (&String, &Group)> {
        self.spec.groups.iter().filter(move |(_, group)| group.axis == axis)
    }

    fn rules_in_words(&self, section: &Section, out: &mut String) {
        heading("Engagement: what a lead did", out);
        for (id, group) in self.groups_of(Axis::Engagement) {
            group_line(group, out);
            let mut rules: Vec<&Rule> = self.spec.rules.iter().filter(|rule| rule.group == *id).collect();
            rules.sort_by(|a, b| (b.points, &a.id).cmp(&(a.points, &b.id)));
            for rule in rules {
                let piece = section.pieces.iter().find(|piece| piece.id == rule.id.as_str());
                let Some(piece) = piece else { continue };
                let _ = writeln!(out, "  {:>6}  {}: {}", signed(rule.points), rule.label, rule_words(piece));
            }
        }
    }

    fn attributes_in_words(&self, out: &mut String) {
        if self.spec.attributes.is_empty() {
            return;
        }
        heading("Fit: what a lead is now", out);
        for (id, group) in self.groups_of(Axis::Fit) {
            group_line(group, out);
            for attribute in self.spec.attributes.iter().filter(|attribute| attribute.group == *id) {
                let _ = writeln!(out, "  {} ({})", attribute.label, attribute.attribute);
                for (values, points) in entries(attribute) {
                    let _ = writeln!(out, "  {:>6}  {}", signed(points), values.join(", "));
                }
                let _ = writeln!(out, "  {:>6}  not known", signed(attribute.unknown_points));
            }
        }
    }
}

fn heading(title: &str, out: &mut String) {
    let _ = writeln!(out, "\n{title}");
}

fn group_line(group: &Group, out: &mut String) {
    let cap = group.cap.map(|cap| format!(", together at most {cap} either way")).unwrap_or_default();
    let _ = writeln!(out, "- {}{cap}", group.label);
}

/// `demo_request; once, the latest time; fades: by half every 14 days`.
fn rule_words(piece: &Piece) -> String {
    let said = piece.facets.iter().filter_map(|(name, words)| match name.as_ref() {
        "points" | "group" => None,
        "for" | "counts" => Some(words.clone()),
        "fades" if words == "never" => Some("never fades".to_owned()),
        "fades" => Some(format!("fades: {words}")),
        name => Some(format!("{name} {words}")),
    });
    said.collect::<Vec<_>>().join("; ")
}

/// A heading with a line for each piece; nothing when there are none.
fn listed(title: &str, section: &Section, out: &mut String) {
    if section.pieces.is_empty() {
        return;
    }
    heading(title, out);
    for piece in &section.pieces {
        let facets: Vec<String> =
            piece.facets.iter().map(|(name, words)| format!("{name}: {words}")).collect();
        match section.title {
            "To be an MQL" | "Grades" | "Time limits" => {
                for facet in facets {
                    let _ = writeln!(out, "- {facet}");
                }
            }
            _ => {
                let _ = writeln!(out, "- {}: {}", piece.label, facets.join("; ").trim_start_matches("for: "));
            }
        }
    }
}
