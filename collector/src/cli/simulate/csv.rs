//! Tables of a simulation as CSV. Invariant: one table with a head of names as the API has them; what is not known
//! is empty.

use super::super::{Failure, say};
use crate::jobs::simulate::{Became, Moved, Report};
use serde::Serialize;

/// Writes a table.
pub(super) fn table(name: &str, report: &Report) -> Result<(), Failure> {
    let mut rows = Rows(::csv::Writer::from_writer(Vec::new()));
    match name {
        "channels" => {
            rows.add(&["channel", "live", "draft", "entering", "leaving"])?;
            for row in &report.mqls.by_channel {
                let counts = row.counts;
                rows.add(&(row.channel.key(), counts.live, counts.draft, counts.entering, counts.leaving))?;
            }
        }
        "weeks" => {
            rows.add(&["week", "live", "draft", "entering", "leaving"])?;
            for row in &report.mqls.by_week {
                let counts = row.counts;
                rows.add(&(row.week, counts.live, counts.draft, counts.entering, counts.leaving))?;
            }
        }
        "rules" => {
            rows.add(&[
                "id",
                "label",
                "kind",
                "with",
                "with_won",
                "without",
                "without_won",
                "share",
                "low",
                "high",
                "lift",
                "reading",
            ])?;
            for rule in &report.rules {
                let bounds = (rule.interval.map(|of| of.low), rule.interval.map(|of| of.high));
                let counts = (rule.with, rule.with_won, rule.without, rule.without_won);
                rows.add(&(
                    &rule.id,
                    &rule.label,
                    rule.kind,
                    counts,
                    rule.share,
                    bounds,
                    rule.lift,
                    rule.reading,
                ))?;
            }
        }
        "leads" => {
            rows.add(&[
                "change",
                "key",
                "channel",
                "live_at",
                "live_total",
                "draft_at",
                "draft_total",
                "outcome",
                "why",
            ])?;
            let change = |of: &'static str| move |lead| (of, lead);
            let entering = report.entering.iter().map(change("enters"));
            for (change, lead) in entering.chain(report.leaving.iter().map(change("leaves"))) {
                let Moved { key, channel, live, draft, outcome, why, .. } = lead;
                let became = |mql: &Option<Became>| {
                    (mql.as_ref().map(|mql| mql.at), mql.as_ref().map(|mql| mql.total))
                };
                rows.add(&(change, key.to_hex(), channel, became(live), became(draft), outcome, why))?;
            }
        }
        _ => {
            rows.add(&[
                "threshold",
                "own",
                "mqls",
                "mqls_per_week",
                "share_of_leads",
                "mql_won",
                "mql_lost",
                "other_won",
                "other_lost",
                "precision",
                "recall",
                "lift",
            ])?;
            for point in &report.curve.points {
                let of = point.outcomes;
                let counts = (of.mql_won, of.mql_lost, of.other_won, of.other_lost);
                let ratios = (of.precision(), of.recall(), of.lift());
                let mqls = (point.mqls, point.mqls_per_week, point.share_of_leads);
                rows.add(&(point.threshold, point.own, mqls, counts, ratios))?;
            }
        }
    }
    rows.print()
}

struct Rows(::csv::Writer<Vec<u8>>);

impl Rows {
    fn add(&mut self, row: &impl Serialize) -> Result<(), Failure> {
        self.0.serialize(row).map_err(|error| Failure::new(format!("cannot write CSV: {error}")))
    }

    fn print(self) -> Result<(), Failure> {
        let bytes =
            self.0.into_inner().map_err(|error| Failure::new(format!("cannot write CSV: {error}")))?;
        say(String::from_utf8_lossy(&bytes).trim_end())
    }
}
