//! The contract of lists of leads. Invariant: newest first and of equal moments the greater key first;
//! pages of any size give each lead once, and the total is that of all pages.

use super::generate::{lead, lead_key, plain_lead};
use super::ledger::{begun, cases, commit};
use super::rights::act;
use super::{Backend, contract};
use crate::domain::{Channel, LeadKey, Score, SiteNo, Stage, Timestamp, Touch};
use crate::leads::{Lead, Qualified};
use crate::storage::{Attribution, Changes, KnownQuery, LeadPage, LeadQuery, Ledger, PageToken};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::cmp::Reverse;

contract!(
    pages_are_in_order_with_ties,
    a_page_is_asked_for_by_its_place,
    leads_are_chosen_by_stage_channel_and_time,
    any_list_is_what_was_asked_for,
    those_who_became_known_in_a_period_are_handed_over,
    claimed_leads_are_counted_by_channel,
);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn everyone(mqls: bool) -> LeadQuery {
    LeadQuery {
        site: SiteNo::new(1),
        mqls,
        stage: None,
        from: None,
        before: None,
        channel: None,
        attribution: Attribution::First,
        limit: 100,
        after: None,
    }
}

fn keys(page: &LeadPage) -> Vec<LeadKey> {
    page.leads.iter().map(|lead| lead.key).collect()
}

/// All pages of `limit` leads, and whether each said the right total.
fn paged(ledger: &dyn Ledger, query: &LeadQuery, limit: usize) -> Vec<Lead> {
    let mut leads = Vec::new();
    let mut query = LeadQuery { limit, ..query.clone() };
    let total = ledger.leads(&query).expect("lists").total;
    loop {
        let page = ledger.leads(&query).expect("lists");
        assert_eq!(page.total, total, "the total is that of all pages");
        assert!(page.leads.len() <= limit);
        assert!(page.next.is_none() || page.leads.len() == limit, "only a full page has a next");
        leads.extend(page.leads);
        query.after = page.next;
        if query.after.is_none() {
            assert_eq!(u64::try_from(leads.len()).expect("few"), total);
            return leads;
        }
    }
}

fn pages_are_in_order_with_ties(backend: &dyn Backend) {
    let ledger = begun(backend);
    let moments = [(1, 50), (2, 40), (3, 50), (4, 60), (5, 50), (6, -3), (7, 40)];
    let leads = moments.iter().map(|(number, last_seen)| plain_lead(*number, at(*last_seen))).collect();
    commit(ledger.as_ref(), &Changes { leads, ..Changes::default() });
    let expected = [4, 5, 3, 1, 7, 2, 6].map(lead_key);
    for limit in 1..9 {
        let leads = paged(ledger.as_ref(), &everyone(false), limit);
        assert_eq!(leads.iter().map(|lead| lead.key).collect::<Vec<_>>(), expected, "pages of {limit}");
    }
    assert!(ledger.leads(&everyone(true)).expect("lists").leads.is_empty(), "none is an MQL");
}

fn a_page_is_asked_for_by_its_place(backend: &dyn Backend) {
    let ledger = begun(backend);
    let leads = [(1, 50), (2, 40), (4, 40)].map(|(number, last_seen)| plain_lead(number, at(last_seen)));
    commit(ledger.as_ref(), &Changes { leads: leads.to_vec(), ..Changes::default() });
    let after = |moment, number| {
        let after = Some(PageToken { at: at(moment), key: lead_key(number) });
        keys(&ledger.leads(&LeadQuery { after, ..everyone(false) }).expect("lists"))
    };
    assert_eq!(after(50, 1), [lead_key(4), lead_key(2)]);
    assert_eq!(after(40, 3), [lead_key(2)], "the place need not be a lead's that is still there");
    assert_eq!(after(40, 2), []);
    assert_eq!(after(i64::MAX, 255).len(), 3);
    let first = ledger.leads(&LeadQuery { limit: 1, ..everyone(false) }).expect("lists");
    assert_eq!((first.total, first.next), (3, Some(PageToken { at: at(50), key: lead_key(1) })));
    let whole = ledger.leads(&LeadQuery { limit: 3, ..everyone(false) }).expect("lists");
    assert_eq!((whole.total, whole.next), (3, None), "a last page that is full has no next");
}

fn leads_are_chosen_by_stage_channel_and_time(backend: &dyn Backend) {
    let ledger = begun(backend);
    let mut leads: Vec<Lead> = (1..=6).map(|number| plain_lead(number, at(i64::from(number) * 10))).collect();
    leads[1].site = SiteNo::new(2);
    leads[2].first.touch.channel = Channel::Email;
    leads[3].last.touch.channel = Channel::Email;
    for (lead, moment) in leads[2..5].iter_mut().zip([300, 200, 100]) {
        lead.stage = Stage::Mql;
        lead.qualified = Some(Qualified { at: at(moment), score: Score::default() });
    }
    leads[4].stage = Stage::Customer;
    commit(ledger.as_ref(), &Changes { leads, ..Changes::default() });
    let list = |query: LeadQuery| {
        let page = ledger.leads(&query).expect("lists");
        assert_eq!(page.total, u64::try_from(page.leads.len()).expect("few"));
        keys(&page).iter().map(|key| key.bytes()[0]).collect::<Vec<_>>()
    };
    let (all, mqls) = (everyone(false), everyone(true));
    assert_eq!(list(all.clone()), [6, 5, 4, 3, 1]);
    assert_eq!(list(LeadQuery { site: SiteNo::new(2), ..all }), [2]);
    assert_eq!(list(mqls.clone()), [3, 4, 5], "by the moment of becoming an MQL, whatever became of it");
    assert_eq!(list(LeadQuery { stage: Some(Stage::Mql), ..mqls }), [3, 4]);
    assert_eq!(list(LeadQuery { stage: Some(Stage::Lead), ..all }), [6, 1]);
    assert_eq!(list(LeadQuery { from: Some(at(30)), before: Some(at(60)), ..all }), [5, 4, 3]);
    assert_eq!(list(LeadQuery { from: Some(at(200)), ..mqls }), [3, 4]);
    assert_eq!(list(LeadQuery { before: Some(at(200)), ..mqls }), [5]);
    let by_email = |attribution| LeadQuery { channel: Some(Channel::Email), attribution, ..all };
    assert_eq!(list(by_email(Attribution::First)), [3]);
    assert_eq!(list(by_email(Attribution::Last)), [4]);
    let both = LeadQuery { channel: Some(Channel::Direct), attribution: Attribution::Last, ..mqls };
    assert_eq!(list(both), [3, 5]);
}

pub(super) fn query() -> impl Strategy<Value = LeadQuery> {
    let stage = prop::option::weighted(0.3, select(Stage::ALL.to_vec()));
    let channel = prop::option::weighted(0.3, select(Channel::ALL.to_vec()));
    let attribution = select(vec![Attribution::First, Attribution::Last]);
    let time = || prop::option::weighted(0.3, super::generate::moment());
    let after = prop::option::weighted(0.3, (super::generate::moment(), 0..6_u8));
    (1..3_u32, any::<bool>(), stage, channel, attribution, time(), time(), 0..6_usize, after).prop_map(
        |(site, mqls, stage, channel, attribution, from, before, limit, after)| LeadQuery {
            site: SiteNo::new(site),
            mqls,
            stage,
            from,
            before,
            channel,
            attribution,
            limit,
            after: after.map(|(at, number)| PageToken { at, key: lead_key(number) }),
        },
    )
}

/// The leads that `query` asks for, by the words of its documentation, whatever its page.
fn expected(leads: &[Lead], query: &LeadQuery) -> Vec<(Timestamp, Lead)> {
    let mut list: Vec<(Timestamp, Lead)> = Vec::new();
    for lead in leads {
        let moment =
            if query.mqls { lead.qualified.as_ref().map(|mql| mql.at) } else { Some(lead.last_seen) };
        let Some(moment) = moment else { continue };
        let origin = if query.attribution == Attribution::Last { &lead.last } else { &lead.first };
        let asked = lead.site == query.site
            && query.stage.is_none_or(|stage| stage == lead.stage)
            && query.channel.is_none_or(|channel| channel == origin.touch.channel)
            && query.from.is_none_or(|from| from <= moment)
            && query.before.is_none_or(|before| moment < before);
        if asked {
            list.push((moment, Lead { hits: Vec::new(), touches: Vec::new(), ..lead.clone() }));
        }
    }
    list.sort_by_key(|(moment, lead)| Reverse((*moment, lead.key)));
    list
}

fn any_list_is_what_was_asked_for(backend: &dyn Backend) {
    proptest!(cases(24), |(written in vec(lead(), 0..8), query in query(), limit in 1..4_usize)| {
        let ledger = begun(backend);
        let mut leads: Vec<Lead> = Vec::new();
        for lead in &written {
            leads.retain(|earlier| earlier.key != lead.key);
            leads.push(lead.clone());
        }
        commit(ledger.as_ref(), &Changes { leads: written, ..Changes::default() });
        let expected = expected(&leads, &query);
        let page = ledger.leads(&query).expect("lists");
        prop_assert_eq!(page.total, u64::try_from(expected.len()).expect("few"));
        let rest = expected.iter().filter(|(at, lead)| {
            query.after.is_none_or(|after| (*at, lead.key) < (after.at, after.key))
        });
        let rest: Vec<Lead> = rest.map(|(_, lead)| lead.clone()).collect();
        prop_assert_eq!(&page.leads[..], &rest[..query.limit.min(rest.len())]);
        prop_assert_eq!(page.next.is_some(), query.limit > 0 && rest.len() > query.limit);
        let whole = paged(ledger.as_ref(), &LeadQuery { after: None, ..query }, limit);
        prop_assert_eq!(whole, expected.into_iter().map(|(_, lead)| lead).collect::<Vec<_>>());
    });
}

fn those_who_became_known_in_a_period_are_handed_over(backend: &dyn Backend) {
    let ledger = begun(backend);
    let known = |number: u8, moment| Lead { known_at: at(moment), ..plain_lead(number, at(99)) };
    let elsewhere = Lead { site: SiteNo::new(2), ..known(9, 20) };
    let leads = vec![known(1, 30), known(2, 10), known(3, 20), known(4, 9), known(5, 20), elsewhere];
    commit(ledger.as_ref(), &Changes { leads, ..Changes::default() });
    let asked = |from, before| {
        let query = KnownQuery { site: SiteNo::new(1), from: at(from), before: at(before) };
        let mut found = Vec::new();
        ledger.each_known(&query, &mut |lead| found.push(lead.key)).expect("reads");
        found
    };
    assert_eq!(asked(10, 30), [2, 3, 5].map(lead_key), "the last moment is not of it");
    ledger.restrict(SiteNo::new(1), lead_key(3), Some(at(1)), false, &|_| act()).expect("restricts");
    assert_eq!(asked(i64::MIN, i64::MAX), [4, 2, 5, 1].map(lead_key), "not who asked for a restriction");
    assert_eq!(asked(31, 99), []);
}

fn claimed_leads_are_counted_by_channel(backend: &dyn Backend) {
    let ledger = begun(backend);
    let known = |number: u8, moment| Lead { known_at: at(moment), ..plain_lead(number, at(99)) };
    let verified = Lead { verified_at: Some(at(50)), ..known(2, 10) };
    let elsewhere = Lead { site: SiteNo::new(2), ..known(3, 10) };
    let mut by_mail = known(5, 10);
    by_mail.first.touch = Touch { channel: Channel::Email, ..Touch::DIRECT };
    let leads = vec![known(1, 10), verified, elsewhere, known(4, 29), by_mail, known(6, 30), known(7, 9)];
    commit(ledger.as_ref(), &Changes { leads, ..Changes::default() });
    ledger.restrict(SiteNo::new(1), lead_key(4), Some(at(1)), false, &|_| act()).expect("restricts");
    let query = KnownQuery { site: SiteNo::new(1), from: at(10), before: at(30) };
    assert_eq!(ledger.count_claimed(&query, Channel::Direct).expect("counts"), 2, "as reports count");
    assert_eq!(ledger.count_claimed(&query, Channel::Email).expect("counts"), 1);
}
