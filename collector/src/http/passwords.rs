//! Passwords, hashed by argon2id. Each takes 19 MiB and a core, and a stranger may ask for it as often as they have
//! addresses. Invariant: [`THREADS`] at most are hashed at once, [`WAITING`] wait, and the rest is told so at once;
//! each thread works in memory of its own, made once, because what is allocated anew each time fragments the heap
//! until it is as large as a leak.

use super::error::Problem;
use crate::storage::StoreError;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::password_hash::{Error, PasswordHasher};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tokio::sync::oneshot;

const THREADS: usize = 2;
/// About a second's work.
const WAITING: usize = 32;

/// What argon2 fills.
type Memory = Vec<Block>;
type Work = Box<dyn FnOnce(&mut Memory) + Send>;

static QUEUE: LazyLock<std::io::Result<SyncSender<Work>>> = LazyLock::new(|| {
    let (queue, waiting) = sync_channel::<Work>(WAITING);
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..THREADS {
        let waiting = Arc::clone(&waiting);
        let works = move || {
            let mut memory = Memory::new();
            while let Some(work) = next(&waiting) {
                work(&mut memory);
            }
        };
        std::thread::Builder::new().name("mqlite-passwords".to_owned()).spawn(works)?;
    }
    Ok(queue)
});

fn next(waiting: &Mutex<Receiver<Work>>) -> Option<Work> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Whether a password is the one that was hashed; `None` is nobody's, and takes as long, so that nobody can tell by
/// the time.
pub(super) async fn is_right(phc: Option<String>, password: String) -> Result<bool, Problem> {
    let busy = || Problem::unavailable("too many are logging in at once; try again in a moment");
    let (say, hear) = oneshot::channel();
    let work: Work = Box::new(move |memory| {
        // Whoever asked may have gone.
        let _ = say.send(verify(memory, phc.as_deref(), &password));
    });
    let queue = QUEUE.as_ref().map_err(|error| {
        tracing::error!("no thread for passwords: {error}");
        busy()
    })?;
    queue.try_send(work).map_err(|_: TrySendError<Work>| busy())?;
    hear.await.map_err(|_| busy())
}

/// Argon2id with the crate's defaults, which are OWASP's recommendation.
pub(super) fn hash(password: &str) -> Result<String, StoreError> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    Ok(hashed
        .map_err(|error| StoreError::Failed(format!("the password could not be hashed: {error}")))?
        .to_string())
}

/// What most people who make a password longer make longer, and what belongs here (OWASP ASVS 5.0, 6.2.4 and 6.2.11).
const STEMS: &[&str] = &[
    "abc",
    "admin",
    "administrator",
    "asdf",
    "auditor",
    "baseball",
    "changeme",
    "dashboard",
    "dragon",
    "football",
    "hallo",
    "hello",
    "iloveyou",
    "letmein",
    "login",
    "marketing",
    "master",
    "monkey",
    "mqlite",
    "owner",
    "pass",
    "passw0rd",
    "passwort",
    "password",
    "p@ssw0rd",
    "p@ssword",
    "princess",
    "qwerty",
    "qwertz",
    "secret",
    "shadow",
    "sunshine",
    "superman",
    "test",
    "trustno1",
    "welcome",
    "willkommen",
];
/// Rows of keys, alphabets and numbers, as fingers run along them.
const RUNS: &[&str] = &[
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "qwertzuiop",
    "qwertyuiopasdfghjklzxcvbnm",
    "asdfghjkl;'",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "q1w2e3r4t5y6u7i8",
    "zaq12wsxcde34rfv",
    "123qweasdzxc",
    "qweasdzxc123",
];

/// Whether a password is one that is tried first: a common word with numbers and signs about it, twice or thrice, a
/// run along the keys, or four characters again and again.
pub(super) fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let distinct: std::collections::BTreeSet<char> = lower.chars().collect();
    let letters_of = |text: &str| text.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    let bare = letters_of(&lower);
    let is_stem = |text: &str| STEMS.iter().any(|stem| text == *stem || text == letters_of(stem));
    let is_repeated = STEMS
        .iter()
        .any(|stem| !bare.is_empty() && bare.replace(*stem, "").chars().all(|c| !c.is_alphabetic()));
    let in_a_run =
        RUNS.iter().any(|run| run.contains(lower.as_str()) || run.repeat(2).contains(lower.as_str()));
    distinct.len() < 5 || is_stem(&bare) || is_repeated || in_a_run
}

fn verify(memory: &mut Memory, phc: Option<&str>, password: &str) -> bool {
    const NOBODYS: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let right = fits(memory, phc.unwrap_or(NOBODYS), password).unwrap_or(false);
    right && phc.is_some()
}

/// As [`argon2::PasswordVerifier`] does it, but in memory that is there.
fn fits(memory: &mut Memory, phc: &str, password: &str) -> Result<bool, Error> {
    let hash = PasswordHash::new(phc).map_err(|_| Error::EncodingInvalid)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let params = Params::try_from(&hash)?;
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let mut made = vec![0; expected.len()];
    Argon2::new(algorithm, version, params).hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        &mut made,
        &mut memory[..blocks],
    )?;
    // `Output` compares in constant time.
    Ok(Output::new(&made).is_ok_and(|made| made == *expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_password_and_no_other() {
        let mut memory = Memory::new();
        let phc = hash("correct horse battery").expect("hashes");
        assert!(verify(&mut memory, Some(&phc), "correct horse battery"));
        assert!(!verify(&mut memory, Some(&phc), "correct horse"), "what the memory held does not matter");
        assert!(verify(&mut memory, Some(&phc), "correct horse battery"));
        assert!(!verify(&mut memory, None, ""));
        assert!(!verify(&mut memory, Some("$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA"), ""));
        assert!(!verify(&mut memory, Some("nonsense"), ""));
    }

    #[test]
    fn what_is_tried_first_is_common_and_what_is_not_is_not() {
        for common in [
            "password1234",
            "Password2026!",
            "PasswordPassword",
            "123456789012",
            "aaaaaaaaaaaa",
            "abababababab",
            "qwertyuiop[]",
            "1qaz2wsx3edc",
            "abcdefghijkl",
            "mqlite-mqlite",
            "!!welcome2026",
            "P@ssw0rd1234",
            "administrator",
            "9876543210987",
            "letmeinletmein",
        ] {
            assert!(is_common(common), "{common}");
        }
        for good in [
            "correct horse battery staple",
            "another horse, another staple",
            "a third password, longer",
            "ein langer Satz mit Hund",
            "T7#kd93ls-Qz",
            "passage to india",
            "masterly strokes",
        ] {
            assert!(!is_common(good), "{good}");
        }
    }

    /// The way with memory of our own and the crate's own way say the same.
    #[test]
    fn it_is_the_crates_own_verification() {
        use argon2::PasswordVerifier;
        let mut memory = Memory::new();
        let phc = hash("a password of twelve").expect("hashes");
        for password in ["a password of twelve", "a password of twelv", "", "A password of twelve"] {
            let theirs = Argon2::default().verify_password(password.as_bytes(), phc.as_str()).is_ok();
            assert_eq!(verify(&mut memory, Some(&phc), password), theirs, "{password}");
        }
    }
}
