//! The day's salts: one file a site and local day, readable by the owner only, outside the database and so
//! outside its backups. Invariant: a salt is random, is on disk before it is used, is never replaced where its file
//! is damaged, and is overwritten and removed when its day and [`GRACE_MS`] after it are over; that it was is not
//! forgotten before it is recorded.

use crate::domain::{Date, Site, SiteNo, Timestamp, Zone};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// How long after its day a salt lives, so that visits across midnight and late events find it: two hours.
pub const GRACE_MS: i64 = 2 * 60 * 60 * 1000;

/// A salt cannot be read or written. The text names the file and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SaltError(String);

/// 256 random bits, in one place of memory that is never copied and is overwritten when the last holder drops
/// it. Not printable.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Salt([u8; BYTES]);

impl Salt {
    #[cfg(test)]
    pub(super) fn for_test(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// Made where it stays: what is moved leaves a copy behind.
    fn filled(fill: impl FnOnce(&mut [u8; BYTES]) -> io::Result<()>) -> io::Result<Arc<Self>> {
        let mut salt = Arc::new(Self([0; BYTES]));
        if let Some(salt) = Arc::get_mut(&mut salt) {
            fill(&mut salt.0)?;
        }
        Ok(salt)
    }

    pub(super) fn bytes(&self) -> &[u8; BYTES] {
        &self.0
    }
}

/// A salt that lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// The site it is for.
    pub site: SiteNo,
    /// Its local day.
    pub day: Date,
    /// When it was made; `None` when the file system does not say.
    pub made_at: Option<Timestamp>,
}

/// A salt that is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destroyed {
    /// The site it was for.
    pub site: SiteNo,
    /// Its local day.
    pub day: Date,
}

/// The live salts.
pub struct Salts {
    folder: PathBuf,
    live: RwLock<HashMap<(SiteNo, Date), Arc<Salt>>>,
}

impl Salts {
    /// Reads what is in `folder`, creating it if needed.
    ///
    /// # Errors
    /// When the folder cannot be used, or a salt in it is damaged: a visitor of that day could not be
    /// recognised, which is for the operator to decide.
    pub fn open(folder: &Path) -> Result<Self, SaltError> {
        create_private_folder(folder).map_err(|error| failed(folder, &error))?;
        let mut live = HashMap::new();
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
            let path = entry.map_err(|error| failed(folder, &error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".new") {
                // Never used: a salt is renamed before its first use.
                fs::remove_file(&path).map_err(|error| failed(&path, &error))?;
            } else if parse_name(name, ENDING).is_some() {
                // Its destruction was cut short.
                destroy(folder, &path.with_extension(SALT)).map_err(|error| failed(&path, &error))?;
            } else if let Some(key) = parse_name(name, SALT) {
                live.insert(key, read(&path)?);
            }
        }
        Ok(Self { folder: folder.to_owned(), live: RwLock::new(live) })
    }

    /// Destroys the salts in `folder` that an older version overwrote and could not remove any more: those whose day and
    /// grace are over at `now`, and of which nothing but zeros is left. To be called before [`Salts::open`].
    ///
    /// # Errors
    /// When one cannot be read or removed.
    pub fn finish_emptied(folder: &Path, known: &[Site], now: Timestamp) -> Result<(), SaltError> {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.map_err(|error| failed(folder, &error))?.path();
            if is_emptied(&path, known, now).map_err(|error| failed(&path, &error))? {
                destroy(folder, &path).map_err(|error| failed(&path, &error))?;
            }
        }
        Ok(())
    }

    /// Reads every salt in `folder` and changes nothing; that there is no folder is no failure.
    ///
    /// # Errors
    /// As [`Salts::open`].
    pub fn check(folder: &Path, known: &[Site], now: Timestamp) -> Result<(), SaltError> {
        if !folder.try_exists().map_err(|error| failed(folder, &error))? {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
            let path = entry.map_err(|error| failed(folder, &error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let ended = is_emptied(&path, known, now).map_err(|error| failed(&path, &error))?;
            if parse_name(name, SALT).is_some() && !ended {
                read(&path)?;
            }
        }
        Ok(())
    }

    /// The salt of a day, made when there is none.
    pub(super) fn get(&self, site: SiteNo, day: Date) -> Result<Arc<Salt>, SaltError> {
        if let Some(salt) = self.existing(site, day) {
            return Ok(salt);
        }
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(salt) = live.get(&(site, day)) {
            return Ok(salt.clone());
        }
        let path = self.path(site, day);
        let salt = create(&self.folder, &path).map_err(|error| failed(&path, &error))?;
        live.insert((site, day), salt.clone());
        Ok(salt)
    }

    /// The salt of a day, if it lives.
    pub(super) fn existing(&self, site: SiteNo, day: Date) -> Option<Arc<Salt>> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.get(&(site, day)).cloned()
    }

    /// The salts that live, oldest day first.
    pub fn live(&self) -> Vec<Live> {
        let mut live: Vec<Live> = {
            let salts = self.live.read().unwrap_or_else(PoisonError::into_inner);
            salts.keys().map(|(site, day)| Live { site: *site, day: *day, made_at: None }).collect()
        };
        for salt in &mut live {
            salt.made_at = modified(&self.path(salt.site, salt.day));
        }
        live.sort_unstable_by_key(|salt| (salt.day, salt.site));
        live
    }

    /// Destroys the salts of `site` whose day and grace are over at `now`, and those of days that are yet to come:
    /// a wrong clock made them, and they would live until then.
    ///
    /// # Errors
    /// When a file cannot be overwritten or removed; the others are destroyed all the same, and the next
    /// call tries again.
    pub fn destroy_ended(&self, site: &Site, now: Timestamp) -> Result<(), SaltError> {
        let alive_since = site.zone.date(now.plus_millis(-GRACE_MS));
        let tomorrow = site.zone.date(now).plus(1);
        self.destroy(|no, day| no == site.no && (day < alive_since || day > tomorrow))
    }

    /// Destroys the salts of sites that are not among `known`, once their day is over in every zone.
    ///
    /// # Errors
    /// As [`Salts::destroy_ended`].
    pub fn destroy_orphans(&self, known: &[Site], now: Timestamp) -> Result<(), SaltError> {
        self.destroy(|no, day| is_over((no, day), &[], now) && !known.iter().any(|site| site.no == no))
    }

    fn destroy(&self, which: impl Fn(SiteNo, Date) -> bool) -> Result<(), SaltError> {
        let ended: Vec<(SiteNo, Date)> = {
            let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
            live.keys().filter(|(no, day)| which(*no, *day)).copied().collect()
        };
        let mut trouble = None;
        for (no, day) in ended {
            let path = self.path(no, day);
            match destroy(&self.folder, &path) {
                Ok(()) => {
                    self.live.write().unwrap_or_else(PoisonError::into_inner).remove(&(no, day));
                }
                Err(error) => trouble = Some(failed(&path, &error)),
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// The salts that were destroyed and whose end is not recorded yet, oldest day first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn unrecorded(&self) -> Result<Vec<Destroyed>, SaltError> {
        let entries = fs::read_dir(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| failed(&self.folder, &error))?.file_name();
            found.extend(name.to_str().and_then(|name| parse_name(name, SIGN)));
        }
        found.sort_unstable_by_key(|(site, day)| (*day, *site));
        Ok(found.into_iter().map(|(site, day)| Destroyed { site, day }).collect())
    }

    /// The end of a salt is recorded: its sign goes.
    ///
    /// # Errors
    /// When the file cannot be removed; it is then recorded twice, which is better than never.
    pub fn recorded(&self, salt: &Destroyed) -> Result<(), SaltError> {
        let sign = self.path(salt.site, salt.day).with_extension(SIGN);
        fs::remove_file(&sign).map_err(|error| failed(&sign, &error))
    }

    fn path(&self, site: SiteNo, day: Date) -> PathBuf {
        self.folder.join(format!("{}_{day}.salt", site.get()))
    }
}

fn modified(path: &Path) -> Option<Timestamp> {
    let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp::from_millis)
}

fn failed(path: &Path, error: &io::Error) -> SaltError {
    SaltError(format!(
        "the salt {} cannot be used: {error}; it must be there for the user that runs mqlite to read and write",
        path.display()
    ))
}

/// The ending of a live salt's file, of one that is being destroyed, and of the sign that one was.
const SALT: &str = "salt";
const ENDING: &str = "ending";
const SIGN: &str = "destroyed";

/// Bytes of a salt, and of the check behind it: the beginning of its SHA-256, in the same file and overwritten with it.
const BYTES: usize = 32;
const CHECK: usize = 8;

fn parse_name(name: &str, ending: &str) -> Option<(SiteNo, Date)> {
    let (site, day) = name.strip_suffix(ending)?.strip_suffix('.')?.split_once('_')?;
    Some((SiteNo::new(site.parse().ok()?), Date::parse(day).ok()?))
}

fn check(salt: &Salt) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&Sha256::digest(salt.0)[..CHECK]);
    check
}

/// Whether a day and its grace are over for a site; for one that is not known, in every zone.
fn is_over((no, day): (SiteNo, Date), known: &[Site], now: Timestamp) -> bool {
    let now = now.plus_millis(-GRACE_MS);
    let site = known.iter().find(|site| site.no == no);
    day < site.map_or_else(|| Zone::utc().date(now.plus_days(-1)), |site| site.zone.date(now))
}

/// Whether a file is of a salt whose day is over, and which was overwritten.
fn is_emptied(path: &Path, known: &[Site], now: Timestamp) -> io::Result<bool> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !parse_name(name, SALT).is_some_and(|key| is_over(key, known, now)) || !path.is_file() {
        return Ok(false);
    }
    let mut bytes = Vec::with_capacity(BYTES + CHECK + 1);
    File::open(path)?.take((BYTES + CHECK + 1) as u64).read_to_end(&mut bytes)?;
    let zeros = bytes.len() <= BYTES + CHECK && bytes.iter().all(|byte| *byte == 0);
    bytes.zeroize();
    Ok(zeros)
}

fn read(path: &Path) -> Result<Arc<Salt>, SaltError> {
    let damaged = || {
        SaltError(format!(
            "the salt {0} is damaged. Put the file back if you can; to go on without it, remove it, and visitors of \
             that day are counted anew: rm {0}",
            path.display()
        ))
    };
    let mut file = File::open(path).map_err(|error| failed(path, &error))?;
    let mut rest = Vec::with_capacity(CHECK);
    let salt = Salt::filled(|bytes| {
        file.read_exact(bytes)?;
        file.take(CHECK as u64 + 1).read_to_end(&mut rest).map(drop)
    });
    // Salts were once kept without a check.
    match salt {
        Ok(salt) if rest == check(&salt) || (rest.is_empty() && salt.0 != [0; BYTES]) => Ok(salt),
        Ok(_) => Err(damaged()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(damaged()),
        Err(error) => Err(failed(path, &error)),
    }
}

fn create(folder: &Path, path: &Path) -> io::Result<Arc<Salt>> {
    let random =
        |bytes: &mut [u8; BYTES]| getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()));
    let salt = Salt::filled(random)?;
    let new = path.with_extension("new");
    let mut file = private_file(&new)?;
    file.write_all(&salt.0)?;
    file.write_all(&check(&salt))?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(folder)?.sync_all()?;
    Ok(salt)
}

/// Takes the salt out of use, overwrites it, then lets the emptied file stand as the sign that it was, until that is
/// recorded. Cut short anywhere, it is found and finished; an emptied `.salt` was never ours to make.
fn destroy(folder: &Path, path: &Path) -> io::Result<()> {
    let (ending, sign) = (path.with_extension(ENDING), path.with_extension(SIGN));
    match fs::rename(path, &ending) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match OpenOptions::new().write(true).open(&ending) {
        Ok(mut file) => {
            file.write_all(&[0; BYTES + CHECK])?;
            file.sync_all()?;
            file.set_len(0)?;
            file.sync_all()?;
            fs::rename(ending, sign)?;
        }
        // Somebody was faster; it is no more all the same.
        Err(error) if error.kind() == io::ErrorKind::NotFound => drop(private_file(&sign)?),
        Err(error) => return Err(error),
    }
    File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site { no: SiteNo::new(3), ..Site::for_test("example.com", "UTC") }
    }

    #[test]
    fn lives_its_day_and_the_grace_and_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let salts = Salts::open(folder.path()).expect("opens");
        let at = |text: &str| Timestamp::parse(text).expect("valid");
        let day = Date::parse("2026-11-20").expect("valid");
        let salt = salts.get(SiteNo::new(3), day).expect("creates");
        assert_eq!(
            Salts::open(folder.path()).expect("opens").get(SiteNo::new(3), day).expect("reads").0,
            salt.0
        );

        salts.destroy_ended(&site(), at("2026-11-21T01:59:00Z")).expect("works");
        assert_eq!(salts.unrecorded().expect("reads"), []);
        salts.destroy_ended(&site(), at("2026-11-21T02:00:00Z")).expect("works");
        let destroyed = Destroyed { site: SiteNo::new(3), day };
        assert_eq!(salts.unrecorded().expect("reads"), [destroyed]);
        // It waits to be recorded, whatever happens to the process, and there is nothing in it.
        let again = Salts::open(folder.path()).expect("opens");
        assert_eq!((again.live(), again.unrecorded().expect("reads")), (vec![], vec![destroyed]));
        assert_eq!(fs::read(folder.path().join("3_2026-11-20.destroyed")).expect("reads"), b"");
        again.recorded(&destroyed).expect("removes");
        assert_eq!(fs::read_dir(folder.path()).expect("reads").count(), 0);

        salts.get(SiteNo::new(9), day).expect("creates");
        salts.destroy_orphans(&[site()], at("2026-11-21T12:00:00Z")).expect("works");
        assert_eq!(salts.live().len(), 1, "in some zone that day is not over");
        salts.destroy_orphans(&[site()], at("2026-11-22T02:00:00Z")).expect("works");
        assert_eq!(salts.unrecorded().expect("reads"), [Destroyed { site: SiteNo::new(9), day }]);
        assert!(salts.existing(SiteNo::new(3), day).is_none());
    }

    #[test]
    fn a_salt_of_a_day_to_come_is_destroyed() {
        let folder = tempfile::tempdir().expect("a folder");
        let salts = Salts::open(folder.path()).expect("opens");
        let day = |text: &str| Date::parse(text).expect("valid");
        for day in [day("2026-11-20"), day("2026-11-21"), day("2036-11-20")] {
            salts.get(SiteNo::new(3), day).expect("creates");
        }
        let now = Timestamp::parse("2026-11-20T12:00:00Z").expect("valid");
        salts.destroy_ended(&site(), now).expect("works");
        let live: Vec<Date> = salts.live().iter().map(|salt| salt.day).collect();
        assert_eq!(
            live,
            [day("2026-11-20"), day("2026-11-21")],
            "the clock was ten years ahead for a moment"
        );
        assert_eq!(salts.unrecorded().expect("reads").len(), 1);
    }

    #[test]
    fn a_destruction_that_was_cut_short_is_finished() {
        for left in [&[7_u8; 40][..], &[0; 40], &[]] {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join("3_2026-11-20.ending"), left).expect("writes");
            let salts = Salts::open(folder.path()).expect("starts all the same");
            assert_eq!((salts.live(), salts.unrecorded().expect("reads").len()), (vec![], 1));
            assert_eq!(fs::read(folder.path().join("3_2026-11-20.destroyed")).expect("reads"), b"");
            assert_eq!(fs::read_dir(folder.path()).expect("reads").count(), 1);
        }
    }

    #[test]
    fn a_damaged_salt_is_not_silently_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let day = Date::parse("2026-11-20").expect("valid");
        Salts::open(folder.path()).expect("opens").get(SiteNo::new(3), day).expect("creates");
        let path = folder.path().join("3_2026-11-20.salt");
        let whole = fs::read(&path).expect("reads");
        let message = |bytes: &[u8]| {
            fs::write(&path, bytes).expect("writes");
            let message = Salts::open(folder.path()).err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(fs::read(&path).expect("reads"), bytes, "it is left as it is");
            message
        };
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(message(&flipped).contains("is damaged"), "bit {bit}");
        }
        for cut in (0..whole.len()).filter(|cut| *cut != BYTES) {
            assert!(message(&whole[..cut]).contains("is damaged"), "cut at {cut}");
        }
        let message = message(&[0; BYTES]);
        assert!(message.contains("is damaged") && message.contains("2026-11-20.salt"), "{message}");
        // As an older version wrote it.
        fs::write(&path, &whole[..BYTES]).expect("writes");
        assert_eq!(Salts::open(folder.path()).expect("opens").live().len(), 1);
    }

    #[test]
    fn what_an_older_version_emptied_is_destroyed_once_its_day_is_over() {
        // In the site's zone, UTC, the grace after the 21st has just ended; a day that may not be over is for somebody.
        let (now, known) = (Timestamp::parse("2026-11-22T02:00:00Z").expect("valid"), [site()]);
        for left in [&[][..], &[0; 31], &[0; 32], &[0; 40]] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("3_2026-11-21.salt");
            fs::write(&path, left).expect("writes");
            Salts::check(folder.path(), &known, now).expect("nothing is lost");
            assert!(path.exists(), "a check only reads");
            Salts::finish_emptied(folder.path(), &known, now).expect("works");
            let salts = Salts::open(folder.path()).expect("opens");
            assert_eq!((salts.live(), salts.unrecorded().expect("reads").len()), (vec![], 1));
        }
        for (name, left) in [("3_2026-11-22", 0), ("4_2026-11-21", 0), ("3_2026-11-21", 1)] {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join(name).with_extension(SALT), [left; 40]).expect("writes");
            Salts::finish_emptied(folder.path(), &known, now).expect("leaves it");
            assert!(Salts::check(folder.path(), &known, now).is_err(), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let salts = Salts::open(&folder.path().join("salts")).expect("opens");
        salts.get(SiteNo::new(3), Date::from_days(0)).expect("creates");
        let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("salts")), 0o700);
        assert_eq!(mode(&folder.path().join("salts/3_1970-01-01.salt")), 0o600);
    }
}
