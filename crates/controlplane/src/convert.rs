//! Objects between the versions of their kind.
//!
//! Custom resources change nothing but their `apiVersion` (conversion strategy `None`). Of the built-in kinds, the two
//! with different fields per version are converted; all others have one version.

use goyaml::Value;

use crate::registry::Resource;

/// A stored object as this resource shows it.
pub(crate) fn to_version(stored: &Value, resource: &Resource) -> Value {
    let mut value = stored.clone();
    let wanted = resource.api_version();
    if value.str_at(&["apiVersion"]) == Some(&wanted) {
        return value;
    }
    match wanted.as_str() {
        "events.k8s.io/v1" => rename(&mut value, EVENT_FIELDS),
        "autoscaling/v1" => autoscaler_to_v1(&mut value),
        _ => {}
    }
    value.set_at(&["apiVersion"], wanted);
    value
}

/// An object of this resource as it is stored.
pub(crate) fn to_storage(mut value: Value, resource: &Resource) -> Value {
    let from = resource.api_version();
    if from == resource.storage_version {
        return value;
    }
    match from.as_str() {
        "events.k8s.io/v1" => {
            let back: Vec<_> = EVENT_FIELDS.iter().map(|(core, new)| (*new, *core)).collect();
            rename(&mut value, &back);
        }
        "autoscaling/v1" => autoscaler_to_v2(&mut value),
        _ => {}
    }
    value.set_at(&["apiVersion"], resource.storage_version.as_str());
    value
}

/// Names in `v1` and in `events.k8s.io/v1`.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

fn rename(value: &mut Value, names: &[(&str, &str)]) {
    let Some(map) = value.as_map_mut() else {
        return;
    };
    for (from, to) in names {
        if let Some(moved) = map.remove(from) {
            map.insert(*to, moved);
        }
    }
}

const UTILIZATION: &str = "targetCPUUtilizationPercentage";

fn autoscaler_to_v2(value: &mut Value) {
    let Some(target) = value.remove_at(&["spec", UTILIZATION]) else {
        return;
    };
    let mut metric = Value::empty_map();
    metric.set_at(&["type"], "Resource");
    metric.set_at(&["resource", "name"], "cpu");
    metric.set_at(&["resource", "target", "type"], "Utilization");
    metric.set_at(&["resource", "target", "averageUtilization"], target);
    value.set_at(&["spec", "metrics"], vec![metric]);
}

fn autoscaler_to_v1(value: &mut Value) {
    let metrics = value.remove_at(&["spec", "metrics"]);
    let metrics = metrics.as_ref().and_then(Value::as_list).unwrap_or_default();
    let cpu = metrics.iter().find(|metric| metric.str_at(&["resource", "name"]) == Some("cpu"));
    if let Some(target) = cpu.and_then(|metric| metric.at(&["resource", "target", "averageUtilization"])) {
        value.set_at(&["spec", UTILIZATION], target.clone());
    }
    value.remove_at(&["spec", "behavior"]);
}
