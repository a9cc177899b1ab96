//! The contract of the list of leads that wait. Invariant: everybody is in it who stands in a stage for longer than
//! its limit and asked for nothing against it, once, those overdue for longest first, in pages of any size.

use super::generate::{lead, lead_key, plain_lead};
use super::ledger::{begun, cases, commit};
use super::rights::act;
use super::{Backend, contract};
use crate::domain::{LeadKey, SiteNo, Stage, Timestamp};
use crate::leads::Lead;
use crate::storage::{Changes, Ledger, OverdueQuery};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

contract!(the_longest_is_first_and_limits_are_the_stages_own, any_page_is_what_was_asked_for);

const HOUR: i64 = 3_600_000;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(hours * HOUR)
}

fn query(limits: &[(Stage, u32)], now: i64) -> OverdueQuery {
    OverdueQuery { site: SiteNo::new(1), limits: limits.to_vec(), now: at(now), limit: 100, after: None }
}

/// All pages of `limit` leads.
pub(super) fn paged(ledger: &dyn Ledger, query: &OverdueQuery, limit: usize) -> Vec<LeadKey> {
    let mut query = OverdueQuery { limit, ..query.clone() };
    let mut keys = Vec::new();
    loop {
        let page = ledger.overdue(&query).expect("lists");
        assert!(page.leads.len() <= limit && (page.next.is_none() || page.leads.len() == limit));
        keys.extend(page.leads.iter().map(|lead| lead.key));
        query.after = page.next;
        if query.after.is_none() {
            assert_eq!(page.total, u64::try_from(keys.len()).expect("few"), "the total is that of all pages");
            return keys;
        }
    }
}

fn the_longest_is_first_and_limits_are_the_stages_own(backend: &dyn Backend) {
    let ledger = begun(backend);
    let stands = |number, stage, since| Lead { stage, stage_at: at(since), ..plain_lead(number, at(0)) };
    let leads = vec![
        stands(1, Stage::Mql, 10),
        stands(2, Stage::Mql, 8),
        stands(3, Stage::Sal, 0),
        stands(4, Stage::Sql, 0),
        stands(5, Stage::Lead, 0),
        stands(6, Stage::Mql, 0),
        stands(7, Stage::Mql, 8),
        Lead { site: SiteNo::new(2), ..stands(8, Stage::Mql, 0) },
    ];
    commit(ledger.as_ref(), &Changes { leads, ..Changes::default() });
    ledger.restrict(SiteNo::new(1), lead_key(6), Some(at(1)), false, &|_| act()).expect("restricts");
    let limits = [(Stage::Mql, 24), (Stage::Sal, 30)];
    let keys = |now, limit| paged(ledger.as_ref(), &query(&limits, now), limit);
    assert!(keys(29, 9).is_empty());
    assert_eq!(keys(30, 9), [3].map(lead_key), "from the moment on that the limit is over");
    for limit in 1..5 {
        assert_eq!(keys(34, limit), [3, 2, 7, 1].map(lead_key), "{limit} a page");
    }
    assert!(paged(ledger.as_ref(), &query(&[], 9_999), 9).is_empty(), "without limits nobody is late");
    let sql = query(&[(Stage::Sql, 1)], 9_999);
    assert_eq!(paged(ledger.as_ref(), &sql, 9), [lead_key(4)]);
}

pub(super) fn queries() -> impl Strategy<Value = OverdueQuery> {
    let noon = super::generate::NOON;
    let stages = select(vec![Stage::Mql, Stage::Sal, Stage::Sql]);
    (1..3_u32, vec((stages, 1..3_u32), 0..4), noon - 6_000..noon + 4 * HOUR, 1..4_usize).prop_map(
        |(site, mut limits, now, limit)| {
            limits.sort_by_key(|(stage, _)| *stage);
            limits.dedup_by_key(|(stage, _)| *stage);
            let now = Timestamp::from_millis(now);
            OverdueQuery { site: SiteNo::new(site), limits, now, limit, after: None }
        },
    )
}

fn any_page_is_what_was_asked_for(backend: &dyn Backend) {
    proptest!(cases(24), |(leads in vec(lead(), 0..5), query in queries())| {
        let ledger = begun(backend);
        commit(ledger.as_ref(), &Changes { leads: leads.clone(), ..Changes::default() });
        let mut expected: Vec<(Timestamp, LeadKey)> = Vec::new();
        // Of several with one key the last was written.
        let stored = (0..5).filter_map(|number| leads.iter().rev().find(|lead| lead.key == lead_key(number)));
        for lead in stored.filter(|lead| lead.site == query.site) {
            let limit = query.limits.iter().find(|(stage, _)| *stage == lead.stage);
            let due = limit.map(|(_, hours)| lead.stage_at.plus_millis(i64::from(*hours) * HOUR));
            expected.extend(due.filter(|due| *due <= query.now).map(|due| (due, lead.key)));
        }
        expected.sort_unstable();
        let expected: Vec<LeadKey> = expected.into_iter().map(|(_, key)| key).collect();
        prop_assert_eq!(paged(ledger.as_ref(), &query, query.limit), expected);
    });
}
