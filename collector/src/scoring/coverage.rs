//! Coverage over many leads: of how many is known what the model asks for. Invariant: it says nothing of a
//! single lead, and an attribute that nobody filled in stands there with none.

use super::{
    Model, Profile,
    model::{Attribute, Icp},
};
use crate::domain::RuleId;
use serde::Serialize;

/// How many leads could be answered on one attribute or ICP requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The attribute's or the requirement's id in the model.
    pub id: RuleId,
    /// For people.
    pub label: String,
    /// The field of the profile that it reads.
    pub field: String,
    /// Leads with a value that can be scored.
    pub known: u64,
    /// All leads.
    pub leads: u64,
}

impl Known {
    /// The share of leads without such a value, in percent, rounded to the nearest; 0 when there are none.
    pub const fn unknown_percent(&self) -> u64 {
        match self.leads {
            0 => 0,
            leads => ((leads - self.known) * 100 + leads / 2) / leads,
        }
    }
}

/// Counts leads one after the other.
pub struct Counting<'m> {
    model: &'m Model,
    counts: Vec<Known>,
}

impl Counting<'_> {
    /// One lead more; answers whether all that the model asks for is known of it.
    pub fn add(&mut self, profile: &Profile) -> bool {
        let mut all = true;
        let (attributes, icp) = (&self.model.spec.attributes, &self.model.spec.icp);
        let scored = attributes.iter().map(|attribute: &Attribute| attribute.score(profile).is_some());
        let answered = icp.iter().map(|icp: &Icp| {
            profile.value(&icp.attribute).is_some_and(|value| icp.is.holds(value).is_some())
        });
        for (count, known) in self.counts.iter_mut().zip(scored.chain(answered)) {
            count.leads += 1;
            count.known += u64::from(known);
            all &= known;
        }
        all
    }

    /// The counts: attributes first, then ICP requirements, each kind by id.
    pub fn done(self) -> Vec<Known> {
        self.counts
    }
}

impl Model {
    /// Begins to count how many leads could be scored on each attribute, and answered on each ICP requirement.
    pub fn count_coverage(&self) -> Counting<'_> {
        let known = |id: &RuleId, label: &str, field: &str| Known {
            id: id.clone(),
            label: label.to_owned(),
            field: field.to_owned(),
            known: 0,
            leads: 0,
        };
        let (attributes, icp) = (&self.spec.attributes, &self.spec.icp);
        let of_attributes = attributes.iter().map(|of| known(&of.id, &of.label, &of.attribute));
        let of_icp = icp.iter().map(|of| known(&of.id, &of.label, &of.attribute));
        Counting { model: self, counts: of_attributes.chain(of_icp).collect() }
    }

    /// How many of these leads could be scored on each attribute, and answered on each ICP requirement:
    /// attributes first, each kind by id.
    pub fn coverage<'p>(&self, profiles: impl IntoIterator<Item = &'p Profile>) -> Vec<Known> {
        let mut counting = self.count_coverage();
        for profile in profiles {
            counting.add(profile);
        }
        counting.done()
    }
}
