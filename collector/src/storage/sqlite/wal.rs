//! What a write-ahead log says of itself, read from outside. Invariant: it is only read; and a log is called damaged
//! only when it shows that a commit which was synced can no longer be read. SQLite ends such a log at the damage
//! without a word, as it ends one that a power cut tore, and the commits after it are gone.
//!
//! The format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// Either says the byte order of the checksums by its last bit.
const MAGIC: u32 = 0x377f_0682;

/// Where a log is damaged, as the number of its byte; `None` when it is whole, torn at its end, or not there.
///
/// A transaction is synced before the next one begins, so a power cut tears one transaction at most: the last. What
/// was committed after a frame that cannot be read was therefore acknowledged.
///
/// # Errors
/// When it cannot be read.
pub(super) fn damage(path: &Path) -> io::Result<Option<u64>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER];
    if length <= HEADER as u64 {
        return Ok(None);
    }
    reader.read_exact(&mut header)?;
    let Some(log) = Log::of(&header) else {
        // The header is synced before the first frame is written. Nothing but zeros: nothing arrived at all.
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest)?;
        return Ok(header.iter().chain(&rest).any(|byte| *byte != 0).then_some(0));
    };
    log.walk(&mut reader)
}

/// What a header says.
struct Log {
    big_endian: bool,
    page: usize,
    salts: [u8; 8],
    sum: [u32; 2],
}

impl Log {
    fn of(header: &[u8; HEADER]) -> Option<Self> {
        let magic = word(header, 0);
        let page = usize::try_from(word(header, 8)).ok().filter(|page| (512..=65_536).contains(page))?;
        let big_endian = magic & 1 == 1;
        let sum = checksum(big_endian, [0, 0], &header[..24]);
        let salts = header[16..24].try_into().ok()?;
        let whole = magic & !1 == MAGIC && page.is_power_of_two() && stored(header, 24) == sum;
        whole.then_some(Self { big_endian, page, salts, sum })
    }

    fn walk(mut self, reader: &mut impl Read) -> io::Result<Option<u64>> {
        let (mut bad, mut commits) = (None, 0);
        let mut frame = vec![0; FRAME_HEADER + self.page];
        let mut at = HEADER as u64;
        while fills(reader, &mut frame)? {
            let ours = frame[8..16] == self.salts;
            let sum = checksum(self.big_endian, self.sum, &frame[..8]);
            let whole = ours && checksum(self.big_endian, sum, &frame[FRAME_HEADER..]) == stored(&frame, 16);
            if !whole {
                bad = bad.or(Some(at));
            }
            // A frame of an earlier round of the log has other salts: beyond the end, all have.
            if bad.is_some() && ours && word(&frame, 4) != 0 {
                commits += 1;
            }
            self.sum = stored(&frame, 16);
            at += frame.len() as u64;
        }
        // The one commit may be that of the transaction that a power cut tore.
        Ok(bad.filter(|_| commits > 1))
    }
}

/// Fills the buffer; `false` when there is less left.
fn fills(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// A checksum as it is stored: big-endian, always.
fn stored(bytes: &[u8], at: usize) -> [u32; 2] {
    [word(bytes, at), word(bytes, at + 4)]
}

fn checksum(big_endian: bool, sum: [u32; 2], bytes: &[u8]) -> [u32; 2] {
    let [mut first, mut second] = sum;
    for pair in bytes.chunks_exact(8) {
        let [one, two] = stored(pair, 0).map(|word| if big_endian { word } else { word.swap_bytes() });
        first = first.wrapping_add(one).wrapping_add(second);
        second = second.wrapping_add(two).wrapping_add(first);
    }
    [first, second]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::sqlite::connect::Connection;
    use std::path::PathBuf;

    /// A log of a few commits as a kill leaves it, of the second round: the first was longer.
    fn log(folder: &Path) -> PathBuf {
        let path = folder.join("a.db");
        let db = Connection::open(&path).expect("opens");
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x)")
            .expect("works");
        let row = |_| assert_eq!(db.execute("INSERT INTO t VALUES (randomblob(900))", []).expect("adds"), 1);
        (0..40).for_each(row);
        db.execute_batch("PRAGMA wal_checkpoint(RESTART)").expect("works");
        (0..9).for_each(row);
        let copy = folder.join("copy.db-wal");
        // Before the connection is closed, which brings all of the log into the file.
        std::fs::copy(folder.join("a.db-wal"), &copy).expect("copies");
        std::fs::copy(folder.join("a.db"), folder.join("copy.db")).expect("copies");
        copy
    }

    /// How many rows SQLite finds with this log.
    fn rows(folder: &Path, log: &[u8]) -> i64 {
        std::fs::copy(folder.join("copy.db"), folder.join("b.db")).expect("copies");
        std::fs::write(folder.join("b.db-wal"), log).expect("writes");
        let _ = std::fs::remove_file(folder.join("b.db-shm"));
        let db = Connection::open(folder.join("b.db")).expect("opens");
        db.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).expect("counts")
    }

    #[test]
    fn a_whole_or_a_torn_log_is_not_damaged_and_one_that_lost_commits_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = log(folder.path());
        let whole = std::fs::read(&path).expect("reads");
        let seen = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("writes");
            damage(&path).expect("reads")
        };
        assert_eq!(seen(&whole), None);
        assert_eq!((rows(folder.path(), &whole), seen(&[]), seen(&[0; 9_000])), (49, None, None));
        for end in [20, 32, 100, 5_000, whole.len() - 1] {
            assert_eq!(seen(&whole[..end]), None, "torn at {end}");
        }
        // Frames of the second round that are whole: those that SQLite reads.
        let mut rng = fastrand::Rng::with_seed(5);
        let (mut found, mut missed) = (0, 0);
        for _ in 0..300 {
            let at = rng.usize(0..whole.len());
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << rng.u32(0..8);
            let lost = 49 - rows(folder.path(), &bytes);
            match seen(&bytes) {
                Some(_) => found += 1,
                None => missed = missed.max(lost),
            }
            assert!(seen(&bytes).is_none() || lost > 0, "nothing is lost by byte {at}");
        }
        assert!(found > 20, "{found}");
        assert!(missed <= 2, "{missed} commits are gone without a word");
    }
}
