//! A simulation in words and tables. Invariant: a share that nothing is known of is a dash, never a zero, and where
//! too little is known, that is said.

use super::super::{Failure, say};
use super::progress::Took;
use crate::jobs::simulate::{Confusion, Interval, Lift, Moved, Point, Reading, Report};
use indicatif::HumanCount;

/// Rows of the curve that are printed; all of them are in JSON and CSV.
const CURVE_ROWS: usize = 24;
/// Below so many closed leads, what is said of precision and recall is a hint at best.
const CLOSED_FEW: u64 = 30;

/// Prints it.
pub(super) fn print(report: &Report, took: &Took) -> Result<(), Failure> {
    head(report, took)?;
    mqls(report)?;
    outcomes(report)?;
    curve(report)?;
    rules(report)?;
    leads("Enter", report.mqls.counts.entering, &report.entering)?;
    leads("Leave", report.mqls.counts.leaving, &report.leaving)?;
    say("\nNothing was changed. All of it, for programs: --format json, or --format csv --table TABLE.")
}

fn head(report: &Report, took: &Took) -> Result<(), Failure> {
    let Report { model, live_model, from, to, .. } = report;
    say(format_args!(
        "\"{}\" (an MQL from {} points) against \"{}\" (from {}), which is live on {}",
        model.name, model.threshold, live_model.name, live_model.threshold, report.site
    ))?;
    say(format_args!("{from} to {to}, {} weeks in {}", one(report.weeks), report.time_zone))?;
    say(format_args!(
        "{} events in {:.1} s, {} a second; {} leads became known in these days",
        HumanCount(took.events),
        took.time.as_secs_f64(),
        HumanCount(took.rate()),
        HumanCount(report.leads)
    ))
}

fn mqls(report: &Report) -> Result<(), Failure> {
    let changes = &report.mqls;
    let all = changes.counts;
    say(format_args!(
        "\nMQLs: {} instead of {}. {} enter, {} leave; {} stay, {} of them at an earlier moment and {} at a later",
        all.draft, all.live, all.entering, all.leaving, changes.staying, changes.earlier, changes.later
    ))?;
    let row = |name: &str, live: u64, draft: u64, entering: u64, leaving: u64| {
        say(format_args!("  {name:<24} {live:>7} {draft:>7} {entering:>7} {leaving:>7}"))
    };
    let head = |name: &str| {
        say(format_args!("  {name:<24} {:>7} {:>7} {:>7} {:>7}", "live", "draft", "enter", "leave"))
    };
    if all.live == 0 && all.draft == 0 {
        return Ok(());
    }
    head("channel (first touch)")?;
    for by in &changes.by_channel {
        row(by.label, by.counts.live, by.counts.draft, by.counts.entering, by.counts.leaving)?;
    }
    head("week from Monday")?;
    for by in &changes.by_week {
        row(&by.week.to_string(), by.counts.live, by.counts.draft, by.counts.entering, by.counts.leaving)?;
    }
    Ok(())
}

fn outcomes(report: &Report) -> Result<(), Failure> {
    let of = &report.outcomes;
    if of.closed == 0 {
        return say(
            "\nSales closed no lead in these days, so nothing is known of how good the MQLs are. Say what became of \
             leads with `mqlite import outcomes`, and simulate again.",
        );
    }
    say(format_args!(
        "\nAgainst sales: of {} leads that were closed in these days, {} were won ({})",
        of.closed,
        of.won,
        percent(of.share_won)
    ))?;
    if of.closed < CLOSED_FEW {
        say(format_args!("  Fewer than {CLOSED_FEW} are few: take what follows as a hint."))?;
    }
    let row = |name: &str, live: &str, draft: &str, words: &str| {
        say(format_args!("  {name:<12} {live:>7} {draft:>7}   {words}"))
    };
    row("", "live", "draft", "")?;
    let both =
        |of_one: fn(&Confusion) -> Option<f64>| (percent(of_one(&of.live)), percent(of_one(&of.draft)));
    let (live, draft) = both(Confusion::precision);
    row("precision", &live, &draft, "of the MQLs that were closed, so many were won")?;
    let (live, draft) = both(Confusion::recall);
    row("recall", &live, &draft, "of the won leads, so many were MQLs before")?;
    let (live, draft) = (times(of.live.lift()), times(of.draft.lift()));
    row("lift", &live, &draft, "times as often won as closed leads altogether")?;
    row(
        "still open",
        &of.live_open.to_string(),
        &of.draft_open.to_string(),
        "MQLs of these days that are not closed yet",
    )
}

fn curve(report: &Report) -> Result<(), Failure> {
    if report.leads == 0 {
        return Ok(());
    }
    say("\nWhat every threshold would make (the draft's own: >)")?;
    say(format_args!(
        "  {:>9} {:>10} {:>14} {:>10} {:>7} {:>5}",
        "threshold", "MQLs/week", "share of leads", "precision", "recall", "lift"
    ))?;
    let points = &report.curve.points;
    let every = points.len().div_ceil(CURVE_ROWS).max(1);
    let last = points.len().saturating_sub(1);
    let shown = points.iter().enumerate().filter(|(n, point)| n % every == 0 || point.own || *n == last);
    for (_, point) in shown {
        let Point { threshold, own, mqls_per_week, share_of_leads, outcomes, .. } = point;
        say(format_args!(
            "{} {:>9} {:>10} {:>14} {:>10} {:>7} {:>5}",
            if *own { ">" } else { " " },
            threshold.to_string(),
            one(*mqls_per_week),
            percent(*share_of_leads),
            percent(outcomes.precision()),
            percent(outcomes.recall()),
            times(outcomes.lift())
        ))?;
    }
    Ok(())
}

fn rules(report: &Report) -> Result<(), Failure> {
    let (few, told): (Vec<&Lift>, Vec<&Lift>) =
        report.rules.iter().partition(|rule| rule.reading == Reading::TooLittle);
    if report.outcomes.closed == 0 {
        return Ok(());
    }
    say("\nWhat tells who is won: closed leads with a hit before they were closed")?;
    if !told.is_empty() {
        say(format_args!("  {:<30} {:>6} {:>6} {:>10} {:>5}", "rule", "closed", "won", "19 of 20", "lift"))?;
    }
    for rule in told {
        let words = match rule.reading {
            Reading::MoreOften => "won more often",
            Reading::LessOften => "won less often",
            Reading::Unclear | Reading::TooLittle => "may be chance",
        };
        say(format_args!(
            "  {:<30} {:>6} {:>6} {:>10} {:>5}   {words}",
            cut(&rule.label, 30),
            rule.with,
            percent(rule.share),
            bounds(rule.interval),
            times(rule.lift)
        ))?;
    }
    if few.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = few.iter().map(|rule| rule.label.as_str()).collect();
    say(format_args!(
        "  Too little is known (fewer than 30 closed leads with it, or without): {}",
        names.join(", ")
    ))
}

fn leads(what: &str, all: u64, leads: &[Moved]) -> Result<(), Failure> {
    if leads.is_empty() {
        return Ok(());
    }
    say(format_args!("\n{what} ({} of {all}, newest first)", leads.len()))?;
    for lead in leads {
        let mql = if what == "Enter" { &lead.draft } else { &lead.live };
        let (at, total) = mql.as_ref().map_or_else(Default::default, |mql| {
            (mql.at.to_string().chars().take(10).collect::<String>(), mql.total.to_string())
        });
        let outcome = lead.outcome.map(|outcome| format!(", {outcome}")).unwrap_or_default();
        let channel = lead.channel_label;
        say(format_args!(
            "  {}  {at}  {total:>5} points  {channel}{outcome}: {}",
            lead.key.to_hex(),
            lead.why
        ))?;
    }
    Ok(())
}

fn one(value: f64) -> String {
    format!("{value:.1}")
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

fn times(lift: Option<f64>) -> String {
    lift.map_or_else(|| "–".to_owned(), |lift| format!("{lift:.1}"))
}

fn bounds(interval: Option<Interval>) -> String {
    interval.map_or_else(
        || "–".to_owned(),
        |Interval { low, high }| format!("{:.0}–{:.0} %", low * 100.0, high * 100.0),
    )
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
