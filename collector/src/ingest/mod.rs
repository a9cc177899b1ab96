//! From bytes to events. Invariant: a request is taken whole or refused whole, and every event of a taken
//! request has exactly one [`Outcome`]. No address, no user agent and no SQL is seen here.

mod consent;
mod minimise;
mod page;
mod question;
mod refusal;
mod validate;
pub mod wire;

#[cfg(test)]
mod tests;

pub use question::{Question, question};
pub use refusal::{Refusal, RefusalKind};

use crate::domain::{
    Attributes, Consent, Date, DropReason, Event, EventId, Outcome, Part, Props, Rung, Signal, Site, SiteId,
    SiteNo, Timestamp, Trust, Zone,
};
use crate::enrich;
use crate::privacy::{Client, IdentityLimits, Kept, Nature, Privacy, lead_key, proves};
use std::sync::Arc;
use validate::Draft;

/// The counter's word for an identity that came without consent to be kept.
pub const IDENTITY_DROPPED: &str = "identity_dropped";
/// The counter's word for an event that asked for a higher rung than the site's policy lets it have.
pub const CONSENT_CAPPED: &str = "consent_capped";
/// The counter's word for an event in which personal data was replaced by a marker.
pub const REDACTED: &str = "redacted";
/// The counter's word for an event that lost properties that the site's list does not name.
pub const PROPERTY_DROPPED: &str = "property_dropped";
/// The counter's word for an identity of somebody who asked not to be processed further.
pub const IDENTITY_RESTRICTED: &str = "identity_restricted";
/// The counter's word for an identity of a client that has said it is too many people that day.
pub const IDENTITY_LIMITED: &str = "identity_limited";
/// The counter's word for an identity that came without a proof that holds, on a site whose server gives proofs. Of
/// somebody who is verified it counts for nothing; whether they are is not known at the door.
pub const IDENTITY_UNPROVEN: &str = "identity_unproven";
/// Events of one request.
pub const BATCH_MAX: usize = 100;
/// How long after it happened an event is still taken as having happened then: half a day.
const AGE_MAX_MS: u64 = 12 * 60 * 60 * 1000;

/// What a request says besides its body.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// Who sends.
    pub client: &'a Client,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
    /// How many people a client may say it is.
    pub identities: &'a IdentityLimits,
}

/// A request that was taken: what to store, what to count, and what became of each event.
#[derive(Debug, Default)]
pub struct Taken {
    /// Events to store, with the site's local date of each.
    pub events: Vec<(Event, Date)>,
    /// Reasons to count, by site and local date.
    pub tallies: Vec<(SiteNo, Date, &'static str)>,
    /// One for each event of the request, in its order. `Stored` means: to be stored.
    pub outcomes: Vec<Outcome>,
}

/// Takes a request's body.
///
/// # Errors
/// A [`Refusal`] that names the field and says what would be right. Then nothing is stored.
pub fn take(
    body: &[u8],
    sender: Sender<'_>,
    privacy: &Privacy,
    find_site: &dyn Fn(&SiteId) -> Option<Arc<Site>>,
) -> Result<Taken, Refusal> {
    take_all(body, sender, Keeper { privacy, last: None, asked: false }, find_site)
}

/// What [`take`] would make of a body by what the page and its forms say. What somebody asked for, and how many people
/// a client has said it is, is passed over: whoever asks for a rehearsal must not learn what others asked for.
///
/// # Errors
/// As [`take`].
pub fn rehearse(
    body: &[u8],
    sender: Sender<'_>,
    privacy: &Privacy,
    find_site: &dyn Fn(&SiteId) -> Option<Arc<Site>>,
) -> Result<Taken, Refusal> {
    take_all(body, sender, Keeper { privacy, last: None, asked: true }, find_site)
}

fn take_all(
    body: &[u8],
    sender: Sender<'_>,
    mut keeper: Keeper<'_>,
    find_site: &dyn Fn(&SiteId) -> Option<Arc<Site>>,
) -> Result<Taken, Refusal> {
    let (events, single) = wire::parse(body)?;
    let nature = keeper.privacy.nature(sender.client);
    let mut taken = Taken::default();
    for (index, raw) in events.into_iter().enumerate() {
        let one = validate::draft(raw)
            .and_then(|draft| take_one(draft, sender, nature, &mut keeper, find_site, &mut taken));
        one.map_err(|refusal| if single { refusal } else { refusal.within(index) })?;
    }
    Ok(taken)
}

/// What is kept of the client, which for all events of a request and a site is the same.
struct Keeper<'a> {
    privacy: &'a Privacy,
    last: Option<(SiteNo, Kept)>,
    /// Whether somebody only asks what would be.
    asked: bool,
}

impl Keeper<'_> {
    fn kept(&mut self, site: &Site, sender: Sender<'_>) -> Result<Kept, Refusal> {
        if let Some((_, kept)) = self.last.as_ref().filter(|(no, _)| *no == site.no) {
            return Ok(kept.clone());
        }
        let kept = self.privacy.keep(sender.client, site, sender.now).map_err(|error| {
            tracing::error!("{error}");
            Refusal::unavailable()
        })?;
        self.last = Some((site.no, kept.clone()));
        Ok(kept)
    }
}

fn take_one(
    draft: Draft,
    sender: Sender<'_>,
    nature: Nature,
    keeper: &mut Keeper<'_>,
    find_site: &dyn Fn(&SiteId) -> Option<Arc<Site>>,
    taken: &mut Taken,
) -> Result<(), Refusal> {
    let site = find_site(&draft.site).ok_or_else(|| {
        Refusal::bad(
            "/d",
            format!(
                "this collector does not know the site {}; its operator adds it with: mqlite site add {0}",
                draft.site
            ),
        )
    })?;
    let trust = check_origin(&site, sender.origin)?;
    if !site.allows_host(&draft.page.host) {
        return Err(Refusal::forbidden(
            "/u",
            format!(
                "pages on {} may not send events for {}; allow it with: mqlite site add {1} --host {0}",
                draft.page.host, site.id
            ),
        ));
    }
    let day = site.zone.date(sender.now);
    let decision = consent::decide(&draft, &site.policy, sender.client);
    if !decision.keeps(Part::Event) {
        // Only the arrival is counted, so that a visit that asked not to be measured counts once, and
        // nobody has to be recognised for it.
        let outcome = Outcome::Suppressed(decision.consent.signal);
        if draft.is_arrival(&site) {
            taken.tallies.push((site.no, day, outcome.reason()));
        }
        taken.outcomes.push(outcome);
        return Ok(());
    }
    if let Some(reason) = unwanted(&draft, nature, &site) {
        let outcome = Outcome::Dropped(reason);
        taken.tallies.push((site.no, day, outcome.reason()));
        taken.outcomes.push(outcome);
        return Ok(());
    }
    let identity_dropped = draft.identity.is_some() && !decision.keeps(Part::Identity);
    let proven = is_proven(&draft, &site, sender.now);
    let (draft, decision, identity_restricted) = match keeper.asked {
        true => (draft, decision, false),
        false => restrict(draft, decision, &site, sender, keeper.privacy, proven),
    };
    // Who somebody is that the site's own server knows is not made up.
    let (mut draft, decision, identity_limited) = match proven || keeper.asked {
        true => (draft, decision, false),
        false => limit(draft, decision, &site, sender),
    };
    let keeps_identity = decision.keeps(Part::Identity);
    let redacted = draft.is_redacted(&site, decision.consent.rung, keeps_identity);
    let props = std::mem::take(&mut draft.props).keep(&site.policy);
    let identity_unproven =
        !proven && draft.identity.is_some() && keeps_identity && site.identity.current.is_some();
    let counted = [
        (identity_dropped, IDENTITY_DROPPED),
        (identity_restricted, IDENTITY_RESTRICTED),
        (identity_limited, IDENTITY_LIMITED),
        (identity_unproven, IDENTITY_UNPROVEN),
        (decision.capped, CONSENT_CAPPED),
        (redacted || props.redacted, REDACTED),
        (props.dropped, PROPERTY_DROPPED),
    ];
    let mut event = event(draft, props.props, sender, trust, &decision, &site, keeper)?;
    if proven && event.lead.is_some() {
        event.trust = Trust::Vouched;
    }
    taken.events.push((event, day));
    taken.tallies.extend(counted.iter().filter(|(is, _)| *is).map(|(_, word)| (site.no, day, *word)));
    taken.outcomes.push(Outcome::Stored);
    Ok(())
}

/// Honours what somebody asked for: under a restriction their identity is not kept, and after they took their
/// consent back only a box that they tick in the form gives it anew, with a proof if they were verified. Answers whether
/// an identity was left out.
fn restrict(
    mut draft: Draft,
    decision: consent::Decision,
    site: &Site,
    sender: Sender<'_>,
    privacy: &Privacy,
    proven: bool,
) -> (Draft, consent::Decision, bool) {
    let Some(identity) = draft.identity.as_ref().filter(|_| decision.keeps(Part::Identity)) else {
        return (draft, decision, false);
    };
    let restriction = privacy.restrictions().of(lead_key(site, &identity.hash));
    if restriction.is_none() {
        return (draft, decision, false);
    }
    let happened = sender.now.plus_millis(-age(&draft));
    let anew = restriction.withdrawn.is_none_or(|since| happened >= since);
    let believed = proven || !restriction.verified;
    let box_counts = identity.box_ticked && anew && believed && site.policy.signals.contains(&Signal::Form);
    if restriction.restricted.is_none() && box_counts {
        // Whatever else the page grants: it is the box that they are qualified by.
        let consent = Consent { rung: Rung::Qualified, signal: Signal::Form };
        return (draft, consent::Decision { consent, ..decision }, false);
    }
    draft.identity = None;
    let decision = consent::decide(&draft, &site.policy, sender.client);
    (draft, decision, true)
}

/// Whether the site's own server says who this is. A proof that does not hold is none, and nothing is told of it: the
/// answer must not say whether somebody is known.
fn is_proven(draft: &Draft, site: &Site, now: Timestamp) -> bool {
    let identity = draft.identity.as_ref();
    let proof = identity.and_then(|identity| Some((identity.hash, identity.proof.as_deref()?)));
    proof.is_some_and(|(hash, proof)| proves(site, &hash, proof, now))
}

/// Leaves out who somebody is where their client has said it is too many people that day: whoever makes up leads
/// makes up a few from each address. Answers whether it did.
fn limit(
    mut draft: Draft,
    decision: consent::Decision,
    site: &Site,
    sender: Sender<'_>,
) -> (Draft, consent::Decision, bool) {
    let identity = draft.identity.as_ref().filter(|_| decision.keeps(Part::Identity));
    let Some(lead) = identity.map(|identity| lead_key(site, &identity.hash)) else {
        return (draft, decision, false);
    };
    if sender.identities.take(sender.client, lead, Zone::utc().date(sender.now)) {
        return (draft, decision, false);
    }
    draft.identity = None;
    let decision = consent::decide(&draft, &site.policy, sender.client);
    (draft, decision, true)
}

/// A browser names the origin of the page that sends; a page of another site may not send for this one.
fn check_origin(site: &Site, origin: Option<&str>) -> Result<Trust, Refusal> {
    let Some(origin) = origin else { return Ok(Trust::Unverified) };
    // What browsers nearly always send needs no parser: a site's id is a host as a parser would write it.
    if origin.strip_prefix("https://") == Some(site.id.as_str()) {
        return Ok(Trust::Human);
    }
    let host = url::Url::parse(origin).ok().and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(host) if site.allows_host(&host) => Ok(Trust::Human),
        Some(host) => Err(Refusal::forbidden(
            "",
            format!(
                "a page of {} may not send events for {}; allow it with: mqlite site add {1} --host {0}",
                host.chars().take(100).collect::<String>(),
                site.id
            ),
        )),
        None => Err(Refusal::forbidden(
            "",
            format!(
                "a page without an origin of its own (a file, a sandbox) may not send events for {}",
                site.id
            ),
        )),
    }
}

fn unwanted(draft: &Draft, nature: Nature, site: &Site) -> Option<DropReason> {
    if nature.bot {
        Some(DropReason::Bot)
    } else if (draft.automated || nature.automation) && !site.policy.allow_automation {
        Some(DropReason::Automation)
    } else if draft.referrer_host.as_deref().is_some_and(enrich::spam::is_referrer_spam) {
        Some(DropReason::ReferrerSpam)
    } else {
        None
    }
}

fn event(
    draft: Draft,
    props: Props,
    sender: Sender<'_>,
    trust: Trust,
    decision: &consent::Decision,
    site: &Site,
    keeper: &mut Keeper<'_>,
) -> Result<Event, Refusal> {
    let kept = keeper.kept(site, sender)?;
    let touch = draft.touch(site, decision.consent.rung);
    let age = age(&draft);
    let identity = draft.identity.filter(|_| decision.keeps(Part::Identity));
    let (lead, domain, attributes) = match identity {
        Some(identity) => (Some(lead_key(site, &identity.hash)), identity.domain, identity.attributes),
        None => (None, None, Attributes::default()),
    };
    Ok(Event {
        id: draft.id.map_or_else(random_id, Ok)?,
        site: site.no,
        at: sender.now.plus_millis(-age),
        name: draft.name,
        rung: decision.consent.rung,
        signal: decision.consent.signal,
        policy: site.policy_version,
        trust,
        visitor: Some(kept.visitor),
        lead,
        domain,
        attributes,
        path: draft.page.path,
        touch,
        agent: kept.agent,
        place: kept.place,
        props,
        revenue: draft.revenue,
        engagement_ms: draft.engagement_ms,
        scroll_depth: draft.scroll_depth,
    })
}

/// How long ago it happened, in milliseconds.
fn age(draft: &Draft) -> i64 {
    i64::try_from(draft.age_ms.min(AGE_MAX_MS)).unwrap_or(0)
}

fn random_id() -> Result<EventId, Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::unavailable())?;
    Ok(EventId::from_bytes(bytes))
}
