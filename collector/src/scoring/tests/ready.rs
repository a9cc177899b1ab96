//! The ready models, and models in words. Invariant: what the program brings reads, is commented line by line,
//! and is told in words that a comparison can be made by.

use super::*;
use crate::scoring::Ready;

#[test]
fn every_ready_model_reads_and_explains_itself_with_an_example_that_qualifies() {
    let mut hashes = std::collections::BTreeSet::new();
    for ready in Ready::ALL {
        let model = model(ready.text);
        assert!(hashes.insert(*model.hash()), "{}", ready.name);
        let told = model.explain();
        assert!(told.starts_with(model.name()), "{told}");
        assert!(told.contains("day   0") && told.contains("meets what an MQL needs"), "{told}");
        assert!(told.contains("an MQL no longer"), "{told}");
        assert!(told.contains("- an MQL that waits for sales: overdue after "), "{told}");
        assert_eq!(model.limits().len(), 3, "{}", ready.name);
        let advice = model.advice().join(" ");
        assert!(!advice.contains("for ever") && !advice.contains("did nothing"), "{}: {advice}", ready.name);
        for (_, label, ..) in model.rules() {
            assert!(told.contains(label), "{label} in {told}");
        }
        assert_eq!(Ready::named(ready.name).map(|found| found.text), Some(ready.text));
    }
    assert!(Ready::named("default").is_none());
}

/// Labels and events say what they are; everything else has a word beside it or is repeated from above.
#[test]
fn every_number_of_a_ready_model_that_decides_has_a_comment() {
    for ready in Ready::ALL {
        let (head, _) = ready.text.split_once("[[rule]]").expect("rules");
        let mql = head.split("[[group]]").next().expect("a head");
        for line in mql.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')) {
            assert!(line.contains('#'), "{}: {line}", ready.name);
        }
        let tables = ready.text.split("\n[[").skip(1);
        for table in tables {
            assert!(table.contains('#') || table.contains("label = "), "{}: {table}", ready.name);
        }
    }
}

#[test]
fn each_ready_model_makes_an_mql_of_a_lead_of_its_kind() {
    let day = |n: i64| noon().plus_days(-n);
    let saas = model(Ready::ALL[1].text);
    let mut trial = vec![
        event(1, "trial_start", "/signup", day(6)),
        event(2, "login", "/app", day(5)),
        event(3, "login", "/app", day(4)),
        event(4, "login", "/app", day(4)),
        event(5, "onboarding_done", "/app", day(4)),
        with_property(event(6, "feature_used", "/app", day(3)), "feature", "Report"),
        with_property(event(7, "feature_used", "/app", day(3)), "feature", "theme"),
        event(8, "invite_sent", "/app", day(2)),
    ];
    let who = profile(&[("company_size", "20-50")]);
    let judge = |events: &[Event]| saas.evaluate(&hits(&saas, events), &who, noon());
    assert!(judge(&trial).qualifies, "{:#?}", judge(&trial));
    assert!(!judge(&trial[..3]).qualifies);
    trial.push(event(9, "subscription_start", "/app", day(1)));
    assert_eq!(judge(&trial).missing, ["Ruled out as \"Customer already\": it happened on 2026-11-20."]);

    let content = model(Ready::ALL[2].text);
    let reader = [
        event(1, "newsletter_signup", "/news", day(20)),
        with_property(event(2, "webinar_attended", "/w", day(10)), "webinar", "w1"),
        with_property(event(3, "whitepaper_download", "/g", day(3)), "file", "a.pdf"),
    ];
    let head = profile(&[("job_title", "Head of Operations"), ("company_size", "201-500")]);
    let judged = content.evaluate(&hits(&content, &reader), &head, noon());
    assert!(judged.qualifies, "{judged:#?}");
    let student =
        content.evaluate(&hits(&content, &reader), &profile(&[("job_title", "PhD student")]), noon());
    assert!(!student.qualifies);
    let claimed = event(4, "intent_signal", "/", noon());
    assert!(content.hits(&claimed).is_empty(), "no page may claim it");
    let signal = Event { trust: Trust::Vouched, ..claimed };
    let points = |days| {
        content
            .evaluate(
                &hits(&content, std::slice::from_ref(&signal)),
                &Profile::default(),
                noon().plus_days(days),
            )
            .engagement
    };
    assert_eq!((points(29), points(30)), (Points::whole(15), Points::ZERO), "it expires");
}

#[test]
fn a_comparison_names_each_change_and_nothing_else() {
    let old = Ready::ALL[0].text;
    let against = |from: &str, to: &str| {
        assert!(old.contains(from), "{from}");
        model(old).changes_to(&model(&old.replacen(from, to, 1)))
    };
    assert!(model(old).changes_to(&model(&format!("# A comment.\n{old}"))).is_empty());
    for (from, to, expected) in [
        (
            "total_gte = 60",
            "total_gte = 55",
            "MQL, engagement and fit together: from 60 points or more to 55 points or more.",
        ),
        ("# fit_gte = 20", "fit_gte = 20", "MQL, fit: new: 20 points or more."),
        ("exit_below = 40", "", "MQL, is one no longer: no longer; it was when the total falls below 40."),
        (
            "A = 35",
            "A = 36",
            "Grades, fit: from A from 35 points, B from 20, C from 10, else D to A from 36 points, B from 20, C from 10, else D.",
        ),
        ("min = 0 }", "min = 0, max = 90 }", "Limit \"engagement\", never above: new: 90."),
        (
            "cap = 50\n",
            "cap = 45\n",
            "Group \"Content\", at most: from 50 points either way to 45 points either way.",
        ),
        (
            "mql = \"24 hours\"",
            "mql = \"2 days\"",
            "Time limits, an MQL that waits for sales: from overdue after 24 hours to overdue after 2 days.",
        ),
        (
            "sal = \"7 days\"",
            "",
            "Time limits, a lead that sales accepted (SAL): no longer; it was overdue after 7 days.",
        ),
        ("points = 35", "points = 30", "Rule \"Asked for a demo\", points: from +35 to +30."),
        (
            "repeat = \"every\"",
            "repeat = \"per_day\"",
            "Rule \"Opened a mail\", counts: from every time to once a day.",
        ),
        ("label = \"Sent a form\"", "label = \"Form\"", "Rule \"Form\" was called \"Sent a form\"."),
        (
            "gte = 500, lt = 1000, points = 15",
            "gte = 500, lt = 1000, points = 12",
            "Attribute \"Company size\", 500 to below 1000: from +15 to +12.",
        ),
        ("\"vp\", \"svp\"", "\"svp\"", "Attribute \"Job title\", vp: no longer; it was +20."),
        (
            "window_days = 365",
            "window_days = 30",
            "Disqualifier \"Job seeker\", only within: from 365 days to 30 days.",
        ),
        (
            "gte = 50\n",
            "gte = 51\n",
            "Ideal customer \"Fifty people or more\", must be: from company_size is 50 and more to company_size is 51 and more.",
        ),
    ] {
        assert_eq!(against(from, to), [expected], "{from}");
    }
    let (head, tail) = old.split_once("[[rule]]\nid = \"careers\"").expect("the rule");
    let without = format!("{head}{}", &tail[tail.find("[[rule]]").expect("a next one")..]);
    assert_eq!(
        model(old).changes_to(&model(&without)),
        [
            "Rule removed: Looked at jobs (points -10; for pageview on /careers*, /careers*/**, /jobs* or /jobs*/**; counts \
          once, the latest time; fades 50 % is left after 30 days, nothing is left after 90 days; group Signs against)."
        ]
    );
    let added = model(&without).changes_to(&model(old));
    assert!(added.len() == 1 && added[0].starts_with("Rule added: Looked at jobs (points -10;"), "{added:?}");
    let swapped = old.replacen("\"*leiter\", ", "", 1).replacen(
        "any = [\"manager\"",
        "any = [\"*leiter\", \"manager\"",
        1,
    );
    assert_eq!(
        model(old).changes_to(&model(&swapped)),
        ["Attribute \"Job title\", *leiter: from +20 to +15."]
    );
}

#[test]
fn advice_is_given_where_a_model_is_perhaps_not_meant_so() {
    let old = Ready::ALL[0].text;
    let of = |from: &str, to: &str| model(&old.replacen(from, to, 1)).advice();
    let usual = "What a lead is can give 45 points, not less than exit_below = 40: an MQL of the best fit falls out only \
                 when nothing that it did counts any more.";
    assert_eq!(of("", ""), [usual]);
    assert_eq!(of("exit_below = 40", "exit_below = 46"), Vec::<String>::new());
    assert_eq!(
        of("exit_below = 40", ""),
        ["An MQL stays one for ever: there is no exit_below in [mql]. Write one below total_gte."]
    );
    let reachable = of("total_gte = 60", "total_gte = 45");
    assert!(
        reachable[0].starts_with("Who did nothing can be an MQL: attributes alone give up to 45 points"),
        "{reachable:?}"
    );
    let asked = of("total_gte = 60", "total_gte = 45\nengagement_gte = 1");
    assert_eq!(asked, [usual]);
    let stays = of(
        "points = 20                              # wants to talk",
        "points = 20\ndecay = { kind = \"none\" } # wants to talk",
    );
    assert!(
        stays[1].starts_with("These count for ever, however long ago: \"Asked to be contacted\"."),
        "{stays:?}"
    );
}
