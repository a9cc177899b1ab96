//! Scoring models by command and by name. Promise: a model is explained and compared in words, a mistake is named
//! with its line, and a ready model is used by its name.

use mqlite_tests::{Setup, TestApp, mqlite, sixty_points};

fn model(arguments: &[&str]) -> mqlite_tests::Finished {
    mqlite(["model"].iter().chain(arguments))
}

#[test]
fn ready_models_are_listed_shown_checked_and_explained() {
    let listed = model(&["list"]).assert_ok();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["default-b2b", "saas-trial", "content-led"] {
        assert!(listed.contains(name), "{listed}");
        let shown = model(&["show", name]).assert_ok();
        let file = folder.path().join(format!("{name}.toml"));
        std::fs::write(&file, &shown).expect("writes");
        let file = file.to_str().expect("text");
        let checked = model(&["check", file]).assert_ok();
        assert!(checked.contains("can be used") && checked.contains("An MQL needs"), "{checked}");
        let same = model(&["diff", name, file]).assert_ok();
        assert!(same.contains("the same model"), "{same}");
        let told = model(&["explain", name]).assert_ok();
        for words in [
            "To be an MQL",
            "Engagement: what a lead did",
            "If nothing happens after that:",
            "an MQL no longer",
        ] {
            assert!(told.contains(words), "{words} in {told}");
        }
    }
    let changes = model(&["diff", "default-b2b", "saas-trial"]).assert_ok();
    assert!(
        changes.contains("MQL, engagement and fit together: from 60 points or more to 50 points or more."),
        "{changes}"
    );
    assert!(changes.contains("Rule added: Invited a colleague (points +10;"), "{changes}");
}

#[test]
fn mistakes_are_named_with_their_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.toml");
    let name = file.to_str().expect("text");
    let good = model(&["show", "default-b2b"]).assert_ok();
    let number = |words: &str| good.lines().position(|line| line.contains(words)).expect("the line") + 1;

    std::fs::write(&file, good.replacen("points = 35", "pionts = 35", 1)).expect("writes");
    let complaint = model(&["check", name]).assert_fails();
    let line = number("points = 35");
    for words in [
        format!("line {line}, "),
        "unknown key `pionts`; allowed here: ".to_owned(),
        format!("{line} | pionts = 35"),
    ] {
        assert!(complaint.contains(&words), "{words} in {complaint}");
    }
    std::fs::write(
        &file,
        good.replace("group = \"mail\"", "group = \"post\"").replace("total_gte = 60", "total_gte = -1"),
    )
    .expect("writes");
    let complaint = model(&["explain", name]).assert_fails();
    for words in [
        "3 things are wrong",
        "there is no group `post`; there are `company`",
        "write the points an MQL needs",
        " | total_gte = -1",
        " | exit_below = 40",
        " | group = \"post\"",
    ] {
        assert!(complaint.contains(words), "{words} in {complaint}");
    }
    let complaint = model(&["check", "saas"]).assert_fails();
    assert!(complaint.contains("saas-trial") && complaint.contains("name a file"), "{complaint}");
}

#[test]
fn a_collector_uses_a_model_by_its_name() {
    let app = Setup::default().setting("MQLITE_MODEL", "content-led").start();
    assert_eq!(app.report("")["model"]["name"], "Content-led");
}

#[test]
fn an_explanation_says_the_grade_and_when_it_ends() {
    let app = TestApp::start();
    app.send_all(&sixty_points("", "jo@acme.com", "Acme")).assert_stored();
    let lead = app.wait_for_lead("Acme", |lead| lead["stage"] == "mql");
    assert_eq!(lead["grade"], "D1", "{lead}");
    let explanation = app.explanation(lead["key"].as_str().expect("a key"), "");
    assert_eq!(
        (&explanation["grade"], &explanation["exit"]["below"]),
        (&"D1".into(), &40.into()),
        "{explanation}"
    );
    let falls = explanation["exit"]["falls_at"].as_str().expect("a moment");
    assert!(falls > explanation["as_of"].as_str().expect("a moment"), "{explanation}");
    let then = app.explanation(lead["key"].as_str().expect("a key"), &format!("&as_of={falls}"));
    assert_eq!(then["qualifies"], false, "{then}");
    assert_eq!(then["score"]["total"], 30, "half is left after 30 days: {then}");
    assert!(then["exit"]["falls_at"].is_null(), "{then}");
}
