//! What a person is handed when they ask what is held of them (GDPR articles 15 and 20). Invariant: it holds all
//! that is kept of them in either store, and nothing of anybody else: events that are another lead's are left
//! out, whoever's pseudonym they are under, and what others claimed of somebody verified is told as that.

use super::scored::{Decided, Decision, Said, Scored};
use super::words::Told;
use crate::domain::csv::cell;
use crate::domain::{Attributes, Money, Restriction, Role, Stage, Timestamp};
use serde::Serialize;

/// The document.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// When it was made.
    pub made_at: Timestamp,
    /// The site that asked for it to be kept.
    pub site: String,
    /// The zone of local times.
    pub time_zone: String,
    /// What this is.
    pub about: Vec<String>,
    /// What is kept of the person as such; nothing when there are events only.
    pub profile: Option<Profile>,
    /// What they asked for.
    pub requests: Requests,
    /// Every event that is theirs, oldest first.
    pub events: Vec<Told>,
    /// What they were scored on, where they were.
    pub scoring: Option<Scored>,
    /// What was decided of them, where nothing of what they did counts any more.
    pub decided: Option<Decided>,
    /// How long what is kept.
    pub kept: Vec<String>,
    /// Who has got it.
    pub recipients: Vec<String>,
    /// What they may ask for.
    pub rights: Vec<String>,
}

/// What is kept of a person as such.
#[derive(Debug, Clone, Serialize)]
pub struct Profile {
    /// What they are known by: a keyed hash of a hash of their address. The address itself is not kept.
    pub key: String,
    /// Proves to this site that its bearer may ask about this lead.
    pub token: String,
    /// Where they stand.
    pub stage: Stage,
    /// The first event.
    pub first_seen: Timestamp,
    /// When they became known.
    pub known_at: Timestamp,
    /// The newest event.
    pub last_seen: Timestamp,
    /// When the site's own server first proved that it is them.
    pub verified_at: Option<Timestamp>,
    /// The mail domain of a company, or `free`.
    pub mail_domain: Option<String>,
    /// The country of the newest event.
    pub country: Option<String>,
    /// What they declared in forms.
    pub fields: Attributes,
    /// How they first arrived.
    pub first_arrival: serde_json::Value,
    /// How they last arrived.
    pub last_arrival: serde_json::Value,
    /// Their visits until they were qualified, which share the credit for that.
    pub visits: Vec<Arrival>,
}

/// One visit.
#[derive(Debug, Clone, Serialize)]
pub struct Arrival {
    /// When it began.
    pub at: Timestamp,
    /// How they arrived.
    pub arrival: serde_json::Value,
}

/// What they asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Requests {
    /// Since when they are not processed.
    pub restricted_since: Option<Timestamp>,
    /// When they took their consent back.
    pub withdrawn_at: Option<Timestamp>,
    /// Whether they were verified then: only what the site's own server proves gives it anew.
    pub withdrawn_as_verified: bool,
}

impl From<Restriction> for Requests {
    fn from(restriction: Restriction) -> Self {
        Self {
            restricted_since: restriction.restricted,
            withdrawn_at: restriction.withdrawn,
            withdrawn_as_verified: restriction.verified,
        }
    }
}

/// What the person may ask for.
pub(super) fn rights() -> Vec<String> {
    [
        "Ask again what is held of you (GDPR article 15), and have it in this form for another (article 20).",
        "Have it put right (article 16): send the form again with the right values; the newest count.",
        "Take your consent back (article 7): what rests on it is erased, and a page's general consent does not \
         bring it back.",
        "Have it restricted (article 18): it is kept and nothing is done with it.",
        "Have it erased (article 17). You are given a receipt that can be checked against the audit log.",
        "Object to what rests on a legitimate interest (article 21), and have a person look at a decision \
         (article 22): a score decides only whether a person is asked to call.",
        "Complain to a supervisory authority (article 77).",
    ]
    .map(str::to_owned)
    .to_vec()
}

impl Document {
    /// As JSON, for programs and people alike.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// As CSV (RFC 4180) with a line for each thing: kind, moment in UTC and local, what, details.
    pub fn csv(&self) -> String {
        let mut table = Table::default();
        table.line("kind", "at", "at_local", "what", "details");
        for sentence in &self.about {
            table.line("about", "", "", sentence, "");
        }
        table.line("about", &self.made_at.to_string(), "", "this document was made", &self.site);
        if let Some(profile) = &self.profile {
            self.profile_lines(profile, &mut table);
        }
        let verified = "verified by the website's server then";
        let details = if self.requests.withdrawn_as_verified { verified } else { "" };
        for (what, at, details) in [
            ("processing is restricted", self.requests.restricted_since, ""),
            ("consent was taken back", self.requests.withdrawn_at, details),
        ] {
            if let Some(at) = at {
                table.line("request", &at.to_string(), "", what, details);
            }
        }
        for event in &self.events {
            let stored: Vec<String> = event.stored.iter().map(|(name, value)| said(name, value)).collect();
            let details = format!("{}; tied by {}; {}", event.consent, event.tied_by, stored.join("; "));
            table.line("event", &event.at.to_string(), &event.at_local, &event.what, &details);
        }
        if let Some(scored) = &self.scoring {
            scoring_lines(scored, &mut table);
        }
        if let Some(decided) = &self.decided {
            override_lines(&decided.overrides, &mut table);
            decision_lines(&decided.decisions, &decided.earlier_decisions, &mut table);
        }
        for (kind, sentences) in
            [("kept", &self.kept), ("recipient", &self.recipients), ("right", &self.rights)]
        {
            for sentence in sentences {
                table.line(kind, "", "", sentence, "");
            }
        }
        table.0
    }

    fn profile_lines(&self, profile: &Profile, table: &mut Table) {
        let mut line = |what: &str, details: &str| table.line("profile", "", "", what, details);
        line("key", &profile.key);
        line("token", &profile.token);
        line("stage", profile.stage.name());
        line("mail domain", profile.mail_domain.as_deref().unwrap_or_default());
        line("country", profile.country.as_deref().unwrap_or_default());
        line("first arrival", &flat(&profile.first_arrival));
        line("last arrival", &flat(&profile.last_arrival));
        for (name, value) in &profile.fields {
            line(&format!("field {name}"), value.as_str());
        }
        for visit in &profile.visits {
            table.line("profile", &visit.at.to_string(), "", "visit", &flat(&visit.arrival));
        }
        for (what, at) in [
            ("first seen", Some(profile.first_seen)),
            ("known", Some(profile.known_at)),
            ("last seen", Some(profile.last_seen)),
            ("verified by the website's server", profile.verified_at),
        ]
        .into_iter()
        .filter_map(|(what, at)| Some((what, at?)))
        {
            table.line("profile", &at.to_string(), "", what, "");
        }
    }
}

fn scoring_lines(scored: &Scored, table: &mut Table) {
    let score = format!("a score of {}; {} are needed", scored.now.total, scored.threshold);
    table.line("score", "", "", &score, &format!("by the model {} ({})", scored.model, scored.model_hash));
    for line in &scored.lines {
        table.line("score line", "", "", &format!("{} points for {}", line.points, line.label), &line.detail);
    }
    let machine = format!("a score of {} without what people said", scored.machine_score.total);
    table.line("score", "", "", &machine, "");
    override_lines(&scored.overrides, table);
    for sentence in scored.missing.iter().chain(&scored.what_if) {
        table.line("what if", "", "", sentence, "");
    }
    decision_lines(&scored.decisions, &scored.earlier_decisions, table);
}

fn override_lines(overrides: &[Said], table: &mut Table) {
    for said in overrides {
        let points = said.points.map(|points| format!("{points} points of ")).unwrap_or_default();
        let what =
            format!("{points}{}, until {}, by the {}", said.effect.name(), said.until, said.said_by.name());
        table.line("override", &said.from.to_string(), "", &what, &said.reason);
    }
}

fn decision_lines(decisions: &[Decision], earlier: &[Decision], table: &mut Table) {
    let earlier = earlier.iter().map(|decision| ("earlier decision", decision));
    for (kind, decision) in decisions.iter().map(|decision| ("decision", decision)).chain(earlier) {
        let what = format!("from {} to {}", decision.from.name(), decision.to.name());
        let who = if decision.decided_by == Role::Collector { "by the score" } else { "by somebody" };
        table.line(kind, &decision.at.to_string(), "", &format!("{what}, {who}"), &decision.reason);
        if let Some(Money { minor, currency }) = &decision.amount {
            let what = format!("won: {minor} of the minor unit of {currency}");
            table.line(kind, &decision.at.to_string(), "", &what, "");
        }
        for line in decision.lines.as_array().into_iter().flatten() {
            let what =
                format!("{} points for {}", line["points"], line["label"].as_str().unwrap_or_default());
            let detail = line["detail"].as_str().unwrap_or_default();
            table.line(&format!("{kind} line"), &decision.at.to_string(), "", &what, detail);
        }
    }
}

fn said(name: &str, value: &serde_json::Value) -> String {
    match value.as_str() {
        Some(text) => format!("{name}: {text}"),
        None if value.is_object() => format!("{name}: {}", flat(value)),
        None => format!("{name}: {value}"),
    }
}

/// An object without its braces and without what is empty.
fn flat(value: &serde_json::Value) -> String {
    let parts = value.as_object().into_iter().flatten().filter(|(_, part)| !part.is_null());
    parts.map(|(name, part)| said(name, part)).collect::<Vec<_>>().join(", ")
}

#[derive(Default)]
struct Table(String);

impl Table {
    fn line(&mut self, kind: &str, at: &str, at_local: &str, what: &str, details: &str) {
        let fields = [kind, at, at_local, what, details].map(cell);
        self.0.push_str(&fields.join(","));
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_told_in_words() {
        let arrival =
            serde_json::json!({ "country": "DE", "touch": { "channel": "direct", "term": null }, "n": 3 });
        assert_eq!(flat(&arrival), "country: DE, n: 3, touch: channel: direct");
    }
}
