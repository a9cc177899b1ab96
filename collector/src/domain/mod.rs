//! The words of the trade as types. Invariant: nothing here does I/O, reads a clock or knows another
//! module of ours; a value that exists is a value that was checked.

mod audit;
#[cfg(test)]
mod cases;
mod channel;
mod consent;
pub mod csv;
mod event;
mod half_life;
mod hex;
mod hit;
mod ids;
pub mod inventory;
pub mod ladder;
mod lead;
mod outcome;
mod overrides;
mod points;
mod receipt;
mod restriction;
mod retention;
mod site;
mod text;
mod thousandths;
mod time;
mod void;

pub use audit::{Act, Action, Actor, Entry, EntryHash, Head, Reference, Role};
#[cfg(test)]
pub(crate) use cases::cases;
pub use channel::{Channel, Touch};
pub use consent::{Basis, Consent, Rung, Signal};
pub use event::{Agent, Event, EventName, Money, Place, Props, Trust};
pub use half_life::{FULL, half_life};
pub use hex::{from_hex, to_hex};
pub use hit::{Hit, ModelHash, RuleId, Score};
pub use ids::{Cursor, EventId, LeadKey, VisitorId};
pub use ladder::Part;
pub use lead::{Attributes, EmailDomain, Identity, Stage};
pub use outcome::{DropReason, Outcome};
pub use overrides::{Effect, Ended, Override};
pub use points::Points;
pub use receipt::{Receipt, ReceiptEntry};
pub use restriction::{Restricted, Restriction};
pub use retention::{Kind as RetentionKind, Retention};
pub use site::{IdentitySecrets, Site, SiteId, SiteNo, SitePolicy};
pub use text::{Invalid, Text, printable, unseen};
pub use thousandths::{Thousandths, apportion};
pub use time::{Date, Timestamp, VISIT_MS, Zone};
pub use void::{Only, Selection};
