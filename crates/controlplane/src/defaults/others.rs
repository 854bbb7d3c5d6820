//! Groups with few defaults.

use goyaml::Value;

use super::{child, empty, items, missing};

pub(super) fn apply(group: &str, resource: &str, object: &mut Value) {
    match (group, resource) {
        ("rbac.authorization.k8s.io", "rolebindings" | "clusterrolebindings") => binding(object),
        ("storage.k8s.io", "storageclasses") => {
            missing(object, &["reclaimPolicy"], "Delete");
            missing(object, &["volumeBindingMode"], "Immediate");
        }
        ("storage.k8s.io", "csidrivers") => driver(object),
        ("scheduling.k8s.io", "priorityclasses") => missing(object, &["preemptionPolicy"], "PreemptLowerPriority"),
        ("discovery.k8s.io", "endpointslices") => {
            for port in items(object, "ports") {
                missing(port, &["name"], "");
                missing(port, &["protocol"], "TCP");
            }
        }
        ("apiextensions.k8s.io", "customresourcedefinitions") => definition(object),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations" | "mutatingwebhookconfigurations") => {
            for hook in items(object, "webhooks") {
                webhook(hook, resource == "mutatingwebhookconfigurations");
            }
        }
        ("admissionregistration.k8s.io", "validatingadmissionpolicies" | "mutatingadmissionpolicies") => {
            missing(object, &["spec", "failurePolicy"], "Fail");
            if let Some(constraints) = child(object, "spec").and_then(|spec| child(spec, "matchConstraints")) {
                matching(constraints);
            }
        }
        _ => {}
    }
}

fn binding(object: &mut Value) {
    empty(object, &["roleRef", "apiGroup"], "rbac.authorization.k8s.io");
    for subject in items(object, "subjects") {
        if matches!(subject.str_at(&["kind"]), Some("User" | "Group")) {
            empty(subject, &["apiGroup"], "rbac.authorization.k8s.io");
        }
    }
}

fn driver(object: &mut Value) {
    for (key, value) in [
        ("attachRequired", true),
        ("podInfoOnMount", false),
        ("storageCapacity", false),
        ("requiresRepublish", false),
        ("seLinuxMount", false),
    ] {
        missing(object, &["spec", key], value);
    }
    empty(object, &["spec", "fsGroupPolicy"], "ReadWriteOnceWithFSType");
    missing(object, &["spec", "volumeLifecycleModes"], vec![Value::from("Persistent")]);
}

fn definition(object: &mut Value) {
    missing(object, &["spec", "conversion"], [("strategy", "None")].into_iter().collect::<Value>());
    let kind = object.str_at(&["spec", "names", "kind"]).unwrap_or_default().to_owned();
    empty(object, &["spec", "names", "singular"], kind.to_lowercase());
    empty(object, &["spec", "names", "listKind"], format!("{kind}List"));
    let Some(spec) = child(object, "spec") else {
        return;
    };
    for version in items(spec, "versions") {
        missing(version, &["served"], false);
        missing(version, &["storage"], false);
    }
}

fn webhook(hook: &mut Value, mutating: bool) {
    missing(hook, &["failurePolicy"], "Fail");
    missing(hook, &["timeoutSeconds"], 10_i64);
    if mutating {
        missing(hook, &["reinvocationPolicy"], "Never");
    }
    matching(hook);
    for rule in items(hook, "rules") {
        missing(rule, &["scope"], "*");
    }
    if let Some(service) = child(hook, "clientConfig").and_then(|config| child(config, "service")) {
        missing(service, &["port"], 443_i64);
    }
}

fn matching(constraints: &mut Value) {
    missing(constraints, &["matchPolicy"], "Equivalent");
    missing(constraints, &["namespaceSelector"], Value::empty_map());
    missing(constraints, &["objectSelector"], Value::empty_map());
    for rule in items(constraints, "resourceRules") {
        missing(rule, &["scope"], "*");
    }
}
