//! Answers to those who wait for a commit. Invariant: whoever waits is woken once its answer is there, or once nobody
//! is left who could give one; what was answered is answered before anybody is woken.
//!
//! A commit answers many requests at once, and to wake a task on another thread costs a call into the kernel and
//! often a change of threads. So a group wakes one task of each thread, and that one wakes the others of its thread,
//! which costs next to nothing there.

use super::writer::stopped;
use crate::storage::StoreError;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::ThreadId;

type Answer<T> = Result<T, StoreError>;

/// Where an answer is put and fetched.
struct Slot<T> {
    answer: Option<Answer<T>>,
    /// Who waits, and on which thread it was last seen.
    waiting: Option<(ThreadId, Waker)>,
    /// Others who have their answer and are woken by whoever waits here.
    others: Vec<Waker>,
    /// Whether nobody waits any more: it has its answer, or has gone.
    done: bool,
}

type Shared<T> = Arc<Mutex<Slot<T>>>;

/// Whom to wake, and where it looks then.
type Waiting<T> = (Shared<T>, Waker);

fn lock<T>(slot: &Shared<T>) -> MutexGuard<'_, Slot<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the answer is given to.
pub(super) struct Promise<T>(Shared<T>);

/// What the answer comes from.
pub(super) struct Promised<T>(Shared<T>);

/// A promise, and the future of its answer.
pub(super) fn promise<T>() -> (Promise<T>, Promised<T>) {
    let slot = Slot { answer: None, waiting: None, others: Vec::new(), done: false };
    let slot = Arc::new(Mutex::new(slot));
    (Promise(Arc::clone(&slot)), Promised(slot))
}

/// Gives every promise its answer, and then wakes who waits.
pub(super) fn keep<T>(answered: impl IntoIterator<Item = (Promise<T>, Answer<T>)>) {
    let mut threads: Vec<(ThreadId, Vec<Waiting<T>>)> = Vec::new();
    for (promise, answer) in answered {
        let waiting = {
            let mut slot = lock(&promise.0);
            slot.answer = Some(answer);
            slot.waiting.take()
        };
        if let Some((thread, waker)) = waiting {
            let waiting = (Arc::clone(&promise.0), waker);
            match threads.iter_mut().find(|(known, _)| *known == thread) {
                Some((_, others)) => others.push(waiting),
                None => threads.push((thread, vec![waiting])),
            }
        }
    }
    for (_, mut waiting) in threads {
        while let Some((slot, waker)) = waiting.pop() {
            let mut slot = lock(&slot);
            // Who has fetched its answer in the meantime wakes nobody.
            if !slot.done {
                slot.others.extend(waiting.drain(..).map(|(_, waker)| waker));
                drop(slot);
                waker.wake();
            }
        }
    }
}

impl<T> Drop for Promise<T> {
    /// A promise that goes without an answer is broken, and said to be.
    fn drop(&mut self) {
        let waiting = {
            let mut slot = lock(&self.0);
            if slot.answer.is_none() && !slot.done {
                slot.answer = Some(Err(stopped()));
            }
            slot.waiting.take()
        };
        if let Some((_, waker)) = waiting {
            waker.wake();
        }
    }
}

impl<T> Future for Promised<T> {
    type Output = Answer<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer<T>> {
        let mut slot = lock(&self.0);
        let Some(answer) = slot.answer.take() else {
            slot.waiting = Some((std::thread::current().id(), context.waker().clone()));
            return Poll::Pending;
        };
        slot.done = true;
        let others = std::mem::take(&mut slot.others);
        drop(slot);
        others.into_iter().for_each(Waker::wake);
        Poll::Ready(answer)
    }
}

impl<T> Drop for Promised<T> {
    /// Who goes without having waited to the end still wakes the others.
    fn drop(&mut self) {
        let others = {
            let mut slot = lock(&self.0);
            slot.done = true;
            slot.waiting = None;
            std::mem::take(&mut slot.others)
        };
        others.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Counted {
        fn woken(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn poll(promised: &mut Promised<u32>, by: &Arc<Counted>) -> Option<Option<u32>> {
        let waker = Waker::from(Arc::clone(by));
        match Pin::new(promised).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => Some(answer.ok()),
            Poll::Pending => None,
        }
    }

    type Waiter = (Promised<u32>, Arc<Counted>);

    /// So many promises, each waited for on this thread by somebody of its own.
    fn waiting(count: usize) -> (Vec<Promise<u32>>, Vec<Waiter>) {
        let (promises, promised): (Vec<_>, Vec<_>) = (0..count).map(|_| promise()).unzip();
        let with_counter = |mut promised| {
            let counted = Arc::new(Counted::default());
            assert_eq!(poll(&mut promised, &counted), None);
            (promised, counted)
        };
        (promises, promised.into_iter().map(with_counter).collect())
    }

    fn woken(promised: &[Waiter]) -> usize {
        promised.iter().filter(|(_, counted)| counted.woken() > 0).count()
    }

    #[test]
    fn a_group_wakes_one_of_a_thread_and_that_one_the_others() {
        let (promises, mut promised) = waiting(5);
        keep(promises.into_iter().zip((0..).map(Ok)));
        assert_eq!(woken(&promised), 1);
        let leader = promised.iter().position(|(_, counted)| counted.woken() > 0).expect("one is woken");
        let (future, counted) = &mut promised[leader];
        assert!(poll(future, counted).is_some());
        assert_eq!(woken(&promised), 5);
        for (n, (future, counted)) in (0..).zip(&mut promised) {
            assert_eq!(counted.woken(), 1, "once, and not twice");
            if n != leader {
                assert_eq!(poll(future, counted), Some(u32::try_from(n).ok()));
            }
        }
    }

    #[test]
    fn whoever_goes_holds_nobody_up() {
        for gone in 0..5 {
            let (promises, mut promised) = waiting(5);
            promised.remove(gone);
            keep(promises.into_iter().zip((0..).map(Ok)));
            assert_eq!(woken(&promised), 1);
            // The one that is woken goes, too, before it is asked.
            promised.retain(|(_, counted)| counted.woken() == 0);
            assert_eq!((promised.len(), woken(&promised)), (3, 3));
        }
    }

    #[test]
    fn a_broken_promise_is_said_and_an_early_answer_is_kept() {
        let (mut promises, mut promised) = waiting(1);
        promises.clear();
        assert_eq!(woken(&promised), 1);
        let (future, counted) = &mut promised[0];
        assert_eq!(poll(future, counted), Some(None));

        let (promise, mut early) = promise();
        keep([(promise, Ok(7))]);
        assert_eq!(poll(&mut early, &Arc::default()), Some(Some(7)));
    }

    #[test]
    fn each_thread_is_woken_by_itself() {
        let (mut promises, mut promised) = waiting(2);
        let (others, theirs) = std::thread::spawn(|| waiting(2)).join().expect("runs");
        promises.extend(others);
        promised.extend(theirs);
        keep(promises.into_iter().zip((0..).map(Ok)));
        assert_eq!((woken(&promised[..2]), woken(&promised[2..])), (1, 1));
    }
}
