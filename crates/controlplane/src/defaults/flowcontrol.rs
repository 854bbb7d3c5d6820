//! API priority and fairness.

use goyaml::Value;

use super::{child, empty, missing};

const PRECEDENCE: i64 = 1000;
const SHARES: i64 = 30;
const QUEUES: [(&str, i64); 3] = [("queues", 64), ("handSize", 8), ("queueLengthLimit", 50)];

pub(super) fn apply(resource: &str, object: &mut Value) {
    let Some(spec) = child(object, "spec") else {
        return;
    };
    if resource == "flowschemas" {
        if spec.get("matchingPrecedence").and_then(Value::as_i64).unwrap_or(0) == 0 {
            spec.set_at(&["matchingPrecedence"], PRECEDENCE);
        }
        return;
    }
    for (part, shares) in [("limited", SHARES), ("exempt", 0)] {
        let Some(level) = child(spec, part) else {
            continue;
        };
        missing(level, &["nominalConcurrencyShares"], shares);
        missing(level, &["lendablePercent"], 0_i64);
        if let Some(queuing) = child(level, "limitResponse").and_then(|response| child(response, "queuing")) {
            for (key, value) in QUEUES {
                missing(queuing, &[key], value);
            }
        }
    }
    if let Some(response) = child(spec, "limited").and_then(|limited| child(limited, "limitResponse")) {
        empty(response, &["type"], "Reject");
    }
}
