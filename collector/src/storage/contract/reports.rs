//! The contract of reports. Invariant: rows are grouped by day and key in their order, the days' totals
//! are those of the channels whatever the dimension, and nothing of another site or day is in them.

use super::ledger::{begun, cases, commit};
use super::{Backend, contract};
use crate::domain::{Date, SiteNo};
use crate::leads::Dimension;
use crate::storage::{
    Attribution, Changes, CountRow, Counts, ReportQuery, ReportRows, RollupDelta, RollupKey,
};
use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

contract!(
    an_empty_report,
    a_report_is_the_sum_of_its_rollups,
    visits_count_under_either_attribution,
    the_first_day_is_that_of_the_first_visit,
);

pub(super) fn rollups() -> impl Strategy<Value = BTreeMap<RollupKey, RollupDelta>> {
    let attributions = select([&Attribution::OF_LEADS[..], &[Attribution::Visit]].concat());
    let keys = select(vec!["", "direct", "email", "übung", "Z", "a b", "%"]);
    let key = (1..3_u32, 0..6_i32, attributions, select(Dimension::ALL.to_vec()), keys).prop_map(
        |(site, day, attribution, dimension, key)| RollupKey {
            site: SiteNo::new(site),
            day: Date::from_days(day),
            attribution,
            dimension,
            key: key.to_owned(),
        },
    );
    let delta = (-2..50_i64, 0..50_i64, 0..50_i64);
    btree_map(key, delta.prop_map(|(visits, leads, mqls)| RollupDelta { visits, leads, mqls }), 0..40)
}

pub(super) fn query() -> impl Strategy<Value = ReportQuery> {
    let attributions = select(Attribution::OF_LEADS.to_vec());
    (1..3_u32, 0..6_i32, 0..6_i32, select(Dimension::ALL.to_vec()), attributions).prop_map(
        |(site, from, days, by, attribution)| ReportQuery {
            site: SiteNo::new(site),
            from: Date::from_days(from),
            to: Date::from_days(from + days),
            by,
            attribution,
        },
    )
}

fn an_empty_report(backend: &dyn Backend) {
    let query = ReportQuery {
        site: SiteNo::new(1),
        from: Date::from_days(0),
        to: Date::from_days(9),
        by: Dimension::Rule,
        attribution: Attribution::Last,
    };
    assert_eq!(backend.ledger().report(&query).expect("reports"), ReportRows::default());
}

/// What a report should say, by the words of its documentation.
fn expected(rollups: &BTreeMap<RollupKey, RollupDelta>, query: &ReportQuery) -> ReportRows {
    let mut rows: BTreeMap<(Dimension, Date, &str), Counts> = BTreeMap::new();
    for (key, delta) in rollups {
        if key.site != query.site || key.day < query.from || key.day > query.to {
            continue;
        }
        let counts = rows.entry((key.dimension, key.day, &key.key)).or_default();
        match (key.attribution, query.attribution) {
            (Attribution::Visit, _) => counts.visits += delta.visits,
            (by, asked) if by == asked && by.per_mql() == 1 => {
                counts.leads += delta.leads;
                counts.mqls += delta.mqls;
            }
            (by, asked) if by == asked => counts.mqls += delta.mqls,
            // A lead has no journey yet when it becomes known.
            (Attribution::First, Attribution::Linear | Attribution::TimeDecay) => counts.leads += delta.leads,
            _ => {}
        }
    }
    rows.retain(|_, counts| *counts != Counts::default());
    let mut days: BTreeMap<Date, Counts> = BTreeMap::new();
    for ((_, day, _), counts) in rows.iter().filter(|((by, _, _), _)| *by == Dimension::Channel) {
        days.entry(*day).or_default().add(*counts);
    }
    let rows = rows.into_iter().filter(|((by, _, _), _)| *by == query.by);
    let row =
        |((_, day, key), counts): ((_, Date, &str), Counts)| CountRow { day, key: key.to_owned(), counts };
    ReportRows { rows: rows.map(row).collect(), days }
}

fn a_report_is_the_sum_of_its_rollups(backend: &dyn Backend) {
    proptest!(cases(24), |(first in rollups(), second in rollups(), query in query())| {
        let ledger = begun(backend);
        let mut sum = first.clone();
        for (key, delta) in &second {
            let total = sum.entry(key.clone()).or_default();
            total.visits += delta.visits;
            total.leads += delta.leads;
            total.mqls += delta.mqls;
        }
        for rollups in [first, second] {
            commit(ledger.as_ref(), &Changes { rollups, ..Changes::default() });
        }
        let report = ledger.report(&query).expect("reports");
        prop_assert_eq!(&report, &expected(&sum, &query));
        if query.by == Dimension::Channel {
            let mut days: BTreeMap<Date, Counts> = BTreeMap::new();
            for row in &report.rows {
                days.entry(row.day).or_default().add(row.counts);
            }
            prop_assert_eq!(report.days, days, "channels sum to the totals");
        }
    });
}

fn visits_count_under_either_attribution(backend: &dyn Backend) {
    let ledger = begun(backend);
    let key = |attribution, key: &str| RollupKey {
        site: SiteNo::new(1),
        day: Date::from_days(1),
        attribution,
        dimension: Dimension::Channel,
        key: key.to_owned(),
    };
    let rollups = BTreeMap::from([
        (key(Attribution::Visit, "email"), RollupDelta { visits: 7, leads: 0, mqls: 0 }),
        (key(Attribution::First, "email"), RollupDelta { visits: 0, leads: 2, mqls: 1 }),
        (key(Attribution::Last, "direct"), RollupDelta { visits: 0, leads: 2, mqls: 1 }),
    ]);
    commit(ledger.as_ref(), &Changes { rollups, ..Changes::default() });
    let report = |attribution| {
        let (from, to) = (Date::from_days(1), Date::from_days(1));
        let query = ReportQuery { site: SiteNo::new(1), from, to, by: Dimension::Channel, attribution };
        ledger.report(&query).expect("reports")
    };
    let row = |key: &str, visits, leads, mqls| CountRow {
        day: Date::from_days(1),
        key: key.to_owned(),
        counts: Counts { visits, leads, mqls },
    };
    assert_eq!(report(Attribution::First).rows, [row("email", 7, 2, 1)]);
    assert_eq!(report(Attribution::Last).rows, [row("direct", 0, 2, 1), row("email", 7, 0, 0)]);
    let total = BTreeMap::from([(Date::from_days(1), Counts { visits: 7, leads: 2, mqls: 1 })]);
    assert_eq!(report(Attribution::First).days, total);
    assert_eq!(report(Attribution::Last).days, total);
}

fn the_first_day_is_that_of_the_first_visit(backend: &dyn Backend) {
    let ledger = begun(backend);
    let first = |site| ledger.first_day(SiteNo::new(site)).expect("reads");
    assert_eq!(first(1), None);
    let cell = |site, day, attribution, dimension| RollupKey {
        site: SiteNo::new(site),
        day: Date::from_days(day),
        attribution,
        dimension,
        key: "direct".to_owned(),
    };
    let of = |visits, leads| RollupDelta { visits, leads, mqls: 0 };
    let rollups = BTreeMap::from([
        (cell(1, 2, Attribution::First, Dimension::Channel), of(0, 3)),
        (cell(1, 3, Attribution::Visit, Dimension::Channel), of(0, 0)),
        (cell(1, 5, Attribution::Visit, Dimension::Channel), of(1, 0)),
        (cell(1, 9, Attribution::Visit, Dimension::Channel), of(7, 0)),
        (cell(2, 1, Attribution::Visit, Dimension::Channel), of(7, 0)),
    ]);
    commit(ledger.as_ref(), &Changes { rollups, ..Changes::default() });
    assert_eq!(first(1), Some(Date::from_days(5)));
}
