//! Sites by name, in memory. Invariant: what `mqlite site add` changes beside a running collector is seen
//! within [`MAX_AGE`], and a stranger's made-up names cost no more than one look a second.

use crate::domain::{Site, SiteId};
use crate::storage::{Ledger, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

const MAX_AGE: Duration = Duration::from_secs(2);
const MISS_AGE: Duration = Duration::from_millis(200);

struct Known {
    sites: HashMap<SiteId, Arc<Site>>,
    read_at: Instant,
}

/// Sites by name.
pub struct SiteDirectory {
    ledger: Arc<dyn Ledger>,
    known: RwLock<Known>,
}

impl SiteDirectory {
    /// Reads the sites.
    ///
    /// # Errors
    /// When the ledger fails.
    pub fn open(ledger: Arc<dyn Ledger>) -> Result<Self, StoreError> {
        let known = RwLock::new(Known { sites: read(ledger.as_ref())?, read_at: Instant::now() });
        Ok(Self { ledger, known })
    }

    /// The site of this name. Reads the ledger anew when what is known is old; when the ledger fails, what
    /// was known stays in use.
    pub fn find(&self, id: &SiteId) -> Option<Arc<Site>> {
        let (found, age) = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            (known.sites.get(id).cloned(), known.read_at.elapsed())
        };
        let fresh = age < if found.is_some() { MAX_AGE } else { MISS_AGE };
        if fresh {
            return found;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.read_at.elapsed() >= MISS_AGE {
            known.read_at = Instant::now();
            match read(self.ledger.as_ref()) {
                Ok(sites) => known.sites = sites,
                Err(error) => tracing::error!("sites could not be read again: {error}"),
            }
        }
        known.sites.get(id).cloned()
    }
}

fn read(ledger: &dyn Ledger) -> Result<HashMap<SiteId, Arc<Site>>, StoreError> {
    Ok(ledger.sites()?.into_iter().map(|site| (site.id.clone(), Arc::new(site))).collect())
}
