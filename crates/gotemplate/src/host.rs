//! What templates may ask of the world: the time, randomness, the cluster. All of it is the host's to answer.

use crate::value::{Map, Value};

/// Seconds and nanoseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Whole seconds.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: u32,
}

/// Answers what a template asks of the world.
pub trait Host {
    /// The time now.
    fn now(&self) -> Instant;

    /// Fills with random bytes.
    fn random(&self, bytes: &mut [u8]);

    /// Offset from UTC in seconds and abbreviation of a time zone at a time; `None` if the zone is not known.
    /// `Local` is the host's own.
    fn zone(&self, name: &str, at: Instant) -> Option<(i32, String)> {
        let _ = at;
        matches!(name, "" | "UTC" | "Local").then(|| (0, "UTC".to_owned()))
    }

    /// An object of the cluster, or a list where the name is empty; an empty map where there is none.
    ///
    /// # Errors
    /// Why the cluster could not answer.
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let _ = (api_version, kind, namespace, name);
        Ok(Value::Map(Map::default()))
    }

    /// An address of a host name; empty where names are not asked for.
    fn address(&self, name: &str) -> String {
        let _ = name;
        String::new()
    }
}

/// A host that knows nothing: the time stands still at 1970, randomness is a fixed sequence. For tests and checks.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoHost;

impl Host for NoHost {
    fn now(&self) -> Instant {
        Instant { seconds: 0, nanoseconds: 0 }
    }

    fn random(&self, bytes: &mut [u8]) {
        for (number, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(number * 7 % 251).unwrap_or(0);
        }
    }
}
