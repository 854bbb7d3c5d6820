//! Flux's own components in a repository: what `flux bootstrap` wrote beside the institute's own files.
//!
//! The Kustomization `flux-system/flux-system` of such a repository would install Flux beside us. Its controllers, their
//! Services and their network policies are left out, its definitions of kinds that we serve do not replace ours, and the
//! arguments that its patches give the controllers count as our settings.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use api::Kustomization;
use goyaml::Value;
use kube::ResourceExt;
use object::{Entry, Inventory, Object, ObjectKey};
use serde::{Deserialize, Serialize};

use crate::Name;

/// Name and namespace of the Kustomization that `flux bootstrap` makes. Its settings hold for all.
pub(crate) const ROOT: &str = "flux-system";
/// The annotation of the root Kustomization in which its settings outlive a restart.
pub(crate) const LOCKDOWN: &str = "setpoint.dev/lockdown";
/// Kinds of Flux's components that would run, or reach, its controllers.
const RUNNING: [(&str, &str); 3] = [("apps", "Deployment"), ("", "Service"), ("networking.k8s.io", "NetworkPolicy")];
/// Where the definitions are of which kinds of Flux's groups.
const DEFINITION: (&str, &str) = ("apiextensions.k8s.io", "CustomResourceDefinition");

/// What the arguments of Flux's controllers ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Lockdown {
    /// `--no-cross-namespace-refs`.
    pub(crate) no_cross_namespace_refs: bool,
    /// `--no-remote-bases`.
    pub(crate) no_remote_bases: bool,
    /// `--default-service-account`.
    pub(crate) default_service_account: Option<String>,
    /// `--concurrent` of the kustomize-controller.
    pub(crate) concurrent: Option<usize>,
    /// The gate `StrictPostBuildSubstitutions`.
    pub(crate) strict_substitutions: Option<bool>,
}

/// Whether a Kustomization is the one whose settings hold for all.
pub(crate) fn is_root(name: &Name) -> bool {
    &*name.namespace == ROOT && &*name.name == ROOT
}

/// Flux's own components among the objects, which are neither applied nor deleted.
pub(crate) fn components(objects: &[Object]) -> Vec<ObjectKey> {
    objects.iter().filter(|object| is_component(object)).map(Object::key).collect()
}

/// The objects but these.
pub(crate) fn without<'o>(objects: &'o [Object], left: &[ObjectKey]) -> Cow<'o, [Object]> {
    if left.is_empty() {
        return Cow::Borrowed(objects);
    }
    objects.iter().filter(|object| !left.contains(&object.key())).cloned().collect()
}

/// What a commit may delete of an inventory: neither Flux's components, nor our definitions, nor the namespace that the
/// Kustomization itself is in.
pub(crate) fn deletable(inventory: &Inventory, own: &Name, components: &[ObjectKey]) -> Inventory {
    let is_spared = |key: &ObjectKey| {
        is_definition(key)
            || components.contains(key)
            || key.group.is_empty() && key.kind == "Namespace" && key.name == *own.namespace
    };
    let kept = inventory.entries().iter().filter(|entry| !is_spared(&entry.key));
    Inventory::new(kept.cloned().collect::<Vec<Entry>>())
}

/// What Flux's controllers among the objects are told; `None` where there are none.
pub(crate) fn lockdown(objects: &[Object]) -> Option<Lockdown> {
    let mut found = None;
    for object in objects.iter().filter(|object| object.kind() == "Deployment" && is_labelled(object)) {
        let told: &mut Lockdown = found.get_or_insert_default();
        let containers = object.value.at(&["spec", "template", "spec", "containers"]).and_then(Value::as_list);
        let arguments = containers.into_iter().flatten().filter_map(|container| container.get("args")?.as_list());
        for argument in arguments.flatten().filter_map(Value::as_str) {
            told.take(argument, object.name());
        }
    }
    found
}

impl Lockdown {
    /// What an earlier run left on the root Kustomization; `None` on others, and before the first run.
    pub(crate) fn of(object: &Kustomization) -> Option<Self> {
        let text = is_root(&Name::of(object)).then(|| object.annotations().get(LOCKDOWN))??;
        serde_json::from_str(text).ok()
    }

    /// The text that [`Lockdown::of`] reads.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("because it has only text keys")
    }

    fn take(&mut self, argument: &str, controller: &str) {
        let argument = argument.trim_start_matches('-');
        let (flag, value) = argument.split_once('=').unwrap_or((argument, "true"));
        match flag {
            "no-cross-namespace-refs" => self.no_cross_namespace_refs |= value == "true",
            "no-remote-bases" => self.no_remote_bases |= value == "true",
            // The helm-controller's flag is its own.
            "default-service-account" if controller == "kustomize-controller" && !value.is_empty() => {
                self.default_service_account = Some(value.to_owned());
            }
            "concurrent" if controller == "kustomize-controller" => self.concurrent = value.parse().ok(),
            "feature-gates" => {
                let gates = value.split(',').filter_map(|gate| gate.split_once('='));
                for (_, on) in gates.filter(|(gate, _)| *gate == "StrictPostBuildSubstitutions") {
                    self.strict_substitutions = on.parse().ok();
                }
            }
            _ => {}
        }
    }
}

fn is_component(object: &Object) -> bool {
    let key = object.key();
    let is_running = RUNNING.contains(&(key.group.as_str(), key.kind.as_str()));
    is_running && is_labelled(object) || is_definition(&key)
}

/// Whether an object carries the labels that Flux gives its own.
fn is_labelled(object: &Object) -> bool {
    let label = |name: &str| object.value.at(&["metadata", "labels", name]).and_then(Value::as_str);
    label("app.kubernetes.io/part-of") == Some("flux") && label("app.kubernetes.io/instance").is_some()
}

/// Whether it is a definition that comes from us.
fn is_definition(key: &ObjectKey) -> bool {
    static SERVED: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| api::definitions().into_iter().filter_map(|definition| definition.metadata.name).collect());
    (key.group.as_str(), key.kind.as_str()) == DEFINITION && SERVED.contains(&key.name)
}

#[cfg(test)]
mod tests {
    use object::Origin;

    use super::*;

    fn object(json: &str) -> Object {
        Object::new(goyaml::json::parse(json.as_bytes()).expect("JSON"), Origin::default())
    }

    fn controller(name: &str, arguments: &str) -> Object {
        object(&format!(
            r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}","namespace":"flux-system","labels":
                {{"app.kubernetes.io/part-of":"flux","app.kubernetes.io/instance":"flux-system"}}}},
                "spec":{{"template":{{"spec":{{"containers":[{{"name":"manager","args":{arguments}}}]}}}}}}}}"#
        ))
    }

    #[test]
    fn controllers_and_our_definitions_are_left_out() {
        let definition = |name: &str| {
            object(&format!(
                r#"{{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{{"name":"{name}"}}}}"#
            ))
        };
        let own = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"flux-system"}}"#;
        let account = r#"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"kustomize-controller",
            "labels":{"app.kubernetes.io/part-of":"flux","app.kubernetes.io/instance":"flux-system"}}}"#;
        let all = vec![
            controller("kustomize-controller", "[]"),
            object(own),
            object(account),
            definition("kustomizations.kustomize.toolkit.fluxcd.io"),
            definition("alerts.notification.toolkit.fluxcd.io"),
        ];
        let left = components(&all);
        let left_names: Vec<_> = left.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(left_names, ["kustomize-controller", "kustomizations.kustomize.toolkit.fluxcd.io"]);
        let kept = without(&all, &left);
        let names: Vec<_> = kept.iter().map(Object::name).collect();
        assert_eq!(names, ["web", "kustomize-controller", "alerts.notification.toolkit.fluxcd.io"]);
    }

    #[test]
    fn arguments_are_settings() {
        assert_eq!(lockdown(&[]), None);
        let told = lockdown(&[
            controller(
                "kustomize-controller",
                r#"["--events-addr=http://x","--no-remote-bases=true","--default-service-account=default","--concurrent=20",
                    "--feature-gates=A=true,StrictPostBuildSubstitutions=false","--no-cross-namespace-refs=false"]"#,
            ),
            controller("helm-controller", r#"["--no-cross-namespace-refs","--default-service-account=helm"]"#),
        ]);
        let wanted = Lockdown {
            no_cross_namespace_refs: true,
            no_remote_bases: true,
            default_service_account: Some("default".into()),
            concurrent: Some(20),
            strict_substitutions: Some(false),
        };
        assert_eq!(told, Some(wanted));
    }

    #[test]
    fn our_definitions_and_the_own_namespace_are_never_pruned() {
        let key = |group: &str, kind: &str, name: &str| ObjectKey {
            group: group.into(),
            kind: kind.into(),
            namespace: String::new(),
            name: name.into(),
        };
        let entries = [
            key(DEFINITION.0, DEFINITION.1, "gitrepositories.source.toolkit.fluxcd.io"),
            key("", "Namespace", "flux-system"),
            key("", "Namespace", "web"),
        ];
        let inventory = Inventory::new(entries.map(|key| Entry { key, version: "v1".into() }));
        let left = deletable(&inventory, &Name::new(ROOT, ROOT), &[]);
        assert_eq!(left.entries().iter().map(|entry| entry.key.name.as_str()).collect::<Vec<_>>(), ["web"]);
    }
}
