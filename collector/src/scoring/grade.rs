//! Grades: fit as a letter, engagement as a number, `A1` at best. Invariant: a grade is a function of the two
//! axes alone, and more points never make a worse grade.

use super::Model;
use crate::domain::{Points, Score};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// From how many points each grade is given; below the last it is D, or 3.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Grades {
    pub(super) fit: FitGrades,
    pub(super) engagement: EngagementGrades,
}

/// From how many points of fit it is A, B, C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct FitGrades {
    #[serde(rename = "A")]
    pub(super) a: Points,
    #[serde(rename = "B")]
    pub(super) b: Points,
    #[serde(rename = "C")]
    pub(super) c: Points,
}

/// From how many points of engagement it is 1, 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of keys")]
pub(super) struct EngagementGrades {
    #[serde(rename = "1")]
    pub(super) one: Points,
    #[serde(rename = "2")]
    pub(super) two: Points,
}

/// `A1` to `D3`: how well a lead suits, and how keen it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grade {
    /// `A` to `D`.
    pub fit: char,
    /// 1 to 3.
    pub engagement: u8,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.fit, self.engagement)
    }
}

impl Serialize for Grade {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Model {
    /// The grade of a score; `None` when the model has no `[grades]`.
    pub fn grade(&self, score: Score) -> Option<Grade> {
        let Grades { fit, engagement } = self.spec.grades?;
        let letters = [('A', fit.a), ('B', fit.b), ('C', fit.c)];
        let numbers = [(1, engagement.one), (2, engagement.two)];
        Some(Grade {
            fit: letters.into_iter().find(|(_, from)| score.fit >= *from).map_or('D', |(letter, _)| letter),
            engagement: numbers
                .into_iter()
                .find(|(_, from)| score.engagement >= *from)
                .map_or(3, |(number, _)| number),
        })
    }
}
