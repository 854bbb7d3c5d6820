//! The pods of a controller, counted.

use goyaml::Value;
use jiff::{SignedDuration, Timestamp};

use super::conditions;
use super::world::{World, deleting, text};

/// Whether a pod is neither over nor on its way out.
pub(super) fn active(pod: &Value) -> bool {
    !deleting(pod) && !matches!(text(pod, "status.phase"), "Succeeded" | "Failed")
}

pub(super) fn ready(pod: &Value) -> bool {
    conditions::holds(pod, "Ready")
}

/// When a ready pod has been ready long enough; `None` while it is not ready.
pub(super) fn available_from(pod: &Value, seconds: i64) -> Option<Timestamp> {
    let since = conditions::since(pod, "Ready").filter(|_| ready(pod))?;
    since.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// How many are ready, how many long enough, and when the next will be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) ready: i64,
    pub(super) available: i64,
    pub(super) next: Option<Timestamp>,
}

impl Count {
    pub(super) fn of<'a>(world: &World<'_>, pods: impl Iterator<Item = &'a Value>, seconds: i64) -> Self {
        let mut count = Self::default();
        for from in pods.filter_map(|pod| available_from(pod, seconds)) {
            count.ready += 1;
            if from <= world.now {
                count.available += 1;
            } else {
                count.next = Some(count.next.map_or(from, |next| next.min(from)));
            }
        }
        count
    }
}
