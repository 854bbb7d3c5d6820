//! Asynchronous network work done from blocking code, never longer than a deadline.

use std::{
    fmt,
    future::Future,
    io,
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Runtime};

/// The private runtime of a store: one thread, which serves sockets only.
pub(crate) struct Io {
    /// Always there until the drop.
    runtime: Option<Runtime>,
}

/// The point in time at which a fetch must be over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        let at = Instant::now() + limit.min(MAX_TIMEOUT);
        Self { at, limit }
    }

    /// The limit in whole seconds, for messages.
    pub(crate) fn seconds(self) -> u64 {
        self.limit.as_secs()
    }
}

/// Longer timeouts are cut to this: a day.
const MAX_TIMEOUT: Duration = Duration::from_hours(24);

impl Io {
    pub(crate) fn new() -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("setpoint-source").enable_all().build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Runs `work` to its end or to the deadline, which is an error of kind `TimedOut`.
    pub(crate) fn until<T>(&self, deadline: Deadline, work: impl Future<Output = T>) -> io::Result<T> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("longer than {} s", deadline.seconds()));
        // A timeout alone lets through what is always ready.
        if Instant::now() >= deadline.at {
            return Err(late());
        }
        let runtime = self.runtime.as_ref().expect("because it is taken only by the drop");
        runtime.block_on(async { tokio::time::timeout_at(deadline.at.into(), work).await }).map_err(|_| late())
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        // A plain drop waits, which is not allowed on a thread of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Io")
    }
}
