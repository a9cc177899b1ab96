//! The contract for passwords and sessions. Invariant: a set-up token works once, in time and for its role, a
//! session lives from its beginning to its end and no longer, and one role's changes leave the other's alone.

use super::{Backend, contract};
use crate::domain::{Role, Timestamp};
use crate::storage::{Ledger, SessionRow, SetupRow, StoreError};

contract!(
    a_set_up_token_works_once,
    a_set_up_token_ends,
    a_new_password_ends_every_session_of_its_role,
    an_account_goes_as_a_whole,
    sessions_end,
    a_session_begins_again,
    what_a_clock_that_was_ahead_began_lives_no_more,
);

use Role::{Auditor, Owner};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn put_setup(ledger: &dyn Ledger, token: u8, role: Role) {
    ledger.put_setup(SetupRow { token: [token; 32], role, expires_at: at(100) }).expect("puts");
}

fn put_session(ledger: &dyn Ledger, token: u8, role: Role, expires_at: i64, now: i64) {
    let row = SessionRow { token: [token; 32], role, expires_at: at(expires_at) };
    ledger.put_session(row, at(now)).expect("puts");
}

fn password(ledger: &dyn Ledger, role: Role) -> Option<String> {
    ledger.password(role).expect("reads")
}

fn a_set_up_token_works_once(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let ledger = ledger.as_ref();
    let refused = |token: u8, now| {
        assert_eq!(ledger.setup(&[token; 32], at(now)).expect("reads"), None);
        let result = ledger.set_up(&[token; 32], "never", at(now));
        assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
    };
    assert_eq!(password(ledger, Owner), None);
    refused(1, 0);
    put_setup(ledger, 1, Owner);
    refused(2, 0);
    assert_eq!(password(ledger, Owner), None);
    for _ in 0..2 {
        assert_eq!(ledger.setup(&[1; 32], at(99)).expect("asking does not use it up"), Some(Owner));
    }
    assert_eq!(ledger.set_up(&[1; 32], "$argon2id$one", at(99)).expect("sets up"), Owner);
    assert_eq!(password(ledger, Owner).as_deref(), Some("$argon2id$one"));
    refused(1, 50);
    assert_eq!(password(ledger, Owner).as_deref(), Some("$argon2id$one"));
    // A new link replaces the password, and an older link of the role, but none of the other.
    put_setup(ledger, 3, Owner);
    put_setup(ledger, 5, Auditor);
    put_setup(ledger, 4, Owner);
    refused(3, 0);
    assert_eq!(ledger.set_up(&[4; 32], "$argon2id$two", at(0)).expect("sets up"), Owner);
    assert_eq!(password(ledger, Owner).as_deref(), Some("$argon2id$two"));
    assert_eq!(password(ledger, Auditor), None);
    assert_eq!(ledger.set_up(&[5; 32], "$argon2id$three", at(0)).expect("sets up"), Auditor);
    assert_eq!(password(ledger, Owner).as_deref(), Some("$argon2id$two"));
    assert_eq!(password(ledger, Auditor).as_deref(), Some("$argon2id$three"));
}

fn a_set_up_token_ends(backend: &dyn Backend) {
    let ledger = backend.ledger();
    put_setup(ledger.as_ref(), 1, Owner);
    for now in [100, 101, i64::MAX] {
        assert_eq!(ledger.setup(&[1; 32], at(now)).expect("reads"), None);
        let late = ledger.set_up(&[1; 32], "never", at(now));
        assert!(matches!(late, Err(StoreError::Conflict)), "{now}: {late:?}");
    }
    assert_eq!(password(ledger.as_ref(), Owner), None);
    ledger.set_up(&[1; 32], "in time", at(99)).expect("a late try does not use it up");
}

fn a_new_password_ends_every_session_of_its_role(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let ledger = ledger.as_ref();
    let alive = |token: u8| ledger.session(&[token; 32], at(0)).expect("reads");
    for (token, role) in [(1, Owner), (2, Owner), (3, Auditor)] {
        put_session(ledger, token, role, 100, 0);
    }
    put_setup(ledger, 7, Owner);
    assert!(ledger.set_up(&[8; 32], "never", at(0)).is_err());
    assert_eq!((alive(1), alive(2)), (Some(Owner), Some(Owner)), "a refused one ends none");
    ledger.set_up(&[7; 32], "$argon2id$new", at(0)).expect("sets up");
    assert_eq!((alive(1), alive(2), alive(3)), (None, None, Some(Auditor)));
}

fn an_account_goes_as_a_whole(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let ledger = ledger.as_ref();
    assert!(!ledger.remove_account(Auditor).expect("there is none"));
    for (token, role) in [(1, Owner), (2, Auditor)] {
        put_setup(ledger, token, role);
        ledger.set_up(&[token; 32], role.name(), at(0)).expect("sets up");
        put_setup(ledger, token, role);
        put_session(ledger, token, role, 100, 0);
    }
    assert!(ledger.remove_account(Auditor).expect("removes"));
    assert_eq!(password(ledger, Auditor), None);
    assert_eq!(ledger.setup(&[2; 32], at(0)).expect("reads"), None);
    assert_eq!(ledger.session(&[2; 32], at(0)).expect("reads"), None);
    assert_eq!(password(ledger, Owner).as_deref(), Some("owner"));
    assert_eq!(ledger.setup(&[1; 32], at(0)).expect("reads"), Some(Owner));
    assert_eq!(ledger.session(&[1; 32], at(0)).expect("reads"), Some(Owner));
    put_setup(ledger, 3, Auditor);
    assert!(ledger.remove_account(Auditor).expect("a link alone is something, too"));
}

fn sessions_end(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let ledger = ledger.as_ref();
    let alive = |token: u8, now| ledger.session(&[token; 32], at(now)).expect("reads").is_some();
    assert!(!alive(1, 0));
    put_session(ledger, 1, Owner, 100, 0);
    put_session(ledger, 2, Auditor, 200, 0);
    assert!(alive(1, 0) && alive(1, 99) && !alive(1, 100) && !alive(3, 0));
    ledger.end_session(&[2; 32]).expect("ends");
    ledger.end_session(&[9; 32]).expect("ends what is not there");
    assert!(alive(1, 0) && !alive(2, 0));
    // Another log-in drops what has ended by then, for good.
    put_session(ledger, 3, Owner, 300, 100);
    assert!(!alive(1, 0) && alive(3, 299) && !alive(3, 300));
}

fn a_session_begins_again(backend: &dyn Backend) {
    let ledger = backend.ledger();
    for expires_at in [100, 200, 150] {
        put_session(ledger.as_ref(), 1, Owner, expires_at, 0);
        let alive = |now| ledger.session(&[1; 32], at(now)).expect("reads");
        assert_eq!((alive(expires_at - 1), alive(expires_at)), (Some(Owner), None));
    }
}

fn what_a_clock_that_was_ahead_began_lives_no_more(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let (now, ahead) = (at(0), at(0).plus_days(27_000));
    put_session(ledger.as_ref(), 1, Owner, ahead.plus_days(14).millis(), ahead.millis());
    let row = SetupRow { token: [2; 32], role: Auditor, expires_at: ahead.plus_days(1) };
    ledger.put_setup(row).expect("puts");
    let session = |now| ledger.session(&[1; 32], now).expect("reads");
    let link = |now| ledger.setup(&[2; 32], now).expect("reads");
    assert_eq!((session(ahead), link(ahead)), (Some(Owner), Some(Auditor)));
    assert_eq!((session(now), link(now)), (None, None), "they would live for a lifetime");
    let used = ledger.set_up(&[2; 32], "never", now);
    assert!(matches!(used, Err(StoreError::Conflict)), "{used:?}");
    let a_little = ahead.plus_millis(-60_000);
    assert_eq!((session(a_little), link(a_little)), (Some(Owner), Some(Auditor)), "a clock is put right");
}
