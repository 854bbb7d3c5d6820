//! Whose objects they are, and what an object's own annotations ask for.

use std::fmt;

use goyaml::Value;
use object::Object;

/// Group of the labels and annotations of a Kustomization.
const KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// Group of the labels and annotations of a `HelmRelease`.
const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";

/// The delivery that objects belong to, as their labels name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// Group of the labels, such as `kustomize.toolkit.fluxcd.io`.
    pub group: String,
    /// Namespace of the delivery.
    pub namespace: String,
    /// Name of the delivery.
    pub name: String,
}

/// What an object's annotations or labels ask the applier to do with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handling {
    /// Never delete it: `prune: disabled`.
    pub keep: bool,
    /// Do not touch it: `reconcile: disabled`.
    pub ignore: bool,
    /// Delete and make anew what cannot be changed: `force: enabled`.
    pub force: bool,
    /// How to apply: `ssa`.
    pub ssa: SsaPolicy,
}

/// The values of the annotation `ssa`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SsaPolicy {
    /// Take fields over from others and undo edits made by hand.
    #[default]
    Override,
    /// Leave fields that others have added.
    Merge,
    /// Create only.
    IfNotPresent,
    /// Do not apply.
    Ignore,
}

impl Owner {
    /// A Kustomization.
    pub fn kustomization(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { group: KUSTOMIZE_GROUP.into(), namespace: namespace.into(), name: name.into() }
    }

    /// A `HelmRelease`.
    pub fn helm_release(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { group: HELM_GROUP.into(), namespace: namespace.into(), name: name.into() }
    }

    /// The owner an object's labels name.
    pub fn of(object: &Value) -> Option<Self> {
        let labels = object.at(&["metadata", "labels"])?;
        [KUSTOMIZE_GROUP, HELM_GROUP].into_iter().find_map(|group| {
            let label = |field: &str| labels.str_at(&[&format!("{group}/{field}")]);
            Some(Self { group: group.into(), namespace: label("namespace")?.into(), name: label("name")?.into() })
        })
    }

    /// Whether the object's labels name this owner.
    pub fn owns(&self, object: &Value) -> bool {
        let labels = object.at(&["metadata", "labels"]);
        let is = |field: &str, value: &str| {
            labels.and_then(|labels| labels.str_at(&[&format!("{}/{field}", self.group)])) == Some(value)
        };
        is("name", &self.name) && is("namespace", &self.namespace)
    }

    /// Writes the labels that name this owner. False if the object's metadata is not a map.
    pub fn label(&self, object: &mut Value) -> bool {
        let name = format!("{}/name", self.group);
        let namespace = format!("{}/namespace", self.group);
        object.set_at(&["metadata", "labels", &name], self.name.as_str())
            && object.set_at(&["metadata", "labels", &namespace], self.namespace.as_str())
    }

    /// What an object's annotations or labels of this owner's group ask for.
    pub fn handling(&self, object: &Value) -> Handling {
        let read = |key: &str| {
            let name = format!("{}/{key}", self.group);
            ["annotations", "labels"].iter().find_map(|field| object.str_at(&["metadata", field, &name]))
        };
        let is = |key, value: &str| read(key).is_some_and(|text| text.eq_ignore_ascii_case(value));
        let ssa = match read("ssa").unwrap_or("").to_ascii_lowercase().as_str() {
            "merge" => SsaPolicy::Merge,
            "ifnotpresent" => SsaPolicy::IfNotPresent,
            "ignore" => SsaPolicy::Ignore,
            _ => SsaPolicy::Override,
        };
        Handling {
            keep: is("prune", "disabled") || is("reconcile", "disabled"),
            ignore: is("reconcile", "disabled") || ssa == SsaPolicy::Ignore,
            force: is("force", "enabled"),
            ssa,
        }
    }

    /// The selector of everything that owners of this group own.
    pub fn selector(&self) -> String {
        format!("{}/name", self.group)
    }

    pub(crate) fn labelled(&self, object: &Object) -> Object {
        let mut object = object.clone();
        self.label(&mut object.value);
        object
    }
}

/// `flux-system/apps`
impl fmt::Display for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(metadata: &str) -> Value {
        goyaml::json::parse(format!(r#"{{"kind":"ConfigMap","metadata":{metadata}}}"#).as_bytes()).expect("JSON")
    }

    fn check(metadata: &str, expect: Handling) {
        assert_eq!(Owner::kustomization("a", "b").handling(&object(metadata)), expect, "{metadata}");
    }

    #[test]
    fn annotations_and_labels_are_read() {
        check("{}", Handling::default());
        check(
            r#"{"annotations":{"kustomize.toolkit.fluxcd.io/prune":"Disabled"}}"#,
            Handling { keep: true, ..Handling::default() },
        );
        check(
            r#"{"labels":{"kustomize.toolkit.fluxcd.io/reconcile":"disabled"}}"#,
            Handling { keep: true, ignore: true, ..Handling::default() },
        );
        check(
            r#"{"annotations":{"kustomize.toolkit.fluxcd.io/ssa":"Merge","kustomize.toolkit.fluxcd.io/force":"enabled"}}"#,
            Handling { force: true, ssa: SsaPolicy::Merge, ..Handling::default() },
        );
        check(
            r#"{"annotations":{"kustomize.toolkit.fluxcd.io/ssa":"Ignore"}}"#,
            Handling { ignore: true, ssa: SsaPolicy::Ignore, ..Handling::default() },
        );
        check(r#"{"annotations":{"helm.toolkit.fluxcd.io/prune":"disabled"}}"#, Handling::default());
    }

    #[test]
    fn labels_name_the_owner() {
        let owner = Owner::kustomization("flux-system", "apps");
        let mut value = object("{}");
        assert!(!owner.owns(&value));
        assert!(owner.label(&mut value));
        assert!(owner.owns(&value));
        assert_eq!(Owner::of(&value), Some(owner));
        assert!(!Owner::kustomization("flux-system", "infra").owns(&value));
    }
}
