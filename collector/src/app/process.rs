//! What the process asks of the system, and what it gives up. Invariant: what it creates is for its owner only,
//! no core of it is ever written, for salts, secrets and addresses are in its memory, it takes no more
//! connections than leave it files for its databases, and none of them for ever.

use std::any::Any;

/// Connections that one worker takes, where files are plenty: actix's own bound.
const PER_WORKER_MAX: usize = 25_600;
/// Requests of one worker that read or write databases at once; more wait for their turn. A database is read with a
/// processor, so that more of them at once make nothing quicker, and each thread that ever read keeps two to five
/// megabytes. Six, so that a few which wait for a lock leave some to read; events come past them.
pub(super) const AT_ONCE: usize = 6;
/// Files that are never connections: databases and their logs, salts, locks, standard streams.
#[cfg(unix)]
const RESERVED: u64 = 128;
/// Open files beyond this are asked for by nobody who means well.
#[cfg(unix)]
const FILES_MAX: u64 = 65_536;

/// What we create is for its owner only, also in a folder that was there before.
pub(super) fn private_files() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Gives up cores and huge pages, and raises the number of open files to what the system allows: the usual 1,024 are
/// used up by as many idle connections. Where it may not, it runs as it is.
pub(super) fn settle() {
    // Each small piece that lies apart would keep two megabytes resident: 147 MiB at full load in the place of 104.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        let files = getrlimit(Resource::Nofile);
        let most = files.maximum.map_or(FILES_MAX, |most| most.min(FILES_MAX));
        if files.current.is_some_and(|now| now < most) {
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: files.maximum });
        }
    }
}

/// So long what we send may go unread. Without an end to it, a client that asks and never reads holds a connection, and
/// what was to be sent, until it goes away by itself.
#[cfg(target_os = "linux")]
const UNREAD_MS: u32 = 30_000;

/// Has the system end a connection whose other side takes nothing of what we send, `UNREAD_MS` long (tcp(7),
/// TCP_USER_TIMEOUT; RFC 5482).
pub(super) fn bound_unread(connection: &dyn Any) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<tokio::net::TcpStream>() {
        // A connection that does not take it has gone already.
        let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, UNREAD_MS);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = connection;
}

/// Connections that one of `workers` may hold.
pub(super) fn connections(workers: usize) -> usize {
    #[cfg(unix)]
    {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        per_worker(files, workers)
    }
    #[cfg(not(unix))]
    {
        let _ = workers;
        PER_WORKER_MAX
    }
}

/// An equal share of the files that are not reserved.
#[cfg(unix)]
fn per_worker(files: Option<u64>, workers: usize) -> usize {
    let Some(files) = files else { return PER_WORKER_MAX };
    let free = usize::try_from(files.saturating_sub(RESERVED)).unwrap_or(PER_WORKER_MAX);
    (free / workers.max(1)).clamp(16, PER_WORKER_MAX)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(per_worker(Some(1_024), 2), 448);
        assert_eq!(per_worker(Some(65_536), 2), PER_WORKER_MAX);
        assert_eq!(per_worker(Some(64), 2), 16, "few, and not none");
        assert_eq!(per_worker(None, 2), PER_WORKER_MAX);
        assert_eq!(per_worker(Some(1_024), 0), 896);
    }
}
