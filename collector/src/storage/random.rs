//! Random bytes for names and secrets. Invariant: they are the system's own, or there are none.

use super::StoreError;

/// As many random bytes as are asked for.
///
/// # Errors
/// When the system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Failed(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}
