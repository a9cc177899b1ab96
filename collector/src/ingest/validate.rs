//! From the wire to a draft. Invariant: a [`Draft`] holds checked, bounded values only, and nothing of the
//! request but what the wire format declares.

use super::minimise::{self, SentProps};
use super::page::{self, Page};
use super::refusal::Refusal;
use super::wire::{Flag, WireConsent, WireEvent, WireLead, WireRevenue};
use crate::domain::{
    Attributes, EmailDomain, EventId, EventName, Money, Part, Rung, Signal, Site, SiteId, Text, Touch,
    from_hex,
};
use crate::enrich;

/// An event that was checked, before consent decides what is kept of it.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) id: Option<EventId>,
    pub(super) site: SiteId,
    pub(super) name: EventName,
    pub(super) page: Page,
    pub(super) referrer_host: Option<String>,
    pub(super) props: SentProps,
    pub(super) revenue: Option<Money>,
    pub(super) engagement_ms: Option<u32>,
    pub(super) scroll_depth: Option<u8>,
    pub(super) consent: ClaimedConsent,
    pub(super) identity: Option<ClaimedIdentity>,
    pub(super) automated: bool,
    pub(super) age_ms: u64,
    /// Whether personal data was replaced in the name.
    pub(super) name_redacted: bool,
}

/// What the page says was granted.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClaimedConsent {
    pub(super) measure: Option<bool>,
    pub(super) qualify: Option<bool>,
    pub(super) signal: Signal,
}

/// Who a form says somebody is.
#[derive(Debug)]
pub(super) struct ClaimedIdentity {
    pub(super) hash: [u8; 32],
    /// `None` when what was sent is no domain.
    pub(super) domain: Option<EmailDomain>,
    pub(super) attributes: Attributes,
    /// Whether personal data was replaced or left out in the attributes.
    pub(super) redacted: bool,
    pub(super) box_ticked: bool,
    /// What the site's own server may have said for it.
    pub(super) proof: Option<String>,
}

impl Draft {
    /// Whether this is the first page of a visit: a page view that follows no other page of the site.
    pub(super) fn is_arrival(&self, site: &Site) -> bool {
        self.name.as_str() == EventName::PAGEVIEW && self.touch(site, Rung::Denied).is_some()
    }

    /// How the visitor arrived, as far as `rung` lets it be kept; `None` when they came from another page
    /// of the site.
    pub(super) fn touch(&self, site: &Site, rung: Rung) -> Option<Touch> {
        let campaign = &self.page.campaign;
        let internal = |host: &str| host == self.page.host || page::is_internal(site, host);
        let internal = self.referrer_host.as_deref().is_some_and(internal);
        if internal && campaign.is_empty() {
            return None;
        }
        let referrer = self.referrer_host.as_deref().filter(|host| !internal && !page::is_numeric(host));
        let mut touch = enrich::channel::touch(&campaign.arrival(referrer));
        if !rung.keeps(Part::CampaignDetails) {
            touch.content = None;
            touch.term = None;
        }
        Some(touch)
    }

    /// Whether personal data was replaced in something that `rung` and consent let be kept.
    pub(super) fn is_redacted(&self, site: &Site, rung: Rung, keep_identity: bool) -> bool {
        let page = &self.page;
        let campaign =
            page.campaign.redacted || (rung.keeps(Part::CampaignDetails) && page.campaign.details_redacted);
        self.name_redacted
            || page.path_redacted
            || (campaign && self.touch(site, rung).is_some())
            || (keep_identity && self.identity.as_ref().is_some_and(|identity| identity.redacted))
    }
}

/// Checks one event.
pub(super) fn draft(raw: WireEvent<'_>) -> Result<Draft, Refusal> {
    let page = page::page(&raw.u, raw.h.0)?;
    let referrer_host = raw.r.as_deref().and_then(page::referrer_host);
    let consent = claimed_consent(raw.c.as_ref())?;
    let mut in_name = 0;
    Ok(Draft {
        id: raw.k.map(|id| EventId::parse(&id)).transpose().map_err(|error| Refusal::bad("/k", error.0))?,
        site: SiteId::parse(&raw.d).map_err(|error| Refusal::bad("/d", error.0))?,
        name: minimise::event_name(&raw.n, &mut in_name).map_err(|error| Refusal::bad("/n", error.0))?,
        page,
        referrer_host,
        props: SentProps::of(raw.m.into_iter().chain(raw.p)),
        revenue: raw.revenue.map(|revenue| money(&revenue)).transpose()?,
        engagement_ms: raw.e.map(|e| engagement(e.0)).transpose()?,
        scroll_depth: raw.sd.map(|sd| scroll_depth(sd.0)).transpose()?.flatten(),
        consent,
        identity: raw.l.map(identity).transpose()?,
        automated: raw.b.0,
        age_ms: raw.a.map(|a| age(a.0)).transpose()?.unwrap_or(0),
        name_redacted: in_name > 0,
    })
}

pub(super) fn claimed_consent(raw: Option<&WireConsent<'_>>) -> Result<ClaimedConsent, Refusal> {
    let Some(consent) = raw else {
        return Ok(ClaimedConsent { measure: None, qualify: None, signal: Signal::None });
    };
    let signal = match consent.s.as_deref() {
        None => Signal::None,
        Some(name) => Signal::from_name(name).filter(|signal| signal.can_be_claimed()).ok_or_else(|| {
            Refusal::bad("/c/s", "a signal is one of tag, api, gpc, dnt, consent_mode, tcf")
        })?,
    };
    let flag = |flag: Option<Flag>| flag.map(|flag| flag.0);
    Ok(ClaimedConsent { measure: flag(consent.m), qualify: flag(consent.q), signal })
}

fn identity(raw: WireLead<'_>) -> Result<ClaimedIdentity, Refusal> {
    let hash = from_hex(raw.h.bytes()).ok_or_else(|| {
        Refusal::bad(
            "/l/h",
            "the hash is the SHA-256 of the trimmed, lower-cased address as 64 hexadecimal digits",
        )
    })?;
    let domain = raw.d.as_deref().unwrap_or("free").trim().to_ascii_lowercase();
    if domain.contains('@') {
        return Err(Refusal::bad("/l/d", "only the part after the @ is sent, never the address"));
    }
    // Whatever somebody typed after the @: what is no domain is not kept, and the lead is.
    let domain = if domain == "free" || domain.is_empty() || enrich::mail::is_free_mail(&domain) {
        Some(EmailDomain::Free)
    } else {
        let site = SiteId::parse(&domain).ok().filter(|site| site.as_str().contains('.'));
        site.map(|site| EmailDomain::Company(Text::clean(site.as_str())))
    };
    let mut found = 0;
    let mut fields = raw.f.unwrap_or_default();
    let proof = minimise::proof(&mut fields);
    let attributes = minimise::attributes(fields, &mut found);
    Ok(ClaimedIdentity { hash, domain, attributes, redacted: found > 0, box_ticked: raw.q.0, proof })
}

fn money(raw: &WireRevenue<'_>) -> Result<Money, Refusal> {
    let currency = Money::currency(&raw.currency).map_err(|error| Refusal::bad("/$/currency", error.0))?;
    let amount = raw.amount.0.as_deref().unwrap_or_default();
    Money::parse(amount, currency).map_err(|error| Refusal::bad("/$/amount", error.0))
}

fn engagement(ms: f64) -> Result<u32, Refusal> {
    if !(0.0..=1e15).contains(&ms) {
        return Err(Refusal::bad("/e", "engagement is a number of milliseconds, 0 or more"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a day")]
    Ok(ms.min(86_400_000.0) as u32)
}

fn scroll_depth(percent: f64) -> Result<Option<u8>, Refusal> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: 0 to 100")]
    match percent {
        0.0..=100.0 => Ok(Some(percent as u8)),
        255.0 => Ok(None),
        _ => Err(Refusal::bad("/sd", "scroll depth is a percentage, 0 to 100")),
    }
}

fn age(ms: f64) -> Result<u64, Refusal> {
    if !(-1e15..=1e15).contains(&ms) {
        return Err(Refusal::bad("/a", "age is a number of milliseconds"));
    }
    // A clock that was set back makes it negative: then it has just happened.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1e15")]
    Ok(ms.max(0.0) as u64)
}
