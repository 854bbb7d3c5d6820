//! Probes: the plane lives as long as it answers.

use crate::reply::Reply;

/// The answer of a probe.
pub(crate) fn probe(path: &str) -> Option<Reply> {
    let path = path.split('/').nth(1)?;
    matches!(path, "healthz" | "livez" | "readyz").then(|| Reply::text(200, "ok"))
}
