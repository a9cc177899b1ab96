//! Counts journeys. Invariant: what is shared among groups sums to the whole, to the thousandth of an MQL and to the
//! cent of a deal; percentiles are values that occurred.

use super::{Closed, Seen};
use crate::domain::{Money, Stage, Text, Thousandths, Timestamp, apportion};
use serde::Serialize;
use std::collections::BTreeMap;

/// The numbers of a group, a cohort or everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Numbers {
    /// Leads that became known.
    pub leads: i64,
    /// Those of them that have become MQLs since.
    pub leads_qualified: i64,
    /// The one by the other.
    pub mql_rate: Option<Thousandths>,
    /// Leads that first became MQLs.
    pub mqls: Thousandths,
    /// Those of them that sales took up: SAL, SQL or customer, by people.
    pub accepted: Thousandths,
    /// By MQLs.
    pub acceptance_rate: Option<Thousandths>,
    /// Those that sales qualified: SQL or customer, by people.
    pub sqls: Thousandths,
    /// Those that are won.
    pub customers: Thousandths,
    /// By MQLs.
    pub conversion_rate: Option<Thousandths>,
    /// How long that took.
    pub days_to_customer: Option<Days>,
    /// What was won, by currency.
    pub deals: Vec<Deals>,
    /// Those that are lost or ruled out by people.
    pub lost: Thousandths,
    /// Those that sales ever handed back.
    pub recycled: Thousandths,
}

impl Numbers {
    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.leads == 0 && self.mqls == Thousandths::ZERO
    }
}

/// Time from MQL to customer, in days with one decimal; percentiles by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Days {
    /// Half of the customers took no longer.
    pub median: Thousandths,
    /// Nine of ten took no longer.
    pub p90: Thousandths,
}

/// What was won in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deals {
    /// ISO 4217.
    pub currency: Text<3>,
    /// Customers with an amount in it.
    pub customers: Thousandths,
    /// Their amounts, in the minor unit.
    pub total_minor: i64,
    /// One's amount on average, in the minor unit, rounded half up.
    pub average_minor: i64,
}

#[derive(Default, Clone)]
pub(super) struct Tally {
    leads: i64,
    leads_qualified: i64,
    mqls: i64,
    accepted: i64,
    sqls: i64,
    customers: i64,
    lost: i64,
    recycled: i64,
    /// Milliseconds and credit of each customer.
    took: Vec<(i64, i64)>,
    /// Credit and amount, by currency.
    deals: BTreeMap<Text<3>, (i64, i64)>,
}

/// What a journey adds to the groups that get credit for it.
pub(super) fn share<'a>(
    groups: &mut BTreeMap<&'a str, Tally>,
    credits: &'a [(String, Thousandths)],
    one: &Seen<'_>,
) {
    // An amount is shared out by the same credit, so that the parts sum to the deal.
    let weights: Vec<u64> = credits.iter().map(|(_, credit)| credit.get().unsigned_abs()).collect();
    let amounts = one.amount().map(|amount| apportion(amount.minor, &weights)).unwrap_or_default();
    for (at, (key, credit)) in credits.iter().enumerate() {
        groups.entry(key).or_default().add(one, *credit, amounts.get(at).copied());
    }
}

impl Seen<'_> {
    fn amount(&self) -> Option<&Money> {
        match &self.closed {
            Some(Closed::Won { amount, .. }) => amount.as_ref(),
            _ => None,
        }
    }

    /// Whether people ever put it into one of these stages.
    fn reached(&self, stages: &[Stage]) -> bool {
        self.journey.said.iter().any(|said| stages.contains(&said.to))
    }
}

impl Tally {
    /// A lead that became known.
    pub(super) fn lead(&mut self, qualified: bool) {
        self.leads += 1;
        self.leads_qualified += i64::from(qualified);
    }

    /// An MQL, whole.
    pub(super) fn mql(&mut self, one: &Seen<'_>) {
        self.add(one, Thousandths::ONE, one.amount().map(|amount| amount.minor));
    }

    /// An MQL's part.
    fn add(&mut self, one: &Seen<'_>, credit: Thousandths, minor: Option<i64>) {
        let credit = credit.get();
        let count = |counter: &mut i64, counts: bool| *counter += if counts { credit } else { 0 };
        count(&mut self.mqls, true);
        count(&mut self.accepted, one.reached(&[Stage::Sal, Stage::Sql, Stage::Customer]));
        count(&mut self.sqls, one.reached(&[Stage::Sql, Stage::Customer]));
        count(&mut self.recycled, one.reached(&[Stage::Recycled]));
        count(&mut self.lost, matches!(one.closed, Some(Closed::Lost { .. })));
        count(&mut self.customers, one.took_ms.is_some());
        self.took.extend(one.took_ms.map(|ms| (ms, credit)));
        if let Some((amount, minor)) = one.amount().zip(minor) {
            let (customers, total) = self.deals.entry(amount.currency.clone()).or_default();
            *customers += credit;
            *total = total.saturating_add(minor);
        }
    }

    pub(super) fn numbers(&self) -> Numbers {
        let mut took = self.took.clone();
        let percentiles = nearest_rank(&mut took, 50).zip(nearest_rank(&mut took, 90));
        let deals = self.deals.iter().map(|(currency, (customers, total))| Deals {
            currency: currency.clone(),
            customers: Thousandths::new(*customers),
            total_minor: *total,
            average_minor: average(*total, *customers),
        });
        Numbers {
            leads: self.leads,
            leads_qualified: self.leads_qualified,
            mql_rate: Thousandths::ratio(self.leads_qualified, self.leads),
            mqls: Thousandths::new(self.mqls),
            accepted: Thousandths::new(self.accepted),
            acceptance_rate: Thousandths::ratio(self.accepted, self.mqls),
            sqls: Thousandths::new(self.sqls),
            customers: Thousandths::new(self.customers),
            conversion_rate: Thousandths::ratio(self.customers, self.mqls),
            days_to_customer: percentiles.map(|(median, p90)| Days { median: days(median), p90: days(p90) }),
            deals: deals.collect(),
            lost: Thousandths::new(self.lost),
            recycled: Thousandths::new(self.recycled),
        }
    }
}

/// `total` by so many thousandths of a customer, rounded half up.
fn average(total: i64, customers: i64) -> i64 {
    let (total, customers) = (i128::from(total) * 1000, i128::from(customers.max(1)));
    i64::try_from((2 * total + customers).div_euclid(2 * customers)).unwrap_or(i64::MAX)
}

/// The percentile of values with their weights by nearest rank: the smallest value that at least so many percent of
/// all the weight is not above.
pub(super) fn nearest_rank(values: &mut [(i64, i64)], percent: i64) -> Option<i64> {
    values.sort_unstable();
    let total: i64 = values.iter().map(|(_, weight)| weight).sum();
    let mut reached = 0;
    let far_enough = |(_, weight): &&(i64, i64)| {
        reached += weight;
        i128::from(reached) * 100 >= i128::from(total) * i128::from(percent)
    };
    values.iter().find(far_enough).map(|(value, _)| *value)
}

/// Milliseconds in days with one decimal, rounded half up.
pub(super) fn days(ms: i64) -> Thousandths {
    let tenths = (ms * 20 + Timestamp::DAY_MS) / (Timestamp::DAY_MS * 2);
    Thousandths::new(tenths * 100)
}
