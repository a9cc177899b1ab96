//! What was refused: log-ins, and requests beyond a role. Invariant: of either at most one entry a minute, so that
//! nobody fills the disk by guessing; those between are counted in the next. Never recorded: what was typed or asked
//! for, from where, and by which browser.

use super::Recorder;
use crate::domain::{Action, Actor, Role, Text, Timestamp};
use crate::storage::StoreError;
use std::sync::{Mutex, PoisonError};

const PAUSE_MS: i64 = 60_000;

/// Why somebody was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The password was wrong.
    Password(Role),
    /// The set-up link was used, or had ended, or was none.
    SetupLink,
    /// Too many attempts.
    TooMany,
    /// Somebody in this role asked for what another role may do.
    BeyondRole(Role),
}

impl Refused {
    fn entry(self, others: u64) -> (Action, Actor, serde_json::Value) {
        let (reason, role) = match self {
            Self::Password(role) => ("password", Some(role.name())),
            Self::SetupLink => ("setup_link", None),
            Self::TooMany => ("too_many", None),
            Self::BeyondRole(role) => {
                return (
                    Action::AccessRefused,
                    Actor::account(role),
                    serde_json::json!({ "others": others }),
                );
            }
        };
        let stranger = Actor { role: Role::Stranger, who: Text::clean("unknown") };
        let details = serde_json::json!({ "reason": reason, "role": role, "others": others });
        (Action::SessionRefused, stranger, details)
    }
}

/// What was not recorded yet.
#[derive(Default)]
pub(super) struct Refusals {
    log_ins: Mutex<State>,
    beyond_role: Mutex<State>,
}

impl Refusals {
    fn of(&self, why: Refused) -> &Mutex<State> {
        match why {
            Refused::Password(_) | Refused::SetupLink | Refused::TooMany => &self.log_ins,
            Refused::BeyondRole(_) => &self.beyond_role,
        }
    }
}

#[derive(Default)]
struct State {
    recorded_at: Option<Timestamp>,
    waiting: u64,
    latest: Option<Refused>,
}

impl State {
    fn pauses(&self, now: Timestamp) -> bool {
        // A clock that was set back does not silence it for long.
        self.recorded_at.is_some_and(|at| now >= at && now < at.plus_millis(PAUSE_MS))
    }

    /// What is due of a kind, as if it had been recorded.
    fn take_due(kind: &Mutex<Self>, now: Timestamp, at_once: bool) -> Option<(Refused, Self)> {
        let mut state = kind.lock().unwrap_or_else(PoisonError::into_inner);
        let why = state.latest.filter(|_| at_once || !state.pauses(now))?;
        Some((why, std::mem::replace(&mut state, Self { recorded_at: Some(now), ..Self::default() })))
    }

    /// Undoes that, with what came meanwhile.
    fn put_back(kind: &Mutex<Self>, why: Refused, due: &Self) {
        let mut state = kind.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting += due.waiting;
        state.latest = state.latest.or(Some(why));
        state.recorded_at = due.recorded_at;
    }
}

impl Recorder {
    /// Records that somebody was refused, now or with the next that is recorded.
    ///
    /// # Errors
    /// When it cannot be recorded; it is then counted in the next.
    pub fn refused(&self, why: Refused) -> Result<(), StoreError> {
        {
            let mut state = self.refusals.of(why).lock().unwrap_or_else(PoisonError::into_inner);
            state.waiting += 1;
            state.latest = Some(why);
        }
        self.refusals_due(false)
    }

    /// Records the refusals that wait, when a minute is over since the last, or `at_once`.
    ///
    /// # Errors
    /// When they cannot be recorded; they wait on.
    pub fn refusals_due(&self, at_once: bool) -> Result<(), StoreError> {
        let now = self.clock.now();
        for kind in [&self.refusals.log_ins, &self.refusals.beyond_role] {
            // Taken out, and recorded without the lock: whoever is refused while a ledger is busy does not wait for it.
            let Some((why, due)) = State::take_due(kind, now, at_once) else { continue };
            let (action, actor, details) = why.entry(due.waiting - 1);
            if let Err(error) = self.record(&actor, action, None, None, &details) {
                State::put_back(kind, why, &due);
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::Kit;

    #[test]
    fn one_entry_a_minute_counts_the_others() {
        let kit = Kit::default();
        for _ in 0..1_000 {
            kit.recorder.refused(Refused::Password(Role::Owner)).expect("records");
        }
        kit.recorder.refusals_due(false).expect("nothing is due");
        assert_eq!(kit.count(), 1);
        kit.after_ms(PAUSE_MS);
        kit.recorder.refusals_due(false).expect("records");
        kit.recorder.refusals_due(false).expect("nothing waits");
        let details: Vec<String> = kit.entries().into_iter().map(|entry| entry.details).collect();
        assert_eq!(details.len(), 2);
        assert!(
            details[0].contains(r#""others":0"#) && details[1].contains(r#""others":998"#),
            "{details:?}"
        );
        kit.recorder.refused(Refused::TooMany).expect("waits");
        assert_eq!(kit.count(), 2);
        kit.recorder.refusals_due(true).expect("records what waits before it stops");
        assert_eq!(kit.count(), 3);
    }

    /// A flood of guesses does not hide that somebody who is let in tries what they may not, nor the other way round.
    #[test]
    fn each_kind_has_its_entry_a_minute() {
        let kit = Kit::default();
        for _ in 0..5 {
            kit.recorder.refused(Refused::TooMany).expect("records");
            kit.recorder.refused(Refused::BeyondRole(Role::Auditor)).expect("records");
        }
        let entries = kit.entries();
        let said: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.role.as_str())).collect();
        assert_eq!(said, [("session.refused", "stranger"), ("access.refused", "auditor")]);
        kit.recorder.refusals_due(true).expect("records what waits");
        let counts: Vec<String> = kit.entries().into_iter().skip(2).map(|entry| entry.details).collect();
        assert!(
            counts.len() == 2 && counts.iter().all(|count| count.contains(r#""others":3"#)),
            "{counts:?}"
        );
    }

    #[test]
    fn what_cannot_be_recorded_is_counted_in_the_next() {
        let kit = Kit::default();
        kit.fail(true);
        for _ in 0..3 {
            assert!(kit.recorder.refused(Refused::SetupLink).is_err());
        }
        kit.fail(false);
        kit.recorder.refused(Refused::SetupLink).expect("records");
        assert!(kit.entries()[0].details.contains(r#""others":3"#));
    }
}
