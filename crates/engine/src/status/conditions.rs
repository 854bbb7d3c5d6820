//! Setting conditions: a transition time moves only when the status does.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::StatusCondition;

/// Longest message of a condition, in bytes: the API server refuses more than 32 KiB.
pub(crate) const MAX_MESSAGE: usize = 8 << 10;

/// What a condition is to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Says<'a> {
    /// `True`, `False` or `Unknown`.
    pub(crate) status: &'static str,
    /// One word.
    pub(crate) reason: &'a str,
    /// Message.
    pub(crate) message: &'a str,
}

impl<'a> Says<'a> {
    /// `True`
    pub(crate) fn yes(reason: &'a str, message: &'a str) -> Self {
        Self { status: "True", reason, message }
    }

    /// `False`
    pub(crate) fn no(reason: &'a str, message: &'a str) -> Self {
        Self { status: "False", reason, message }
    }

    /// `Unknown`
    pub(crate) fn unknown(reason: &'a str, message: &'a str) -> Self {
        Self { status: "Unknown", reason, message }
    }
}

/// The moment and the generation that conditions are set for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    /// Now.
    pub(crate) now: Timestamp,
    /// `metadata.generation` of the object.
    pub(crate) generation: i64,
}

/// Sets the condition of this type, in its place or at the end.
pub(crate) fn set(conditions: &mut Vec<Condition>, kind: &str, says: Says<'_>, stamp: Stamp) {
    let old = conditions.iter_mut().find(|condition| condition.type_ == kind);
    let since = match &old {
        Some(old) if old.status == says.status => old.last_transition_time.clone(),
        _ => Time(stamp.now),
    };
    let condition = Condition {
        type_: kind.to_owned(),
        status: says.status.to_owned(),
        reason: says.reason.to_owned(),
        message: shortened(says.message),
        observed_generation: Some(stamp.generation),
        last_transition_time: since,
    };
    match old {
        Some(old) => *old = condition,
        None => conditions.push(condition),
    }
}

/// Takes the condition of this type away.
pub(crate) fn remove(conditions: &mut Vec<Condition>, kind: &str) {
    conditions.retain(|condition| condition.type_ != kind);
}

/// A message that the API server accepts.
fn shortened(message: &str) -> String {
    if message.len() <= MAX_MESSAGE {
        return message.to_owned();
    }
    let end = (0..=MAX_MESSAGE).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &message[..end])
}

/// Conditions as the snapshot shows them.
pub(crate) fn shown(conditions: &[Condition]) -> Vec<StatusCondition> {
    let shown = |condition: &Condition| StatusCondition {
        kind: condition.type_.clone(),
        status: condition.status.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        since: condition.last_transition_time.0,
    };
    conditions.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transition_time_moves_with_the_status_only() {
        let mut conditions = Vec::new();
        let at = |second| Stamp { now: Timestamp::from_second(second).unwrap(), generation: second };
        set(&mut conditions, "Ready", Says::no("A", "one"), at(1));
        set(&mut conditions, "Ready", Says::no("B", "two"), at(2));
        assert_eq!((conditions[0].last_transition_time.0.as_second(), conditions[0].observed_generation), (1, Some(2)));
        set(&mut conditions, "Ready", Says::yes("C", "three"), at(3));
        assert_eq!(conditions[0].last_transition_time.0.as_second(), 3);
        assert_eq!(conditions.len(), 1);
    }

    #[test]
    fn long_messages_end_at_a_character() {
        let mut conditions = Vec::new();
        let stamp = Stamp { now: Timestamp::UNIX_EPOCH, generation: 1 };
        set(&mut conditions, "Ready", Says::no("A", &"ä".repeat(MAX_MESSAGE)), stamp);
        assert!(conditions[0].message.len() <= MAX_MESSAGE + 3);
    }
}
