//! Visits on SQLite: rows in order of arrival, found by what memory holds of them. Invariant: memory learns of a row
//! when a reader sees it, so never of one that was rolled back; numbers of rows rise and are never given twice, so what
//! it does not know yet lies above what it knows, and a row that it names is the pseudonym's or is no more.

use super::connect::{Connection, Readers};
use super::{codec, shadows, sql};
use crate::domain::{LeadKey, SiteNo, Timestamp, VisitorId};
use crate::leads::Visit;
use crate::storage::StoreError;
use hashbrown::HashTable;
use rusqlite::{CachedStatement, Row, params};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Rows that are found: the newest. Two days of 750,000 visitors each; one that came before them and comes again begins
/// a new visit.
const FOUND: i64 = 1_500_000;
/// Rows that memory holds before it drops those that are not found any more: a table of so many takes 19 MiB.
const HELD: usize = 1_800_000;

/// Four bytes of a pseudonym's hash under a key that dies with the process. Of 1,500,000 one in three thousand shares
/// them with another: each row that may be meant is read, and says whose it is.
type Short = u32;

/// Where the row of each pseudonym lies.
#[derive(Default)]
pub(super) struct Places(Mutex<Known>);

#[derive(Default)]
struct Known {
    key: RandomState,
    /// With the low half of each row's number: the high half follows from the newest.
    rows: HashTable<(Short, u32)>,
    newest: i64,
    /// How often leads had been taken back, and rows with them, by whichever process.
    takings: i64,
}

fn low(id: i64) -> u32 {
    u32::try_from(id & 0xffff_ffff).unwrap_or_default()
}

/// Spreads four bytes over the eight that the table goes by.
fn spread(short: Short) -> u64 {
    u64::from(short).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Known {
    fn short(&self, visitor: &VisitorId) -> Short {
        let [a, b, c, d, ..] = self.key.hash_one(visitor.bytes()).to_ne_bytes();
        Short::from_ne_bytes([a, b, c, d])
    }

    /// How many rows came after the one of this low half.
    fn age(&self, row: u32) -> i64 {
        i64::from(low(self.newest).wrapping_sub(row))
    }

    /// The rows that may be this visitor's.
    fn find(&self, visitor: &VisitorId) -> impl Iterator<Item = i64> {
        let short = self.short(visitor);
        let alike = self.rows.iter_hash(spread(short)).filter(move |(known, _)| *known == short);
        alike.map(|(_, row)| self.age(*row)).filter(|age| *age < FOUND).map(|age| self.newest - age)
    }

    fn learn(&mut self, visitor: &VisitorId, id: i64) {
        let short = self.short(visitor);
        self.rows.insert_unique(spread(short), (short, low(id)), |(known, _)| spread(*known));
        self.newest = id;
        if self.rows.len() > HELD {
            let newest = low(id);
            self.rows.retain(|(_, row)| i64::from(newest.wrapping_sub(*row)) < FOUND);
        }
    }

    /// Learns of the rows that came since.
    fn follow(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let takings = shadows::takings(connection)?;
        if takings != self.takings {
            *self = Self { takings, ..Self::default() };
        }
        let mut statement = connection.prepare_cached(sql!("ledger/visits_after"))?;
        let mut rows = statement.query([self.newest, FOUND])?;
        while let Some(row) = rows.next()? {
            self.learn(&VisitorId::from_bytes(row.get(1)?), row.get(0)?);
        }
        Ok(())
    }
}

impl Places {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows that these visitors may have, as a reader sees them.
    fn find<'v>(
        &self,
        reader: &Connection,
        visitors: impl IntoIterator<Item = &'v VisitorId>,
    ) -> Result<Vec<(VisitorId, i64)>, StoreError> {
        let mut known = self.known();
        known.follow(reader)?;
        let rows = |id: &VisitorId| known.find(id).map(|row| (*id, row)).collect::<Vec<_>>();
        Ok(visitors.into_iter().flat_map(rows).collect())
    }

    /// Forgets where rows lay that are gone for good.
    pub(super) fn forget(&self, gone: &[(i64, VisitorId)]) {
        let mut known = self.known();
        for (id, visitor) in gone {
            let row = (known.short(visitor), low(*id));
            if let Ok(entry) = known.rows.find_entry(spread(row.0), |other| *other == row) {
                entry.remove();
            }
        }
    }

    /// Forgets everything: it is learnt again.
    pub(super) fn clear(&self) {
        *self.known() = Known::default();
    }
}

fn visit(row: &Row<'_>) -> Result<Visit, StoreError> {
    let bytes = |column: usize| -> Result<Option<&[u8]>, StoreError> {
        Ok(row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?)
    };
    Ok(Visit {
        visitor: VisitorId::from_bytes(row.get(0)?),
        site: SiteNo::new(row.get(1)?),
        started_at: Timestamp::from_millis(row.get(2)?),
        last_at: Timestamp::from_millis(row.get(3)?),
        origin: codec::to_origin(bytes(4)?.unwrap_or_default(), "visits.origin")?,
        lead: row.get::<_, Option<[u8; 16]>>(5)?.map(LeadKey::from_bytes),
        hits: codec::to_hits(bytes(6)?, "visits.hits")?,
        proven: row.get(7)?,
    })
}

/// The visits among these that exist. `reader` must not see what is not committed.
pub(super) fn load(
    reader: &Connection,
    places: &Places,
    visitors: &[VisitorId],
) -> Result<BTreeMap<VisitorId, Visit>, StoreError> {
    let mut rows = places.find(reader, visitors)?;
    rows.sort_unstable_by_key(|(_, id)| *id);
    let mut statement = reader.prepare_cached(sql!("ledger/visit"))?;
    let mut visits = BTreeMap::new();
    for (visitor, id) in rows {
        let mut rows = statement.query([id])?;
        if let Some(row) = rows.next()?
            && let visit = visit(row)?
            && visit.visitor == visitor
        {
            visits.insert(visitor, visit);
        }
    }
    Ok(visits)
}

/// Writes visits over those of the same visitors, in a transaction that holds the writer's place: what `readers` see
/// is what was there when it began.
pub(super) fn put(
    connection: &Connection,
    places: &Places,
    readers: &Readers,
    visits: &[Visit],
) -> Result<(), StoreError> {
    if visits.is_empty() {
        return Ok(());
    }
    let mut rows = readers.read(|reader| places.find(reader, visits.iter().map(|visit| &visit.visitor)))?;
    rows.sort_unstable_by_key(|(visitor, id)| (*visitor, Reverse(*id)));
    let mut writing = Writing::on(connection)?;
    for visit in visits {
        let first = rows.partition_point(|(visitor, _)| *visitor < visit.visitor);
        let of_it = rows[first..].iter().take_while(|(visitor, _)| *visitor == visit.visitor);
        writing.put(of_it.map(|(_, id)| *id), visit)?;
    }
    Ok(())
}

/// What writes visits; looked up once, for that costs as much as a part of a visit.
struct Writing<'c> {
    change: CachedStatement<'c>,
    insert: CachedStatement<'c>,
}

impl<'c> Writing<'c> {
    fn on(connection: &'c Connection) -> Result<Self, StoreError> {
        Ok(Self {
            change: connection.prepare_cached(sql!("ledger/change_visit"))?,
            insert: connection.prepare_cached(sql!("ledger/put_visit"))?,
        })
    }

    /// Writes a visit over the first of these rows that is its visitor's, if one is.
    fn put(&mut self, rows: impl IntoIterator<Item = i64>, visit: &Visit) -> Result<(), StoreError> {
        let (visitor, site) = (visit.visitor.bytes(), visit.site.get());
        let (started_at, last_at) = (visit.started_at.millis(), visit.last_at.millis());
        let (origin, hits) = (codec::origin(&visit.origin), codec::hits(&visit.hits));
        let (lead, proven) = (visit.lead.as_ref().map(LeadKey::bytes), visit.proven);
        for id in rows {
            let changed = self
                .change
                .execute(params![visitor, site, started_at, last_at, origin, lead, hits, proven, id])?;
            if changed > 0 {
                return Ok(());
            }
        }
        self.insert.execute(params![visitor, site, started_at, last_at, origin, lead, hits, proven])?;
        Ok(())
    }
}

/// A row of a visit, and the site that it is of.
pub(super) struct Found {
    pub(super) id: i64,
    pub(super) site: SiteNo,
}

/// The rows that are tied to a lead or of one of these visitors. Every row is looked at, also what memory does not find.
pub(super) fn of_person(
    connection: &Connection,
    lead: Option<LeadKey>,
    visitors: &BTreeSet<VisitorId>,
) -> Result<Vec<Found>, StoreError> {
    all_of(connection, &lead.into_iter().collect(), visitors)
}

/// The rows that are tied to one of these leads, in one look at every row.
pub(super) fn of_leads(connection: &Connection, leads: &BTreeSet<LeadKey>) -> Result<Vec<Found>, StoreError> {
    all_of(connection, leads, &BTreeSet::new())
}

fn all_of(
    connection: &Connection,
    leads: &BTreeSet<LeadKey>,
    visitors: &BTreeSet<VisitorId>,
) -> Result<Vec<Found>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/visitors"))?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let visitor = VisitorId::from_bytes(row.get(1)?);
        let tied = row.get::<_, Option<[u8; 16]>>(3)?.map(LeadKey::from_bytes);
        if tied.is_some_and(|key| leads.contains(&key)) || visitors.contains(&visitor) {
            found.push(Found { id: row.get(0)?, site: SiteNo::new(row.get(2)?) });
        }
    }
    Ok(found)
}

/// Removes rows.
pub(super) fn remove(connection: &Connection, rows: &[Found]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/drop_visit"))?;
    for row in rows {
        statement.execute([row.id])?;
    }
    Ok(())
}

/// Writes visits in the place of those of the same visitors, without memory: whoever has some follows.
pub(super) fn put_anew(connection: &Connection, visits: &[Visit]) -> Result<(), StoreError> {
    if visits.is_empty() {
        return Ok(());
    }
    let visitors = visits.iter().map(|visit| visit.visitor).collect();
    remove(connection, &of_person(connection, None, &visitors)?)?;
    let mut writing = Writing::on(connection)?;
    visits.iter().try_for_each(|visit| writing.put([], visit))
}

/// Forgets visits whose newest event is older; answers which. Memory is to be told once that is committed.
pub(super) fn forget(
    connection: &Connection,
    before: Timestamp,
) -> Result<Vec<(i64, VisitorId)>, StoreError> {
    let mut statement = connection.prepare_cached(sql!("ledger/forget_visits"))?;
    let gone = statement
        .query_map([before.millis()], |row| Ok((row.get(0)?, row.get(1).map(VisitorId::from_bytes)?)))?;
    Ok(gone.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, Cursor, ModelHash, Text, Touch};
    use crate::leads::Origin;
    use crate::storage::sqlite::SqliteLedger;
    use crate::storage::{Changes, Scores};

    fn visitor(number: u32) -> VisitorId {
        let mut bytes = [7; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        VisitorId::from_bytes(bytes)
    }

    fn visit(number: u32, last_at: i64) -> Visit {
        let touch = Touch { channel: Channel::Email, source: Text::non_empty("mail"), ..Touch::DIRECT };
        let at = Timestamp::from_millis(last_at);
        let origin = Origin { touch, landing: Text::clean("/"), country: Text::non_empty("DE") };
        Visit {
            visitor: visitor(number),
            site: SiteNo::new(1),
            started_at: at,
            last_at: at,
            origin,
            lead: None,
            proven: false,
            hits: vec![],
        }
    }

    fn ledger(folder: &tempfile::TempDir) -> SqliteLedger {
        SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens")
    }

    fn begun() -> (tempfile::TempDir, SqliteLedger) {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = ledger(&folder);
        ledger.restart(ModelHash::from_bytes([1; 32])).expect("restarts");
        (folder, ledger)
    }

    fn commit(ledger: &SqliteLedger, visits: Vec<Visit>) {
        let (from, _) = ledger.progress().expect("reads").expect("begun");
        let generation = ledger.generation().expect("reads");
        let changes = Changes { visits, generation, ..Changes::default() };
        ledger.commit(from, Cursor::from_raw(from.raw() + 1), &changes).expect("commits");
    }

    fn found(ledger: &SqliteLedger, numbers: &[u32]) -> Vec<Visit> {
        let visitors: Vec<_> = numbers.iter().map(|number| visitor(*number)).collect();
        ledger.load(&visitors, &[]).expect("loads").visits.into_values().collect()
    }

    fn rows(ledger: &SqliteLedger) -> i64 {
        let count = |row: &Row<'_>| row.get(0);
        ledger.writer().query_row("SELECT count(*) FROM visits", [], count).expect("counts")
    }

    #[test]
    fn a_visitor_has_one_row_whoever_writes_it() {
        let (folder, ledger) = begun();
        commit(&ledger, vec![visit(1, 10), visit(2, 10)]);
        commit(&ledger, vec![visit(2, 20), visit(3, 20)]);
        assert_eq!(found(&ledger, &[1, 2, 3, 4]), [visit(1, 10), visit(2, 20), visit(3, 20)]);
        assert_eq!(rows(&ledger), 3);
        // Another process, which knows nothing yet, writes some of them and one more.
        let other = self::ledger(&folder);
        commit(&other, vec![visit(1, 30), visit(4, 30)]);
        put_anew(&other.writer(), &[visit(2, 40), visit(5, 40)]).expect("writes");
        commit(&ledger, vec![visit(4, 50), visit(5, 50), visit(6, 50)]);
        let all = [visit(1, 30), visit(2, 40), visit(3, 20), visit(4, 50), visit(5, 50), visit(6, 50)];
        for ledger in [&ledger, &other, &self::ledger(&folder)] {
            assert_eq!(found(ledger, &[1, 2, 3, 4, 5, 6, 7]), all);
        }
        assert_eq!(rows(&ledger), 6);
    }

    /// A row that was rolled back is never known, and its number is another's.
    #[test]
    fn what_is_rolled_back_was_never_there() {
        let (_folder, ledger) = begun();
        commit(&ledger, vec![visit(1, 10)]);
        {
            let mut writer = ledger.writer();
            let transaction = writer.transaction().expect("begins");
            put(&transaction, &ledger.places, &ledger.readers, &[visit(1, 99), visit(2, 99)])
                .expect("writes");
            put(&transaction, &ledger.places, &ledger.readers, &[visit(3, 99)]).expect("writes");
            transaction.rollback().expect("rolls back");
        }
        assert_eq!(found(&ledger, &[1, 2, 3]), [visit(1, 10)]);
        commit(&ledger, vec![visit(4, 20), visit(5, 20)]);
        assert_eq!(found(&ledger, &[1, 2, 3, 4, 5]), [visit(1, 10), visit(4, 20), visit(5, 20)]);
        commit(&ledger, vec![visit(4, 30), visit(2, 30)]);
        assert_eq!(
            found(&ledger, &[1, 2, 3, 4, 5]),
            [visit(1, 10), visit(2, 30), visit(4, 30), visit(5, 20)]
        );
        assert_eq!(rows(&ledger), 4);
    }

    #[test]
    fn what_is_forgotten_leaves_memory_too_and_may_come_again() {
        let (_folder, ledger) = begun();
        commit(&ledger, vec![visit(1, 10), visit(2, 20), visit(3, 10)]);
        assert_eq!(found(&ledger, &[1, 2, 3]).len(), 3);
        ledger.forget_visits(Timestamp::from_millis(20)).expect("forgets");
        assert_eq!(ledger.places.known().rows.len(), 1, "nothing is left of a pseudonym");
        assert_eq!(found(&ledger, &[1, 2, 3]), [visit(2, 20)]);
        commit(&ledger, vec![visit(1, 30), visit(3, 30)]);
        // Who removed the row before is late to say so.
        ledger.places.forget(&[(1, visitor(1))]);
        assert_eq!(found(&ledger, &[1, 2, 3]), [visit(1, 30), visit(2, 20), visit(3, 30)]);
        ledger.restart(ModelHash::from_bytes([2; 32])).expect("restarts");
        assert!(found(&ledger, &[1, 2, 3]).is_empty() && ledger.places.known().rows.is_empty());
        commit(&ledger, vec![visit(1, 40)]);
        assert_eq!(found(&ledger, &[1, 2, 3]), [visit(1, 40)]);
    }

    /// Two pseudonyms that are alike in memory are two visitors.
    #[test]
    fn the_row_says_whose_it_is() {
        let (_folder, ledger) = begun();
        commit(&ledger, vec![visit(1, 10)]);
        // To memory, the row of the first may be the second's, too.
        assert_eq!(found(&ledger, &[1, 2]), [visit(1, 10)]);
        ledger.places.known().learn(&visitor(2), 1);
        assert_eq!(found(&ledger, &[1, 2]), [visit(1, 10)]);
        commit(&ledger, vec![visit(2, 20)]);
        assert_eq!(found(&ledger, &[1, 2]), [visit(1, 10), visit(2, 20)]);
        let may_be = ledger.places.known().find(&visitor(2)).collect::<BTreeSet<_>>();
        assert_eq!(may_be, BTreeSet::from([1, 2]));
        commit(&ledger, vec![visit(1, 30), visit(2, 30)]);
        assert_eq!((found(&ledger, &[1, 2]), rows(&ledger)), (vec![visit(1, 30), visit(2, 30)], 2));
        // What is forgotten of one is not the other's.
        ledger.places.forget(&[(1, visitor(2))]);
        assert_eq!(found(&ledger, &[1, 2]), [visit(1, 30), visit(2, 30)]);
    }

    #[test]
    fn the_newest_are_found_wherever_the_numbers_turn() {
        for newest in [FOUND, (1 << 32) + 5, 7 << 32] {
            let mut known = Known::default();
            for age in [FOUND, FOUND - 1, 1, 0] {
                known.learn(&visitor(u32::try_from(age).expect("small")), newest - age);
            }
            let find = |age: i64| known.find(&visitor(u32::try_from(age).expect("small"))).next();
            let expected = [Some(newest), Some(newest - 1), Some(newest - FOUND + 1), None, None];
            assert_eq!([0, 1, FOUND - 1, FOUND, 99].map(find), expected);
        }
    }
}
