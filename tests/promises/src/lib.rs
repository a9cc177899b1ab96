//! What must hold whatever bytes come in, a function for each kind of input. Invariant: a function returns when
//! its promises hold and panics when one does not; it knows the collector by what any other program could call.
//!
//! `tests/fuzz` calls them under libFuzzer for as long as one likes; `cargo test -p mqlite-promises` calls them
//! with the same corpora and a bounded number of mutations, on the stable toolchain.

mod agent;
mod audit;
mod cell;
mod input;
mod model;
mod outcomes;
mod redact;
mod settings;
mod token;
mod url;
mod wire;
mod world;

pub use agent::agent;
pub use audit::audit;
pub use cell::cell;
pub use model::model;
pub use outcomes::outcomes;
pub use redact::redact;
pub use settings::settings;
pub use token::token;
pub use url::url;
pub use wire::wire;

/// What is called with any bytes.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
pub const TARGETS: [(&str, Target); 10] = [
    ("agent", agent),
    ("audit", audit),
    ("cell", cell),
    ("model", model),
    ("outcomes", outcomes),
    ("redact", redact),
    ("settings", settings),
    ("token", token),
    ("url", url),
    ("wire", wire),
];
