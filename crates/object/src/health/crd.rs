//! `CustomResourceDefinition`: names accepted and established.

use goyaml::Value;

use super::{Health, condition, conditions};

/// Reason of `Established=False` while the server sets the definition up.
const INSTALLING: &str = "Installing";

pub(super) fn health(object: &Value) -> Health {
    let refused = condition(object, "NamesAccepted").filter(|accepted| accepted.status == "False");
    if let Some(refused) = refused {
        return Health::failed(refused.text());
    }
    let established = conditions(object).find(|condition| condition.kind == "Established");
    match established {
        Some(condition) if condition.is_true() => Health::current("is established"),
        Some(condition) if condition.status == "False" && condition.reason != INSTALLING => {
            Health::failed(condition.text())
        }
        _ => Health::in_progress("is being established"),
    }
}
