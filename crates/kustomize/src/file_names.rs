//! The files that `kustomize build -o FOLDER` writes: one for each object.

use std::collections::BTreeSet;

use crate::Resource;
use crate::id::{Gvk, Id};

/// The name of each object's file, in the objects' order: `apps_v1_deployment_web.yaml`, with the namespace before it
/// where the objects are in several.
pub fn file_names(resources: &[Resource]) -> Vec<String> {
    let ids: Vec<Id> = resources.iter().map(|resource| Id::of(&resource.value)).collect();
    let inside = ids.iter().filter(|id| !id.gvk.is_cluster_scoped());
    let namespaces: BTreeSet<&str> = inside.map(Id::effective_namespace).collect();
    let name = |id: &Id| {
        let Gvk { group, version, kind } = &id.gvk;
        let is_told = namespaces.len() > 1 && !id.gvk.is_cluster_scoped();
        let namespace = if is_told { id.effective_namespace() } else { "" };
        let parts = [namespace, group, version, kind, &id.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{}.yaml", parts.join("_").to_lowercase())
    };
    ids.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use goyaml::Value;

    use super::*;

    fn resource(api_version: &str, kind: &str, namespace: &str) -> Resource {
        let mut value = Value::empty_map();
        value.set_at(&["apiVersion"], api_version);
        value.set_at(&["kind"], kind);
        value.set_at(&["metadata", "name"], "Web");
        if !namespace.is_empty() {
            value.set_at(&["metadata", "namespace"], namespace);
        }
        Resource { value, file: "a.yaml".into(), line: 1, chain: Vec::new() }
    }

    #[test]
    fn names() {
        let one = [resource("apps/v1", "Deployment", ""), resource("v1", "Namespace", "")];
        assert_eq!(file_names(&one), ["apps_v1_deployment_web.yaml", "v1_namespace_web.yaml"]);
        let two = [resource("apps/v1", "Deployment", "b"), resource("v1", "Service", ""), resource("v1", "Node", "")];
        let expected = ["b_apps_v1_deployment_web.yaml", "default_v1_service_web.yaml", "v1_node_web.yaml"];
        assert_eq!(file_names(&two), expected);
    }
}
