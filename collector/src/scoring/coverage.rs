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

impl Model {
    /// How many of these leads could be scored on each attribute, and answered on each ICP requirement:
    /// attributes first, each kind by id.
    pub fn coverage<'p>(&self, profiles: impl IntoIterator<Item = &'p Profile>) -> Vec<Known> {
        let known = |id: &RuleId, label: &str, field: &str| Known {
            id: id.clone(),
            label: label.to_owned(),
            field: field.to_owned(),
            known: 0,
            leads: 0,
        };
        let (attributes, icp) = (&self.spec.attributes, &self.spec.icp);
        let of_attributes = attributes.iter().map(|of| known(&of.id, &of.label, &of.attribute));
        let mut counts: Vec<Known> =
            of_attributes.chain(icp.iter().map(|of| known(&of.id, &of.label, &of.attribute))).collect();
        for profile in profiles {
            let scored = attributes.iter().map(|attribute: &Attribute| attribute.score(profile).is_some());
            let answered = icp.iter().map(|icp: &Icp| {
                profile.value(&icp.attribute).is_some_and(|value| icp.is.holds(value).is_some())
            });
            for (count, known) in counts.iter_mut().zip(scored.chain(answered)) {
                count.leads += 1;
                count.known += u64::from(known);
            }
        }
        counts
    }
}
