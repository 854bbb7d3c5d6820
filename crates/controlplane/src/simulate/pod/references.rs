//! What a pod names: `ConfigMaps`, Secrets, claims. What is missing keeps it from starting, in the words of a kubelet.

use goyaml::Value;

use crate::simulate::kind::Kind;
use crate::simulate::world::{World, at, flag, list, text};

/// Why no node can be chosen: a claim is missing or has no volume.
pub(super) fn claims(world: &World<'_>, pod: &Value) -> Option<String> {
    let namespace = text(pod, "metadata.namespace");
    for volume in list(pod, "spec.volumes") {
        let name = text(volume, "persistentVolumeClaim.claimName");
        if name.is_empty() {
            continue;
        }
        match world.get(Kind::Claim, namespace, name) {
            None => return Some(format!("persistentvolumeclaim \"{name}\" not found")),
            Some(claim) if text(&claim, "status.phase") != "Bound" => {
                return Some("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.".into());
            }
            Some(_) => {}
        }
    }
    None
}

/// Why a volume cannot be set up.
pub(super) fn volumes(world: &World<'_>, pod: &Value) -> Option<String> {
    let namespace = text(pod, "metadata.namespace");
    list(pod, "spec.volumes").iter().find_map(|volume| {
        let fault = source(world, namespace, volume).or_else(|| {
            list(volume, "projected.sources").iter().find_map(|projected| source(world, namespace, projected))
        })?;
        Some(format!("MountVolume.SetUp failed for volume \"{}\" : {fault}", text(volume, "name")))
    })
}

/// A volume, or a part of a projected one.
fn source(world: &World<'_>, namespace: &str, volume: &Value) -> Option<String> {
    for (key, kind, word) in [("configMap", Kind::ConfigMap, "configmap"), ("secret", Kind::Secret, "secret")] {
        let Some(source) = volume.get(key).filter(|source| !flag(source, "optional")) else {
            continue;
        };
        let name =
            Some(text(source, "secretName")).filter(|name| !name.is_empty()).unwrap_or_else(|| text(source, "name"));
        let Some(found) = world.get(kind, namespace, name) else {
            return Some(format!("{word} \"{name}\" not found"));
        };
        let missing = list(source, "items").iter().map(|item| text(item, "key")).find(|key| !has_key(&found, key));
        if missing.is_some() {
            return Some(format!(
                "references non-existent {} key: {}",
                if key == "secret" { "secret" } else { "config" },
                missing?
            ));
        }
    }
    None
}

fn has_key(object: &Value, key: &str) -> bool {
    ["data", "binaryData"].iter().any(|part| object.at(&[part, key]).is_some())
}

/// Containers that cannot be made, and why.
pub(super) fn variables(world: &World<'_>, pod: &Value) -> Vec<(String, String)> {
    let namespace = text(pod, "metadata.namespace");
    let containers = list(pod, "spec.initContainers").iter().chain(list(pod, "spec.containers"));
    let fault = |container: &Value| Some((text(container, "name").to_owned(), variable(world, namespace, container)?));
    containers.filter_map(fault).collect()
}

fn variable(world: &World<'_>, namespace: &str, container: &Value) -> Option<String> {
    let kinds =
        [("configMap", Kind::ConfigMap, "configmap", "ConfigMap"), ("secret", Kind::Secret, "secret", "Secret")];
    for (part, kind, word, title) in kinds {
        for from in list(container, "envFrom") {
            let reference = from.get(&format!("{part}Ref")).filter(|reference| !flag(reference, "optional"));
            let name = reference.map(|reference| text(reference, "name"));
            if let Some(name) = name.filter(|name| !world.has(kind, namespace, name)) {
                return Some(format!("{word} \"{name}\" not found"));
            }
        }
        for variable in list(container, "env") {
            let Some(reference) =
                at(variable, &format!("valueFrom.{part}KeyRef")).filter(|reference| !flag(reference, "optional"))
            else {
                continue;
            };
            let (name, key) = (text(reference, "name"), text(reference, "key"));
            match world.get(kind, namespace, name) {
                None => return Some(format!("{word} \"{name}\" not found")),
                Some(found) if !has_key(&found, key) => {
                    return Some(format!("couldn't find key {key} in {title} {namespace}/{name}"));
                }
                Some(_) => {}
            }
        }
    }
    None
}
