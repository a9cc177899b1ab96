//! Values to keep, at random. Invariant: every field takes every shape that its type allows, absent ones
//! included; ids are from a small set where a test needs them to meet.

use crate::domain::{
    Actor, Agent, Attributes, Channel, Effect, EmailDomain, Ended, Event, EventId, EventName, Hit, LeadKey,
    ModelHash, Money, Override, Place, Points, Props, Role, RuleId, Rung, Score, Signal, SiteNo, Stage, Text,
    Timestamp, Touch, Trust, VisitorId,
};
use crate::leads::{Lead, Origin, Qualified, Reason, Touched, Transition, Visit};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

/// 2026-11-21T12:00:00Z.
pub(super) const NOON: i64 = 1_795_262_400_000;

pub(super) fn text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> + Clone {
    prop_oneof![6 => "\\PC{0,20}", 2 => "[ -~]{0,20}", 1 => "\\PC{80,300}", 1 => Just(String::new())]
        .prop_map(|raw| Text::clean(&raw))
}

fn some_text<const MAX: usize>() -> impl Strategy<Value = Option<Text<MAX>>> + Clone {
    text().prop_map(|text: Text<MAX>| (!text.is_empty()).then_some(text))
}

pub(super) fn moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![4 => NOON - 5_000..NOON + 5_000, 1 => any::<i64>()].prop_map(Timestamp::from_millis)
}

pub(super) fn touch() -> impl Strategy<Value = Touch> {
    let names = (some_text(), some_text(), some_text(), some_text());
    let rest = (some_text(), some_text(), some_text(), select(Channel::ALL.to_vec()));
    prop_oneof![
        1 => Just(Touch::DIRECT),
        4 => (names, rest).prop_map(|((source, medium, campaign, content), (term, click_id, referrer, channel))| {
            Touch { channel, source, medium, campaign, content, term, click_id, referrer }
        }),
    ]
}

pub(super) fn domain() -> impl Strategy<Value = EmailDomain> {
    prop_oneof![
        Just(EmailDomain::Free),
        "[a-z0-9äß-]{1,12}\\.[a-z]{2,6}".prop_map(|name| EmailDomain::Company(Text::clean(&name))),
    ]
}

fn attributes() -> impl Strategy<Value = Attributes> {
    btree_map(text(), text(), 0..5)
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    let ids =
        (any::<[u8; 16]>(), 0..=u32::MAX, moment(), any::<Option<[u8; 16]>>(), any::<Option<[u8; 16]>>());
    let consent = (select(Rung::ALL.to_vec()), select(Signal::ALL.to_vec()), 0..3_u8, 0..=u32::MAX);
    let name = "[a-zA-ZäÖ][a-zA-Z0-9ü _.:-]{0,30}";
    let place = (text(), prop::option::of(touch()), some_text(), some_text(), some_text(), some_text());
    let props = btree_map(text(), text(), 0..6).boxed();
    let money = prop::option::of((any::<i64>(), "[A-Z]{3}"));
    let rest =
        (prop::option::of(domain()), attributes(), props, money, any::<Option<u32>>(), any::<Option<u8>>());
    (ids, consent, name, place, rest).prop_map(|(ids, consent, name, place, rest)| {
        let (domain, attributes, props, money, engagement_ms, scroll_depth): (_, _, Props, _, _, _) = rest;
        let (path, touch, browser, os, device, country) = place;
        Event {
            id: EventId::from_bytes(ids.0),
            site: SiteNo::new(ids.1),
            at: ids.2,
            name: EventName::parse(&name).expect("valid"),
            rung: consent.0,
            signal: consent.1,
            policy: consent.3,
            trust: Trust::from_code(consent.2).expect("known"),
            visitor: ids.3.map(VisitorId::from_bytes),
            lead: ids.4.map(LeadKey::from_bytes),
            domain,
            attributes,
            path,
            touch,
            agent: Agent { browser, os, device },
            place: Place { country },
            props,
            revenue: money.map(|(minor, currency)| Money { minor, currency: Text::clean(&currency) }),
            engagement_ms,
            scroll_depth,
        }
    })
}

/// An event with nothing but what every event has.
pub(super) fn plain_event(number: u128) -> Event {
    Event { id: EventId::from_bytes(number.to_be_bytes()), ..Event::for_test(Timestamp::from_millis(NOON)) }
}

pub(super) fn visitor(number: u8) -> VisitorId {
    VisitorId::from_bytes([number; 16])
}

pub(super) fn lead_key(number: u8) -> LeadKey {
    LeadKey::from_bytes([number; 16])
}

pub(super) fn model(number: u8) -> ModelHash {
    ModelHash::from_bytes([number; 32])
}

/// Scores as models make them: far from where a JSON number is not exact.
fn points() -> impl Strategy<Value = Points> {
    (-1_000_000_000..1_000_000_000_i64).prop_map(Points::from_milli)
}

pub(super) fn score() -> impl Strategy<Value = Score> {
    (points(), points(), points()).prop_map(|(total, fit, engagement)| Score { total, fit, engagement })
}

pub(in crate::storage) fn origin() -> impl Strategy<Value = Origin> {
    (touch(), text(), some_text()).prop_map(|(touch, landing, country)| Origin { touch, landing, country })
}

/// Hits of a few rules and events, each pair at most once, in the order in which the ledger gives them.
pub(in crate::storage) fn hits() -> impl Strategy<Value = Vec<Hit>> {
    let rules = select(vec!["demo_request", "blog_post", "a", "z_9"]);
    btree_map((rules, 0..6_u8), (moment(), some_text()), 0..8).prop_map(|hits| {
        hits.into_iter()
            .map(|((rule, event), (at, value))| Hit {
                rule: RuleId::parse(rule).expect("valid"),
                at,
                event: EventId::from_bytes([event; 16]),
                value,
            })
            .collect()
    })
}

/// A visit of one of five pseudonyms; odd ones are on site 1, even ones on site 2.
pub(super) fn visit() -> impl Strategy<Value = Visit> {
    (0..5_u8, moment(), moment(), origin(), prop::option::of(0..5_u8), any::<bool>(), hits()).prop_map(
        |(number, started_at, last_at, origin, lead, proven, hits)| Visit {
            visitor: visitor(number),
            site: SiteNo::new(if number % 2 == 1 { 1 } else { 2 }),
            started_at,
            last_at,
            origin,
            lead: lead.map(lead_key),
            proven,
            hits,
        },
    )
}

/// A lead of one of five keys; odd ones are on site 1, even ones on site 2.
pub(super) fn lead() -> impl Strategy<Value = Lead> {
    let times = (moment(), moment(), prop::option::of(moment()));
    let who = (
        prop::option::of(domain()),
        some_text(),
        attributes(),
        (select(Stage::ALL.to_vec()), select(Role::ALL.to_vec())),
    );
    let reason =
        ("[a-z]{1,9}", "\\PC{0,12}", points()).prop_map(|(id, label, points)| Reason { id, label, points });
    let mql = prop::option::of((moment(), score()).prop_map(|(at, score)| Qualified { at, score }));
    let touched = (moment(), origin()).prop_map(|(at, origin)| Touched { at, origin });
    let origins = (origin(), origin(), vec(touched, 0..4));
    (0..5_u8, times, who, origins, score(), vec(reason, 0..4), mql, hits()).prop_map(
        |(number, times, who, (first, last, touches), score, reasons, qualified, hits)| Lead {
            key: lead_key(number),
            site: SiteNo::new(if number % 2 == 1 { 1 } else { 2 }),
            stage: who.3.0,
            stage_at: times.0,
            stage_by: who.3.1,
            first_seen: times.0,
            known_at: times.0,
            last_seen: times.1,
            verified_at: times.2,
            domain: who.0,
            country: who.1,
            attributes: who.2,
            first,
            last,
            touches,
            score,
            scored_at: times.1,
            reasons,
            qualified,
            hits,
            overrides: Vec::new(),
        },
    )
}

/// A lead that only its key, moment and origin tell from others.
pub(super) fn plain_lead(number: u8, last_seen: Timestamp) -> Lead {
    let origin = Origin { touch: Touch::DIRECT, landing: Text::clean("/"), country: None };
    Lead {
        key: lead_key(number),
        site: SiteNo::new(1),
        stage: Stage::Lead,
        stage_at: last_seen,
        stage_by: Role::Collector,
        first_seen: last_seen,
        known_at: last_seen,
        last_seen,
        verified_at: None,
        domain: None,
        country: None,
        attributes: Attributes::new(),
        first: origin.clone(),
        last: origin,
        touches: Vec::new(),
        score: Score::default(),
        scored_at: last_seen,
        reasons: Vec::new(),
        qualified: None,
        hits: Vec::new(),
        overrides: Vec::new(),
    }
}

pub(super) fn transition() -> impl Strategy<Value = Transition> {
    let stages = (select(Stage::ALL.to_vec()), select(Stage::ALL.to_vec()));
    let money = (any::<i64>(), "[A-Z]{3}")
        .prop_map(|(minor, currency)| Money { minor, currency: Text::clean(&currency) });
    let by = (select(Role::ALL.to_vec()), prop::option::of(money));
    (0..5_u8, moment(), stages, "\\PC{0,30}", score(), 0..3_u8, by).prop_map(
        |(number, at, (from, to), reason, score, hash, (role, amount))| Transition {
            lead: lead_key(number),
            site: SiteNo::new(if number % 2 == 1 { 1 } else { 2 }),
            at,
            from,
            to,
            reason,
            actor: Actor::account(role),
            amount,
            score,
            model: model(hash),
            lines: format!("[{number}]"),
            rules: Vec::new(),
        },
    )
}

/// Points of engagement, given at a moment until another.
pub(super) fn given(no: u32, from: i64, until: i64) -> Override {
    Override {
        no,
        effect: Effect::Engagement(Points::whole(20)),
        from: Timestamp::from_millis(from),
        until: Timestamp::from_millis(until),
        reason: Text::clean("they called"),
        actor: Actor::account(Role::Owner),
        ended: None,
    }
}

/// What people say of one of five leads, odd ones on site 1, under one of three numbers.
pub(super) fn overrides() -> impl Strategy<Value = (LeadKey, SiteNo, Override)> {
    let points = || (-100..100_i32).prop_map(Points::whole);
    let effect = prop_oneof![
        points().prop_map(Effect::Engagement),
        points().prop_map(Effect::Fit),
        Just(Effect::Hold),
        Just(Effect::Qualify),
    ];
    let actor =
        || (select(Role::ALL.to_vec()), text()).prop_map(|(role, who): (Role, Text<80>)| Actor { role, who });
    let ended = prop::option::of((moment(), actor()).prop_map(|(at, by)| Ended { at, by }));
    (0..5_u8, 1..4_u32, effect, (moment(), moment()), text(), actor(), ended).prop_map(
        |(number, no, effect, (from, until), reason, actor, ended)| {
            let site = SiteNo::new(if number % 2 == 1 { 1 } else { 2 });
            (lead_key(number), site, Override { no, effect, from, until, reason, actor, ended })
        },
    )
}
