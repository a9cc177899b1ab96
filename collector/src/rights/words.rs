//! Events in words, for the person who they are about. Invariant: what is stored of an event is all said, and
//! nothing that is not stored.

use crate::domain::{Event, EventName, LeadKey, Rung, Signal, Text, Timestamp, Touch, Zone};
use serde::Serialize;
use std::collections::BTreeMap;

/// An event as it is handed out.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// When, in UTC.
    pub at: Timestamp,
    /// When, on the site's clock.
    pub at_local: String,
    /// What happened, in a sentence.
    pub what: String,
    /// How it is tied to the person.
    pub tied_by: &'static str,
    /// Whether somebody said it who proved nothing, of a person who was verified: then it counted for nothing.
    pub unproven_claim: bool,
    /// The rung of the consent ladder.
    pub rung: &'static str,
    /// The signal that decided it.
    pub signal: &'static str,
    /// Both in a sentence.
    pub consent: String,
    /// Everything else that is stored of it, by name.
    pub stored: BTreeMap<&'static str, serde_json::Value>,
}

/// Tells an event.
pub(super) fn tell(event: &Event, lead: LeadKey, unproven_claim: bool, zone: &Zone) -> Told {
    let tied_by = if unproven_claim {
        "your address, by its hash, as claimed by somebody who did not prove to be you; it counted for nothing, and may \
         be somebody else's"
    } else if event.lead == Some(lead) {
        "your address, by its hash"
    } else {
        "the pseudonym of that day: the same network, browser and system; it may have been somebody else's visit"
    };
    Told {
        at: event.at,
        at_local: zone.local(event.at),
        what: what(event, lead),
        tied_by,
        unproven_claim,
        rung: event.rung.name(),
        signal: event.signal.name(),
        consent: consent(event),
        stored: stored(event),
    }
}

fn what(event: &Event, lead: LeadKey) -> String {
    let path = event.path.as_str();
    let mut said = match event.name.as_str() {
        EventName::PAGEVIEW => format!("looked at the page {path}"),
        EventName::ENGAGEMENT => format!("read the page {path}"),
        name => format!("“{name}” on the page {path}"),
    };
    if let Some(ms) = event.engagement_ms {
        said.push_str(&format!(", for {} seconds", ms / 1000));
    }
    if let Some(depth) = event.scroll_depth {
        said.push_str(&format!(", scrolled to {depth} %"));
    }
    if let Some(touch) = &event.touch {
        said.push_str(&format!(", arriving by {}", touch.channel.label()));
    }
    if event.lead == Some(lead) {
        said.push_str(", and gave an address");
    }
    said
}

fn consent(event: &Event) -> String {
    let rung = match event.rung {
        Rung::Denied => "measurement was denied",
        Rung::Unset => "nothing was said about consent",
        Rung::Measured => "measurement was granted",
        Rung::Qualified => "qualification was granted",
    };
    let signal = match event.signal {
        Signal::None => "",
        Signal::Tag => ", by the page's tag",
        Signal::Api => ", by the page's consent banner",
        Signal::Gpc => ", by Global Privacy Control",
        Signal::Dnt => ", by Do Not Track",
        Signal::ConsentMode => ", by Google Consent Mode",
        Signal::Tcf => ", by the IAB's consent framework",
        Signal::Form => ", by the box that was ticked in the form",
        Signal::Policy => {
            return "no consent, but another legal basis that the site's operator declared for people who ask for \
                    something by form"
                .to_owned();
        }
        Signal::Server => ", as a server vouched for",
    };
    format!("{rung}{signal}")
}

fn stored(event: &Event) -> BTreeMap<&'static str, serde_json::Value> {
    let mut stored: BTreeMap<&'static str, serde_json::Value> = BTreeMap::new();
    stored.insert("id", event.id.to_hex().into());
    stored.insert("name", event.name.as_str().into());
    stored.insert("path", event.path.as_str().into());
    stored.insert("trust", serde_json::json!(event.trust));
    if let Some(visitor) = event.visitor {
        stored.insert("pseudonym", visitor.to_hex().into());
    }
    if let Some(domain) = &event.domain {
        stored.insert("mail_domain", domain.as_str().into());
    }
    if !event.attributes.is_empty() {
        stored.insert("fields", serde_json::json!(event.attributes));
    }
    if !event.props.is_empty() {
        stored.insert("properties", serde_json::json!(event.props));
    }
    if let Some(revenue) = &event.revenue {
        stored.insert("revenue", serde_json::json!(revenue));
    }
    if let Some(ms) = event.engagement_ms {
        stored.insert("engagement_ms", ms.into());
    }
    if let Some(depth) = event.scroll_depth {
        stored.insert("scroll_depth", depth.into());
    }
    if let Some(touch) = &event.touch {
        arrival(touch, &mut stored);
    }
    let mut text = |name, value: Option<&str>| {
        if let Some(value) = value {
            stored.insert(name, value.into());
        }
    };
    text("browser", event.agent.browser.as_ref().map(Text::as_str));
    text("system", event.agent.os.as_ref().map(Text::as_str));
    text("device", event.agent.device.as_ref().map(Text::as_str));
    text("country", event.place.country.as_ref().map(Text::as_str));
    stored
}

fn arrival(touch: &Touch, stored: &mut BTreeMap<&'static str, serde_json::Value>) {
    stored.insert("channel", touch.channel.key().into());
    let mut text = |name, value: Option<&str>| {
        if let Some(value) = value {
            stored.insert(name, value.into());
        }
    };
    text("source", touch.source.as_ref().map(Text::as_str));
    text("medium", touch.medium.as_ref().map(Text::as_str));
    text("campaign", touch.campaign.as_ref().map(Text::as_str));
    text("content", touch.content.as_ref().map(Text::as_str));
    text("term", touch.term.as_ref().map(Text::as_str));
    text("click_id", touch.click_id.as_ref().map(Text::as_str));
    text("referrer", touch.referrer.as_ref().map(Text::as_str));
}
