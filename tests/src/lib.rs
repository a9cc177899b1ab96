//! Black-box tests of the real binary. Invariant: the harness knows MQLite by its command line, its HTTP
//! answers and its files only, never by its code; it waits for signals, not for time to pass.
//!
//! ```no_run
//! use mqlite_tests::{TestApp, pageview};
//!
//! let app = TestApp::start();
//! app.send(&pageview("/pricing")).assert_stored();
//! assert_eq!(app.export().len(), 1);
//! ```

mod app;
mod binary;
mod collector;
mod event;
mod http;
mod journey;
mod raw;
mod shared;
mod wait;
mod zones;

pub use app::{AUDITORS_PASSWORD, PASSWORD, Setup, TestApp};
pub use binary::{Finished, binary, cargo, mqlite, mqlite_fed, mqlite_in};
pub use collector::terminate;
pub use event::{Event, address_hash, event, fresh_id, pageview};
pub use http::{Answer, Problem, Request, request};
pub use journey::{person, sixty_points};
pub use raw::{RawAnswer, say_raw};
pub use shared::hold;
pub use wait::{PATIENCE, wait_until};
pub use zones::zone_where_it_is;

/// The site that tests use unless they say otherwise.
pub const SITE: &str = "example.com";

/// A browser that no list of bots knows.
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
