//! What is worth asking. Invariant: the numbers are those of the comments, reckoned by hand; nothing that is known
//! is asked for, and all that is asked for changes something.

use super::*;
use crate::scoring::{Answers, Ask, GateOutcome};
use proptest::prelude::*;

const MODEL: &str = r#"name = "Asking"
[mql]
total_gte = 30
[[group]]
id = "does"
label = "Does"
axis = "engagement"
[[group]]
id = "who"
label = "Who"
axis = "fit"
[[rule]]
id = "x"
label = "X"
group = "does"
event = "x"
points = 10
[[attribute]]
id = "size"
label = "Company size"
group = "who"
attribute = "company_size"
bands = [{ gte = 0, lt = 50, points = 0 }, { gte = 50, points = 20 }]
[[attribute]]
id = "title"
label = "Seniority"
group = "who"
attribute = "job_title"
patterns = [{ any = ["chief*", "vp"], points = 8 }, { any = "intern", points = -4 }]
[[attribute]]
id = "domain"
label = "Company mail"
group = "who"
attribute = "email_class"
map = { company = 5 }
"#;

fn asked(text: &str, profile: &Profile, hits: &[Hit], leads: &[Profile]) -> Vec<Ask> {
    let model = model(text);
    let mut answers = model.answers();
    leads.iter().for_each(|lead| model.add_answers(&mut answers, lead));
    model.worth_asking(hits, profile, noon(), &answers, &|_| true)
}

fn short(asks: &[Ask]) -> Vec<(&str, i64, bool)> {
    asks.iter().map(|ask| (ask.attribute.as_str(), ask.expected_points, ask.could_decide)).collect()
}

#[test]
fn without_leads_each_answer_of_the_scale_counts_once() {
    // Size: 0 or 20, so 10. Title: 8, 0 (another), or 4 less, which nothing can be: (8 + 0 + 0) / 3 = 2.67.
    let asks = asked(MODEL, &Profile::default(), &[], &[]);
    assert_eq!(short(&asks), [("company_size", 10, false), ("job_title", 3, false)]);
    assert_eq!(asks[0].label, "Company size");
    let model = model(MODEL);
    let title = |field: &str| field == "job_title";
    let asks = model.worth_asking(&[], &Profile::default(), noon(), &model.answers(), &title);
    assert_eq!(short(&asks), [("job_title", 3, false)], "where only that may be asked for");
}

#[test]
fn what_leads_answered_weighs_it() {
    // Size: eight small, none large: (9 × 0 + 1 × 20) / 10 = 2. Title: six chiefs: (7 × 8 + 0 + 0) / 9 = 6.2.
    let small = |n: usize| profile(&[("company_size", ["9", "10-49"][n % 2])]);
    let chief = |n: usize| profile(&[("job_title", ["Chief of staff", "VP Sales"][n % 2])]);
    let mut leads: Vec<Profile> = (0..8).map(small).chain((0..6).map(chief)).collect();
    let asks = asked(MODEL, &Profile::default(), &[], &leads);
    assert_eq!(short(&asks), [("job_title", 6, false), ("company_size", 2, false)]);
    leads.reverse();
    assert_eq!(asked(MODEL, &Profile::default(), &[], &leads), asks, "whatever their order");
    // What cannot be read is no answer.
    leads.push(profile(&[("company_size", "many")]));
    assert_eq!(asked(MODEL, &Profile::default(), &[], &leads), asks);
}

#[test]
fn what_could_decide_comes_first() {
    // Ten points and twenty more are thirty: size decides. Title brings more here, and does not.
    let hits = hits(&model(MODEL), &[event(1, "x", "/", noon())]);
    let small: Vec<Profile> = (0..30).map(|_| profile(&[("company_size", "9")])).collect();
    let asks = asked(MODEL, &Profile::default(), &hits, &small);
    // (31 × 0 + 20) / 32 = 0.6.
    assert_eq!(short(&asks), [("company_size", 1, true), ("job_title", 3, false)]);
}

#[test]
fn what_is_known_or_changes_nothing_is_not_asked_for() {
    let known = profile(&[("company_size", "200")]);
    // From 20 points on, an intern takes 4: (8 + 4 + 0) / 3.
    assert_eq!(short(&asked(MODEL, &known, &[], &[])), [("job_title", 4, false)]);
    let unreadable = profile(&[("company_size", "many"), ("job_title", "Clerk")]);
    assert_eq!(short(&asked(MODEL, &unreadable, &[], &[])), [("company_size", 10, false)]);
    let all = profile(&[("company_size", "200"), ("job_title", "Clerk")]);
    assert!(asked(MODEL, &all, &[], &[]).is_empty(), "the mail's class is told by the address");
    let capped = MODEL.replace("axis = \"fit\"", "axis = \"fit\"\ncap = 20");
    let title = profile(&[("company_size", "200")]);
    // With the cap of 20 full, a chief brings nothing and an intern takes 4: 4 / 3.
    assert_eq!(short(&asked(&capped, &title, &[], &[])), [("job_title", 1, false)]);
}

#[test]
fn what_the_ideal_customer_is_asked_for_counts_a_tenth_of_the_threshold() {
    let icp = |id: &str, field: &str| {
        format!("[[icp]]\nid = \"{id}\"\nlabel = \"{id}\"\nattribute = \"{field}\"\nin = [\"yes\"]\n")
    };
    let text = MODEL.replace("total_gte = 30", "total_gte = 30\nicp_required = true") + &icp("icp_a", "a");
    // No points hang on it: 30 / 10 = 3. Engagement is missing too, so it does not decide alone.
    let known = profile(&[("company_size", "200"), ("job_title", "Clerk")]);
    assert_eq!(short(&asked(&text, &known, &[], &[])), [("a", 3, false)]);
    let hits = hits(&model(&text), &[event(1, "x", "/", noon())]);
    assert_eq!(short(&asked(&text, &known, &hits, &[])), [("a", 3, true)]);
    // Two open requirements: neither decides alone, both are asked for.
    let two = text + &icp("icp_b", "b");
    assert_eq!(short(&asked(&two, &known, &hits, &[])), [("a", 3, false), ("b", 3, false)]);
}

fn someone() -> impl Strategy<Value = Profile> {
    let size = prop::option::of(prop::sample::select(vec!["3", "49", "50", "1000", "many"]));
    let title = prop::option::of(prop::sample::select(vec!["CEO", "Chief", "VP", "Intern", "Clerk"]));
    let industry = prop::option::of(prop::sample::select(vec!["yes", "no"]));
    (size, title, industry).prop_map(|(size, title, industry)| {
        let fields = [("company_size", size), ("job_title", title), ("industry", industry)];
        profile(&fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect::<Vec<_>>())
    })
}

proptest! {
    #[test]
    fn nothing_known_is_asked_for_and_the_order_of_leads_does_not_matter(
        leads in prop::collection::vec(someone(), 0..20),
        lead in someone(),
        did in 0..3_u8,
    ) {
        let model = model(&(MODEL.replace("total_gte = 30", "total_gte = 30\nicp_required = true")
            + "[[icp]]\nid = \"icp_industry\"\nlabel = \"Industry\"\nattribute = \"industry\"\nin = [\"yes\"]\n"));
        let count = |leads: &mut dyn Iterator<Item = &Profile>| -> Answers {
            let mut answers = model.answers();
            leads.for_each(|lead| model.add_answers(&mut answers, lead));
            answers
        };
        let answers = count(&mut leads.iter());
        prop_assert_eq!(&answers, &count(&mut leads.iter().rev()));
        let events: Vec<Event> = (0..did).map(|n| event(n, "x", "/", noon())).collect();
        let hits = hits(&model, &events);
        let asks = model.worth_asking(&hits, &lead, noon(), &answers, &|_| true);
        prop_assert!(asks.len() <= 2);
        let before = model.evaluate(&hits, &lead, noon());
        for ask in &asks {
            prop_assert!(ask.expected_points >= 0 && ask.attribute != "email_class");
            let open = |id: &str| before.coverage.unknown.iter().any(|unknown| unknown == id);
            let unknown = match ask.attribute.as_str() {
                "company_size" => open("size"),
                "job_title" => open("title"),
                _ => before.gates.iter().any(|gate| gate.outcome == GateOutcome::Incomplete),
            };
            prop_assert!(unknown, "{:?} is known of {:?}", ask, lead);
        }
        let names: Vec<&str> = asks.iter().map(|ask| ask.attribute.as_str()).collect();
        let all = ["company_size", "job_title", "industry"];
        if before.coverage.unknown == ["domain"] && lead.attributes.contains_key(&Text::clean("industry")) {
            prop_assert!(names.is_empty(), "all is known of {:?}", all);
        } else {
            prop_assert!(!names.is_empty());
        }
    }
}
