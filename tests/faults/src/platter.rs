//! What a power cut leaves of a folder: its state when it was last known, and a trace of what was written and
//! synced since. Invariant: what was synced is there; of what was not, a cut takes what it likes: whole writes,
//! single sectors of one, names of files, the emptying of a file. It is as hard as POSIX allows, and harder than
//! most file systems: a new file's name is safe only once its folder is synced.

use fastrand::Rng;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// What a power cut takes of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// All of it.
    Everything,
    /// Some of it, sector by sector.
    Some,
    /// The newest of it, torn.
    Newest,
}

impl Cut {
    /// One after the other.
    pub(crate) fn of(number: usize) -> Self {
        [Self::Everything, Self::Some, Self::Newest][number % 3]
    }
}

/// A change of a file's bytes, and its place in the trace.
#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

#[derive(Debug, Clone, Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<(u64, Change)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// A change of names.
#[derive(Debug, Clone)]
enum Naming {
    Made(String, Node),
    Gone(String),
    Moved(String, String),
}

type Names = BTreeMap<String, Node>;

/// A folder as a disk has it.
#[derive(Debug, Default)]
pub(crate) struct Platter {
    files: Vec<File>,
    /// Names that a power cut leaves.
    synced: Names,
    /// Names as the process sees them.
    seen: Names,
    unsynced: Vec<(u64, Naming)>,
    /// Open files and folders by the number that the trace has for them.
    open: HashMap<u64, Node>,
    folders: HashMap<u64, String>,
    /// Where syncs began that are not over.
    syncing: HashMap<u64, u64>,
    /// Syncs that came to their end.
    pub(crate) syncs: u64,
}

impl Platter {
    /// A folder of which everything is on the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of(folder: &Path) -> std::io::Result<Self> {
        let mut platter = Self::default();
        platter.read(folder, "")?;
        platter.seen = platter.synced.clone();
        Ok(platter)
    }

    fn read(&mut self, folder: &Path, below: &str) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.read(&entry.path(), &format!("{name}/"))?;
                self.synced.insert(name, Node::Folder);
            } else if !is_index(&name) {
                self.files.push(File { synced: std::fs::read(entry.path())?, unsynced: Vec::new() });
                self.synced.insert(name, Node::File(self.files.len() - 1));
            }
        }
        Ok(())
    }

    /// Reads a trace, up to a record that the cut kept from being written.
    pub(crate) fn play(&mut self, trace: &[u8]) {
        let mut rest = trace;
        let mut place = 0;
        while let Some((head, more)) = rest.split_at_checked(24) {
            let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|n| head[at + n]));
            let length = u32::from_le_bytes(std::array::from_fn(|n| head[4 + n])) as usize;
            let Some((data, after)) = more.split_at_checked(length) else { return };
            rest = after;
            place += 1;
            self.record(place, head[0], number(8), number(16), data);
        }
    }

    fn record(&mut self, place: u64, what: u8, file: u64, at: u64, data: &[u8]) {
        let text = || String::from_utf8_lossy(data).into_owned();
        let at_byte = usize::try_from(at).unwrap_or(usize::MAX);
        match what {
            b'C' => {
                self.files.push(File::default());
                let node = Node::File(self.files.len() - 1);
                self.open.insert(file, node);
                self.name(place, Naming::Made(text(), node));
            }
            b'O' => {
                let node = *self.seen.get(&text()).unwrap_or_else(|| panic!("{} was never made", text()));
                self.open.insert(file, node);
            }
            b'P' => drop(self.folders.insert(file, text())),
            b'M' => self.name(place, Naming::Made(text(), Node::Folder)),
            b'U' => self.name(place, Naming::Gone(text())),
            b'R' => {
                let both = text();
                let (from, to) = both.split_once('\0').expect("two names");
                self.name(place, Naming::Moved(from.to_owned(), to.to_owned()));
            }
            b'W' => self.change(place, file, Change::Write { at: at_byte, bytes: data.to_vec() }),
            b'T' => self.change(place, file, Change::Resize(at_byte)),
            b'B' => drop(self.syncing.insert(at, place)),
            b'S' => self.sync(at, file),
            b'F' => self.fail(at, file),
            other => panic!("the trace has a record {other}"),
        }
    }

    fn name(&mut self, place: u64, naming: Naming) {
        apply(&mut self.seen, &naming);
        self.unsynced.push((place, naming));
    }

    fn change(&mut self, place: u64, file: u64, change: Change) {
        match self.open.get(&file) {
            Some(&Node::File(file)) => self.files[file].unsynced.push((place, change)),
            other => panic!("{file} is written to, and is {other:?}"),
        }
    }

    /// What came before the sync began is safe now.
    fn sync(&mut self, token: u64, number: u64) {
        self.syncs += 1;
        let begun = self.syncing.remove(&token).expect("a sync begins before it ends");
        if let Some(folder) = self.folders.get(&number).cloned() {
            let (safe, unsafe_yet) = std::mem::take(&mut self.unsynced)
                .into_iter()
                .partition(|(place, naming)| *place < begun && is_in(naming, &folder));
            self.unsynced = unsafe_yet;
            let safe: Vec<(u64, Naming)> = safe;
            safe.iter().for_each(|(_, naming)| apply(&mut self.synced, naming));
        } else if let Some(&Node::File(file)) = self.open.get(&number) {
            let file = &mut self.files[file];
            let safe = file.unsynced.iter().take_while(|(place, _)| *place < begun).count();
            for (_, change) in file.unsynced.drain(..safe) {
                write(&mut file.synced, &change, |_| true);
            }
        }
    }

    /// What came before a sync that failed is lost, although the process reads it: Linux says so once, and takes
    /// the pages for clean from then on.
    fn fail(&mut self, token: u64, number: u64) {
        let begun = self.syncing.remove(&token).expect("a sync begins before it fails");
        if let Some(&Node::File(file)) = self.open.get(&number) {
            let lost =
                |(place, change): &(u64, Change)| *place < begun && matches!(change, Change::Write { .. });
            self.files[file].unsynced.retain(|change| !lost(change));
        }
    }

    /// What is not synced.
    pub(crate) fn unsynced(&self) -> usize {
        self.unsynced.len() + self.files.iter().map(|file| file.unsynced.len()).sum::<usize>()
    }

    /// Makes `folder` what a cut leaves. The shared-memory indexes of SQLite are no more: they are in memory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn cut(mut self, cut: Cut, rng: &mut Rng, folder: &Path) -> std::io::Result<()> {
        let kept = |rng: &mut Rng, newest: bool| match cut {
            Cut::Everything => false,
            Cut::Some => rng.bool(),
            Cut::Newest => !newest,
        };
        let newest = rng.usize(0..4);
        let names = self.unsynced.len();
        for (at, (_, naming)) in self.unsynced.iter().enumerate() {
            if kept(rng, at + newest >= names) {
                apply(&mut self.synced, naming);
            }
        }
        for file in &mut self.files {
            let changes = file.unsynced.len();
            for (at, (_, change)) in file.unsynced.drain(..).enumerate() {
                let newest = at + newest + 1 >= changes;
                match change {
                    Change::Resize(_) if !kept(rng, newest) => {}
                    // Of the newest, the beginning or the end arrives; of what is picked, any sector.
                    _ if cut == Cut::Newest && newest => {
                        let torn = rng.usize(0..9);
                        write(&mut file.synced, &change, |sector| sector < torn);
                    }
                    _ => write(&mut file.synced, &change, |_| kept(rng, false)),
                }
            }
        }
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        for (name, node) in &self.synced {
            let path = folder.join(name);
            // A name whose folder did not arrive is not there either.
            let parent = path.parent().is_some_and(Path::exists);
            match node {
                Node::Folder if parent => std::fs::create_dir(&path)?,
                Node::File(file) if parent => std::fs::write(&path, &self.files[*file].synced)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_index(name: &str) -> bool {
    name.ends_with("-shm")
}

fn is_in(naming: &Naming, folder: &str) -> bool {
    let parent = |name: &str| name.rsplit_once('/').map_or("", |(parent, _)| parent) == folder;
    match naming {
        Naming::Made(name, _) | Naming::Gone(name) => parent(name),
        Naming::Moved(from, to) => parent(from) || parent(to),
    }
}

/// A change of names; what it is about may not have arrived.
fn apply(names: &mut Names, naming: &Naming) {
    match naming {
        Naming::Made(name, node) => drop(names.insert(name.clone(), *node)),
        Naming::Gone(name) => drop(names.remove(name)),
        Naming::Moved(from, to) => {
            if let Some(node) = names.remove(from) {
                names.insert(to.clone(), node);
            }
        }
    }
}

/// A change of bytes, of which the sectors arrive that `arrives` says.
fn write(file: &mut Vec<u8>, change: &Change, mut arrives: impl FnMut(usize) -> bool) {
    match change {
        Change::Resize(length) => file.resize(*length, 0),
        Change::Write { at, bytes } => {
            let mut done = 0;
            let mut sector = 0;
            while done < bytes.len() {
                let start = at + done;
                let length = (SECTOR - start % SECTOR).min(bytes.len() - done);
                if arrives(sector) {
                    if file.len() < start + length {
                        file.resize(start + length, 0);
                    }
                    file[start..start + length].copy_from_slice(&bytes[done..done + length]);
                }
                done += length;
                sector += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(what: u8, file: u64, at: u64, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).expect("short");
        let head = [&[what, 0, 0, 0][..], &length.to_le_bytes(), &file.to_le_bytes(), &at.to_le_bytes()];
        [&head.concat()[..], data].concat()
    }

    /// What is left of an empty folder after a trace and a cut that takes everything.
    fn left(records: &[Vec<u8>]) -> BTreeMap<String, Vec<u8>> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut platter = Platter::of(folder.path()).expect("reads");
        platter.play(&records.concat());
        let target = folder.path().join("cut");
        platter.cut(Cut::Everything, &mut Rng::with_seed(1), &target).expect("writes");
        let entries = std::fs::read_dir(&target).expect("reads").map(|entry| entry.expect("an entry"));
        entries
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, std::fs::read(entry.path()).expect("reads"))
            })
            .collect()
    }

    #[test]
    fn what_was_synced_stays_and_the_rest_goes() {
        let made = [record(b'C', 7, 0, b"a"), record(b'W', 7, 0, b"one"), record(b'P', 1, 0, b"")];
        let sync = |file, token| [record(b'B', file, token, b""), record(b'S', file, token, b"")].concat();
        let more = record(b'W', 7, 3, b"two");
        assert_eq!(left(&made), BTreeMap::new());
        let named = [made.concat(), sync(1, 1)];
        assert_eq!(left(&named), BTreeMap::from([("a".to_owned(), vec![])]), "its name, and nothing in it");
        assert_eq!(left(&[made.concat(), sync(7, 1)]), BTreeMap::new(), "its bytes, and no name");
        let whole = [made.concat(), sync(7, 1), sync(1, 2)].concat();
        let one = BTreeMap::from([("a".to_owned(), b"one".to_vec())]);
        assert_eq!(left(&[whole.clone(), more.clone()]), one);
        // Written while the sync was under way: it may have missed it.
        let amid = [record(b'B', 7, 3, b""), more, record(b'S', 7, 3, b"")];
        assert_eq!(left(&[whole, amid.concat()]), one);
    }

    #[test]
    fn what_a_failed_sync_was_about_never_arrives() {
        let sync =
            |file, token, end| [record(b'B', file, token, b""), record(end, file, token, b"")].concat();
        let records = [
            [record(b'C', 7, 0, b"a"), record(b'P', 1, 0, b""), sync(1, 1, b'S')].concat(),
            [record(b'W', 7, 0, b"one"), sync(7, 2, b'F'), record(b'W', 7, 3, b"two"), sync(7, 3, b'S')]
                .concat(),
        ];
        assert_eq!(left(&records), BTreeMap::from([("a".to_owned(), b"\0\0\0two".to_vec())]));
    }

    #[test]
    fn names_move_and_go_with_their_folder() {
        let sync = [record(b'P', 1, 0, b""), record(b'B', 1, 9, b""), record(b'S', 1, 9, b"")].concat();
        let records = [record(b'C', 7, 0, b"new"), sync.clone(), record(b'R', 0, 0, b"new\0old")];
        let names = |records: &[Vec<u8>]| left(records).into_keys().collect::<Vec<_>>();
        assert_eq!(names(&records), ["new"]);
        assert_eq!(names(&[records.concat(), sync.clone()]), ["old"]);
        let gone = record(b'U', 0, 0, b"old");
        assert_eq!(names(&[records.concat(), sync.clone(), gone.clone()]), ["old"]);
        assert_eq!(names(&[records.concat(), sync.clone(), gone, sync]), [""; 0]);
    }

    #[test]
    fn a_torn_write_keeps_whole_sectors() {
        let mut file = vec![1; 1024];
        let change = Change::Write { at: 500, bytes: vec![2; 600] };
        write(&mut file, &change, |sector| sector == 1);
        let twos: Vec<usize> = (0..file.len()).filter(|&at| file[at] == 2).collect();
        assert_eq!((twos.first(), twos.last(), twos.len()), (Some(&512), Some(&1023), 512));
    }
}
