//! Guard rails: what is usual in the trade. Invariant: nothing is said of too few; what depends on time is said of mature
//! cohorts only; every sentence names the number that it is about and what to look at.

use super::Maturity;
use super::tally::Tally;
use crate::domain::Thousandths;
use serde::Serialize;

/// Leads from which their MQL rate says something: its standard error is then about 4 points.
const LEAST_LEADS: i64 = 100;
/// MQLs from which acceptance says something: 5 points.
const LEAST_MQLS: i64 = 50;
/// MQLs from which conversion says something: about 3 points.
const LEAST_MATURE_MQLS: i64 = 100;
/// Customers from which a time to conversion says something.
pub const LEAST_CUSTOMERS: usize = 20;

/// Where a number lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Below the usual range.
    Below,
    /// In it, ends included.
    Within,
    /// Above it.
    Above,
    /// Of too few to say.
    TooLittleData,
}

/// A number against its usual range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuardRail {
    /// Which.
    pub name: &'static str,
    /// `rate` or `days`.
    pub unit: &'static str,
    /// It, where there is one.
    pub value: Option<Thousandths>,
    /// The lowest usual.
    pub low: Thousandths,
    /// The highest usual.
    pub high: Thousandths,
    /// Of how many.
    pub counted: i64,
    /// How many it takes at least.
    pub least: i64,
    /// Where it lies.
    pub verdict: Verdict,
    /// What that means, for a marketer.
    pub sentence: String,
}

/// One rail: what is measured, and what to do about it.
struct Rail {
    name: &'static str,
    unit: &'static str,
    /// Thousandths.
    usual: (i64, i64),
    least: i64,
    /// Of what, in the plural.
    of: &'static str,
    says: &'static str,
    below: &'static str,
    above: &'static str,
}

const MQL_RATE: Rail = Rail {
    name: "mql_rate",
    unit: "rate",
    usual: (150, 300),
    least: LEAST_LEADS,
    of: "leads",
    says: "of leads became MQLs",
    below: "the threshold may be too high, or the channels bring people who do not fit; look at what the leads just \
            below the threshold lack",
    above: "the threshold may be too low, and sales gets people who are not ready; look at how many of them sales \
            takes up before you hand over more",
};
const ACCEPTANCE: Rail = Rail {
    name: "acceptance_rate",
    unit: "rate",
    usual: (800, 900),
    least: LEAST_MQLS,
    of: "MQLs",
    says: "of MQLs were taken up by sales",
    below: "marketing and sales do not mean the same by an MQL, or nobody has looked at some; read the reasons of those \
            that were handed back, and put them into the model",
    above: "sales hardly ever says no: either the definition is a good one, or leads are taken up without a look; see \
            whether they convert",
};
const CONVERSION: Rail = Rail {
    name: "conversion_rate",
    unit: "rate",
    usual: (100, 150),
    least: LEAST_MATURE_MQLS,
    of: "MQLs of mature cohorts",
    says: "of MQLs became customers",
    below: "compare channels: where few convert, what qualifies there is interest without intent",
    above: "the threshold may keep out people who would buy; try a lower one, and see whether conversion holds",
};
const TIME: Rail = Rail {
    name: "days_to_customer",
    unit: "days",
    usual: (30_000, 60_000),
    least: LEAST_CUSTOMERS as i64,
    of: "customers of mature cohorts",
    says: "from MQL to customer (median)",
    below: "deals close fast: leads may be handed over later than sales could use them",
    above: "deals take long: leads may be handed over too early, or wait for sales; look at the time until they are \
            taken up",
};

/// The rails of a report: of all, and of mature cohorts where it takes time.
pub(super) fn guard_rails(all: &Tally, matured: &Tally, maturity: &Maturity) -> Vec<GuardRail> {
    let (all, mature) = (all.numbers(), matured.numbers());
    let wholes = |number: Thousandths| number.get() / Thousandths::ONE.get();
    vec![
        MQL_RATE.judge(all.mql_rate, all.leads, maturity),
        ACCEPTANCE.judge(all.acceptance_rate, wholes(all.mqls), maturity),
        CONVERSION.judge(mature.conversion_rate, wholes(mature.mqls), maturity),
        TIME.judge(mature.days_to_customer.map(|days| days.median), wholes(mature.customers), maturity),
    ]
}

impl Rail {
    fn judge(&self, value: Option<Thousandths>, counted: i64, maturity: &Maturity) -> GuardRail {
        let (low, high) = (Thousandths::new(self.usual.0), Thousandths::new(self.usual.1));
        let verdict = match value.filter(|_| counted >= self.least) {
            None => Verdict::TooLittleData,
            Some(value) if value < low => Verdict::Below,
            Some(value) if value > high => Verdict::Above,
            Some(_) => Verdict::Within,
        };
        let usual = match self.unit {
            "days" => format!("{low} to {high} days are usual"),
            _ => format!("{} to {} are usual", percent(low), percent(high)),
        };
        let found = value.map(|value| match self.unit {
            "days" => format!("{value} days {}", self.says),
            _ => format!("{} {}", percent(value), self.says),
        });
        let found = found.unwrap_or_default();
        let sentence = match verdict {
            Verdict::Below => format!("{found}; {usual}: {}.", self.below),
            Verdict::Above => format!("{found}; {usual}: {}.", self.above),
            Verdict::Within => format!("{found}; {usual}."),
            Verdict::TooLittleData => {
                let later = if self.of.contains("mature") {
                    format!(", and a cohort is mature after {} days", maturity.days)
                } else {
                    String::new()
                };
                format!("Too little to tell: {counted} {}; it takes {}{later}.", self.of, self.least)
            }
        };
        GuardRail {
            name: self.name,
            unit: self.unit,
            value,
            low,
            high,
            counted,
            least: self.least,
            verdict,
            sentence,
        }
    }
}

/// A rate as people write it: `23.4 %`.
pub fn percent(rate: Thousandths) -> String {
    format!("{} %", Thousandths::new(rate.get().saturating_mul(100)))
}
