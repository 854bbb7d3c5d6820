//! Horizontal pod autoscalers.

use goyaml::Value;

use super::{child, made, missing};

/// Seconds that a policy looks back on.
const PERIOD: i64 = 15;
/// The load that is aimed at where nothing else is said, in percent of what is requested.
const UTILIZATION: i64 = 80;

pub(super) fn apply(object: &mut Value) {
    missing(object, &["spec", "minReplicas"], 1_i64);
    if object.str_at(&["apiVersion"]) != Some("autoscaling/v2") {
        return;
    }
    let unmeasured = object.at(&["spec", "metrics"]).and_then(Value::as_list).is_none_or(<[Value]>::is_empty);
    if unmeasured {
        let mut metric: Value = [("type", "Resource")].into_iter().collect();
        metric.set_at(&["resource", "name"], "cpu");
        metric.set_at(&["resource", "target", "type"], "Utilization");
        metric.set_at(&["resource", "target", "averageUtilization"], UTILIZATION);
        object.set_at(&["spec", "metrics"], vec![metric]);
    }
    let Some(behavior) = child(object, "spec").and_then(|spec| child(spec, "behavior")) else {
        return;
    };
    let whole = policy("Percent", 100);
    if let Some(up) = made(behavior, "scaleUp") {
        missing(up, &["stabilizationWindowSeconds"], 0_i64);
        missing(up, &["selectPolicy"], "Max");
        missing(up, &["policies"], vec![policy("Pods", 4), whole.clone()]);
    }
    if let Some(down) = made(behavior, "scaleDown") {
        missing(down, &["selectPolicy"], "Max");
        missing(down, &["policies"], vec![whole]);
    }
}

fn policy(kind: &str, value: i64) -> Value {
    let mut policy: Value = [("type", kind)].into_iter().collect();
    policy.set_at(&["value"], value);
    policy.set_at(&["periodSeconds"], PERIOD);
    policy
}
