//! Coverage by API and by command. Promise: what is not known of leads is said, and as it becomes known both the
//! share and the number of MQLs change with it.

use mqlite_tests::{SITE, Setup, TestApp, event, mqlite, pageview, wait_until};
use serde_json::{Value, json};

/// The ideal customer of the third seed case: fifty people, our industries, managers; three engagements in a month.
const STRICT: &str = r#"
name = "Strict"
[mql]
total_gte = 1
icp_required = true
min_engagements = { count = 3, within_days = 30 }
[[group]]
id = "does"
label = "Does"
axis = "engagement"
[[rule]]
id = "anything"
label = "Anything"
group = "does"
event = "*"
points = 1
repeat = "every"
[[icp]]
id = "icp_industry"
label = "Target industry"
attribute = "industry"
in = ["logistics", "manufacturing"]
[[icp]]
id = "icp_level"
label = "Manager or above"
attribute = "job_title"
patterns = ["manager", "head*", "director", "vp", "chief*"]
[[icp]]
id = "icp_size"
label = "Fifty people or more"
attribute = "company_size"
gte = 50
"#;

/// What lead `n` of a hundred says of itself, when `unknown` of them leave out one of three things, in turn. The last
/// 20 are too small, whatever else they say.
fn fields(n: usize, unknown: usize) -> Value {
    let size = if n < 80 { "51-200" } else { "1-10" };
    let mut fields =
        json!({ "company_size": size, "industry": "Logistics", "job_title": "Operations Manager" });
    let rank = (n * 20) % 100 + n / 5;
    if rank < unknown {
        fields
            .as_object_mut()
            .expect("an object")
            .remove(["company_size", "industry", "job_title"][rank % 3]);
    }
    fields
}

fn form(n: usize, unknown: usize) -> mqlite_tests::Event {
    event("form_submit", "/contact").from_within().identify(
        &format!("jo{n}@acme{n}.com"),
        fields(n, unknown),
        true,
    )
}

fn report(app: &TestApp) -> Value {
    app.read(&format!("/api/v1/reports/coverage?site={SITE}"))
}

/// Waits until so many lack something and so many are MQLs; answers what is unknown by requirement, in percent.
fn told(app: &TestApp, incomplete: u64, mqls: u64) -> (Value, Vec<u64>) {
    let report = wait_until("what lacks and the number of MQLs", || {
        let report = report(app);
        let totals = &report["totals"];
        let there = (&totals["incomplete"], &totals["mqls"]) == (&incomplete.into(), &mqls.into());
        if there { Ok(report) } else { Err(report["totals"].to_string()) }
    });
    assert_eq!(report["became_mql"], mqls, "{report}");
    assert_eq!(report["totals"]["leads"], 100, "{report}");
    let known = report["known"].as_array().expect("rows");
    assert!(known.iter().all(|row| row["kind"] == "icp"), "{report}");
    let unknown = known.iter().filter_map(|row| row["unknown_percent"].as_u64()).collect();
    (report, unknown)
}

#[test]
fn enrichment_shows_in_coverage_and_in_the_number_of_mqls() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = folder.path().join("strict.toml");
    std::fs::write(&model, STRICT).expect("writes");
    let app = Setup::default().setting("MQLITE_MODEL", model.display().to_string()).start();
    for n in 0..100 {
        let journey = [pageview("/"), pageview("/pricing").from_within(), form(n, 40)];
        app.send_all_from(&format!("198.51.{n}.7"), &journey).assert_stored();
    }
    let (before, unknown) = told(&app, 40, 48);
    assert_eq!(
        (&before["totals"]["incomplete_percent"], unknown),
        (&40.into(), vec![13, 13, 14]),
        "{before}"
    );
    // Who lacked something says it now, but for eight.
    for n in (0..100).filter(|n| fields(*n, 40) != fields(*n, 8)) {
        app.send_all_from(&format!("198.51.{n}.7"), &[form(n, 8)]).assert_stored();
    }
    let (after, unknown) = told(&app, 8, 72);
    assert_eq!((&after["totals"]["incomplete_percent"], unknown), (&8.into(), vec![3, 2, 3]), "{after}");
    let series = after["series"].as_array().expect("a series");
    let leads: u64 = series.iter().filter_map(|cohort| cohort["leads"].as_u64()).sum();
    assert_eq!(leads, 100, "{after}");
    assert_eq!((&after["model"]["name"], &after["interval"]), (&"Strict".into(), &"week".into()), "{after}");

    let data = app.data().display().to_string();
    let model = model.display().to_string();
    let command = |format: &str| {
        let arguments = ["report", "coverage", "--site", SITE, "--format", format, "--model", &model];
        mqlite(arguments.into_iter().chain(["--data", &data])).assert_ok()
    };
    let printed: Value = serde_json::from_str(&command("json")).expect("is JSON");
    assert_eq!(printed, after, "the command says what the API says");
    let text = command("text");
    assert!(text.contains("100 leads became known; 8 % of them lack something"), "{text}");
    assert!(text.contains("Fifty people or more") && text.contains(" 3 %"), "{text}");
    let csv = command("csv");
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows[0], "from,id,leads,mqls,unknown_percent,model");
    assert!(rows[1].contains(",,100,72,8,") && rows.len() == 5, "{csv}");
}

#[test]
fn a_restricted_lead_is_left_out_and_wrong_parameters_are_named() {
    let app = TestApp::start();
    app.send(&form(1, 0)).assert_stored();
    wait_until("the lead", || {
        let report = report(&app);
        if report["totals"]["leads"] == 1 { Ok(()) } else { Err(report.to_string()) }
    });
    let asked = json!({ "site": SITE, "email": "jo1@acme1.com", "restricted": true });
    app.post_json("/api/v1/privacy/restrict", &asked)
        .header("cookie", app.cookie())
        .send()
        .assert_status(200);
    let report = report(&app);
    assert_eq!((&report["totals"]["leads"], &report["series"]), (&0.into(), &json!([])), "{report}");
    assert_eq!(report["known"][0]["unknown_percent"], 0, "of nobody nothing is unknown");
    for (parameters, pointer) in [
        ("&interval=year", "?interval"),
        ("&from=soon", "?from"),
        ("&from=2026-02-01&to=2026-01-01", "?from"),
    ] {
        let path = format!("/api/v1/reports/coverage?site={SITE}{parameters}");
        let problem = app.look(&path).send().assert_problem(400);
        assert_eq!(problem.pointer.as_deref(), Some(pointer), "{problem:?}");
    }
    let data = app.data().display().to_string();
    let wrong = |more: &[&str]| {
        let arguments = ["report", "coverage", "--data", &data].into_iter().chain(more.iter().copied());
        mqlite(arguments).assert_fails()
    };
    let complaint = wrong(&["--site", "stranger.org"]);
    assert!(complaint.contains("mqlite site list"), "{complaint}");
    let complaint = wrong(&["--site", SITE, "--from", "2026-02-01", "--to", "2026-01-01"]);
    assert!(complaint.contains("name the earlier day with --from"), "{complaint}");
}
