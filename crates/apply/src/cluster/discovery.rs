//! Which kinds a cluster serves and under which names.
//!
//! Read from the aggregated discovery documents, two requests for all kinds. A kind that is not in the cache makes
//! it read again, at most every few seconds, so that a definition and its objects can come in one set; definitions
//! of the set itself are learned from their manifests.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use goyaml::Value;
use object::Gvk;

use super::Cluster;
use super::request::{Request, escape};
use crate::{ApplyError, Cause};

/// Shortest time between two readings.
const REFRESH_PAUSE: Duration = Duration::from_secs(3);
/// How long a namespace that was seen is taken to exist.
const NAMESPACE_BELIEF: Duration = Duration::from_mins(1);
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                          application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/// How a kind is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// Name in paths, such as `deployments`.
    pub plural: String,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
    /// What can be done with it.
    pub verbs: Vec<String>,
}

impl Resource {
    /// The path of the kind's objects, or of one; an empty namespace means all or none.
    pub fn path(&self, namespace: &str, name: Option<&str>) -> String {
        let mut path = String::from(if self.gvk.group.is_empty() { "/api/" } else { "/apis/" });
        path.push_str(&self.gvk.api_version());
        if self.namespaced && !namespace.is_empty() {
            path.push_str("/namespaces/");
            escape(&mut path, namespace);
        }
        path.push('/');
        path.push_str(&self.plural);
        if let Some(name) = name {
            path.push('/');
            escape(&mut path, name);
        }
        path
    }

    /// Whether the kind has this verb.
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }
}

/// The kinds known so far.
#[derive(Default)]
pub(super) struct Discovery {
    known: RwLock<Known>,
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    served: HashMap<Gvk, Resource>,
    learned: HashMap<Gvk, Resource>,
    namespaces: HashMap<String, Instant>,
    read: Option<Instant>,
}

impl Discovery {
    pub(super) async fn find(&self, cluster: &Cluster, gvk: &Gvk) -> Result<Option<Resource>, ApplyError> {
        if let Some(resource) = self.cached(gvk) {
            return Ok(Some(resource));
        }
        let _one_at_a_time = self.reading.lock().await;
        if let Some(resource) = self.cached(gvk) {
            return Ok(Some(resource));
        }
        let read = self.known.read().unwrap_or_else(PoisonError::into_inner).read;
        if read.is_none_or(|read| read.elapsed() >= REFRESH_PAUSE) {
            self.refresh(cluster).await?;
        }
        Ok(self.cached(gvk))
    }

    /// All kinds; asked anew unless that was done a moment ago.
    pub(super) async fn all(&self, cluster: &Cluster) -> Result<Vec<Resource>, ApplyError> {
        let _one_at_a_time = self.reading.lock().await;
        let read = self.known.read().unwrap_or_else(PoisonError::into_inner).read;
        if read.is_none_or(|read| read.elapsed() >= REFRESH_PAUSE) {
            self.refresh(cluster).await?;
        }
        Ok(self.known.read().unwrap_or_else(PoisonError::into_inner).served.values().cloned().collect())
    }

    fn cached(&self, gvk: &Gvk) -> Option<Resource> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.served.get(gvk).or_else(|| known.learned.get(gvk)).cloned()
    }

    async fn refresh(&self, cluster: &Cluster) -> Result<(), ApplyError> {
        // Every user sees the same kinds; asked in our own name, so that tenants need no right to.
        let cluster = Cluster { user: None, ..cluster.clone() };
        let mut served = HashMap::new();
        for path in ["/api", "/apis"] {
            let request = Request::get(path.into()).accept(AGGREGATED);
            let document = cluster.fetch("discover the kinds", request).await?;
            if document.str_at(&["kind"]) != Some("APIGroupDiscoveryList") {
                let cause = Cause::Answer("no aggregated discovery; Kubernetes 1.27 or newer is needed".into());
                return Err(ApplyError::new(None, "discover the kinds", cause));
            }
            served.extend(resources(&document).map(|resource| (resource.gvk.clone(), resource)));
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.served = served;
        known.read = Some(Instant::now());
        Ok(())
    }

    pub(super) fn is_served(&self, gvk: &Gvk) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).served.contains_key(gvk)
    }

    pub(super) fn confirm(&self, definition: &Value) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for resource in resources_of_crd(definition) {
            known.served.insert(resource.gvk.clone(), resource);
        }
    }

    pub(super) fn knows_namespace(&self, name: &str) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.namespaces.get(name).is_some_and(|seen| seen.elapsed() < NAMESPACE_BELIEF)
    }

    pub(super) fn saw_namespace(&self, name: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.namespaces.retain(|_, seen| seen.elapsed() < NAMESPACE_BELIEF);
        known.namespaces.insert(name.to_owned(), Instant::now());
    }

    pub(super) fn learn(&self, definition: &Value) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for resource in resources_of_crd(definition) {
            known.learned.insert(resource.gvk.clone(), resource);
        }
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_list).unwrap_or_default()
}

/// The kinds in an aggregated discovery document.
fn resources(document: &Value) -> impl Iterator<Item = Resource> {
    list(document, "items").iter().flat_map(|group| {
        let name = group.str_at(&["metadata", "name"]).unwrap_or("");
        list(group, "versions").iter().flat_map(move |version| {
            list(version, "resources").iter().filter_map(move |resource| served(name, version, resource))
        })
    })
}

fn served(group: &str, version: &Value, resource: &Value) -> Option<Resource> {
    let kind = resource.at(&["responseKind"])?;
    let own = |name: &str| kind.str_at(&[name]).filter(|text| !text.is_empty());
    Some(Resource {
        gvk: Gvk {
            group: own("group").unwrap_or(group).into(),
            version: own("version").or_else(|| version.str_at(&["version"]))?.into(),
            kind: own("kind")?.into(),
        },
        plural: resource.str_at(&["resource"])?.into(),
        namespaced: resource.str_at(&["scope"]) == Some("Namespaced"),
        verbs: list(resource, "verbs").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}

/// The kinds that a `CustomResourceDefinition` will serve.
pub(crate) fn resources_of_crd(definition: &Value) -> Vec<Resource> {
    let spec = |path: &[&str]| definition.at(&["spec"]).and_then(|spec| spec.str_at(path)).unwrap_or("").to_owned();
    let versions = definition.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    versions
        .iter()
        .filter(|version| version.get("served").and_then(Value::as_bool) == Some(true))
        .filter_map(|version| version.str_at(&["name"]))
        .map(|version| Resource {
            gvk: Gvk { group: spec(&["group"]), version: version.into(), kind: spec(&["names", "kind"]) },
            plural: spec(&["names", "plural"]),
            namespaced: spec(&["scope"]) == "Namespaced",
            verbs: ["create", "delete", "get", "list", "patch", "update", "watch"].map(str::to_owned).into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregated_documents_are_read() {
        let document = goyaml::json::parse(
            br#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[
            {"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},"scope":"Namespaced","verbs":["get","patch"],
             "subresources":[{"subresource":"status","responseKind":{"group":"","version":"","kind":"Deployment"},"verbs":["get"]}]}]}]}]}"#,
        )
        .expect("JSON");
        let found: Vec<Resource> = resources(&document).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].gvk, Gvk::from_api_version("apps/v1", "Deployment"));
        assert!(found[0].can("patch") && !found[0].can("watch"));
        assert_eq!(found[0].path("web", Some("a")), "/apis/apps/v1/namespaces/web/deployments/a");
        assert_eq!(found[0].path("", None), "/apis/apps/v1/deployments");
    }

    #[test]
    fn names_are_escaped() {
        let resource = Resource {
            gvk: Gvk::from_api_version("v1", "Node"),
            plural: "nodes".into(),
            namespaced: false,
            verbs: Vec::new(),
        };
        assert_eq!(resource.path("", Some("system:a/../b%")), "/api/v1/nodes/system:a%2F..%2Fb%25");
    }
}
