//! The only place that sees a client's address or a whole user agent. Invariant: neither leaves this
//! module: what comes out is a pseudonym, a country, families of browser, system and device, and yes or
//! no. Nothing here is logged, and nothing here is stored but the day's salts.

mod client;
mod identities;
mod limits;
mod proof;
mod pseudonym;
mod redact;
mod restrictions;
mod salts;
mod token;

#[cfg(test)]
mod tests;

pub use client::{Client, TrustedProxies};
pub use identities::IdentityLimits;
pub use limits::{ClientLimits, Limited};
#[cfg(test)]
pub(crate) use proof::prove;
pub use proof::proves;
pub use pseudonym::lead_key;
pub use redact::{redact, redact_value};
pub use restrictions::Restrictions;
pub use salts::{Destroyed, GRACE_MS, Live, SaltError, Salts};
pub use token::{Token, mint, read as read_token};

use crate::domain::{Agent, Place, Site, Timestamp, VisitorId};
use crate::enrich::agent::Agents;
use crate::enrich::geo::Countries;
use pseudonym::Midnight;

/// What may be kept of a client, and what decides whether anything is.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The day's pseudonym.
    pub visitor: VisitorId,
    /// Browser, system, device.
    pub agent: Agent,
    /// Country.
    pub place: Place,
}

/// What a user agent says of who is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// A crawler, a monitor or a program that fetches.
    pub bot: bool,
    /// A browser that names itself as driven by a program.
    pub automation: bool,
}

/// How much of an IPv4 address goes into the pseudonym's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum V4Prefix {
    /// The first three bytes: coarser, and what the CNIL asks of audience measurement.
    #[default]
    Network24,
    /// All four.
    Whole,
}

/// Turns clients into what may be kept of them.
pub struct Privacy {
    salts: Salts,
    countries: Countries,
    agents: Agents,
    midnight: Midnight,
    v4: V4Prefix,
    restrictions: Restrictions,
}

impl Privacy {
    /// With these salts, and countries where there is a file for them.
    pub fn new(salts: Salts, countries: Countries, v4: V4Prefix) -> Self {
        Self {
            salts,
            countries,
            agents: Agents::new(10_000),
            midnight: Midnight::default(),
            v4,
            restrictions: Restrictions::default(),
        }
    }

    /// What the client's user agent says of it.
    pub fn nature(&self, client: &Client) -> Nature {
        let seen = client.seen(&self.agents);
        Nature { bot: seen.bot, automation: seen.automation }
    }

    /// What may be kept of the client on `site` at `now`.
    ///
    /// # Errors
    /// When the day's salt cannot be read or written.
    pub fn keep(&self, client: &Client, site: &Site, now: Timestamp) -> Result<Kept, SaltError> {
        let visitor = self.midnight.pseudonym(&self.salts, client, site, self.v4, now)?;
        let agent = client.seen(&self.agents).agent.clone();
        let place = Place { country: self.countries.country(client.address()) };
        Ok(Kept { visitor, agent, place })
    }

    /// The pseudonym that the client has today, if anybody has one: makes no salt, and remembers nothing.
    pub fn recognise(&self, client: &Client, site: &Site, now: Timestamp) -> Option<VisitorId> {
        self.midnight.recognised(&self.salts, client, site, self.v4, now)
    }

    /// Remembers who was here lately, as the event log tells it: so that a restart around midnight splits no
    /// visit.
    pub fn remember(&self, seen: impl IntoIterator<Item = (VisitorId, Timestamp)>) {
        self.midnight.remember(seen);
    }

    /// Who asked not to be processed further.
    pub fn restrictions(&self) -> &Restrictions {
        &self.restrictions
    }

    /// The day's salts, for the job that ends them.
    pub fn salts(&self) -> &Salts {
        &self.salts
    }
}
