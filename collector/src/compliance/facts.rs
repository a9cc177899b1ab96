//! What documents need to know of a site and of the collector's settings, as plain data. Invariant: this is the
//! one place that reads a site's policy for a document.

use crate::domain::inventory::Keep;
use crate::domain::{Basis, Retention, RetentionKind, Rung, Signal, Site};

/// How the collector is set, as far as people's data is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program's version.
    pub version: &'static str,
    /// Bits of an IPv4 address that go into the day's pseudonym: 24 or 32.
    pub ipv4_bits: u8,
    /// Whether there is a country database.
    pub countries: bool,
    /// Whether people reach the collector by HTTPS, as far as its settings say.
    pub https: bool,
    /// Whether addresses are taken from the operator's own proxies.
    pub proxies: bool,
    /// Whether the audit log's anchor is outside of the data folder.
    pub anchor_elsewhere: bool,
    /// The scoring model's name.
    pub model: String,
}

/// How many days each kind of data is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// Events that are tied to no lead, after they happened.
    pub events: u32,
    /// Leads, after their newest event.
    pub leads: u32,
    /// Counts, after the day they are of.
    pub aggregates: u32,
}

impl From<Retention> for Days {
    fn from(retention: Retention) -> Self {
        let [events, leads, aggregates] = RetentionKind::ALL.map(|kind| retention.days(kind));
        Self { events, leads, aggregates }
    }
}

/// What a document needs to know of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFacts {
    /// Its domain.
    pub site: String,
    /// The zone that its days are counted in.
    pub zone: String,
    /// Further hosts that are measured as the same site.
    pub hosts: Vec<String>,
    /// Whether Do Not Track counts as a denial.
    pub honour_dnt: bool,
    /// Whether a pseudonym's day counts for the lead it turns out to be.
    pub link_same_day: bool,
    /// The basis for qualifying people who ask by form and ticked no box.
    pub form_basis: Basis,
    /// The highest rung of its events.
    pub ceiling: Rung,
    /// The signals by which a yes counts.
    pub signals: Vec<Signal>,
    /// The names of the properties that are kept; `None` keeps all.
    pub props: Option<Vec<String>>,
    /// Fields of which forms may be told that they are not known yet.
    pub ask: Vec<String>,
    /// How long data is kept.
    pub days: Days,
}

impl SiteFacts {
    /// The facts of a site.
    pub fn of(site: &Site) -> Self {
        Self {
            site: site.id.to_string(),
            zone: site.zone.name().to_owned(),
            hosts: site.policy.hosts.clone(),
            honour_dnt: site.policy.honour_dnt,
            link_same_day: site.policy.link_same_day,
            form_basis: site.policy.form_basis,
            ceiling: site.policy.ceiling,
            signals: Signal::acceptable().filter(|signal| site.policy.signals.contains(signal)).collect(),
            props: site.policy.props.clone(),
            ask: site.policy.ask.clone(),
            days: site.policy.retention.into(),
        }
    }

    /// Whether anybody can become a lead here.
    pub(super) fn qualifies(&self) -> bool {
        self.ceiling == Rung::Qualified && (!self.signals.is_empty() || self.form_basis != Basis::Consent)
    }

    /// Whether consent can raise an event here.
    pub(super) fn takes_consent(&self) -> bool {
        self.ceiling > Rung::Unset && !self.signals.is_empty()
    }
}

/// Until when, in a sentence, with the days of these sites.
pub(super) fn retention(keep: Keep, sites: &[SiteFacts]) -> String {
    let figure: fn(Days) -> u32 = match keep {
        Keep::Events => |days| days.events,
        Keep::Leads => |days| days.leads,
        Keep::Aggregates => |days| days.aggregates,
        _ => return keep.text().to_owned(),
    };
    let rest = match keep {
        Keep::Events => "after it happened; tied to a lead, as long as the lead",
        Keep::Leads => "after the lead's newest event",
        _ => "after the day they are of",
    };
    let first = figure(sites.first().map_or_else(|| Retention::default().into(), |site| site.days));
    if sites.iter().all(|site| figure(site.days) == first) {
        return format!("{first} days {rest}");
    }
    let each: Vec<String> =
        sites.iter().map(|site| format!("{} days for {}", figure(site.days), site.site)).collect();
    format!("{}, {rest}", each.join(", "))
}

/// The declared basis for forms, in words.
pub(super) fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Consent => "consent, Art. 6(1)(a)",
        Basis::LegitimateInterest => "legitimate interest, Art. 6(1)(f)",
        Basis::Contract => "steps before a contract at the person's request, Art. 6(1)(b)",
    }
}
