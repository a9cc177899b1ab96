//! Looks at leads. Invariant: nobody sees a lead, or a list of them, before it is recorded; the same person at
//! the same lead within ten minutes, or at the same list within an hour, is one look.

use super::Recorder;
use crate::domain::{Action, Actor, LeadKey, Site, SiteNo, Timestamp};
use crate::storage::StoreError;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long a look at a lead lasts.
const LEAD_MS: i64 = 10 * 60 * 1000;
/// How long a look at a list of leads lasts.
const LIST_MS: i64 = 60 * 60 * 1000;
/// Looks that are remembered. Beyond it they are forgotten, and recorded anew.
const MOST: usize = 10_000;

#[derive(Clone, PartialEq, Eq, Hash)]
enum What {
    Lead(SiteNo, LeadKey),
    List(SiteNo),
}

/// Looks that last, by when they began and when they end.
#[derive(Default)]
pub(super) struct Looks(Mutex<HashMap<(String, What), (Timestamp, Timestamp)>>);

impl Looks {
    fn lasts(&self, look: &(String, What), now: Timestamp) -> bool {
        let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back does not make a look last longer.
        looks.get(look).is_some_and(|(began, until)| *began <= now && *until > now)
    }

    fn begin(&self, look: (String, What), now: Timestamp, until: Timestamp) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A key is not held for longer than it is of use: its lead may be erased by then.
        looks.retain(|_, (began, until)| *began <= now && *until > now);
        if looks.len() >= MOST {
            looks.clear();
        }
        looks.insert(look, (now, until));
    }
}

impl Recorder {
    /// Records that somebody looks at a lead.
    ///
    /// # Errors
    /// When it cannot be recorded: then the lead must not be shown.
    pub fn lead_viewed(&self, actor: &Actor, site: &Site, lead: LeadKey) -> Result<(), StoreError> {
        let subject = Some((site.no, lead));
        self.look(actor, What::Lead(site.no, lead), LEAD_MS, Action::LeadViewed, site, subject)
    }

    /// Records that somebody lists a site's leads.
    ///
    /// # Errors
    /// When it cannot be recorded: then they must not be shown.
    pub fn leads_listed(&self, actor: &Actor, site: &Site) -> Result<(), StoreError> {
        self.look(actor, What::List(site.no), LIST_MS, Action::LeadsListed, site, None)
    }

    fn look(
        &self,
        actor: &Actor,
        what: What,
        lasts_ms: i64,
        action: Action,
        site: &Site,
        subject: Option<(SiteNo, LeadKey)>,
    ) -> Result<(), StoreError> {
        let look = (format!("{} {}", actor.role.name(), actor.who), what);
        let now = self.clock.now();
        if !self.looks.lasts(&look, now) {
            self.record(actor, action, Some(&site.id), subject, &serde_json::json!({}))?;
            self.looks.begin(look, now, now.plus_millis(lasts_ms));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Kit, site};
    use crate::domain::Role;

    #[test]
    fn a_look_is_recorded_once_while_it_lasts() {
        let kit = Kit::default();
        let (owner, other) = (Actor::account(Role::Owner), Actor::account(Role::Auditor));
        let lead = |n: u8| LeadKey::from_bytes([n; 16]);
        let view = |actor: &Actor, n: u8| {
            kit.recorder.lead_viewed(actor, &site(), lead(n)).expect("records");
            kit.count()
        };
        assert_eq!([view(&owner, 1), view(&owner, 1), view(&owner, 2), view(&other, 1)], [1, 1, 2, 3]);
        kit.after_ms(LEAD_MS - 1);
        assert_eq!(view(&owner, 1), 3);
        kit.after_ms(1);
        assert_eq!([view(&owner, 1), view(&owner, 1)], [4, 4]);
        let list = |actor: &Actor| {
            kit.recorder.leads_listed(actor, &site()).expect("records");
            kit.count()
        };
        assert_eq!([list(&owner), list(&owner), list(&other)], [5, 5, 6]);
        kit.after_ms(LIST_MS);
        assert_eq!(list(&owner), 7);
        let entries = kit.entries();
        assert_eq!(entries[0].subject, entries[3].subject, "one lead, one reference");
        assert_ne!(entries[0].subject, entries[1].subject);
        assert!(entries.iter().all(|entry| !format!("{entry:?}").contains("0101010101")), "no key");
    }

    /// A clock that is set back does not keep what was looked at from being recorded until it has caught up.
    #[test]
    fn a_clock_set_back_ends_every_look() {
        let kit = Kit::default();
        let owner = Actor::account(Role::Owner);
        let view = || {
            kit.recorder.lead_viewed(&owner, &site(), LeadKey::from_bytes([1; 16])).expect("records");
            kit.count()
        };
        assert_eq!(view(), 1);
        kit.after_ms(-24 * LIST_MS);
        assert_eq!([view(), view()], [2, 2]);
    }

    #[test]
    fn no_more_is_remembered_than_the_bound() {
        let looks = Looks::default();
        let at = Timestamp::from_millis;
        for n in 0..u32::try_from(MOST).expect("few") + 5 {
            looks.begin((String::new(), What::List(SiteNo::new(n))), at(0), at(10));
        }
        assert!(looks.0.lock().expect("lock").len() <= MOST);
    }
}
