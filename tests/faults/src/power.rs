//! Power cuts: what was written and not synced is lost, in part or as a whole. Promise: every event that was
//! answered with 202 is stored, exactly once, whatever a cut takes; the databases are whole, the audit log verifies,
//! and a visitor stays the same visitor for the day.

use crate::kill::{moments, starting, undisturbed};
use crate::load;
use crate::mains::{Mains, trouble};
use crate::plan::Plan;
use crate::platter::Cut;
use crate::scored::{Scored, kept};
use crate::{Finding, How};
use fastrand::Rng;
use mqlite_tests::{event, pageview, person};
use std::collections::BTreeMap;
use std::path::Path;

/// Cuts the power again and again.
pub(crate) fn run(how: &How) -> Result<Vec<Finding>, String> {
    let mut findings = under_load(how)?;
    findings.push(at_the_first_event(how)?);
    Ok(findings)
}

fn under_load(how: &How) -> Result<Vec<Finding>, String> {
    let (events, cuts) = if how.long { (60_000, 100) } else { (3_000, 5) };
    let plan = Plan::new(how.seed, events, 32);
    let expected = undisturbed(&plan);
    let mut rng = Rng::with_seed(how.seed);
    let moments = moments(&mut rng, events, cuts);
    let mut mains = Mains::new(&how.dir.join("load"))?;
    let mut app = mains.start();
    let mut wrong = Vec::new();
    let told = load::send(&mut app, &plan, &moments, &mut |app| {
        let cut = Cut::of(mains.cuts);
        mains.cut(app, cut, &mut rng);
        wrong.extend(trouble(&mains.shim.data, &how.dir.join("copy")));
        // Now and then once more, while it recovers.
        if rng.usize(0..4) == 0 {
            app.stumble(starting(&mut rng));
            let cut = Cut::of(mains.cuts);
            mains.cut(app, cut, &mut rng);
            wrong.extend(trouble(&mains.shim.data, &how.dir.join("copy")));
        }
        app.restart();
    });
    let kept = kept(&app, &told);
    let complete = told.acknowledged.len() == plan.events && kept.stored == plan.events;
    let difference = if complete { Scored::of(&app).difference(&expected) } else { None };
    let same = complete && difference.is_none();
    let said = difference.unwrap_or_else(|| {
        format!(
            "{} events in {} requests; {} syncs, and {} writes and names that were not synced when the power went; \
             scores, stages, changes of stage and reports are those of the undisturbed run",
            kept.stored, told.requests, mains.syncs, mains.taken
        )
    });
    let what = "power cut at a random moment under load: of what was not synced nothing, single sectors or the \
                oldest survives";
    Ok(vec![
        Finding {
            what: what.to_owned(),
            tried: mains.cuts as u64,
            lost: kept.lost,
            doubled: kept.doubled,
            said,
            held: same && (kept.lost, kept.doubled) == (0, 0) && mains.syncs > 0,
        },
        Finding {
            what: "after each of these cuts both databases are whole and the audit log verifies".to_owned(),
            tried: mains.cuts as u64,
            lost: 0,
            doubled: 0,
            held: wrong.is_empty(),
            said: wrong.into_iter().next().unwrap_or_else(|| "every one".to_owned()),
        },
    ])
}

/// The first event of a day makes its salt; were that not on the disk with the event, the visitor would be another
/// one after the cut.
fn at_the_first_event(how: &How) -> Result<Finding, String> {
    let times: u8 = if how.long { 30 } else { 3 };
    let mut rng = Rng::with_seed(how.seed);
    let mut finding = Finding {
        what: "power cut after the first event of a new data folder: the day's salt is kept, and with it who the \
               visitor is"
            .to_owned(),
        tried: times.into(),
        lost: 0,
        doubled: 0,
        said: "the same visitor went on with the same visit each time".to_owned(),
        held: true,
    };
    for time in 0..times {
        let mut mains = Mains::new(&how.dir.join(format!("first-{time}")))?;
        let mut app = mains.start();
        app.send(&pageview("/")).assert_stored();
        let salts = salts(&mains.shim.data);
        mains.cut(&mut app, Cut::of(usize::from(time)), &mut rng);
        let mut wrong = trouble(&mains.shim.data, &how.dir.join("copy"));
        app.restart();
        let signup = event("newsletter_signup", "/x").from_within().identify("jo@a.com", person("A"), true);
        app.send(&signup).assert_stored();
        app.wait_for_lead("A", |_| true);
        let stored = app.export().len();
        let visits = app.report("&by=channel&attribution=first&compare=none")["rows"][0]["visits"].clone();
        finding.lost += 2_u64.saturating_sub(stored as u64);
        finding.doubled += (stored as u64).saturating_sub(2);
        if salts.is_empty() || self::salts(&mains.shim.data) != salts {
            wrong.push("the salt is another one".to_owned());
        }
        if visits != 1 {
            wrong.push(format!("one visit became {visits}"));
        }
        finding.held &= wrong.is_empty() && stored == 2;
        if let Some(wrong) = wrong.pop() {
            finding.said = wrong;
        }
    }
    Ok(finding)
}

/// The salts by the names of their files.
fn salts(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(data.join("salts")) else { return BTreeMap::new() };
    let read = |path: &Path| std::fs::read(path).expect("a salt can be read");
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("an entry");
        (entry.file_name().to_string_lossy().into_owned(), read(&entry.path()))
    };
    entries.map(entry).collect()
}
