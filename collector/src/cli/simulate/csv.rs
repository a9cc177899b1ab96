//! Tables of a simulation as CSV. Invariant: one table with a head of names as the API has them; what is not known
//! is empty; what people wrote is no formula.

use super::super::{Failure, say};
use crate::domain::csv::guarded;
use crate::jobs::simulate::{Became, Moved, Report};
use serde::Serialize;

/// Prints a table.
pub(super) fn table(name: &str, report: &Report) -> Result<(), Failure> {
    say(written(name, report)?.trim_end())
}

fn written(name: &str, report: &Report) -> Result<String, Failure> {
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
                    guarded(&rule.label),
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
                let why = guarded(why);
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
    rows.done()
}

struct Rows(::csv::Writer<Vec<u8>>);

impl Rows {
    fn add(&mut self, row: &impl Serialize) -> Result<(), Failure> {
        self.0.serialize(row).map_err(|error| Failure::new(format!("cannot write CSV: {error}")))
    }

    fn done(self) -> Result<String, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(format!("cannot write CSV: {error}"));
        let bytes = self.0.into_inner().map_err(|error| failed(&error))?;
        String::from_utf8(bytes).map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, Date, LeadKey, RuleId, Site, Timestamp, Zone};
    use crate::jobs::simulate::{Kind, Period, Scored};
    use crate::scoring::{DEFAULT_MODEL, Model};

    #[test]
    fn no_label_and_no_reason_is_a_formula_in_a_spreadsheet() {
        let site = Site::for_test("example.com", "UTC");
        let model = Model::parse(DEFAULT_MODEL).expect("right");
        let day = Date::parse("2026-11-22").expect("valid");
        let until = Timestamp::parse("2026-11-22T12:00:00Z").expect("valid");
        let period = Period { from: day, to: day, zone: Zone::utc(), until };
        let scored = [Scored {
            id: RuleId::parse("demo").expect("valid"),
            label: "=HYPERLINK(\"x\")".to_owned(),
            kind: Kind::Rule,
        }];
        let why = |_: &crate::jobs::simulate::Facts, _| Ok::<_, ()>(String::new());
        let mut report =
            Report::of(&site, &period, (&model, &model), &scored, 0, &[], &why).expect("nobody asks why");
        // An operator's words of an override stand in the reason.
        report.entering.push(Moved {
            key: LeadKey::from_bytes([1; 16]),
            channel: Channel::Direct.key(),
            channel_label: Channel::Direct.label(),
            live: None,
            draft: None,
            outcome: None,
            why: "passed; =1+1".to_owned(),
        });
        let rules = written("rules", &report).expect("CSV");
        assert!(rules.contains("\ndemo,\"'=HYPERLINK(\"\"x\"\")\",rule,0,"), "{rules}");
        let leads = written("leads", &report).expect("CSV");
        assert!(leads.ends_with(",passed; '=1+1\n"), "{leads}");
    }
}
