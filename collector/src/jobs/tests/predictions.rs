//! Invariant: nothing that happened after sales took a lead up is told of it; who was erased, asked for a restriction
//! or took consent back is neither used nor ranked; predicting changes nothing that is stored.

use super::*;
use crate::audit::Recorder;
use crate::clock::Clock;
use crate::domain::{Act, Action, Actor, Role, RuleId, Site, Stage};
use crate::jobs::predictions::{Predicted, Predictions};
use crate::jobs::stages::{Asked, Stages};
use crate::leads::outcome::Closed;
use crate::predict::{
    Described, Factor, Feature, Level, Moment, Outlook, TooLittle, Verdict, describe, probability,
};
use crate::scoring::Answer;
use crate::storage::{Remade, Rights, TakeBack};
use fastrand::Rng;

/// Leads that close; then those that stay MQLs, and those that never were.
const CLOSED: u32 = 1_040;
const OPEN_MQLS: u32 = 60;
const OPEN_LEADS: u32 = 20;

fn key(number: u32) -> LeadKey {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    LeadKey::from_bytes(bytes)
}

/// When lead `number` became an MQL: six a day.
fn begun(number: u32) -> Timestamp {
    morning().plus_millis(i64::from(number) * 4 * 60 * 60_000)
}

fn now() -> Timestamp {
    begun(CLOSED + OPEN_MQLS + OPEN_LEADS).plus_days(30)
}

/// What a lead does on the day on which it becomes known, and whether it will be won.
struct Story {
    number: u32,
    demo: bool,
    size: Option<&'static str>,
    mail: bool,
    won: bool,
}

impl Story {
    fn draw(rng: &mut Rng, number: u32) -> Self {
        let (demo, mail) = (rng.f64() < 0.5, rng.f64() < 0.4);
        let size = [None, Some("50"), Some("300")][rng.usize(0..3)];
        let yes = |is: bool, weight: i64| if is { weight } else { 0 };
        let log_odds = -2_300 + yes(demo, 1_800) + yes(size == Some("300"), 1_000) + yes(mail, 600);
        Self { number, demo, size, mail, won: rng.f64() < probability(log_odds) }
    }

    fn event(&self, name: &str, path: &str, at: Timestamp) -> Event {
        Event {
            visitor: None,
            lead: Some(key(self.number)),
            rung: Rung::Qualified,
            domain: Some(EmailDomain::Free),
            ..event(name, path, at)
        }
    }

    fn events(&self) -> Vec<Event> {
        let minute = |n: i64| begun(self.number).plus_millis(n * 60_000);
        let open_lead = self.number >= CLOSED + OPEN_MQLS;
        let reads = match (self.demo, open_lead) {
            (_, true) => 1,
            (true, false) => 4,
            (false, false) => 10,
        };
        let mut events: Vec<Event> = (0..reads).map(|n| self.event("engagement", "/", minute(n))).collect();
        if self.demo {
            events.push(self.event("demo_request", "/demo", minute(12)));
        }
        let arrival = if self.mail { email() } else { Some(touch(Channel::PaidSearch, "google")) };
        events[0].touch = arrival;
        if let Some(size) = self.size {
            events[0].attributes.insert(Text::clean("size"), Text::clean(size));
        }
        events
    }

    /// What gives it away: only who is won does all this while sales works on them.
    fn given_away(&self) -> Vec<Event> {
        let at = begun(self.number).plus_days(2);
        let mut events: Vec<Event> = ["/contract", "/terms", "/onboarding"]
            .into_iter()
            .map(|path| self.event("pageview", path, at))
            .collect();
        events.push(self.event("demo_request", "/demo", at));
        events[0].attributes.insert(Text::clean("size"), Text::clean("5000"));
        events
    }
}

struct Kit {
    world: World,
    site: Site,
    stages: Stages,
    predictions: Predictions,
    stories: Vec<Story>,
}

impl Kit {
    fn empty() -> Self {
        let world = World::new();
        world.score(MODEL);
        let ledger: Arc<dyn Ledger> = world.ledger.clone();
        let audit = Arc::new(Recorder::new(Arc::clone(&ledger), Clock::fixed(now()), None));
        let site = world.ledger.sites().expect("reads").remove(0);
        let clock = Clock::fixed(now());
        let stages =
            Stages::new(world.events.clone(), Arc::clone(&ledger), model(MODEL), audit, clock.clone());
        Self { predictions: Predictions::new(ledger, clock), world, site, stages, stories: Vec::new() }
    }

    /// Sales takes up and closes the first thousand leads; `leaky` ones give their end away before.
    fn closed(leaky: bool) -> Self {
        let mut kit = Self::empty();
        let mut rng = Rng::with_seed(11);
        kit.stories = (0..CLOSED + OPEN_MQLS + OPEN_LEADS).map(|n| Story::draw(&mut rng, n)).collect();
        kit.tell(kit.stories.iter().flat_map(Story::events).collect(), 0);
        let closing = || kit.stories.iter().take(CLOSED as usize);
        closing().for_each(|story| kit.change(story.number, Stage::Sal, begun(story.number).plus_days(1)));
        if leaky {
            kit.tell(closing().filter(|story| story.won).flat_map(Story::given_away).collect(), 1 << 64);
        }
        for story in closing() {
            let to = if story.won { Stage::Customer } else { Stage::Lost };
            kit.change(story.number, to, begun(story.number).plus_days(5));
        }
        kit
    }

    fn tell(&self, events: Vec<Event>, from: u128) {
        let with_id = |(number, event): (u128, Event)| Event {
            id: EventId::from_bytes((from + number).to_be_bytes()),
            ..event
        };
        let events: Vec<Event> = (1..).zip(events).map(with_id).collect();
        self.world.append(&events);
        self.world.score(MODEL);
    }

    fn change(&self, number: u32, to: Stage, at: Timestamp) {
        let asked = Asked { to, seen: None, reason: Text::clean(""), at: Some(at), amount: None };
        let made = self.stages.change(&Actor::account(Role::Owner), &self.site, key(number), &asked);
        made.expect("answers").unwrap_or_else(|refused| panic!("{number}: {refused}"));
    }

    fn outlook(&self) -> Arc<Outlook> {
        self.predictions.outlook(&self.site, &model(MODEL)).expect("answers")
    }

    fn lead(&self, number: u32) -> (Lead, Vec<Transition>) {
        let lead = self.world.ledger.lead(self.site.no, key(number)).expect("reads").expect("is there");
        let transitions = self.world.transitions(&lead);
        (lead, transitions)
    }

    fn described(&self, number: u32) -> Described {
        let (lead, transitions) = self.lead(number);
        describe(&model(MODEL), &lead, &profile(&lead), &transitions, now())
    }

    fn predicted(&self, number: u32) -> Predicted {
        let (lead, transitions) = self.lead(number);
        let answer = self.predictions.of_lead(&self.site, &model(MODEL), &lead, &transitions);
        answer.expect("answers").1
    }
}

fn act() -> Act {
    Act {
        at: now(),
        actor: Actor::account(Role::Owner),
        action: Action::PersonErased,
        site: None,
        subject: None,
        details: "{}".to_owned(),
    }
}

fn take_back(kit: &Kit, number: u32, withdrawn: Option<Timestamp>) {
    let order = TakeBack {
        site: &kit.site,
        lead: key(number),
        visitors: Default::default(),
        withdrawn,
        verified: false,
        dry_run: false,
    };
    kit.world.ledger.take_back(&order, &|_| Ok(Remade::default()), &|_| act()).expect("takes back");
}

#[test]
fn it_learns_ranks_and_changes_nothing() {
    let kit = Kit::closed(false);
    let state = || (kit.world.snapshot(), kit.world.ledger.generation().expect("reads"));
    let before = state();
    let outlook = kit.outlook();
    let trained = outlook.trained.as_ref().expect("there is enough");
    assert_eq!((outlook.closed, outlook.won), (CLOSED as usize, trained.won + trained.holdout.won));
    assert!(trained.holdout.measured.auc > 0.65, "{:?}", trained.holdout);
    assert_eq!(trained.holdout.verdict, Verdict::Better, "every MQL has about the threshold's points");
    assert_eq!(outlook.open.len(), (OPEN_MQLS + OPEN_LEADS) as usize);
    assert!(outlook.open.windows(2).all(|pair| pair[0].log_odds_milli >= pair[1].log_odds_milli));

    let (_, listed) = kit.predictions.first(&kit.site, &model(MODEL), 200).expect("lists");
    assert_eq!(listed.len(), outlook.open.len());
    for (place, listed) in listed.iter().enumerate() {
        let of = &listed.predicted;
        let sum: i64 = of.contributions.iter().map(|part| part.milli).sum();
        assert_eq!(of.base_milli + sum, of.log_odds_milli);
        assert!(of.rank <= place + 1 && of.log_odds_milli == outlook.open[place].log_odds_milli);
    }
    // Asked one by one, they are the same.
    let Predicted::Open(alone) = kit.predicted(CLOSED) else { panic!("it is open") };
    let of_list = listed.iter().find(|of| of.key == key(CLOSED).to_hex()).expect("is listed");
    assert_eq!(
        (alone.rank, alone.log_odds_milli),
        (of_list.predicted.rank, of_list.predicted.log_odds_milli)
    );
    assert_eq!(alone.described_as, Moment::BecameMql);
    let Predicted::Open(never) = kit.predicted(CLOSED + OPEN_MQLS) else { panic!("it is open") };
    assert_eq!((never.described_as, never.described_at), (Moment::Now, now()));
    let lost = kit.stories.iter().find(|story| !story.won).expect("some").number;
    assert!(matches!(kit.predicted(lost), Predicted::Closed(Closed::Lost { .. })));
    assert_eq!(state(), before, "nothing is stored, and no stage, score or count is another");

    // Kept until people act; then learnt anew.
    assert!(Arc::ptr_eq(&outlook, &kit.outlook()));
    kit.change(CLOSED, Stage::Customer, now());
    assert_eq!(kit.outlook().closed, outlook.closed + 1);
}

#[test]
fn nothing_of_the_time_after_is_told() {
    let (clean, leaky) = (Kit::closed(false), Kit::closed(true));
    let won = leaky.stories.iter().find(|story| story.won && story.size.is_none()).expect("some").number;
    let (lead, _) = leaky.lead(won);
    assert!(lead.hits.iter().any(|hit| hit.rule.as_str() == "page"), "it did give itself away");
    assert_eq!(lead.attributes.get("size").map(Text::as_str), Some("5000"));
    for story in clean.stories.iter().take(CLOSED as usize) {
        assert_eq!(clean.described(story.number), leaky.described(story.number), "{}", story.number);
    }
    let size = Factor::Attribute(RuleId::parse("size").expect("valid"));
    let told = leaky.described(won).features;
    assert!(told.contains(&(Feature { factor: size.clone(), level: Level::Unknown }, 1_000)));
    let learnt = |kit: &Kit| format!("{:?}", kit.outlook().trained);
    assert_eq!(learnt(&clean), learnt(&leaky), "to the last bit");
    let known = leaky.stories.iter().find(|story| story.size == Some("300")).expect("some").number;
    let listed = Feature { factor: size, level: Level::Answer(Answer::Listed(0)) };
    assert!(leaky.described(known).features.contains(&(listed, 1_000)));
}

#[test]
fn who_is_erased_restricted_or_withdrawn_is_neither_used_nor_ranked() {
    let kit = Kit::closed(false);
    let count = || {
        let outlook = kit.outlook();
        (outlook.closed, outlook.open.len(), format!("{:?}", outlook.trained))
    };
    let (closed, open, learnt) = count();
    take_back(&kit, 3, None);
    let after = count();
    assert_eq!((after.0, after.1), (closed - 1, open), "erased: not used");
    assert_ne!(after.2, learnt, "the next model is another");
    take_back(&kit, 4, Some(now()));
    kit.world.ledger.restrict(kit.site.no, key(5), Some(now()), false, &|_| act()).expect("restricts");
    kit.world.ledger.restrict(kit.site.no, key(CLOSED), Some(now()), false, &|_| act()).expect("restricts");
    let after = count();
    assert_eq!((after.0, after.1), (closed - 3, open - 1));
    let (_, listed) = kit.predictions.first(&kit.site, &model(MODEL), 200).expect("lists");
    assert!(listed.iter().all(|lead| lead.key != key(CLOSED).to_hex()));
    // Forty more, and it is too little.
    (10..50).for_each(|number| take_back(&kit, number, None));
    let outlook = kit.outlook();
    assert!(matches!(outlook.trained, Err(TooLittle::Leads { closed: 997, .. })), "{:?}", outlook.trained);
    assert!(outlook.open.is_empty());
    assert!(matches!(kit.predicted(CLOSED + 1), Predicted::TooLittle));
}

/// People say on Friday that they took a lead up on Monday: what it did from Tuesday on is not told.
#[test]
fn what_is_said_late_is_told_as_of_then() {
    let kit = Kit::empty();
    let story = Story { number: 0, demo: false, size: None, mail: true, won: true };
    let day = |n: i64| morning().plus_days(n);
    let did =
        [("demo_request", "/", 0), ("pageview", "/a", 0), ("pageview", "/b", 3), ("engagement", "/", 4)];
    kit.tell(did.iter().map(|(name, path, at)| story.event(name, path, day(*at))).collect(), 0);
    kit.change(0, Stage::Sal, day(1));
    let described = kit.described(0);
    assert_eq!((described.at, described.moment), (day(1), Moment::TakenUp));
    let rule = |id: &str| Feature::amount(Factor::Rule(RuleId::parse(id).expect("valid")));
    let told =
        |id: &str| described.features.iter().find(|(of, _)| *of == rule(id)).map(|(_, amount)| *amount);
    assert_eq!([told("demo"), told("page"), told("read")], [Some(1_000), Some(1_000), None]);
    assert!(described.features.contains(&(Feature::amount(Factor::Quiet), 1_000)), "a day");
}

#[test]
fn who_is_ruled_out_is_not_ranked() {
    let kit = Kit::empty();
    let story = Story { number: 0, demo: true, size: None, mail: true, won: true };
    let mut events = story.events();
    events.push(story.event("job_application", "/jobs", begun(0).plus_days(1)));
    kit.tell(events, 0);
    assert_eq!(kit.lead(0).0.stage, Stage::Disqualified);
    assert!(matches!(kit.predicted(0), Predicted::RuledOut));
}
