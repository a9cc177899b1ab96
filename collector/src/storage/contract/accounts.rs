//! The contract for the owner's password and sessions. Invariant: a set-up token works once and in time,
//! and a session lives from its beginning to its end and no longer.

use super::{Backend, contract};
use crate::domain::Timestamp;
use crate::storage::{SessionRow, SetupRow, StoreError};

contract!(
    a_set_up_token_works_once,
    a_set_up_token_ends,
    a_new_password_ends_every_session,
    sessions_end,
    a_session_begins_again,
);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn a_set_up_token_works_once(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let refused = |token: u8, now| {
        let result = ledger.set_up(&[token; 32], "never", at(now));
        assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
    };
    assert_eq!(ledger.password().expect("reads"), None);
    refused(1, 0);
    ledger.put_setup(SetupRow { token: [1; 32], expires_at: at(100) }).expect("puts");
    refused(2, 0);
    assert_eq!(ledger.password().expect("reads"), None);
    ledger.set_up(&[1; 32], "$argon2id$one", at(99)).expect("sets up");
    assert_eq!(ledger.password().expect("reads").as_deref(), Some("$argon2id$one"));
    refused(1, 50);
    assert_eq!(ledger.password().expect("reads").as_deref(), Some("$argon2id$one"));
    // A new link replaces the password, and an older link.
    ledger.put_setup(SetupRow { token: [3; 32], expires_at: at(100) }).expect("puts");
    ledger.put_setup(SetupRow { token: [4; 32], expires_at: at(100) }).expect("puts");
    refused(3, 0);
    ledger.set_up(&[4; 32], "$argon2id$two", at(0)).expect("sets up");
    assert_eq!(ledger.password().expect("reads").as_deref(), Some("$argon2id$two"));
}

fn a_set_up_token_ends(backend: &dyn Backend) {
    let ledger = backend.ledger();
    ledger.put_setup(SetupRow { token: [1; 32], expires_at: at(100) }).expect("puts");
    for now in [100, 101, i64::MAX] {
        let late = ledger.set_up(&[1; 32], "never", at(now));
        assert!(matches!(late, Err(StoreError::Conflict)), "{now}: {late:?}");
    }
    assert_eq!(ledger.password().expect("reads"), None);
    ledger.set_up(&[1; 32], "in time", at(99)).expect("a late try does not use it up");
}

fn a_new_password_ends_every_session(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let alive = |token: u8| ledger.session(&[token; 32], at(0)).expect("reads");
    for token in [1, 2] {
        ledger.put_session(SessionRow { token: [token; 32], expires_at: at(100) }, at(0)).expect("puts");
    }
    ledger.put_setup(SetupRow { token: [7; 32], expires_at: at(100) }).expect("puts");
    assert!(ledger.set_up(&[8; 32], "never", at(0)).is_err());
    assert!(alive(1) && alive(2), "a refused one ends none");
    ledger.set_up(&[7; 32], "$argon2id$new", at(0)).expect("sets up");
    assert!(!alive(1) && !alive(2));
}

fn sessions_end(backend: &dyn Backend) {
    let ledger = backend.ledger();
    let alive = |token: u8, now| ledger.session(&[token; 32], at(now)).expect("reads");
    assert!(!alive(1, 0));
    ledger.put_session(SessionRow { token: [1; 32], expires_at: at(100) }, at(0)).expect("puts");
    ledger.put_session(SessionRow { token: [2; 32], expires_at: at(200) }, at(0)).expect("puts");
    assert!(alive(1, 0) && alive(1, 99) && !alive(1, 100) && !alive(3, 0));
    ledger.end_session(&[2; 32]).expect("ends");
    ledger.end_session(&[9; 32]).expect("ends what is not there");
    assert!(alive(1, 0) && !alive(2, 0));
    // Another log-in drops what has ended by then, for good.
    ledger.put_session(SessionRow { token: [3; 32], expires_at: at(300) }, at(100)).expect("puts");
    assert!(!alive(1, 0) && alive(3, 299) && !alive(3, 300));
}

fn a_session_begins_again(backend: &dyn Backend) {
    let ledger = backend.ledger();
    for expires_at in [100, 200, 150] {
        ledger.put_session(SessionRow { token: [1; 32], expires_at: at(expires_at) }, at(0)).expect("puts");
        let alive = |now| ledger.session(&[1; 32], at(now)).expect("reads");
        assert!(alive(expires_at - 1) && !alive(expires_at));
    }
}
