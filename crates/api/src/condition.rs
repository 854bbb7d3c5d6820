//! Reading conditions.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// The condition that sums all up.
pub(crate) const READY: &str = "Ready";

/// What the condition `Ready` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// `True`.
    Yes,
    /// `False`.
    No,
    /// `Unknown`, or no such condition.
    Unknown,
}

/// The condition of this type.
pub fn condition<'c>(conditions: &'c [Condition], kind: &str) -> Option<&'c Condition> {
    conditions.iter().find(|condition| condition.type_ == kind)
}

/// What the condition `Ready` says.
pub fn ready(conditions: &[Condition]) -> Ready {
    match condition(conditions, READY).map(|condition| condition.status.as_str()) {
        Some("True") => Ready::Yes,
        Some("False") => Ready::No,
        _ => Ready::Unknown,
    }
}
