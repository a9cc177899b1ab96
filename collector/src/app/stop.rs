//! What asks the process to stop. Invariant: it is heard before a port is named to anybody; the first time, what
//! has begun is ended in its own time, and the second time nobody waits for that any longer.

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt::{System, SystemRunner};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

/// So long requests that have begun may take after the first signal. Containers are often killed ten seconds after
/// it, and the databases are to be settled before that.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The server's event loop, and the signals that end it.
pub(super) struct Stop {
    system: SystemRunner,
    signals: Signals,
}

impl Stop {
    /// From now on a signal ends nothing by itself; it waits to be heard by [`Stop::serve`].
    ///
    /// # Errors
    /// When the system takes no handler.
    pub(super) fn listen() -> io::Result<Self> {
        let system = System::new();
        let signals = system.block_on(async { Signals::new() })?;
        Ok(Self { system, signals })
    }

    /// Runs the server that `make` makes until it ends or is asked to stop.
    ///
    /// # Errors
    /// When the server cannot be made, or fails.
    pub(super) fn serve(self, make: impl FnOnce() -> io::Result<Server>) -> io::Result<()> {
        let Self { system, mut signals } = self;
        system.block_on(async move {
            let mut server = make()?;
            let handle = server.handle();
            let mut stopping = false;
            poll_fn(|context| {
                while signals.poll(context).is_ready() {
                    if std::mem::replace(&mut stopping, true) {
                        tracing::warn!("asked to stop twice: requests that have begun are cut off");
                        return Poll::Ready(Ok(()));
                    }
                    begin(&handle);
                }
                Pin::new(&mut server).poll(context)
            })
            .await
        })
    }
}

fn begin(handle: &ServerHandle) {
    tracing::info!("asked to stop: requests that have begun are answered, for {} s", PATIENCE.as_secs());
    // The order is given here; what is dropped only waits for it.
    drop(handle.stop(true));
}

#[cfg(unix)]
struct Signals([Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // Both are asked, so that both wake us.
        let heard = self.0.each_mut().map(|signal| signal.poll_recv(context).is_ready());
        if heard.contains(&true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[cfg(windows)]
struct Signals(CtrlC, CtrlBreak);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self(ctrl_c()?, ctrl_break()?))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let heard = [self.0.poll_recv(context).is_ready(), self.1.poll_recv(context).is_ready()];
        if heard.contains(&true) { Poll::Ready(()) } else { Poll::Pending }
    }
}
