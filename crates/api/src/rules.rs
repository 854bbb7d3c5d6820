//! What a schema cannot say of a spec: rules in CEL, which the API server holds and `setpoint check` tells.
//!
//! They refuse what Flux's own definitions refuse.

use serde_json::{Value, json};

/// A rule of a kind.
struct Rule {
    kind: &'static str,
    /// Where it is held: fields below `spec`.
    place: &'static [&'static str],
    condition: &'static str,
    message: &'static str,
}

const ONE_CLUSTER: &str = "has(self.configMapRef) != has(self.secretRef)";
const WHICH_CLUSTER: &str = "kubeConfig names a cluster by secretRef or by configMapRef, by one of them";

const RULES: [Rule; 14] = [
    Rule { kind: "Kustomization", place: &["kubeConfig"], condition: ONE_CLUSTER, message: WHICH_CLUSTER },
    Rule { kind: "HelmRelease", place: &["kubeConfig"], condition: ONE_CLUSTER, message: WHICH_CLUSTER },
    Rule {
        kind: "HelmRelease",
        place: &[],
        condition: "has(self.chart) != has(self.chartRef)",
        message: "a release names its chart by chart or by chartRef, by one of them",
    },
    Rule {
        kind: "HelmRelease",
        place: &["install", "strategy"],
        condition: "!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
        message: "retryInterval has no meaning with the strategy RemediateOnFailure",
    },
    Rule {
        kind: "HelmRelease",
        place: &["upgrade", "strategy"],
        condition: "!has(self.retryInterval) || self.name == 'RetryOnFailure'",
        message: "retryInterval has a meaning with the strategy RetryOnFailure only",
    },
    Rule {
        kind: "HelmChart",
        place: &[],
        condition: "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'",
        message: "only charts of a HelmRepository can be verified",
    },
    Rule {
        kind: "GitRepository",
        place: &[],
        condition: "!has(self.serviceAccountName) || has(self.provider) && self.provider in ['azure', 'aws']",
        message: "serviceAccountName has a meaning with the providers azure and aws only",
    },
    Rule {
        kind: "Bucket",
        place: &[],
        condition: "!has(self.sts) || !has(self.provider) || self.provider in ['aws', 'generic']",
        message: "sts has a meaning with the providers aws and generic only",
    },
    Rule {
        kind: "Bucket",
        place: &[],
        condition: "!has(self.sts) || !has(self.provider) || self.provider != 'aws' || self.sts.provider == 'aws'",
        message: "the provider aws has the STS provider aws only",
    },
    Rule {
        kind: "Bucket",
        place: &[],
        condition: "!has(self.sts) || has(self.provider) && self.provider != 'generic' || self.sts.provider == 'ldap'",
        message: "the provider generic has the STS provider ldap only",
    },
    Rule {
        kind: "Bucket",
        place: &[],
        condition: "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.secretRef)",
        message: "the STS provider aws takes no secretRef",
    },
    Rule {
        kind: "Bucket",
        place: &[],
        condition: "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.certSecretRef)",
        message: "the STS provider aws takes no certSecretRef",
    },
    Rule {
        kind: "Bucket",
        place: &[],
        condition: "!has(self.serviceAccountName) || has(self.provider) && self.provider != 'generic'",
        message: "the provider generic takes no serviceAccountName",
    },
    Rule {
        kind: "Bucket",
        place: &[],
        condition: "!has(self.secretRef) || !has(self.serviceAccountName)",
        message: "credentials come from secretRef or from serviceAccountName, from one of them",
    },
];

/// Adds the rules of a kind to its schema.
pub(crate) fn add(kind: &str, schema: &mut Value) {
    for Rule { place, condition, message, .. } in RULES.iter().filter(|rule| rule.kind == kind) {
        let spec = &mut schema["properties"]["spec"];
        let place = place.iter().fold(spec, |schema, name| &mut schema["properties"][name]);
        assert!(place["type"] == "object", "because rules are held where there are fields: {kind} {message}");
        let rules = &mut place["x-kubernetes-validations"];
        if !rules.is_array() {
            *rules = json!([]);
        }
        rules.as_array_mut().into_iter().for_each(|rules| rules.push(json!({"rule": condition, "message": message})));
    }
}
