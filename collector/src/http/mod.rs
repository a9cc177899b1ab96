//! HTTP. Invariant: a handler reads a request, asks one thing of the modules below, and writes an answer;
//! no SQL, no address, no rule is here. What goes wrong is `application/problem+json`, and never says more
//! than the person who asked may know.

mod anomalies;
mod ask;
mod audit;
pub(crate) mod auth;
mod blocking;
pub mod body;
mod collect;
mod coverage;
mod demo;
mod error;
mod gpc;
mod headers;
mod health;
mod leads;
mod models;
mod outcomes;
mod overdue;
mod overrides;
mod pages;
mod passwords;
mod predictions;
mod privacy;
mod private;
mod pulse;
mod reports;
mod restrictions;
pub mod routes;
mod script;
mod served;
mod simulate;
mod site_limits;
mod sites;
mod stage;
mod state;
mod timely;
mod voids;

pub use headers::default_headers;
pub use restrictions::RestrictionDirectory;
pub use site_limits::SiteLimits;
pub use sites::SiteDirectory;
pub use state::{DemoSite, State};
