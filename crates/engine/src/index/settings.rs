//! The part of the options that decisions depend on.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::{LocalSource, Name, Options};

/// The part of the options that decisions depend on.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) local: Option<LocalSource>,
    pub(crate) sweep: Option<u32>,
    pub(crate) jitter_percent: u8,
    pub(crate) no_cross_namespace_refs: bool,
    /// Whether releases, which nothing is done with, hold up those who wait for them.
    pub(crate) releases_hold_up: bool,
    pub(crate) fetches: usize,
    pub(crate) applies: usize,
}

impl From<&Options> for Settings {
    fn from(options: &Options) -> Self {
        Self {
            local: options.local.clone(),
            sweep: options.sweep.filter(|intervals| *intervals > 0),
            jitter_percent: options.jitter_percent.min(100),
            no_cross_namespace_refs: options.no_cross_namespace_refs,
            releases_hold_up: !options.without_releases,
            fetches: options.fetches,
            applies: options.applies,
        }
    }
}

impl Settings {
    /// Whether this source may read this `file://` address.
    pub(crate) fn allows_file(&self, source: &Name, url: &str) -> bool {
        self.local.as_ref().is_some_and(|local| local.source == *source && local.url == url)
    }

    /// A length changed by at most the jitter. The same name at the same time gets the same, so that nothing is random.
    pub(crate) fn jittered(&self, length: Duration, name: &Name, at: Duration) -> Duration {
        const STEPS: u64 = 2001;
        if self.jitter_percent == 0 {
            return length;
        }
        let mut hasher = DefaultHasher::new();
        (name, at).hash(&mut hasher);
        let step = i32::try_from(hasher.finish() % STEPS).unwrap_or(0) - 1000;
        let share = f64::from(step) / 1000.0 * f64::from(self.jitter_percent) / 100.0;
        length.mul_f64(1.0 + share)
    }
}
