//! Ingresses and network policies.

use goyaml::Value;

use super::{child, empty, items};

pub(super) fn apply(resource: &str, object: &mut Value) {
    let Some(spec) = child(object, "spec") else {
        return;
    };
    if let Some(parameters) = child(spec, "parameters").filter(|_| resource == "ingressclasses") {
        empty(parameters, &["scope"], "Cluster");
    }
    if resource != "networkpolicies" {
        return;
    }
    let has_egress = spec.get("egress").and_then(Value::as_list).is_some_and(|rules| !rules.is_empty());
    if spec.get("policyTypes").and_then(Value::as_list).unwrap_or_default().is_empty() {
        let mut types = vec![Value::from("Ingress")];
        if has_egress {
            types.push("Egress".into());
        }
        spec.set_at(&["policyTypes"], types);
    }
    for rules in ["ingress", "egress"] {
        for rule in items(spec, rules) {
            for port in items(rule, "ports") {
                empty(port, &["protocol"], "TCP");
            }
        }
    }
}
