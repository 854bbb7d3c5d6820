//! Findings that the owner of an object has looked at and wants no more of.

use object::Object;

use crate::Rule;

/// The annotation that names the rules, separated by commas.
pub const IGNORE: &str = "setpoint.dev/check-ignore";

/// Whether an object says that a rule is not for it.
pub(crate) fn is_waived(object: &Object, rule: Rule) -> bool {
    let rules = object.annotation(IGNORE).unwrap_or_default();
    rules.split(',').any(|name| name.trim() == rule.as_str())
}
