//! The objects of a manifest.

use apply::{ApplyError, Cause, Cluster};
use goyaml::{ParseOptions, Value};
use object::{Gvk, ObjectKey};

use crate::ActionError;

/// One object of a release.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) gvk: Gvk,
    pub(crate) key: ObjectKey,
    pub(crate) value: Value,
}

impl Target {
    /// An annotation's value.
    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.value.str_at(&["metadata", "annotations", name])
    }
}

/// The objects of a manifest that is about to be applied.
///
/// # Errors
/// All documents that are no objects, and all kinds that the cluster does not know.
pub(crate) async fn wanted(cluster: &Cluster, manifest: &str, namespace: &str) -> Result<Vec<Target>, ActionError> {
    let (targets, unknown) = read(cluster, manifest, namespace).await?;
    if unknown.is_empty() {
        return Ok(targets);
    }
    Err(ActionError::refused("unable to build kubernetes objects from release manifest", unknown))
}

/// The objects of a manifest that was applied once. A kind that the cluster knows no more has no objects.
pub(crate) async fn known(cluster: &Cluster, manifest: &str, namespace: &str) -> Result<Vec<Target>, ActionError> {
    Ok(read(cluster, manifest, namespace).await?.0)
}

async fn read(cluster: &Cluster, manifest: &str, namespace: &str) -> Result<(Vec<Target>, Vec<String>), ActionError> {
    let (mut targets, mut unknown) = (Vec::new(), Vec::new());
    for value in objects(manifest)? {
        match target(cluster, value, namespace).await {
            Ok(target) => targets.push(target),
            Err(error @ ApplyError { cause: Cause::UnknownKind(_), .. }) => unknown.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((targets, unknown))
}

/// Finds out where an object goes: one that names no namespace goes to the release's.
async fn target(cluster: &Cluster, mut value: Value, namespace: &str) -> Result<Target, ApplyError> {
    let text = |path: &[&str]| value.str_at(path).unwrap_or_default().to_owned();
    let gvk = Gvk::from_api_version(&text(&["apiVersion"]), &text(&["kind"]));
    let (own, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
    let namespaced = cluster.resource(&gvk).await?.namespaced;
    let namespace = match (namespaced, own.as_str()) {
        (false, _) => String::new(),
        (true, "") => namespace.to_owned(),
        (true, _) => own,
    };
    if namespaced {
        value.set_at(&["metadata", "namespace"], namespace.as_str());
    }
    let key = ObjectKey { group: gvk.group.clone(), kind: gvk.kind.clone(), namespace, name };
    Ok(Target { gvk, key, value })
}

/// The objects in a text, those of lists one by one.
fn objects(manifest: &str) -> Result<Vec<Value>, ActionError> {
    let what = "unable to build kubernetes objects from release manifest";
    let documents = goyaml::parse_documents(manifest, &ParseOptions::sigs())
        .map_err(|errors| ActionError::refused(what, errors.iter().map(ToString::to_string).collect()))?;
    let (mut objects, mut wrong) = (Vec::new(), Vec::new());
    for document in documents.into_iter().filter(|document| !document.value.is_null()) {
        let line = document.pos.line;
        for object in flat(document.value) {
            match fault(&object) {
                None => objects.push(object),
                Some(fault) => wrong.push(format!("the document in line {line} of the manifest {fault}")),
            }
        }
    }
    if wrong.is_empty() { Ok(objects) } else { Err(ActionError::refused(what, wrong)) }
}

fn flat(document: Value) -> Vec<Value> {
    let is_list = document.str_at(&["kind"]).is_some_and(|kind| kind.ends_with("List"));
    match document.get("items").and_then(Value::as_list) {
        Some(items) if is_list => items.iter().cloned().flat_map(flat).collect(),
        _ => vec![document],
    }
}

fn fault(object: &Value) -> Option<&'static str> {
    let has = |path: &[&str]| object.str_at(path).is_some_and(|text| !text.is_empty());
    if object.as_map().is_none() {
        Some("is no object")
    } else if !has(&["kind"]) {
        Some("has no kind")
    } else if !has(&["apiVersion"]) {
        Some("has no apiVersion")
    } else if has(&["metadata", "name"]) {
        None
    } else if has(&["metadata", "generateName"]) {
        Some("has a generateName: what is applied needs a name")
    } else {
        Some("has no metadata.name")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists_become_objects() {
        let text = "# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n\
                    - {apiVersion: v1, kind: Secret, metadata: {name: b}}\n---\n---\n{apiVersion: v1, kind: Pod, metadata: {name: c}}\n";
        let found = objects(text).expect("objects");
        let names: Vec<_> = found.iter().filter_map(|object| object.str_at(&["metadata", "name"])).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn all_faults_are_told() {
        let text = "kind: Pod\n---\n- 1\n---\napiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n";
        let error = objects(text).expect_err("faults").to_string();
        for fault in ["line 1 of the manifest has no apiVersion", "is no object", "has a generateName"] {
            assert!(error.contains(fault), "{error}");
        }
    }
}
