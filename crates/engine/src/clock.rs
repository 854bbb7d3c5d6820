//! Time, handed in so that tests can run an hour in a moment.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

/// What the engine asks for the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time of day, for status and events.
    fn now(&self) -> Timestamp;

    /// Time since the engine's start, for timers and lengths; never goes back.
    fn elapsed(&self) -> Duration;

    /// How long to sleep until [`Clock::elapsed`] has grown by `length`.
    fn sleep_for(&self, length: Duration) -> Duration {
        length
    }
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: tokio::time::Instant,
}

impl SystemClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self { start: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
