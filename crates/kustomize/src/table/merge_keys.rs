//! Lists of the API whose items kustomize's strategic merge matches by key.
//!
//! The keys are those the Kubernetes API documents (`patchMergeKey`, list-map keys) as of 1.21.2, which is what
//! kustomize has built in. Types are ours: each holds only the fields on the way to such a list.

/// A type: the fields that are, or lead to, lists merged by key.
pub(crate) struct Type {
    name: &'static str,
    fields: &'static [Field],
}

/// A field of a [`Type`].
#[derive(Clone, Copy)]
pub(crate) struct Field {
    name: &'static str,
    /// How items of the list match; `None` if the field is no list merged by key.
    pub(crate) keys: Option<&'static [&'static str]>,
    /// Type of the field or of its items; empty if nothing below is merged by key.
    pub(crate) child: &'static str,
}

/// Keys of a list of scalars that is merged as a set.
pub(crate) const SET: &[&str] = &[];

const fn object(name: &'static str, child: &'static str) -> Field {
    Field { name, keys: None, child }
}

const fn list(name: &'static str, keys: &'static [&'static str], child: &'static str) -> Field {
    Field { name, keys: Some(keys), child }
}

const METADATA: Field = object("metadata", "Metadata");
const CONDITIONS: Field = list("conditions", &["type"], "");

const TYPES: &[Type] = &[
    Type { name: "Plain", fields: &[METADATA] },
    Type { name: "Metadata", fields: &[list("finalizers", SET, ""), list("ownerReferences", &["uid"], "")] },
    Type { name: "Conditions", fields: &[METADATA, CONDITIONS] },
    Type { name: "WithConditions", fields: &[METADATA, object("status", "Status")] },
    Type { name: "Status", fields: &[CONDITIONS] },
    Type { name: "Node", fields: &[METADATA, object("spec", "NodeSpec"), object("status", "NodeStatus")] },
    Type { name: "NodeSpec", fields: &[list("podCIDRs", SET, "")] },
    Type { name: "NodeStatus", fields: &[CONDITIONS, list("addresses", &["type"], "")] },
    Type { name: "CsiNode", fields: &[METADATA, object("spec", "CsiNodeSpec")] },
    Type { name: "CsiNodeSpec", fields: &[list("drivers", &["name"], "")] },
    Type { name: "WebhookConfiguration", fields: &[METADATA, list("webhooks", &["name"], "")] },
    Type { name: "ServiceAccount", fields: &[METADATA, list("secrets", &["name"], "")] },
    Type { name: "Service", fields: &[METADATA, object("spec", "ServiceSpec"), object("status", "Status")] },
    Type { name: "ServiceSpec", fields: &[list("ports", &["port", "protocol"], "")] },
    Type { name: "Workload", fields: &[METADATA, object("spec", "WorkloadSpec"), object("status", "Status")] },
    Type { name: "WorkloadSpec", fields: &[object("template", "PodTemplateSpec")] },
    Type { name: "CronJob", fields: &[METADATA, object("spec", "CronJobSpec")] },
    Type { name: "CronJobSpec", fields: &[object("jobTemplate", "JobTemplateSpec")] },
    Type { name: "JobTemplateSpec", fields: &[METADATA, object("spec", "WorkloadSpec")] },
    Type { name: "PodTemplate", fields: &[METADATA, object("template", "PodTemplateSpec")] },
    Type { name: "PodTemplateSpec", fields: &[METADATA, object("spec", "PodSpec")] },
    Type { name: "Pod", fields: &[METADATA, object("spec", "PodSpec"), object("status", "PodStatus")] },
    Type { name: "PodStatus", fields: &[CONDITIONS, list("podIPs", &["ip"], "")] },
    Type {
        name: "PodSpec",
        fields: &[
            list("containers", &["name"], "Container"),
            list("ephemeralContainers", &["name"], "EphemeralContainer"),
            list("hostAliases", &["ip"], ""),
            list("imagePullSecrets", &["name"], ""),
            list("initContainers", &["name"], "Container"),
            list("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"], ""),
            list("volumes", &["name"], "Volume"),
        ],
    },
    Type {
        name: "Container",
        fields: &[
            list("env", &["name"], ""),
            list("ports", &["containerPort", "protocol"], ""),
            list("volumeDevices", &["devicePath"], ""),
            list("volumeMounts", &["mountPath"], ""),
        ],
    },
    Type {
        name: "EphemeralContainer",
        fields: &[
            list("env", &["name"], ""),
            list("volumeDevices", &["devicePath"], ""),
            list("volumeMounts", &["mountPath"], ""),
        ],
    },
    Type { name: "Volume", fields: &[object("ephemeral", "EphemeralVolume")] },
    Type { name: "EphemeralVolume", fields: &[object("volumeClaimTemplate", "ClaimTemplate")] },
    Type { name: "ClaimTemplate", fields: &[METADATA] },
];

/// A type by its name.
pub(crate) fn find(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|candidate| candidate.name == name)
}

impl Type {
    /// A field that is, or leads to, a list merged by key.
    pub(crate) fn field(&self, name: &str) -> Option<Field> {
        self.fields.iter().find(|field| field.name == name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_child_is_a_type() {
        for parent in TYPES {
            for field in parent.fields {
                let known = field.child.is_empty() || find(field.child).is_some();
                assert!(known, "{}.{} leads to the unknown type {}", parent.name, field.name, field.child);
            }
        }
    }
}
