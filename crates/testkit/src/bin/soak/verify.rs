//! Holds a cluster against Git: everything there as it should be, nothing besides, nothing made anew.

use std::collections::{BTreeMap, BTreeSet};

use kube::api::{Api, DynamicObject, ListParams};
use kube::discovery::{Discovery, verbs};
use serde_json::Value;
use testkit::apiserver::Request;

use crate::Outcome;
use crate::held::kustomizations;
use crate::manifest::{HOME, OWNER_LABEL, difference, key};

/// Kinds whose labels the cluster copies from other objects.
const COPIED: [&str; 2] = ["Endpoints", "EndpointSlice"];

/// What has been seen of the objects so far.
#[derive(Default)]
pub(crate) struct Ledger {
    /// The uid of each object that Git has now.
    uids: BTreeMap<String, String>,
    /// The path of every object that Git ever had, and whether it has it now.
    paths: BTreeMap<String, bool>,
    /// Objects compared, over all checks.
    pub(crate) compared: usize,
}

/// A live object and its path.
struct Found {
    object: Value,
    path: String,
}

impl Ledger {
    /// Compares the cluster with what Git has; gives all violations.
    pub(crate) async fn check(
        &mut self,
        client: &kube::Client,
        wanted: &BTreeMap<String, Value>,
    ) -> Outcome<Vec<String>> {
        let owned = owned(client).await?;
        let mut wrong = Vec::new();
        let mut uids = BTreeMap::new();
        self.paths.values_mut().for_each(|wanted| *wanted = false);
        for (key, manifest) in wanted {
            let Some(found) = owned.get(key) else {
                wrong.push(format!("{key} is missing"));
                continue;
            };
            self.compared += 1;
            wrong.extend(difference(manifest, &found.object).map(|field| format!("{key} differs at {field}")));
            let uid = found.object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
            if self.uids.get(key).is_some_and(|before| *before != uid) {
                wrong.push(format!("{key} was deleted and made anew"));
            }
            uids.insert(key.clone(), uid);
            self.paths.insert(found.path.clone(), true);
        }
        self.uids = uids;
        wrong.extend(owned.keys().filter(|key| !wanted.contains_key(*key)).map(|key| format!("{key} is an orphan")));
        let recorded = recorded(client).await?;
        let named: BTreeSet<&String> = wanted.keys().collect();
        wrong.extend(
            recorded.iter().filter(|key| !named.contains(key)).map(|key| format!("{key} is only in an inventory")),
        );
        wrong.extend(
            named.into_iter().filter(|key| !recorded.contains(*key)).map(|key| format!("{key} is in no inventory")),
        );
        Ok(wrong)
    }

    /// Reads from the server's log what `setpoint` created and deleted: each object once, and only what left Git.
    pub(crate) fn audit(&self, requests: &[Request]) -> (usize, usize, Vec<String>) {
        let (mut created, mut deleted) = (BTreeMap::new(), BTreeMap::new());
        for request in requests.iter().filter(|request| is_ours(&request.user_agent)) {
            let (path, query) = request.uri.split_once('?').unwrap_or((&request.uri, ""));
            if query.contains("dryRun=") {
                continue;
            }
            match (request.verb.as_str(), request.code) {
                ("patch" | "create", 201) => *created.entry(path).or_insert(0) += 1,
                ("delete" | "deletecollection", 200 | 202) => *deleted.entry(path).or_insert(0) += 1,
                _ => {}
            }
        }
        let mut wrong = Vec::new();
        for (path, wanted) in &self.paths {
            let times = created.get(path.as_str()).copied().unwrap_or(0);
            if times > 1 {
                wrong.push(format!("{path} was created {times} times"));
            }
            if *wanted && deleted.contains_key(path.as_str()) {
                wrong.push(format!("{path} was deleted, but Git has it"));
            }
        }
        let sum = |counts: &BTreeMap<&str, usize>| {
            counts.iter().filter(|(path, _)| self.paths.contains_key(**path)).map(|(_, times)| times).sum()
        };
        wrong.extend(
            deleted
                .keys()
                .filter(|path| !self.paths.contains_key(**path))
                .map(|path| format!("{path} was deleted, but was never in Git")),
        );
        (sum(&created), sum(&deleted), wrong)
    }
}

/// Whether a client is `setpoint`, not the cluster itself or the test.
fn is_ours(agent: &str) -> bool {
    !["kube-", "setpoint-soak", "setpoint-stand-in"].iter().any(|other| agent.starts_with(other))
}

/// Every object with an owner label, of every kind that can be listed.
async fn owned(client: &kube::Client) -> Outcome<BTreeMap<String, Found>> {
    let discovery = Discovery::new(client.clone()).run().await?;
    let labelled = ListParams::default().labels(OWNER_LABEL);
    let mut owned = BTreeMap::new();
    for group in discovery.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            if !capabilities.supports_operation(verbs::LIST) || COPIED.contains(&resource.kind.as_str()) {
                continue;
            }
            let all: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
            for object in all.list(&labelled).await?.items {
                let name = object.metadata.name.clone().unwrap_or_default();
                let place = match &object.metadata.namespace {
                    Some(namespace) => Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource),
                    None => all.clone(),
                };
                let path = format!("{}/{name}", place.resource_url());
                let mut object = serde_json::to_value(object)?;
                object["kind"] = resource.kind.clone().into();
                object["apiVersion"] = resource.api_version.clone().into();
                owned.insert(key(&object), Found { object, path });
            }
        }
    }
    // `up` makes the root itself; nothing owns it.
    owned.remove(&format!("Kustomization/{HOME}/{HOME}"));
    Ok(owned)
}

/// The keys of all inventories.
async fn recorded(client: &kube::Client) -> Outcome<BTreeSet<String>> {
    let mut recorded = BTreeSet::new();
    for object in kustomizations(client).await? {
        for entry in object["status"]["inventory"]["entries"].as_array().into_iter().flatten() {
            let id = entry["id"].as_str().unwrap_or_default();
            // <namespace>_<name>_<group>_<kind>; no name here holds an underscore.
            let [namespace, name, _, kind] = id.split('_').collect::<Vec<_>>()[..] else {
                return Err(format!("an inventory holds {id:?}").into());
            };
            recorded.insert(format!("{kind}/{namespace}/{name}"));
        }
    }
    Ok(recorded)
}
