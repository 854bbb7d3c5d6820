//! `status.history`: the last few outcomes, newest first, as Flux keeps them.

use std::collections::BTreeMap;
use std::time::Duration;

use api::HistoryEntry;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Outcomes that are kept.
const MAX_ENTRIES: usize = 5;

/// One try and how it ended.
#[derive(Clone, Debug)]
pub(crate) struct Try<'a> {
    /// Digest of what was rendered.
    pub(crate) digest: &'a str,
    /// Reason of the condition `Ready`.
    pub(crate) status: &'a str,
    /// Revision of the source.
    pub(crate) revision: &'a str,
    /// How long it took.
    pub(crate) took: Duration,
    /// When it ended.
    pub(crate) now: Timestamp,
}

/// Records a try: the entry with its digest and status is counted up and moves to the front, or a new one is put there.
pub(crate) fn record(history: &mut Vec<HistoryEntry>, outcome: &Try<'_>) {
    let known = history
        .iter()
        .position(|entry| entry.digest == outcome.digest && entry.last_reconciled_status == outcome.status);
    let now = Time(outcome.now);
    let mut entry = match known {
        Some(place) => history.remove(place),
        None => HistoryEntry {
            digest: outcome.digest.to_owned(),
            first_reconciled: now.clone(),
            last_reconciled: now.clone(),
            last_reconciled_duration: api::Duration::default(),
            last_reconciled_status: outcome.status.to_owned(),
            total_reconciliations: 0,
            metadata: BTreeMap::new(),
        },
    };
    entry.last_reconciled = now;
    // Whole milliseconds: nobody needs more, and definitions with a pattern for durations know no smaller unit.
    let millis = u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX);
    entry.last_reconciled_duration = Duration::from_millis(millis).into();
    entry.total_reconciliations += 1;
    entry.metadata.insert("revision".into(), outcome.revision.to_owned());
    history.insert(0, entry);
    history.truncate(MAX_ENTRIES);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(history: &mut Vec<HistoryEntry>, digest: &str, status: &str) {
        let outcome =
            Try { digest, status, revision: "main@sha1:0", took: Duration::from_secs(1), now: Timestamp::UNIX_EPOCH };
        record(history, &outcome);
    }

    #[test]
    fn durations_are_whole_milliseconds() {
        for (micros, expect) in [(764, "0s"), (1_764, "1ms"), (2_001_999, "2.001s")] {
            let took = Duration::from_micros(micros);
            let mut history = Vec::new();
            let outcome =
                Try { digest: "a", status: "Good", revision: "main@sha1:0", took, now: Timestamp::UNIX_EPOCH };
            record(&mut history, &outcome);
            assert_eq!(history[0].last_reconciled_duration.to_string(), expect);
        }
    }

    #[test]
    fn equal_outcomes_are_counted_and_move_to_the_front() {
        let mut history = Vec::new();
        for (digest, status) in [("a", "Good"), ("b", "Good"), ("a", "Bad"), ("a", "Good")] {
            run(&mut history, digest, status);
        }
        let seen: Vec<_> = history.iter().map(|entry| (entry.digest.as_str(), entry.total_reconciliations)).collect();
        assert_eq!(seen, [("a", 2), ("a", 1), ("b", 1)]);
        for digest in ["c", "d", "e"] {
            run(&mut history, digest, "Good");
        }
        assert_eq!(history.len(), MAX_ENTRIES);
        assert_eq!(history[0].digest, "e");
    }
}
