//! What no command of ours reaches. Invariant: what is named was recorded in the audit log, or is what every
//! site has beside a collector; nothing is said to be erased that is not.

use crate::domain::{Action, Entry, Reference, Site, Timestamp};
use crate::storage::{AuditQuery, Ledger, StoreError};
use serde::Serialize;

/// Entries of one kind that are named.
const NAMED_MAX: usize = 100;

/// Something that still holds the person, or may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreached {
    /// Which kind: `backup`, `export`, `log`, `mail`, `file`.
    pub what: &'static str,
    /// When it was made, where that is known.
    pub at: Option<Timestamp>,
    /// What it is and what to do.
    pub sentence: String,
}

/// A copy that left the databases.
enum Taken {
    Backup,
    Events,
    Person,
}

/// Who made an entry: by their role, and by their name where that says more.
fn by(entry: &Entry) -> String {
    if entry.who == entry.role { entry.who.clone() } else { format!("{} ({})", entry.who, entry.role) }
}

/// Backups and exports since the person was first seen.
fn taken(
    ledger: &dyn Ledger,
    site: &Site,
    reference: Option<Reference>,
    since: Option<Timestamp>,
) -> Result<Vec<(Taken, Entry)>, StoreError> {
    let entries = |action, subject| -> Result<Vec<Entry>, StoreError> {
        let query = AuditQuery {
            action: Some(action),
            subject,
            from: since,
            limit: NAMED_MAX,
            ..AuditQuery::default()
        };
        Ok(ledger.entries(&query)?.entries)
    };
    let of_site = |entry: &Entry| entry.site.as_deref().is_none_or(|id| id == site.id.as_str());
    let backups = entries(Action::BackupMade, None)?.into_iter().map(|entry| (Taken::Backup, entry));
    let events = entries(Action::EventsExported, None)?.into_iter().filter(of_site);
    let mut found: Vec<_> = backups.chain(events.map(|entry| (Taken::Events, entry))).collect();
    if reference.is_some() {
        let person = entries(Action::PersonExported, reference)?;
        found.extend(person.into_iter().map(|entry| (Taken::Person, entry)));
    }
    Ok(found)
}

/// The same, told to the person, with what was taken out.
pub(super) fn recipients(
    ledger: &dyn Ledger,
    site: &Site,
    reference: Option<Reference>,
    since: Option<Timestamp>,
) -> Result<Vec<String>, StoreError> {
    let told = |(kind, entry): (Taken, Entry)| {
        let at = site.zone.local(entry.at);
        match kind {
            Taken::Backup => {
                format!("A backup was made at {at}. It holds what was held of you then, until it is deleted.")
            }
            Taken::Events => {
                format!("The site's events were exported at {at} by {}; yours may be among them.", by(&entry))
            }
            Taken::Person => {
                format!("What is held of you was exported at {at} by {}, as a rule for you.", by(&entry))
            }
        }
    };
    let nothing_by_itself =
        "The collector hands nothing to anybody by itself; what people took out of it follows.".to_owned();
    let taken = taken(ledger, site, reference, since)?.into_iter().map(told);
    Ok(std::iter::once(nothing_by_itself).chain(taken).collect())
}

/// Backups and exports since the person was first seen, and what stands beside every collector.
pub(super) fn unreached(
    ledger: &dyn Ledger,
    site: &Site,
    reference: Option<Reference>,
    since: Option<Timestamp>,
) -> Result<Vec<Unreached>, StoreError> {
    let told = |(kind, entry): (Taken, Entry)| {
        let at = site.zone.local(entry.at);
        let (what, sentence) = match kind {
            Taken::Backup => (
                "backup",
                format!(
                    "A backup made at {at} still holds this person. Delete it when its time is over, and repeat this \
                     request whenever it was restored."
                ),
            ),
            Taken::Events => (
                "export",
                format!(
                    "Events were exported at {at} by {}. Ask them to delete the file, or this person's lines in it.",
                    by(&entry)
                ),
            ),
            Taken::Person => (
                "export",
                format!(
                    "This person's data was exported at {at} by {}, as a rule for themselves. Delete copies that were \
                     kept.",
                    by(&entry)
                ),
            ),
        };
        Unreached { what, at: Some(entry.at), sentence }
    };
    let mut found: Vec<_> = taken(ledger, site, reference, since)?.into_iter().map(told).collect();
    found.push(Unreached {
        what: "log",
        at: None,
        sentence: "The web server or proxy in front of the collector may write addresses of clients into logs of its \
                   own. See to it that it does not, or that they end soon."
            .to_owned(),
    });
    found.push(Unreached {
        what: "mail",
        at: None,
        sentence: "Mails, the CRM and whatever else a form of the site fills hold what the person sent there. Their \
                   request goes to those, too."
            .to_owned(),
    });
    Ok(found)
}

/// Old bytes may be left, for somebody read the files all the time.
pub(super) fn not_compacted() -> Unreached {
    Unreached {
        what: "file",
        at: None,
        sentence: "The rows are gone and were overwritten, but the files could not be written anew because others \
                   were reading them all the time: remains may stand in the write-ahead log and between the rows. \
                   The next erasure writes them anew; stopping the collector empties the log."
            .to_owned(),
    }
}
