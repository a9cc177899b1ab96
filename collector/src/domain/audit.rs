//! What the audit log holds. Invariant: an entry's hash is the SHA-256 of its canonical form, which holds the
//! hash of the entry before it: nothing in the chain can be changed, left out or put elsewhere without every
//! later hash being another. No entry names a person: a lead stands there by a [`Reference`] only.

use super::{Invalid, SiteId, Text, Timestamp, from_hex, to_hex};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;

/// In which role somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees and does everything in the dashboard.
    Owner,
    /// Sees the audit page and answers people's requests; nothing of marketing.
    Auditor,
    /// Whoever works on the machine, by the command line.
    Operator,
    /// The program itself.
    Collector,
    /// Somebody who is not logged in.
    Stranger,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Auditor, Self::Operator, Self::Collector, Self::Stranger];

    /// The name in the API, in storage and in exports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
            Self::Collector => "collector",
            Self::Stranger => "stranger",
        }
    }

    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// In which role.
    pub role: Role,
    /// Under which name: the account, or the system's user on the command line.
    pub who: Text<80>,
}

impl Actor {
    /// The program itself.
    pub fn collector() -> Self {
        Self { role: Role::Collector, who: Text::clean("mqlite") }
    }

    /// Somebody logged in under an account that is named like its role.
    pub fn account(role: Role) -> Self {
        Self { role, who: Text::clean(role.name()) }
    }
}

macro_rules! actions {
    ($($variant:ident $name:literal $title:literal,)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(#[doc = $title] $variant,)+ }

        impl Action {
            /// All actions, in the order in which lists show them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in the API, in storage and in exports; it never changes.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What people read.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

actions! {
    SessionOpened "session.opened" "Logged in",
    SessionRefused "session.refused" "Log-in refused",
    AccessRefused "access.refused" "Request beyond a role refused",
    SessionClosed "session.closed" "Logged out",
    PasswordSet "account.password_set" "Password chosen",
    AccountAdded "account.added" "Account added",
    AccountRemoved "account.removed" "Account removed",
    SetupLinkMade "setup_link.made" "Set-up link made",
    SiteAdded "site.added" "Site added",
    SiteChanged "site.changed" "Site changed",
    ModelChanged "model.changed" "Scoring model changed",
    ModelDrafted "model.drafted" "Scoring model drafted",
    ModelDropped "model.dropped" "Draft of a scoring model removed",
    PublishAsked "model.publish_asked" "Publishing of a scoring model asked for",
    PublishCancelled "model.publish_cancelled" "Publishing of a scoring model cancelled",
    PublishFailed "model.publish_failed" "Publishing of a scoring model failed",
    ModelPublished "model.published" "Scoring model published",
    VoidAsked "void.asked" "Voiding of events asked for",
    VoidUndoAsked "void.undo_asked" "Taking back a void asked for",
    EventsVoided "void.done" "Events voided",
    VoidUndone "void.undone" "Void taken back",
    SettingsChanged "settings.changed" "Settings changed",
    SaltDestroyed "salt.destroyed" "Salt destroyed",
    RetentionRan "retention.ran" "Retention applied",
    PersonFound "person.found" "Person looked for",
    PersonExported "person.exported" "Person's data exported",
    PersonRestricted "person.restricted" "Processing restricted",
    PersonUnrestricted "person.unrestricted" "Restriction lifted",
    PersonWithdrew "person.withdrew" "Consent withdrawn",
    PersonErased "person.erased" "Person erased",
    LeadViewed "lead.viewed" "Lead looked at",
    LeadsListed "leads.listed" "Leads listed",
    LeadStageChanged "lead.stage_changed" "Stage changed",
    LeadOverrideGiven "lead.override_given" "Override given",
    LeadOverrideEnded "lead.override_ended" "Override ended",
    EventsExported "export.events" "Events exported",
    BackupMade "backup.made" "Backup made",
    AuditExported "audit.exported" "Audit log exported",
    DocumentExported "document.exported" "Document exported",
    CollectorStarted "collector.started" "Collector started",
    CollectorStopped "collector.stopped" "Collector stopped",
    SchemaChanged "schema.changed" "Database migrated",
    LossAccepted "loss.accepted" "Loss of data accepted",
}

impl Action {
    /// From the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}

/// Stands for a lead in the audit log: 16 random bytes, tied to the lead's key in one row that erasure
/// removes. From then on nobody can tell whom it stood for, and the chain still holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference([u8; 16]);

impl Reference {
    /// From the 16 bytes it is stored as.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes it is stored as.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From 32 hexadecimal digits.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        from_hex(raw.bytes()).map(Self).ok_or_else(|| Invalid::new("a reference has 32 hexadecimal digits"))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Something that somebody did, before it has its place in the log.
#[derive(Debug, Clone)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// On which site, where it was on one.
    pub site: Option<SiteId>,
    /// To which lead.
    pub subject: Option<Reference>,
    /// What else is to be known: a JSON object, without anything that names a person.
    pub details: String,
}

/// A hash of the chain.
pub type EntryHash = [u8; 32];

/// The newest entry of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its place.
    pub seq: i64,
    /// Its hash.
    pub hash: EntryHash,
}

/// An entry as it is stored: plain values, so that one that was tampered with can still be read and found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place: 1, 2, 3, …
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The role's name.
    pub role: String,
    /// Who.
    pub who: String,
    /// The action's name.
    pub action: String,
    /// The site's domain.
    pub site: Option<String>,
    /// The lead's reference.
    pub subject: Option<String>,
    /// A JSON object.
    pub details: String,
    /// The hash of the entry before; of the first, zeros.
    pub previous: EntryHash,
    /// SHA-256 of the canonical form.
    pub hash: EntryHash,
}

impl Entry {
    /// The entry that `act` becomes after `head`.
    pub fn after(head: Option<Head>, act: &Act) -> Self {
        let mut entry = Self {
            seq: head.map_or(0, |head| head.seq).saturating_add(1),
            at: act.at,
            role: act.actor.role.name().to_owned(),
            who: act.actor.who.as_str().to_owned(),
            action: act.action.name().to_owned(),
            site: act.site.as_ref().map(ToString::to_string),
            subject: act.subject.as_ref().map(ToString::to_string),
            details: act.details.clone(),
            previous: head.map_or([0; 32], |head| head.hash),
            hash: [0; 32],
        };
        entry.hash = entry.computed_hash();
        entry
    }

    /// The bytes that are hashed: one line of JSON with its keys in this order, `details` as it was written.
    pub fn canonical(&self) -> String {
        let text = |value: &str| serde_json::Value::from(value).to_string();
        let option = |value: &Option<String>| value.as_deref().map_or_else(|| "null".to_owned(), text);
        format!(
            r#"{{"seq":{},"at":{},"role":{},"who":{},"action":{},"site":{},"subject":{},"details":{},"previous":"{}"}}"#,
            self.seq,
            text(&self.at.to_string()),
            text(&self.role),
            text(&self.who),
            text(&self.action),
            option(&self.site),
            option(&self.subject),
            self.details,
            to_hex(&self.previous),
        )
    }

    /// The hash that the entry should have.
    pub fn computed_hash(&self) -> EntryHash {
        Sha256::digest(self.canonical().as_bytes()).into()
    }

    /// Its place and its hash.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(details: &str) -> Act {
        Act {
            at: Timestamp::parse("2026-11-22T10:00:00Z").expect("valid"),
            actor: Actor::account(Role::Owner),
            action: Action::SiteAdded,
            site: Some(SiteId::parse("example.com").expect("valid")),
            subject: None,
            details: details.to_owned(),
        }
    }

    #[test]
    fn the_canonical_form_is_one_that_others_can_hash() {
        let entry = Entry::after(None, &act(r#"{"zone":"UTC"}"#));
        assert_eq!(
            entry.canonical(),
            format!(
                r#"{{"seq":1,"at":"2026-11-22T10:00:00.000Z","role":"owner","who":"owner","action":"site.added","site":"example.com","subject":null,"details":{{"zone":"UTC"}},"previous":"{}"}}"#,
                "0".repeat(64)
            )
        );
        let read: serde_json::Value = serde_json::from_str(&entry.canonical()).expect("is JSON");
        assert_eq!(read["details"]["zone"], "UTC");
        assert_eq!(entry.hash, entry.computed_hash());
    }

    #[test]
    fn each_entry_holds_on_to_the_one_before() {
        let first = Entry::after(None, &act("{}"));
        let second = Entry::after(Some(first.head()), &act("{}"));
        assert_eq!((second.seq, second.previous), (2, first.hash));
        assert_ne!(second.hash, first.hash, "the same act at another place");
        let changed = Entry { details: r#"{"a":1}"#.to_owned(), ..second };
        assert_ne!(changed.computed_hash(), changed.hash);
    }

    #[test]
    fn names_are_there_once() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(*action));
        }
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
    }
}
