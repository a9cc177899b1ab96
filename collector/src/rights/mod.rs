//! A person's rights. Invariant: nothing is found, exported, restricted, withdrawn or erased without an entry in
//! the audit log.

mod acts;
mod export;
mod person;
mod reach;
mod scored;
mod words;

#[cfg(test)]
mod tests;

pub use acts::{Done, Service};
pub use export::Document;
pub use person::{Misnamed, Naming};
pub use reach::Unreached;

use crate::domain::{
    Action, Actor, Cursor, Event, EventId, LeadKey, Reference, Restriction, RetentionKind, Signal, Site,
    Stage, Timestamp, Trust, VisitorId,
};
use crate::leads::Lead;
use crate::privacy::mint;
use crate::storage::{AuditQuery, EventStore, Held, Logged, Standing, StoreError};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// How much of what.
pub type Counts = BTreeMap<String, u64>;

/// What is held of a person.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// Whether anything is.
    pub found: bool,
    /// The site.
    pub site: String,
    /// The lead's key.
    pub key: Option<String>,
    /// A token that may be handed on in its place.
    pub token: Option<String>,
    /// What stands for the lead in the audit log.
    pub reference: Option<String>,
    /// Where it stands.
    pub stage: Option<Stage>,
    /// The first event.
    pub first_seen: Option<Timestamp>,
    /// The newest event.
    pub last_seen: Option<Timestamp>,
    /// Whether its processing is restricted.
    pub restricted: bool,
    /// Whether consent was taken back.
    pub withdrawn: bool,
    /// How much.
    pub counts: Counts,
}

/// Everything that is known of a person, as it stands in both stores.
struct Known {
    lead: Option<Lead>,
    /// The lead's events, and those of nobody under the same pseudonyms; without those of other leads.
    events: Vec<Logged>,
    whose: Whose,
    /// Whether one of the events holds a proof, scored or not.
    proven: bool,
    held: Held,
    restriction: Restriction,
    reference: Option<Reference>,
}

impl Known {
    fn is_there(&self) -> bool {
        !self.events.is_empty()
            || self.held != Held::default()
            || !self.restriction.is_none()
            || self.reference.is_some()
    }

    /// Whether the lead is verified, or was when it took its consent back.
    fn is_verified(&self) -> bool {
        self.proven
            || self.restriction.verified
            || self.lead.as_ref().is_some_and(|lead| lead.verified_at.is_some())
    }

    fn events_tied(&self, lead: LeadKey) -> u64 {
        number(self.events.iter().filter(|logged| logged.event.lead == Some(lead)).count())
    }

    /// Events that may be handed to the person.
    fn theirs(&self) -> impl Iterator<Item = &Logged> {
        self.events.iter().filter(|logged| !self.whose.others.contains(&logged.event.id))
    }

    fn first_seen(&self) -> Option<Timestamp> {
        let events = self.events.iter().map(|logged| logged.event.at);
        self.lead.iter().map(|lead| lead.first_seen).chain(events).min()
    }

    fn last_seen(&self) -> Option<Timestamp> {
        let events = self.events.iter().map(|logged| logged.event.at);
        self.lead.iter().map(|lead| lead.last_seen).chain(events).max()
    }
}

/// Whose events are, as the scorer has it.
#[derive(Default)]
struct Whose {
    /// Those of nobody that were not counted for the lead, but for another under the same pseudonym, or for nobody.
    others: BTreeSet<EventId>,
    /// Those tied to the lead that were passed over: said without proof of somebody who was verified by then.
    claims: BTreeSet<EventId>,
}

impl Whose {
    fn is_claim(&self, event: &Event) -> bool {
        self.claims.contains(&event.id)
    }
}

/// Whose `events` are: all that are under the lead's pseudonyms, in their order. What a pseudonym does belongs to whom
/// it said it is last, and what was before anybody said so, to the first; to a verified lead only where it was proven.
fn whose(events: &[Logged], lead: LeadKey, was_verified: bool, voided: &BTreeSet<Cursor>) -> Whose {
    let mut found = Whose::default();
    let mut verified = was_verified;
    let mut firsts: BTreeMap<VisitorId, bool> = BTreeMap::new();
    for Logged { cursor, event } in events.iter().filter(|logged| logged.event.lead.is_some()) {
        let (theirs, proven) = (event.lead == Some(lead), event.trust == Trust::Vouched);
        verified |= theirs && proven && !voided.contains(cursor);
        if theirs && verified && !proven {
            found.claims.insert(event.id);
        }
        if let Some(visitor) = event.visitor {
            firsts.entry(visitor).or_insert(theirs && !found.is_claim(event));
        }
    }
    let mut verified = was_verified;
    // Whether a pseudonym is the lead's, and whether that was proven.
    let mut ties: BTreeMap<VisitorId, (bool, bool)> = BTreeMap::new();
    for Logged { cursor, event } in events {
        let (theirs, proven) = (event.lead == Some(lead), event.trust == Trust::Vouched);
        verified |= theirs && proven && !voided.contains(cursor);
        let Some(visitor) = event.visitor else { continue };
        let tie = ties.get(&visitor).copied();
        if event.lead.is_some() {
            let stays = found.is_claim(event) && tie == Some((true, true));
            ties.insert(visitor, (theirs, proven || stays));
        } else if !tie.map_or_else(
            || firsts.get(&visitor).is_some_and(|theirs| *theirs),
            |(theirs, proven)| theirs && (proven || !verified),
        ) {
            found.others.insert(event.id);
        }
    }
    found
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn counts<const N: usize>(pairs: [(&str, u64); N]) -> Counts {
    pairs.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

impl Service {
    fn known(&self, site: &Site, lead: LeadKey) -> Result<Known, StoreError> {
        let mut events = self.events.events_of(lead)?;
        let of_lead = |logged: &&Logged| logged.event.lead == Some(lead);
        // A key that was made for another site names nobody here.
        if events.iter().filter(of_lead).any(|logged| logged.event.site != site.no) {
            events.clear();
        }
        let visitors: BTreeSet<_> =
            events.iter().filter(of_lead).filter_map(|logged| logged.event.visitor).collect();
        let restriction = self.ledger.restriction(site.no, lead)?;
        let places: Vec<Cursor> = events.iter().map(|logged| logged.cursor).collect();
        let voided = self.ledger.voided(&places, None)?;
        let whose = whose(&events, lead, restriction.verified, &voided);
        events.retain(|logged| logged.event.lead.is_none_or(|other| other == lead));
        let is_proof = |logged: &Logged| {
            of_lead(&logged) && logged.event.trust == Trust::Vouched && !voided.contains(&logged.cursor)
        };
        Ok(Known {
            proven: events.iter().any(is_proof),
            lead: self.ledger.lead(site.no, lead)?,
            events,
            whose,
            held: self.ledger.held(site.no, lead, &Vec::from_iter(visitors))?,
            restriction,
            reference: self.ledger.known_reference(site.no, lead)?,
        })
    }

    /// What is held of a person.
    ///
    /// # Errors
    /// When storage fails, or what was asked cannot be recorded.
    pub fn find(&self, actor: &Actor, site: &Site, lead: LeadKey) -> Result<Found, StoreError> {
        let known = self.known(site, lead)?;
        let found = known.is_there();
        let subject = found.then_some((site.no, lead));
        self.audit.record(actor, Action::PersonFound, Some(&site.id), subject, &json!({ "found": found }))?;
        let reference = self.ledger.known_reference(site.no, lead)?;
        let audit_entries = match reference {
            Some(subject) => {
                let query = AuditQuery { subject: Some(subject), ..AuditQuery::default() };
                self.ledger.entries(&query)?.total
            }
            None => 0,
        };
        let events = known.events_tied(lead);
        let today = site.zone.date(self.clock.now());
        Ok(Found {
            found,
            site: site.id.to_string(),
            key: found.then(|| lead.to_hex()),
            token: found.then(|| mint(site, lead, today)),
            reference: reference.map(|reference| reference.to_string()),
            stage: known.lead.as_ref().map(|lead| lead.stage),
            first_seen: known.first_seen(),
            last_seen: known.last_seen(),
            restricted: known.restriction.restricted.is_some(),
            withdrawn: known.restriction.withdrawn.is_some(),
            counts: counts([
                ("events", events),
                ("same_pseudonym_events", number(known.events.len()) - events),
                ("hits", known.held.hits),
                ("transitions", known.held.transitions),
                ("overrides", known.held.overrides),
                ("visits", known.held.visits),
                ("audit_entries", audit_entries),
            ]),
        })
    }

    /// All that is held of a person; nothing when nobody is found.
    ///
    /// # Errors
    /// When storage fails, or the export cannot be recorded: then nothing is handed out.
    pub fn export(
        &self,
        actor: &Actor,
        site: &Site,
        lead: LeadKey,
        format: &str,
    ) -> Result<Option<Document>, StoreError> {
        let known = self.known(site, lead)?;
        if !known.is_there() {
            return Ok(None);
        }
        let now = self.clock.now();
        let recipients = reach::recipients(self.ledger.as_ref(), site, known.reference, known.first_seen())?;
        let details = json!({ "format": format, "events": known.theirs().count() });
        self.audit.record(actor, Action::PersonExported, Some(&site.id), Some((site.no, lead)), &details)?;
        let (transitions, earlier) =
            (self.ledger.transitions(site.no, lead)?, self.ledger.earlier(site.no, lead)?);
        let today = site.zone.date(now);
        let model = self.models.of(self.ledger.as_ref(), site.no)?;
        let decided = match &known.lead {
            Some(_) => None,
            None => {
                let given = self.ledger.load(&[], &[lead])?.overrides.remove(&lead).unwrap_or_default();
                scored::decided(&given, &transitions, &earlier)
            }
        };
        Ok(Some(Document {
            made_at: now,
            site: site.id.to_string(),
            time_zone: site.zone.name().to_owned(),
            about: about(site),
            profile: known.lead.as_ref().map(|known| profile(known, mint(site, lead, today))),
            requests: known.restriction.into(),
            events: known
                .theirs()
                .map(|logged| {
                    words::tell(&logged.event, lead, known.whose.is_claim(&logged.event), &site.zone)
                })
                .collect(),
            scoring: known
                .lead
                .as_ref()
                .map(|lead| scored::scored(&model, lead, &transitions, &earlier, now)),
            decided,
            kept: kept(site),
            recipients,
            rights: export::rights(),
        }))
    }
}

fn about(site: &Site) -> Vec<String> {
    vec![
        format!(
            "This is everything that the measurement of the website {} holds of you. It was made by MQLite, which \
             the website's operator runs on a machine of their own.",
            site.id
        ),
        "Your address is not among it: your browser sent a hash of it, and what is kept is a keyed hash of that. The \
         addresses of your devices and whole user agents are never kept."
            .to_owned(),
    ]
}

fn profile(lead: &Lead, token: String) -> export::Profile {
    export::Profile {
        key: lead.key.to_hex(),
        token,
        stage: lead.stage,
        first_seen: lead.first_seen,
        known_at: lead.known_at,
        last_seen: lead.last_seen,
        verified_at: lead.verified_at,
        mail_domain: lead.domain.as_ref().map(|domain| domain.as_str().to_owned()),
        country: lead.country.as_ref().map(ToString::to_string),
        fields: lead.attributes.clone(),
        first_arrival: json!(lead.first),
        last_arrival: json!(lead.last),
        visits: lead
            .touches
            .iter()
            .map(|touch| export::Arrival { at: touch.at, arrival: json!(touch.origin) })
            .collect(),
    }
}

/// How long what is kept.
fn kept(site: &Site) -> Vec<String> {
    let days = |kind| site.policy.retention.days(kind);
    vec![
        format!(
            "What is kept of you as a lead is removed {} days after the last thing you did here; visits that nobody can tie \
             to you, {} days after they happened; counts, {} days after the day they are of.",
            days(RetentionKind::Leads),
            days(RetentionKind::Events),
            days(RetentionKind::Aggregates)
        ),
        "The salt that your pseudonyms of a day were made with is destroyed two hours after that day: from then on \
         nobody can tell that they were yours, but where you gave your address."
            .to_owned(),
        "Copies of the files (backups) hold what was there when they were made, until they are deleted.".to_owned(),
    ]
}

/// Those of these events that are not voided.
fn counted(events: &[Logged], standing: &Standing<'_>) -> Result<Vec<Logged>, StoreError> {
    let places: Vec<Cursor> = events.iter().map(|logged| logged.cursor).collect();
    let voided = (standing.voided)(&places)?;
    Ok(events.iter().filter(|logged| !voided.contains(&logged.cursor)).cloned().collect())
}

/// What rests on another basis than consent, of a lead's events as far as they are scored; without pseudonyms, for
/// those told of what rested on consent. Of somebody who was verified only what was proven: what was proven first may
/// be gone, and with it what told what was passed over.
fn not_consented(
    events: &dyn EventStore,
    standing: &Standing<'_>,
    lead: LeadKey,
) -> Result<Vec<Event>, StoreError> {
    let mut logged = events.events_of(lead)?;
    logged.retain(|Logged { cursor, event }| {
        let is_believed = !standing.verified || event.trust == Trust::Vouched;
        let stays = event.lead == Some(lead) && event.signal == Signal::Policy;
        *cursor <= standing.until && stays && is_believed
    });
    let counted = counted(&logged, standing)?.into_iter();
    Ok(counted.map(|logged| Event { visitor: None, ..logged.event }).collect())
}
