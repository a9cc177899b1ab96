//! Folders that were left in the middle of something. Invariant: a look at an older version's database leaves it
//! one, and a change that was cut short is taken back before anybody judges what is there.

use super::*;
use crate::storage::AuditLog;
use crate::storage::sqlite::SqliteLedger;

/// Leaves `a.db` as a crash does in the middle of a change, without a write-ahead log; answers how it was before.
fn half_done(folder: &Path, prepare: &str) -> PathBuf {
    let (whole, path) = (folder.join("whole.db"), folder.join("a.db"));
    let db = Connection::open(&whole).expect("opens");
    db.execute_batch(prepare).expect("works");
    // Little memory, so that the change is on its way to the file.
    db.execute_batch(
        "PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (x);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
         INSERT INTO half SELECT randomblob(900) FROM n;",
    )
    .expect("works");
    for (from, to) in [("whole.db", "a.db"), ("whole.db-journal", "a.db-journal")] {
        fs::copy(folder.join(from), folder.join(to)).expect("copies");
    }
    path
}

/// As the first start leaves it, and as a copy that was started on.
#[test]
fn a_change_that_a_crash_cut_short_is_taken_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = half_done(folder.path(), "");
    assert!(fs::metadata(&path).expect("is there").len() > 0);
    let why = look_at_ledger(&path, &|| true).expect_err("only reads").to_string();
    assert!(why.contains("takes back at the next start"), "{why}");
    take_back(&path).expect("works");
    assert_eq!(look_at_ledger(&path, &|| true), Ok(None), "it was empty");

    let folder = tempfile::tempdir().expect("a folder");
    drop(connect::writer(&folder.path().join("whole.db"), migrate::LEDGER).expect("creates"));
    let path = half_done(folder.path(), "PRAGMA journal_mode = DELETE");
    // Torn, too, which the journal knows better.
    let mut bytes = fs::read(&path).expect("reads");
    bytes[..100].fill(7);
    fs::write(&path, bytes).expect("writes");
    take_back(&path).expect("works");
    let seen = look_at_ledger(&path, &|| true).expect("is whole").expect("is there");
    assert_eq!((seen.older, seen.sites), (false, 0));
    let half = connect::reader(&path).expect("opens").query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'half')",
        [],
        |row| row.get(0),
    );
    assert_eq!(half, Ok(false));
    take_back(&path).expect("there is nothing to take back");
}

#[test]
fn a_journal_beside_a_log_is_for_somebody_to_decide() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = half_done(folder.path(), "");
    fs::write(folder.path().join("a.db-wal"), [7; 40]).expect("writes");
    let before = fs::read(&path).expect("reads");
    let why = take_back(&path).expect_err("two moments").to_string();
    assert!(why.contains("not of one moment") && why.contains("newest backup"), "{why}");
    assert_eq!(fs::read(&path).expect("reads"), before);
}

/// A copy has no log; one beside it is of the folder that the copy was put over, and would be replayed upon it.
#[test]
fn a_copy_over_a_folder_with_a_log_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, copy) = (folder.path().join("ledger.db"), folder.path().join("copy.db"));
    let db = connect::writer(&path, migrate::LEDGER).expect("creates");
    db.execute("VACUUM INTO ?1", [copy.to_str().expect("is text")]).expect("copies");
    assert!(look_at_ledger(&path, &|| true).expect("is whole").is_some());
    // As a kill leaves it: the log is full.
    let log = fs::read(beside(&path, "wal")).expect("reads");
    assert!(!log.is_empty());
    drop(db);
    fs::copy(&copy, &path).expect("copies");
    assert!(
        look_at_ledger(&path, &|| true).expect("is whole").is_some(),
        "without a log it is a copy that may start"
    );
    fs::write(beside(&path, "wal"), &log).expect("writes");
    let why = look_at_ledger(&path, &|| true).expect_err("two moments").to_string();
    assert!(why.contains("another's log") && why.contains("newest backup"), "{why}");
}

#[test]
fn an_older_versions_ledger_is_only_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    drop(connect::writer(&path, &migrate::LEDGER[..3]).expect("creates"));
    let before = fs::read(&path).expect("reads");
    let seen = look_at_ledger(&path, &|| true).expect("is whole").expect("is there");
    assert!(seen.older);
    let ledger = SqliteLedger::open_read_only(&path).expect("opens");
    assert_eq!(ledger.audit_head().expect("reads"), None);
    assert_eq!(ledger.schema().expect("reads").len(), 3);
    assert!(
        ledger.reference(crate::domain::SiteNo::new(1), crate::domain::LeadKey::from_bytes([0; 16])).is_err()
    );
    assert_eq!(fs::read(&path).expect("reads"), before);
}

#[test]
fn a_log_that_is_read_is_not_called_emptied() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    let writer = connect::writer(&path, migrate::LEDGER).expect("creates");
    let mut reader = connect::reader(&path).expect("opens");
    let reading = reader.transaction().expect("begins");
    let count: i64 = reading.query_row("SELECT count(*) FROM sites", [], |row| row.get(0)).expect("reads");
    assert_eq!(count, 0);
    writer.execute_batch("CREATE TABLE more (x)").expect("writes");
    writer.busy_timeout(std::time::Duration::ZERO).expect("sets");
    let why = connect::empty_log(&writer, &path).expect_err("is read").to_string();
    assert!(why.contains("another process reads it"), "{why}");
    drop(reading);
    connect::empty_log(&writer, &path).expect("nobody reads");
    assert_eq!(fs::metadata(folder.path().join("ledger.db-wal")).expect("is there").len(), 0);
}
