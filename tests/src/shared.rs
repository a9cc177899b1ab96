//! Something dear that several tests look at. Invariant: it lives while a test holds it and is dropped,
//! process and all, with the last of them; nothing is left to a static that nobody drops.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What `shared` holds, made by `make` when nobody holds it.
pub fn hold<T>(shared: &Mutex<Weak<T>>, make: impl FnOnce() -> T) -> Arc<T> {
    let mut weak = shared.lock().unwrap_or_else(PoisonError::into_inner);
    weak.upgrade().unwrap_or_else(|| {
        let made = Arc::new(make());
        *weak = Arc::downgrade(&made);
        made
    })
}
