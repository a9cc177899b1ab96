//! What a simulation answers. Invariant: every number stands beside the model and the attribution that it depends
//! on, and leads are named by their keys alone.

use super::changes::Changes;
use super::count::{Confusion, Period, rounded};
use super::curve::{Curve, against};
use super::facts::{Facts, Mql};
use super::lift::{Lift, Scored};
use crate::domain::{Channel, Date, LeadKey, ModelHash, Points, Site, Timestamp};
use crate::scoring::Model;
use serde::{Serialize, Serializer};

/// Leads that a report names of those who enter, and of those who leave.
pub const NAMED_MAX: usize = 100;

/// A model, by what it is called.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its hash.
    pub hash: ModelHash,
    /// The total from which a lead is an MQL.
    pub threshold: Points,
}

impl Named {
    /// Of a model.
    pub fn of(model: &Model) -> Self {
        Self { name: model.name().to_owned(), hash: *model.hash(), threshold: model.threshold() }
    }
}

/// MQLs against what sales reported, of leads that were closed in the period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcomes {
    /// Leads that were closed.
    pub closed: u64,
    /// Of these, won.
    pub won: u64,
    /// The share that was won: the precision of picking at random.
    pub share_won: Option<f64>,
    /// By the model that is live.
    pub live: Confusion,
    /// By the draft.
    pub draft: Confusion,
    /// MQLs of the period by the live model that are still open: nothing is known of them.
    pub live_open: u64,
    /// The same, by the draft.
    pub draft_open: u64,
}

/// An MQL as a report shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Became {
    /// When.
    pub at: Timestamp,
    /// Its total then.
    pub total: Points,
}

impl From<Mql> for Became {
    fn from(Mql { at, total }: Mql) -> Self {
        Self { at, total }
    }
}

/// A lead that enters or leaves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// Who.
    #[serde(serialize_with = "hex")]
    pub key: LeadKey,
    /// The channel of its first touch.
    pub channel: &'static str,
    /// The channel, for people.
    pub channel_label: &'static str,
    /// When it became an MQL by the live model, in or out of the period.
    pub live: Option<Became>,
    /// The same, by the draft.
    pub draft: Option<Became>,
    /// `won` or `lost`, if sales closed it.
    pub outcome: Option<&'static str>,
    /// Why it enters, or what it lacks.
    pub why: String,
}

fn hex<S: Serializer>(key: &LeadKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&key.to_hex())
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The site.
    pub site: String,
    /// In whose days and weeks it counts.
    pub time_zone: String,
    /// The first day.
    pub from: Date,
    /// The last day, included.
    pub to: Date,
    /// How many weeks of seven days that is.
    pub weeks: f64,
    /// The draft.
    pub model: Named,
    /// The model that is live.
    pub live_model: Named,
    /// By which touch channels are named.
    pub attribution: &'static str,
    /// Events that were scored, of all the site's history.
    pub events: u64,
    /// Leads that became known in the period.
    pub leads: u64,
    /// Who becomes an MQL.
    pub mqls: Changes,
    /// Against what was won.
    pub outcomes: Outcomes,
    /// Every threshold.
    pub curve: Curve,
    /// Every rule of the draft.
    pub rules: Vec<Lift>,
    /// Who enters, newest first, at most a hundred.
    pub entering: Vec<Moved>,
    /// Who leaves, newest first, at most a hundred.
    pub leaving: Vec<Moved>,
}

impl Report {
    /// Counts. `why` says of a lead why it enters (`true`) or what it lacks.
    ///
    /// # Errors
    /// Those of `why`.
    pub fn of<E>(
        site: &Site,
        period: &Period,
        models: (&Model, &Model),
        scored: &[Scored],
        events: u64,
        leads: &[Facts],
        why: &dyn Fn(&Facts, bool) -> Result<String, E>,
    ) -> Result<Self, E> {
        let (draft, live) = models;
        let known = leads.iter().filter(|lead| period.holds(lead.known_at)).count();
        let entering =
            leads.iter().filter(|lead| lead.draft_in(period).is_some() && lead.live_in(period).is_none());
        let leaving =
            leads.iter().filter(|lead| lead.live_in(period).is_some() && lead.draft_in(period).is_none());
        Ok(Self {
            site: site.id.to_string(),
            time_zone: period.zone.name().to_owned(),
            from: period.from,
            to: period.to,
            weeks: rounded(f64::from(period.days()) / 7.0),
            model: Named::of(draft),
            live_model: Named::of(live),
            attribution: "first",
            events,
            leads: u64::try_from(known).unwrap_or(u64::MAX),
            mqls: Changes::of(leads, period),
            outcomes: Outcomes::of(leads, period),
            curve: Curve::of(leads, period, draft.threshold()),
            rules: Lift::of(leads, period, scored),
            entering: named(entering, |lead| lead.draft, |lead| why(lead, true))?,
            leaving: named(leaving, |lead| lead.live, |lead| why(lead, false))?,
        })
    }

    /// Names no lead any more but those that may be: somebody may have been erased since.
    pub fn name_only(&mut self, may_be: impl Fn(LeadKey) -> bool) {
        self.entering.retain(|lead| may_be(lead.key));
        self.leaving.retain(|lead| may_be(lead.key));
    }
}

fn named<'f, E>(
    leads: impl Iterator<Item = &'f Facts>,
    mql: impl Fn(&Facts) -> Option<Mql>,
    why: impl Fn(&Facts) -> Result<String, E>,
) -> Result<Vec<Moved>, E> {
    let mut leads: Vec<&Facts> = leads.collect();
    leads.sort_by_key(|lead| (std::cmp::Reverse(mql(lead).map(|mql| mql.at)), lead.key));
    let moved = |lead: &Facts| {
        let Facts { key, channel, live, draft, outcome, .. } = lead;
        Ok(Moved {
            key: *key,
            channel: Channel::key(*channel),
            channel_label: channel.label(),
            live: live.map(Became::from),
            draft: draft.map(Became::from),
            outcome: outcome.map(|outcome| if outcome.won { "won" } else { "lost" }),
            why: why(lead)?,
        })
    };
    leads.into_iter().take(NAMED_MAX).map(moved).collect()
}

impl Outcomes {
    fn of(leads: &[Facts], period: &Period) -> Self {
        let live = against(leads, period, |lead| Some(lead.live?.at));
        let draft = against(leads, period, |lead| Some(lead.draft?.at));
        let open = |mql: &dyn Fn(&Facts) -> bool| {
            let open = leads.iter().filter(|lead| lead.outcome.is_none() && mql(lead)).count();
            u64::try_from(open).unwrap_or(u64::MAX)
        };
        Self {
            closed: draft.closed(),
            won: draft.won(),
            share_won: draft.base(),
            live,
            draft,
            live_open: open(&|lead| lead.live_in(period).is_some()),
            draft_open: open(&|lead| lead.draft_in(period).is_some()),
        }
    }
}
