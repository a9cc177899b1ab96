//! The one writer of the event log. Invariant: a batch is answered after the commit that holds it, or with
//! an error when nothing of it was kept; the queue is bounded by events and never waits when it is full.

use super::connect::{self, Connection};
use super::event_rows::{self, Dictionary};
use super::recent::{Recent, WINDOW};
use super::replies::{Promise, Promised, keep, promise};
use super::sql;
use crate::domain::{Date, EventId, LeadKey, Outcome, Signal, SiteNo, Timestamp, Trust, VisitorId};
use crate::storage::{Appended, Batch, Counted, Doorbell, EraseEvents, ErasedEvents, Selector, StoreError};
use rusqlite::params;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Events that may wait to be written: a second of a very busy site, in some tens of megabytes. Large ones count as
/// several.
const QUEUE_EVENTS: usize = 20_000;
/// Bytes of text that an event has before it counts as several.
const LARGE: usize = 1_024;
/// Events of one transaction.
const GROUP_EVENTS: usize = 2_000;

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer's thread does.
pub(super) enum Job {
    Append(Batch, Promise<Appended>),
    Erase(Selector, Reply<u64>),
    Prune(Stretch, Reply<u64>),
    PruneOutcomes(SiteNo, Date, Reply<u64>),
    ErasePerson(EraseEvents, Reply<ErasedEvents>),
    DropUnused(Reply<()>),
    Compact(Reply<bool>),
}

/// Places to prune in one transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) site: SiteNo,
    pub(super) before: Timestamp,
    /// After this place,
    pub(super) after: i64,
    /// up to this one.
    pub(super) last: i64,
}

/// The way to the writer's thread.
pub(super) struct Writer {
    jobs: Mutex<Option<Sender<Job>>>,
    waiting: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, doorbell: Arc<Doorbell>) -> Result<Self, StoreError> {
        let (jobs, inbox) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut state = State::open(connection)?;
        let counter = Arc::clone(&waiting);
        let thread = std::thread::Builder::new()
            .name("mqlite-writer".to_owned())
            .spawn(move || {
                state.run(&inbox, &counter, &doorbell);
                connect::settle_file(&state.connection)
            })
            .map_err(|error| StoreError::Failed(format!("no thread for the writer: {error}")))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), waiting, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a batch; its answer comes after the commit.
    pub(super) fn append(&self, batch: Batch) -> Result<Promised<Appended>, StoreError> {
        let weight = weight(&batch);
        if self.waiting.fetch_add(weight, Ordering::AcqRel) + weight > QUEUE_EVENTS {
            self.waiting.fetch_sub(weight, Ordering::AcqRel);
            return Err(StoreError::Busy);
        }
        let (reply, answer) = promise();
        self.send(Job::Append(batch, reply))?;
        Ok(answer)
    }

    /// Has the writer do something between two groups, and waits for its answer. `job` makes the job from the
    /// way back.
    pub(super) fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(job(reply))?;
        answer.blocking_recv().map_err(|_| stopped())?
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.as_ref().and_then(|jobs| jobs.send(job).ok()).ok_or_else(stopped)
    }
}

impl Writer {
    /// Writes what is queued, takes no more, and settles the file.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        match self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(thread) => thread.join().map_err(|_| stopped())?,
            None => Ok(()),
        }
    }
}

impl Drop for Writer {
    /// What is queued is still written.
    fn drop(&mut self) {
        if let Err(error) = self.settle() {
            tracing::error!("the event log could not be settled: {error}");
        }
    }
}

pub(super) fn stopped() -> StoreError {
    StoreError::Failed("the writer has stopped".to_owned())
}

fn weight(batch: &Batch) -> usize {
    let events: usize =
        batch.events.iter().map(|(event, _)| 1 + event_rows::details_bytes(event) / LARGE).sum();
    events + batch.tallies.len() + 1
}

/// What is written in one transaction, and whom to tell.
#[derive(Default)]
struct Group {
    batches: Vec<Batch>,
    replies: Vec<Promise<Appended>>,
}

struct State {
    connection: Connection,
    dictionary: Dictionary,
    recent: Recent,
    next: i64,
    /// What `PRAGMA data_version` said last: it changes when another connection has written.
    version: i64,
    failing: bool,
}

impl State {
    fn open(connection: Connection) -> Result<Self, StoreError> {
        let highest: i64 = connection.query_row(sql!("events/highest"), [], |row| row.get(0))?;
        let mut recent = Recent::default();
        {
            let mut statement = connection.prepare(sql!("events/recent_ids"))?;
            let window = i64::try_from(WINDOW).unwrap_or(i64::MAX);
            let mut rows = statement.query([highest.saturating_sub(window)])?;
            while let Some(row) = rows.next()? {
                recent.insert(EventId::from_bytes(row.get(0)?));
            }
        }
        recent.commit();
        Ok(Self {
            connection,
            dictionary: Dictionary::default(),
            recent,
            next: highest + 1,
            version: -1,
            failing: false,
        })
    }

    /// Drains the queue and commits; there is no lingering timer, so that a lone event does not wait.
    fn run(&mut self, inbox: &Receiver<Job>, waiting: &AtomicUsize, doorbell: &Doorbell) {
        while let Ok(first) = inbox.recv() {
            let mut group = Group::default();
            let mut events = 0;
            let mut next = Some(first);
            while let Some(job) = next.take() {
                match job {
                    Job::Append(batch, reply) => {
                        events += weight(&batch);
                        group.batches.push(batch);
                        group.replies.push(reply);
                        if events < GROUP_EVENTS {
                            next = inbox.try_recv().ok();
                        }
                    }
                    Job::Erase(selector, reply) => {
                        self.write(std::mem::take(&mut group), waiting, doorbell);
                        let _ = reply.send(self.erase(&selector));
                    }
                    Job::Prune(stretch, reply) => {
                        self.write(std::mem::take(&mut group), waiting, doorbell);
                        let _ = reply.send(self.prune(stretch));
                    }
                    Job::PruneOutcomes(site, before, reply) => {
                        self.write(std::mem::take(&mut group), waiting, doorbell);
                        let _ = reply.send(self.prune_outcomes(site, before));
                    }
                    Job::ErasePerson(order, reply) => {
                        self.write(std::mem::take(&mut group), waiting, doorbell);
                        let _ = reply.send(self.erase_person(order));
                    }
                    Job::DropUnused(reply) => {
                        self.write(std::mem::take(&mut group), waiting, doorbell);
                        let _ = reply.send(self.drop_unused());
                    }
                    Job::Compact(reply) => {
                        self.write(std::mem::take(&mut group), waiting, doorbell);
                        let _ = reply.send(connect::compact(&self.connection));
                    }
                }
            }
            self.write(group, waiting, doorbell);
        }
    }

    fn write(&mut self, group: Group, waiting: &AtomicUsize, doorbell: &Doorbell) {
        let Group { batches, replies } = group;
        if batches.is_empty() {
            return;
        }
        let result = self.commit(&batches);
        waiting.fetch_sub(batches.iter().map(weight).sum(), Ordering::AcqRel);
        match result {
            Ok(answers) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!("events are being stored again");
                }
                // Nobody listens when the visitor has gone; the event is kept all the same.
                keep(replies.into_iter().zip(answers.into_iter().map(Ok)));
                doorbell.ring();
            }
            Err(error) => {
                // Once per outage, not once per event: a full disk must not be filled further by its log.
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!("events cannot be stored and are answered with 503: {error}");
                }
                let failed = || Err(StoreError::Failed(error.to_string()));
                keep(replies.into_iter().map(|reply| (reply, failed())));
            }
        }
    }

    fn commit(&mut self, group: &[Batch]) -> Result<Vec<Appended>, StoreError> {
        let result = self.try_commit(group);
        match &result {
            Ok(_) => self.recent.commit(),
            Err(_) => {
                self.recent.roll_back();
                self.dictionary.clear();
            }
        }
        result
    }

    fn try_commit(&mut self, group: &[Batch]) -> Result<Vec<Appended>, StoreError> {
        let transaction = self.connection.transaction()?;
        let version =
            transaction.prepare_cached(sql!("events/data_version"))?.query_row([], |row| row.get(0))?;
        if version != self.version {
            // Another process has written: the numbers that we remember may be no more.
            self.dictionary.clear();
            let highest: i64 = transaction.query_row(sql!("events/highest"), [], |row| row.get(0))?;
            self.next = self.next.max(highest + 1);
            self.version = version;
        }
        let mut next = self.next;
        let mut answers = Vec::with_capacity(group.len());
        let mut outcomes: BTreeMap<(SiteNo, Date, Counted), i64> = BTreeMap::new();
        let mut insert = event_rows::Insert::into(&transaction)?;
        for batch in group {
            let mut appended = Appended::default();
            for (event, day) in &batch.events {
                let outcome = if self.recent.insert(event.id) {
                    insert.event(&transaction, &mut self.dictionary, next, event)?;
                    next += 1;
                    appended.stored += 1;
                    Outcome::Stored
                } else {
                    appended.duplicates += 1;
                    Outcome::Duplicate
                };
                for counted in Counted::of(event, outcome) {
                    *outcomes.entry((event.site, *day, counted)).or_default() += 1;
                }
            }
            for tally in &batch.tallies {
                let counted = Counted::Reason(tally.reason);
                *outcomes.entry((tally.site, tally.day, counted)).or_default() += 1;
            }
            answers.push(appended);
        }
        drop(insert);
        for ((site, day, counted), count) in outcomes {
            transaction.prepare_cached(sql!("events/add_outcome"))?.execute(params![
                site.get(),
                day.days(),
                counted.word(),
                count
            ])?;
        }
        transaction.commit()?;
        self.next = next;
        Ok(answers)
    }

    fn erase(&mut self, selector: &Selector) -> Result<u64, StoreError> {
        let transaction = self.connection.transaction()?;
        set_high_water(&transaction)?;
        let erased = match selector {
            Selector::Lead(key) => transaction.execute(sql!("events/erase_lead"), [key.bytes()])?,
            Selector::LeadBefore(key, before) => transaction
                .execute(sql!("events/erase_lead_before"), params![key.bytes(), before.millis()])?,
            Selector::Unproven(key, up_to) => transaction.execute(
                sql!("events/erase_unproven"),
                params![key.bytes(), up_to.raw(), Trust::Vouched.code()],
            )?,
            Selector::Visitor(id) => transaction.execute(sql!("events/erase_visitor"), [id.bytes()])?,
        };
        transaction.commit()?;
        Ok(u64::try_from(erased).unwrap_or(u64::MAX))
    }

    fn prune(&mut self, stretch: Stretch) -> Result<u64, StoreError> {
        let transaction = self.connection.transaction()?;
        set_high_water(&transaction)?;
        let pruned = transaction.execute(
            sql!("events/prune"),
            params![stretch.site.get(), stretch.before.millis(), stretch.after, stretch.last],
        )?;
        transaction.commit()?;
        Ok(u64::try_from(pruned).unwrap_or(u64::MAX))
    }

    fn prune_outcomes(&mut self, site: SiteNo, before: Date) -> Result<u64, StoreError> {
        let pruned =
            self.connection.execute(sql!("events/prune_outcomes"), params![site.get(), before.days()])?;
        Ok(u64::try_from(pruned).unwrap_or(u64::MAX))
    }

    fn drop_unused(&mut self) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        drop_unused(&transaction)?;
        transaction.commit()?;
        self.dictionary.clear();
        Ok(())
    }

    fn erase_person(&mut self, order: EraseEvents) -> Result<ErasedEvents, StoreError> {
        let transaction = self.connection.transaction()?;
        set_high_water(&transaction)?;
        let erased = erase_person(&transaction, order)?;
        if order.dry_run {
            transaction.rollback()?;
        } else {
            transaction.commit()?;
            self.dictionary.clear();
        }
        Ok(erased)
    }
}

/// Before events are erased: their places are not given again.
fn set_high_water(connection: &Connection) -> Result<(), StoreError> {
    let highest: i64 = connection.query_row(sql!("events/highest"), [], |row| row.get(0))?;
    connection.execute(sql!("events/set_high_water"), [highest])?;
    Ok(())
}

fn drop_unused(connection: &Connection) -> Result<(), StoreError> {
    for query in [sql!("events/drop_strings"), sql!("events/drop_touches"), sql!("events/drop_agents")] {
        connection.execute(query, [])?;
    }
    Ok(())
}

fn erase_person(connection: &Connection, order: EraseEvents) -> Result<ErasedEvents, StoreError> {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let key = LeadKey::bytes(&order.lead);
    let visitors = connection
        .prepare_cached(sql!("events/visitors_of_lead"))?
        .query_map([key], |row| row.get(0).map(VisitorId::from_bytes))?
        .collect::<Result<Vec<_>, _>>()?;
    let same_pseudonym = connection.execute(sql!("events/erase_siblings"), [key])?;
    let unlinked = connection.execute(sql!("events/unlink_others"), [key])?;
    let events = if order.consented_only {
        let values = params![key, Signal::Policy.code(), order.unproven, Trust::Vouched.code()];
        let erased = connection.execute(sql!("events/erase_consented"), values)?;
        connection.execute(sql!("events/unlink_lead"), [key])?;
        erased
    } else {
        connection.execute(sql!("events/erase_lead"), [key])?
    };
    drop_unused(connection)?;
    Ok(ErasedEvents {
        events: number(events),
        same_pseudonym: number(same_pseudonym),
        unlinked: number(unlinked),
        visitors,
    })
}
