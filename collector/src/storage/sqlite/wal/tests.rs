//! Logs that SQLite wrote, and made ones with whatever a disk may leave of them. Invariant: what kills, failed syncs and
//! power cuts leave is never called damaged, and a damaged commit that was synced always is.

use super::*;
use crate::storage::sqlite::connect::Connection;
use fastrand::Rng;
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
    let mut rng = Rng::with_seed(5);
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

const PAGE: usize = 512;
const FRAME: usize = FRAME_HEADER + PAGE;

/// A log on a disk that keeps, of what is not synced, any sectors and not others.
struct Disk {
    durable: Vec<u8>,
    cache: Vec<u8>,
    salts: [u8; 8],
    /// The frames that are committed as SQLite reads them, and the checksum that the next one runs on from.
    frames: usize,
    sum: [u32; 2],
    /// Where each transaction that was acknowledged in this round of the log ends, in frames.
    acknowledged: Vec<usize>,
}

impl Disk {
    fn new(rng: &mut Rng) -> Self {
        let (durable, cache, acknowledged) = (Vec::new(), Vec::new(), Vec::new());
        let mut disk = Self { durable, cache, salts: [0; 8], frames: 0, sum: [0; 2], acknowledged };
        disk.restart(rng);
        disk
    }

    /// All of it is in the database: the log begins anew, in the place of the frames that are there.
    fn restart(&mut self, rng: &mut Rng) {
        if rng.bool() {
            self.cache.clear();
        }
        self.salts = std::array::from_fn(|_| rng.u8(..));
        let mut header = Vec::new();
        for word in [MAGIC, 3_007_000, 512_u32, 1] {
            header.extend(word.to_be_bytes());
        }
        header.extend(self.salts);
        self.sum = checksum(false, [0, 0], &header);
        header.extend(self.sum.iter().flat_map(|word| word.to_be_bytes()));
        self.write(0, &header);
        self.sync();
        (self.frames, self.acknowledged) = (0, Vec::new());
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        self.cache.resize(self.cache.len().max(at + bytes.len()), 0);
        self.cache[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn sync(&mut self) {
        self.durable.clone_from(&self.cache);
    }

    /// So many frames behind the last commit; the last of them is one if `ends`. Answers their checksum.
    fn add(&mut self, rng: &mut Rng, count: usize, ends: bool) -> [u32; 2] {
        let mut sum = self.sum;
        for n in 0..count {
            let mut frame = 7_u32.to_be_bytes().to_vec();
            frame.extend(u32::from(ends && n + 1 == count).to_be_bytes());
            let page: Vec<u8> = (0..PAGE).map(|_| rng.u8(..)).collect();
            sum = checksum(false, checksum(false, sum, &frame), &page);
            frame.extend(self.salts);
            frame.extend(sum.iter().flat_map(|word| word.to_be_bytes()));
            frame.extend(page);
            self.write(HEADER + (self.frames + n) * FRAME, &frame);
        }
        sum
    }

    /// Of what is not synced some sectors arrive.
    fn some_arrives(&mut self, rng: &mut Rng) {
        let mut arrived = self.durable.clone();
        arrived.resize(rng.usize(self.durable.len().min(self.cache.len())..=self.cache.len()), 0);
        let likely = rng.f32();
        for (to, from) in arrived.chunks_mut(512).zip(self.cache.chunks(512)) {
            if rng.f32() < likely {
                let length = to.len();
                to.copy_from_slice(&from[..length]);
            }
        }
        self.durable = arrived;
    }

    /// As SQLite does it: up to the last commit of the frames that follow one another from the header on.
    fn recover(&mut self) {
        let log = Log::of(self.cache[..HEADER].try_into().expect("a header")).expect("is whole");
        (self.frames, self.sum) = (0, log.sum);
        let mut sum = log.sum;
        for (n, frame) in self.cache[HEADER..].chunks_exact(FRAME).enumerate() {
            sum = checksum(false, checksum(false, sum, &frame[..8]), &frame[FRAME_HEADER..]);
            if frame[8..16] != log.salts || stored(frame, 16) != sum {
                break;
            }
            if word(frame, 4) != 0 {
                (self.frames, self.sum) = (n + 1, sum);
            }
        }
        assert!(self.frames >= self.acknowledged.last().copied().unwrap_or(0), "the model loses commits");
    }

    /// A transaction, and how it ends.
    fn step(&mut self, rng: &mut Rng) {
        let count = rng.usize(1..6);
        let how = rng.u8(0..16);
        let sum = self.add(rng, count, how > 0);
        match how {
            // Spilled, and taken back.
            0 => {}
            // The sync fails.
            1..=3 => self.some_arrives(rng),
            // Killed before the sync, and started again.
            4..=5 => {
                self.recover();
                self.sync();
            }
            // The power is cut.
            6..=8 => {
                self.some_arrives(rng);
                self.cache.clone_from(&self.durable);
                self.recover();
            }
            9 => {
                (self.frames, self.sum) = (self.frames + count, sum);
                self.restart(rng);
            }
            _ => {
                self.sync();
                (self.frames, self.sum) = (self.frames + count, sum);
                self.acknowledged.push(self.frames);
            }
        }
    }
}

fn walked(bytes: &[u8]) -> Option<u64> {
    let log = Log::of(bytes[..HEADER].try_into().expect("a header")).expect("is whole");
    log.walk(&mut &bytes[HEADER..]).expect("reads")
}

/// Whatever was killed, not synced or cut off, and in whatever order.
#[test]
fn no_power_cut_is_called_a_damage() {
    let mut rng = Rng::with_seed(7);
    for _ in 0..120 {
        let mut disk = Disk::new(&mut rng);
        for _ in 0..30 {
            disk.step(&mut rng);
            assert_eq!(walked(&disk.cache), None);
        }
    }
}

/// A bit of any frame but those of the last transaction, also where the log goes on with what earlier cuts left.
#[test]
fn a_bit_of_a_synced_commit_is_a_damage() {
    let mut rng = Rng::with_seed(8);
    let mut found = 0;
    for _ in 0..900 {
        let mut disk = Disk::new(&mut rng);
        (0..30).for_each(|_| disk.step(&mut rng));
        let Some([.., end, _]) = disk.acknowledged.get(..).filter(|ends| ends.len() > 1) else { continue };
        let frame = rng.usize(0..*end);
        let at = HEADER + frame * FRAME;
        let byte = at + rng.usize(0..FRAME);
        let last = frame + 1 == *end;
        // What the rule leaves open: the sign of the commit itself is not to be relied on.
        if last && ((at + 4..at + 8).contains(&byte) || at % 512 > 512 - FRAME_HEADER) {
            continue;
        }
        let mut bytes = disk.cache.clone();
        bytes[byte] ^= 1 << rng.u32(0..8);
        assert_eq!(walked(&bytes), Some(at as u64), "byte {} of frame {frame} of {end}", byte - at);
        found += 1;
    }
    assert!(found > 300, "{found}");
}
