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

/// Backups and exports since the person was first seen, and what stands beside every collector.
pub(super) fn unreached(
    ledger: &dyn Ledger,
    site: &Site,
    reference: Option<Reference>,
    since: Option<Timestamp>,
) -> Result<Vec<Unreached>, StoreError> {
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
    let mut found = Vec::new();
    let mut name = |what, entry: &Entry, sentence: String| {
        found.push(Unreached { what, at: Some(entry.at), sentence });
    };
    for entry in entries(Action::BackupMade, None)? {
        let at = site.zone.local(entry.at);
        name(
            "backup",
            &entry,
            format!(
                "A backup made at {at} still holds this person. Delete it when its time is over, and repeat this request \
             whenever it was restored."
            ),
        );
    }
    let of_site = |entry: &Entry| entry.site.as_deref().is_none_or(|id| id == site.id.as_str());
    for entry in entries(Action::EventsExported, None)?.into_iter().filter(of_site) {
        let at = site.zone.local(entry.at);
        name(
            "export",
            &entry,
            format!(
                "Events were exported at {at} by {} ({}). Ask them to delete the file, or this person's lines in it.",
                entry.who, entry.role
            ),
        );
    }
    if reference.is_some() {
        for entry in entries(Action::PersonExported, reference)? {
            let at = site.zone.local(entry.at);
            name(
                "export",
                &entry,
                format!(
                    "This person's data was exported at {at} by {} ({}), as a rule for themselves. Delete copies that \
                 were kept.",
                    entry.who, entry.role
                ),
            );
        }
    }
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
