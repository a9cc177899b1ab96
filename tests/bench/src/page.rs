//! What a run says: a table, a page made from a template, and JSON for machines.

use crate::Failure;
use crate::bench::Plan;
use crate::figures::{Figure, number};
use crate::machine::Machine;
use crate::measures::Measure;
use std::fmt::Write;
use std::time::Duration;

/// A run that is over.
pub(crate) struct Run {
    pub(crate) machine: Machine,
    pub(crate) plan: Plan,
    pub(crate) figures: Vec<Figure>,
    pub(crate) took: Duration,
}

/// The figures as a table of Markdown; with a `command`, each measure with what makes it.
pub(crate) fn table(figures: &[Figure], command: Option<&str>) -> String {
    let mut out = String::new();
    for measure in Measure::ALL {
        let mut of = figures.iter().filter(|figure| figure.measure == measure.name()).peekable();
        if of.peek().is_none() {
            continue;
        }
        if let Some(more) = command {
            let name = measure.name();
            let _ = writeln!(out, "### {name}\n\n    cargo run --release -p mqlite-bench -- {name}{more}\n");
        }
        out.push_str("| figure | median | least – most | goal |\n| --- | ---: | ---: | --- |\n");
        for figure in of {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                figure.what,
                figure.value(),
                figure.around(),
                figure.verdict()
            );
        }
        out.push('\n');
    }
    out
}

impl Run {
    /// For machines.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn json(&self) -> Result<String, Failure> {
        let plan = serde_json::json!({
            "rounds": self.plan.rounds,
            "round_ms": self.plan.round.as_millis(),
            "large": self.plan.large,
            "small": self.plan.small,
        });
        let run = serde_json::json!({
            "machine": self.machine, "plan": plan, "took_s": self.took.as_secs(), "figures": self.figures,
        });
        Ok(serde_json::to_string_pretty(&run)? + "\n")
    }

    /// For people: docs/PERFORMANCE.md.
    pub(crate) fn page(&self) -> String {
        let Machine { processor, cores, memory_gib, kernel, sync_ms, compiler, commit, date, load, .. } =
            &self.machine;
        let machine = format!(
            "{processor}, {cores} cores, {memory_gib} GiB, Linux {kernel}; a write of 4 KiB with its sync takes {} ms",
            number(*sync_ms)
        );
        let full = if self.plan.large >= 10_000_000 { " --full" } else { "" };
        let values = [
            ("date", date.clone()),
            ("commit", commit.clone()),
            ("machine", machine),
            ("load", load.clone()),
            ("compiler", compiler.clone()),
            ("minutes", number(self.took.as_secs_f64() / 60.0)),
            ("rounds", self.plan.rounds.to_string()),
            ("seconds", number(self.plan.round.as_secs_f64())),
            ("large", number(self.plan.large as f64)),
            ("full", if full.is_empty() { String::new() } else { format!(" --{full}") }),
            ("countries", if self.machine.countries { "with" } else { "without" }.to_owned()),
            ("goals", goals(&self.figures)),
            ("table", table(&self.figures, Some(full)).trim_end().to_owned()),
            ("finding", include_str!("../finding.md").trim_end().to_owned()),
        ];
        values.into_iter().fold(include_str!("../page.md").to_owned(), |page, (name, value)| {
            page.replace(&format!("{{{{{name}}}}}"), &value)
        })
    }
}

/// The figures that have a goal, those that miss it first.
fn goals(figures: &[Figure]) -> String {
    let mut held: Vec<&Figure> = figures.iter().filter(|figure| figure.goal.is_some()).collect();
    let missed = held.iter().filter(|figure| figure.met == Some(false)).count();
    held.sort_by_key(|figure| figure.met);
    let mut out = format!("{} of {} goals are met.\n\n", held.len() - missed, held.len());
    out.push_str("| | figure | goal |\n| --- | --- | --- |\n");
    for figure in held {
        let mark = if figure.met == Some(true) { "met" } else { "**missed**" };
        let goal = figure.goal.map(|goal| goal.to_string()).unwrap_or_default();
        let _ = writeln!(out, "| {mark} | {}: {} | {goal} |", figure.what, figure.value());
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Goal, Spread};

    #[test]
    fn the_page_has_no_hole_and_says_what_was_missed() {
        let figure = |value| {
            let what = "durable 202 as a share".to_owned();
            Figure::new("throughput", what, "", Spread::of(&[value]), Some(Goal::AtLeast(0.5)))
        };
        let machine = Machine {
            processor: "a processor".into(),
            cores: 2,
            memory_gib: 1,
            kernel: "6".into(),
            sync_ms: 0.5,
            compiler: "rustc".into(),
            profile: "release",
            commit: "abc".into(),
            date: "today".into(),
            load: "0".into(),
            countries: false,
        };
        let plan = Plan {
            rounds: 5,
            round: Duration::from_secs(4),
            warm: Duration::ZERO,
            watch: Duration::ZERO,
            large: 10_000_000,
            small: 10_000,
            calls: 1,
        };
        let run =
            Run { machine, plan, figures: vec![figure(0.6), figure(0.4)], took: Duration::from_secs(60) };
        let page = run.page();
        assert!(!page.contains("{{"), "{page}");
        assert!(
            page.contains("1 of 2 goals are met")
                && page.contains("| **missed** | durable 202 as a share: 0.4")
        );
    }
}
