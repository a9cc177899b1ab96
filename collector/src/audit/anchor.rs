//! The chain's witness outside the database: a file to which each new head is added. Invariant: it is only
//! ever added to, a line at a time, each on the disk before the next: `<seq> <hash> <time>`. Kept on another disk or sent to another machine,
//! it shows a log that was rewritten as a whole.

use crate::domain::{Entry, EntryHash, Head, from_hex, to_hex};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of a line beyond which nothing of it can be ours.
const LINE_MAX: u64 = 4_096;

/// The file.
#[derive(Debug, Clone)]
pub struct Anchor(PathBuf);

/// A line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// What was the newest entry once.
    Head(Head),
    /// The beginning of a line that a crash or a full disk cut off.
    Torn,
    /// Something that we never wrote.
    Unreadable,
}

impl Anchor {
    /// At `path`; made with the first entry.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Adds an entry's place, hash and time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.0)?;
        let line = format!("{} {} {}\n", entry.seq, to_hex(&entry.hash), entry.at);
        // What a crash cut off stays a line of its own.
        let line = if ends_amid_a_line(&mut file)? { format!("\n{line}") } else { line };
        let new = file.stream_position()? == 0;
        file.write_all(line.as_bytes())?;
        // Were many lines to wait for the disk, a power cut could tear any of them and look like an edit.
        file.sync_data()?;
        if new && let Some(folder) = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// The newest entry that it vouches for, of its last few lines; `None` when there is no file, or no such line.
    ///
    /// # Errors
    /// When there is a file that cannot be read.
    pub fn newest(&self) -> io::Result<Option<Head>> {
        let mut file = match File::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LINE_MAX)))?;
        let mut end = Vec::new();
        file.take(LINE_MAX).read_to_end(&mut end)?;
        let mut heads = end.split(|byte| *byte == b'\n').rev().map(parse);
        Ok(heads.find_map(|line| if let Line::Head(head) = line { Some(head) } else { None }))
    }

    /// Whether it vouches for this entry, and whether for another one in its place.
    ///
    /// # Errors
    /// When there is a file that cannot be read.
    pub fn has(&self, entry: &Head) -> io::Result<(bool, bool)> {
        let (mut same, mut other) = (false, false);
        for line in self.lines()?.into_iter().flatten() {
            if let Line::Head(head) = line?
                && head.seq == entry.seq
            {
                same |= head == *entry;
                other |= head != *entry;
            }
        }
        Ok((same, other))
    }

    /// The lines, oldest first; `None` when there is no file.
    ///
    /// # Errors
    /// When there is one that cannot be opened.
    pub(super) fn lines(&self) -> io::Result<Option<impl Iterator<Item = io::Result<Line>>>> {
        let file = match File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut reader = BufReader::new(file);
        Ok(Some(std::iter::from_fn(move || {
            let mut bytes = Vec::new();
            match reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes) {
                Ok(0) => None,
                Ok(_) => Some(Ok(parse(&bytes))),
                Err(error) => Some(Err(error)),
            }
        })))
    }
}

fn ends_amid_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Reads a line. A time that is torn does no harm: the place and the hash are whole.
fn parse(bytes: &[u8]) -> Line {
    // Some file systems leave zeros where a power cut kept the bytes from arriving; a copy by way of Windows or of
    // a mail has other line ends, and vouches for the same.
    let line = std::str::from_utf8(bytes).unwrap_or("?").trim_end_matches(['\r', '\n']);
    let text = line.trim_matches('\0');
    let mut parts = text.split(' ');
    let (seq, hash) = (parts.next().unwrap_or_default(), parts.next());
    let time = parts.next().unwrap_or_default();
    let digits = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
    let ours = time.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ".contains(&byte));
    let of_ours = |byte: u8| byte == 0 || byte.is_ascii_hexdigit() || b" -:.TZ".contains(&byte);
    let holed = (line.starts_with('\0') || text.contains('\0')) && text.bytes().all(of_ours);
    if text.is_empty() || holed {
        return Line::Torn;
    }
    if !digits || !ours || parts.next().is_some() {
        return Line::Unreadable;
    }
    let Some(hash) = hash else { return Line::Torn };
    match (seq.parse(), parse_hash(hash)) {
        (Ok(seq), Some(hash)) => Line::Head(Head { seq, hash }),
        (Ok(_), None) if hash.len() < 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => Line::Torn,
        _ => Line::Unreadable,
    }
}

/// A hash of 64 hexadecimal digits.
pub(super) fn parse_hash(text: &str) -> Option<EntryHash> {
    from_hex(text.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn entry(seq: i64) -> Entry {
        Entry {
            seq,
            at: Timestamp::from_millis(0),
            role: "owner".to_owned(),
            who: "owner".to_owned(),
            action: "session.opened".to_owned(),
            site: None,
            subject: None,
            details: "{}".to_owned(),
            previous: [0; 32],
            hash: [7; 32],
        }
    }

    fn lines(anchor: &Anchor) -> Vec<Line> {
        anchor.lines().expect("opens").expect("is there").map(|line| line.expect("reads")).collect()
    }

    #[test]
    fn every_head_is_a_line_and_a_torn_one_harms_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let anchor = Anchor::at(&folder.path().join("audit.anchor"));
        assert!(anchor.lines().expect("no file is no failure").is_none());
        let head = |seq| Line::Head(Head { seq, hash: [7; 32] });
        anchor.write(&entry(1)).expect("writes");
        anchor.write(&entry(2)).expect("writes");
        assert_eq!(lines(&anchor), [head(1), head(2)]);
        (3..=200).for_each(|seq| anchor.write(&entry(seq)).expect("writes"));
        assert_eq!(anchor.newest().expect("reads"), Some(Head { seq: 200, hash: [7; 32] }));
        std::fs::remove_file(anchor.path()).expect("removes");
        assert_eq!(anchor.newest().expect("no file is no failure"), None);
        (1..=2).for_each(|seq| anchor.write(&entry(seq)).expect("writes"));
        let whole = std::fs::read(anchor.path()).expect("reads");
        for cut in whole.len() / 2 + 1..whole.len() {
            std::fs::write(anchor.path(), &whole[..cut]).expect("writes");
            let torn = lines(&anchor);
            assert!(torn.len() == 2 && matches!(torn[1], Line::Torn | Line::Head(_)), "{cut}: {torn:?}");
            anchor.write(&entry(3)).expect("writes");
            assert_eq!(lines(&anchor).last(), Some(&head(3)), "{cut}");
            assert_eq!(lines(&anchor).len(), 3, "{cut}");
            assert_eq!(anchor.newest().expect("reads"), Some(Head { seq: 3, hash: [7; 32] }), "{cut}");
        }
    }

    #[test]
    fn what_we_never_wrote_is_unreadable() {
        for line in ["hello\n", "1 zz 2026\n", "x 07 2026\n", "1 2 3 4\n", "-1 07 2026\n", " \n"] {
            assert_eq!(parse(line.as_bytes()), Line::Unreadable, "{line:?}");
        }
        let long = format!("1 {} 2026-11-22T10:00:00.000Z\n", "0".repeat(66));
        assert_eq!(parse(long.as_bytes()), Line::Unreadable);
        assert_eq!(parse(b"\xff\n"), Line::Unreadable);
        assert_eq!(parse(b"\0\0\0\0"), Line::Torn);
        assert_eq!(parse(b"12 b3\0\0\0\0:00:00.000Z\n"), Line::Torn, "its second sector is lost");
        assert_eq!(parse(b"12 b3\0\0 hello\n"), Line::Unreadable);
        // Its first sector is lost: what is left of the hash is at the beginning.
        assert_eq!(parse(b"\0\0\0\0b3 2026-11-22T10:00:00.000Z\n"), Line::Torn);
    }
}
