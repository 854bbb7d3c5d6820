//! Lists of conditions.

use goyaml::{Map, Value};
use jiff::Timestamp;

use super::world::{list, text};

/// Whether a condition holds.
pub(super) fn holds(object: &Value, kind: &str) -> bool {
    find(object, kind).is_some_and(|condition| text(condition, "status") == "True")
}

/// One condition of an object's status.
pub(super) fn find<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(object, "status.conditions").iter().find(|condition| text(condition, "type") == kind)
}

/// When a condition last changed.
pub(super) fn since(object: &Value, kind: &str) -> Option<Timestamp> {
    text(find(object, kind)?, "lastTransitionTime").parse().ok()
}

/// What a condition says: status, reason and message.
pub(super) type Said<'a> = (&'a str, &'a str, &'a str);

/// A condition with `lastTransitionTime`, kept from the one before while the status stays.
pub(super) fn condition(object: &Value, kind: &str, (status, reason, message): Said<'_>, now: &str) -> Value {
    let before = find(object, kind).filter(|before| text(before, "status") == status);
    let changed = before.map(|before| text(before, "lastTransitionTime")).filter(|time| !time.is_empty());
    let mut condition: Map = [("type", kind), ("status", status)].into_iter().collect();
    condition.insert("lastTransitionTime", changed.unwrap_or(now));
    for (key, value) in [("reason", reason), ("message", message)] {
        if !value.is_empty() {
            condition.insert(key, value);
        }
    }
    condition.into()
}
