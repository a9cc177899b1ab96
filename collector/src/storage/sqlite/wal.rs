//! What a write-ahead log says of itself, read from outside. Invariant: it is only read; and a log is called damaged
//! when it shows that a commit which was synced can no longer be read, and only then. SQLite ends such a log at the
//! damage without a word, as it ends one that a power cut tore, and the commits after it are gone.
//!
//! The rule. Every writer of ours has `synchronous=FULL`: a transaction's last frame says that it is a commit, it is
//! synced, and only then does the next transaction begin behind it. What a power cut tears is therefore behind every
//! commit that was synced. So is what is left of transactions whose sync failed, or that an earlier power cut tore: the
//! next one begins where they began, and its end may leave their rest standing. Such a rest ends with its own commit
//! at the latest, and nothing was ever written on top of it. So a log is damaged when, at or behind the first frame that
//! cannot be read, a commit stands that another frame follows by its checksum, which runs on from frame to frame: it
//! was begun when the commit was synced. A damage of the last transaction alone looks like a power cut, and is taken
//! for one; so is one of the last but one, where the sign of its commit is damaged or in another sector than its checksum.
//!
//! A process that is killed between writing and syncing leaves a commit that the next one finds whole, and would build
//! on: [`settle`] syncs it first.
//!
//! The header is synced before the first frame is written, and its 32 bytes are in one sector, which a disk writes as
//! a whole. One that is damaged is therefore no power cut's, unless nothing but zeros ever arrived.
//!
//! The format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// Bytes that no disk tears.
const SECTOR: u64 = 512;
/// Either says the byte order of the checksums by its last bit.
const MAGIC: u32 = 0x377f_0682;

/// Where a log is damaged, as the number of its byte; `None` when it is whole, torn at its end, or not there.
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

/// Syncs what another process may have written and not synced, before anything is written on top of it.
///
/// # Errors
/// When it cannot be synced.
pub(super) fn settle(path: &Path) -> io::Result<()> {
    match File::options().read(true).write(true).open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
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

    fn walk(&self, reader: &mut impl Read) -> io::Result<Option<u64>> {
        let mut bad = None;
        let mut frame = vec![0; FRAME_HEADER + self.page];
        let mut before = Before { stored: self.sum, reckoned: self.sum, ours: true, commit: false };
        let mut at = HEADER as u64;
        while fills(reader, &mut frame)? {
            let sum = |from| {
                let sum = checksum(self.big_endian, from, &frame[..8]);
                checksum(self.big_endian, sum, &frame[FRAME_HEADER..])
            };
            let (salted, stored) = (frame[8..16] == self.salts, stored(&frame, 16));
            let reckoned = sum(before.stored);
            // Where it is the checksum of the frame before that is damaged, this one follows from what it should be.
            let follows =
                reckoned == stored || (before.reckoned != before.stored && sum(before.reckoned) == stored);
            // One without our salts is of an earlier round, half of whose header a power cut left under this round's.
            if bad.is_some() && follows && salted && before.commit {
                return Ok(bad);
            }
            if bad.is_none() && !(salted && reckoned == stored) {
                bad = Some(at);
            }
            let ours = salted || (follows && before.ours);
            // Of a frame that follows from none, a power cut may have left half a header, if that is in two sectors.
            let sign = follows || at % SECTOR <= SECTOR - FRAME_HEADER as u64;
            before = Before { stored, reckoned, ours, commit: ours && sign && word(&frame, 4) != 0 };
            at += frame.len() as u64;
        }
        Ok(None)
    }
}

/// What is known of the frame before.
struct Before {
    /// The checksum that it says.
    stored: [u32; 2],
    /// The checksum that it should say.
    reckoned: [u32; 2],
    /// Whether it is of this round of the log.
    ours: bool,
    /// Whether it ends a transaction of this round.
    commit: bool,
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
mod tests;
