//! The touches of a lead up to its becoming an MQL, and how its credit is shared among them. Invariant: the credits of
//! an MQL sum to exactly one, and are the same whenever they are reckoned again: who is taken out of the counts leaves
//! nothing behind.

use super::{Lead, Origin};
use crate::domain::{Thousandths, Timestamp, VISIT_MS, apportion, half_life};

/// Touches kept of one lead: the one that made it known, and the newest of the others.
pub const TOUCHES_MAX: usize = 50;
/// After so long before the qualification a touch gets half the credit: a week, as Google Ads defines its time decay
/// model ("half-life is 1 week", `AttributionModelEnum`) and as Google Analytics 4 had it until November 2023.
pub const HALF_LIFE_DAYS: u64 = 7;

/// A visit of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// When the visit began.
    pub at: Timestamp,
    /// Where it came from.
    pub origin: Origin,
}

/// How credit is shared among several touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// All get the same.
    Linear,
    /// The newer get more.
    TimeDecay,
}

impl Lead {
    /// Notes a visit that began `at`. What comes after the lead became an MQL did not bring it, and the same visit is
    /// noted once. Answers whether it was noted.
    pub fn touched(&mut self, at: Timestamp, origin: &Origin) -> bool {
        let same =
            |touch: &Touched| touch.origin == *origin && (at.millis() - touch.at.millis()).abs() < VISIT_MS;
        if self.qualified.is_some() || self.touches.iter().any(same) {
            return false;
        }
        self.touches.push(Touched { at, origin: origin.clone() });
        // The first stays first: it made the lead known. A late arrival goes to its place.
        if let Some((_, later)) = self.touches.split_first_mut() {
            later.sort_by_key(|touch| touch.at);
        }
        if self.touches.len() > TOUCHES_MAX {
            self.touches.remove(1);
        }
        true
    }

    /// Forgets touches after the moment at which the lead became an MQL, where people named an earlier one. The last
    /// touch is then the newest of those that remain.
    pub fn touched_until(&mut self, at: Timestamp) {
        let (mut first, touches) = (true, self.touches.len());
        self.touches.retain(|touch| std::mem::take(&mut first) || touch.at <= at);
        if self.touches.len() < touches {
            let newest = self.touches.iter().rev().find(|touch| !touch.origin.is_direct());
            self.last = newest.map_or(&self.first, |touch| &touch.origin).clone();
        }
    }
}

/// The credits of an MQL of the moment `at`, by touch. A direct visit gets some only when all were direct, as with the
/// last touch. Without any touch, it is `first`'s.
pub fn share<'a>(
    sharing: Sharing,
    touches: &'a [Touched],
    first: &'a Origin,
    at: Timestamp,
) -> Vec<(&'a Origin, Thousandths)> {
    let any = touches.iter().any(|touch| !touch.origin.is_direct());
    let thanked: Vec<&Touched> = touches.iter().filter(|touch| !any || !touch.origin.is_direct()).collect();
    if thanked.is_empty() {
        return vec![(first, Thousandths::ONE)];
    }
    let weight = |touch: &&Touched| match sharing {
        Sharing::Linear => 1,
        Sharing::TimeDecay => {
            let age = at.millis().saturating_sub(touch.at.millis()).max(0).unsigned_abs();
            half_life(age, HALF_LIFE_DAYS * Timestamp::DAY_MS.unsigned_abs())
        }
    };
    let weights: Vec<u64> = thanked.iter().map(weight).collect();
    let parts = apportion(Thousandths::ONE.get(), &weights);
    thanked.iter().zip(parts).map(|(touch, part)| (&touch.origin, Thousandths::new(part))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, Text, Touch};

    fn origin(channel: Channel) -> Origin {
        let touch = Touch { channel, ..Touch::DIRECT };
        Origin { touch, landing: Text::clean("/"), country: None }
    }

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_days(day)
    }

    fn touches(of: &[(i64, Channel)]) -> Vec<Touched> {
        of.iter().map(|(at, channel)| Touched { at: day(*at), origin: origin(*channel) }).collect()
    }

    fn credits(sharing: Sharing, of: &[(i64, Channel)], at: i64) -> Vec<(Channel, i64)> {
        let (touches, first) = (touches(of), origin(Channel::Referral));
        let shared = share(sharing, &touches, &first, day(at));
        shared.into_iter().map(|(origin, part)| (origin.touch.channel, part.get())).collect()
    }

    #[test]
    fn credits_as_reckoned_by_hand() {
        use Channel::{Direct, Email, OrganicSearch, PaidSearch, Referral};
        let journey = [(0, Email), (7, Direct), (14, PaidSearch), (20, OrganicSearch)];
        // Three that were not direct; equal remainders go to the earlier.
        assert_eq!(
            credits(Sharing::Linear, &journey, 21),
            [(Email, 334), (PaidSearch, 333), (OrganicSearch, 333)]
        );
        // 2^-3 = 0.125, 2^-1 = 0.5, 2^(-1/7) = 0.90572; of 1.53072: 0.08166, 0.32664, 0.59170.
        assert_eq!(
            credits(Sharing::TimeDecay, &journey, 21),
            [(Email, 82), (PaidSearch, 326), (OrganicSearch, 592)]
        );
        // A week earlier is half the credit: 2/3 and 1/3.
        assert_eq!(
            credits(Sharing::TimeDecay, &[(0, Email), (7, PaidSearch)], 7),
            [(Email, 333), (PaidSearch, 667)]
        );
        assert_eq!(credits(Sharing::Linear, &[(0, Direct), (3, Direct)], 5), [(Direct, 500), (Direct, 500)]);
        assert_eq!(
            credits(Sharing::TimeDecay, &[], 5),
            [(Referral, 1000)],
            "without a touch the first has it"
        );
        // After sixty-four half-lives nothing of a weight is left: then all weigh the same.
        assert_eq!(
            credits(Sharing::TimeDecay, &[(0, Email), (1, PaidSearch)], 9_999),
            [(Email, 500), (PaidSearch, 500)]
        );
    }
}
