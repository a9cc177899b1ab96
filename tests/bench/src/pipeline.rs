//! The collector's path without its HTTP: from bytes to what is stored, at any moment that is asked for. Fills
//! databases with what real events leave behind, and times the parts of the path.

use crate::Failure;
use crate::servers::countries;
use crate::traffic::{SITE, address};
use actix_web::test::TestRequest;
use fastrand::Rng;
use mqlite::domain::{Site, Timestamp};
use mqlite::enrich::geo::Countries;
use mqlite::ingest::{self, Sender, Taken};
use mqlite::privacy::{Client, IdentityLimits, Kept, Privacy, Salts, TrustedProxies, V4Prefix};
use std::sync::Arc;
use tempfile::TempDir;

/// The path for one site, with salts of its own.
pub(crate) struct Pipeline {
    site: Arc<Site>,
    privacy: Privacy,
    trusted: TrustedProxies,
    identities: IdentityLimits,
    _salts: TempDir,
}

impl Pipeline {
    pub(crate) fn new(site: Site) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let countries = countries().map_or_else(|| Ok(Countries::none()), |file| Countries::open(&file))?;
        Ok(Self {
            site: Arc::new(site),
            privacy: Privacy::new(Salts::open(folder.path())?, countries, V4Prefix::default()),
            trusted: TrustedProxies::parse("127.0.0.1/32").map_err(|error| error.0)?,
            // Whoever fills a database is everybody.
            identities: IdentityLimits::new(u32::MAX),
            _salts: folder,
        })
    }

    /// A client at a fresh address.
    pub(crate) fn client(&self, agent: &str, gpc: bool, rng: &mut Rng) -> Client {
        let address = address(rng);
        let mut request = TestRequest::default()
            .peer_addr(([127, 0, 0, 1], 80).into())
            .insert_header(("x-forwarded-for", &address[..]))
            .insert_header(("user-agent", agent));
        if gpc {
            request = request.insert_header(("sec-gpc", "1"));
        }
        Client::of(&request.to_http_request(), &self.trusted)
    }

    /// What may be kept of a client.
    pub(crate) fn keep(&self, client: &Client, now: Timestamp) -> Result<Kept, Failure> {
        Ok(self.privacy.keep(client, &self.site, now)?)
    }

    /// What becomes of a body that `client` sends at `now`.
    pub(crate) fn take(&self, body: &[u8], client: &Client, now: Timestamp) -> Result<Taken, Failure> {
        let origin = format!("https://{SITE}");
        let sender = Sender { client, origin: Some(&origin), now, identities: &self.identities };
        let find = |id: &mqlite::domain::SiteId| (*id == self.site.id).then(|| Arc::clone(&self.site));
        ingest::take(body, sender, &self.privacy, &find).map_err(|refusal| format!("{refusal:?}").into())
    }
}
