//! The same objects look the same on the real API server: what a create answers, and what `kubectl get` shows.

use std::collections::BTreeMap;
use std::time::Duration;

use controlplane::{Config, ControlPlane, Identity, Storage, Workloads};
use kube::Client;
use kube::core::GroupVersionKind;
use kube::discovery::{ApiResource, Scope, oneshot};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use testkit::apiserver::RealApiServer;
use testkit::oracle::{self, Oracle};

use crate::world::at;

const OBJECTS: &str = include_str!("alike.yaml");
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
/// How long a definition may take to be served.
const PATIENCE: Duration = Duration::from_secs(15);

/// Fields that two servers cannot share, by their end.
const CHANCE: [&str; 10] = [
    "metadata.uid",
    "metadata.creationTimestamp",
    "metadata.resourceVersion",
    "metadata.managedFields",
    "spec.clusterIP",
    "spec.clusterIPs",
    "controller-uid",
    "lastTransitionTime",
    "nodePort",
    "healthCheckNodePort",
];

/// Differences that are known: kind, path, why.
const KNOWN: [(&str, &str, &str); 13] = [
    ("Pod", "spec.volumes", "no token is projected into pods that never run"),
    ("Pod", "volumeMounts", "no token is projected into pods that never run"),
    ("Pod", "status", "the class of service counts init containers"),
    ("HorizontalPodAutoscaler", "metadata.annotations", "autoscaling/v1 does not carry the rest of v2 in annotations"),
    ("Event", "Timestamp", "times that are not set are left out, not null"),
    ("Event", "eventTime", "times that are not set are left out, not null"),
    ("CustomResourceDefinition", "status", "definitions are established at once"),
    ("ValidatingAdmissionPolicy", "status", "expressions are not type-checked"),
    ("FlowSchema", "status", "requests are not queued"),
    ("PriorityLevelConfiguration", "status", "requests are not queued"),
    ("PersistentVolume", "status", "no time of the last phase"),
    ("StatefulSet", "status", "a new object lacks its zero counts until a controller writes them"),
    ("PodDisruptionBudget", "status", "a new object lacks its zero counts until a controller writes them"),
];

/// Columns that show what controllers or simulators do.
const LIVE: [(&str, &[&str]); 8] = [
    ("Pod", &["Ready", "Status", "Restarts", "IP", "Node"]),
    ("Job", &["Status", "Completions", "Duration", "Selector"]),
    ("DaemonSet", &["Desired", "Current", "Ready", "Up-to-date", "Available"]),
    ("PersistentVolumeClaim", &["Status", "Volume", "Capacity", "Access Modes"]),
    ("PersistentVolume", &["Status"]),
    ("Service", &["Cluster-IP", "External-IP", "Port(s)"]),
    ("Ingress", &["Address"]),
    ("FlowSchema", &["MissingPL"]),
];

/// The comparison, if the real server is here.
pub fn trials() -> Vec<Trial> {
    let needed = [Oracle::KubeApiserver, Oracle::Etcd].map(oracle::find);
    let missing = needed.iter().any(Result::is_err);
    vec![Trial::test("alike::the_same_objects_look_the_same", compare).with_ignored_flag(missing)]
}

fn compare() -> Result<(), Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    let differences = runtime.block_on(async {
        let real = RealApiServer::start().await.unwrap();
        let plane =
            ControlPlane::open(Storage::Memory, Config { workloads: Workloads::Still, ..Config::default() }).unwrap();
        let clients = [real.client().unwrap(), Client::new(plane.service(Identity::admin()), "default")];
        let mut differences = Vec::new();
        for document in goyaml::parse_documents(OBJECTS, &goyaml::ParseOptions::default()).unwrap() {
            let object: Value = serde_json::from_str(&goyaml::json::to_string(&document.value)).unwrap();
            let [theirs, ours] = [ask(&clients[0], &object).await, ask(&clients[1], &object).await];
            let kind = object["kind"].as_str().unwrap();
            differ(kind, "", &theirs.0, &ours.0, &mut differences);
            differ_in_table(kind, &theirs.1, &ours.1, &mut differences);
        }
        plane.shutdown().await;
        differences
    });
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

/// What the create answers, and the table of the object.
async fn ask(client: &Client, object: &Value) -> (Value, Value) {
    let (resource, scope) = resource(client, object).await;
    let namespace = object["metadata"]["namespace"].as_str().filter(|_| scope == Scope::Namespaced);
    let base = if resource.group.is_empty() { "/api/v1".into() } else { format!("/apis/{}", resource.api_version) };
    let place = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
    let path = format!("{base}{place}/{}", resource.plural);
    let request = http::Request::post(&path).header("content-type", "application/json");
    let made: Value =
        client.request(request.body(serde_json::to_vec(object).unwrap()).unwrap()).await.unwrap_or_else(|error| {
            panic!("{} {}: {error}", object["kind"], object["metadata"]["name"]);
        });
    let name = object["metadata"]["name"].as_str().unwrap();
    let request = http::Request::get(format!("{path}/{name}")).header("accept", TABLE);
    (made, client.request(request.body(Vec::new()).unwrap()).await.unwrap())
}

/// Custom kinds are served a moment after their definition.
async fn resource(client: &Client, object: &Value) -> (ApiResource, Scope) {
    let version = object["apiVersion"].as_str().unwrap();
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let kind = GroupVersionKind::gvk(group, version, object["kind"].as_str().unwrap());
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match oneshot::pinned_kind(client, &kind).await {
            Ok((resource, capabilities)) => return (resource, capabilities.scope),
            Err(error) if tokio::time::Instant::now() > deadline => panic!("{kind:?}: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn differ(kind: &str, path: &str, theirs: &Value, ours: &Value, differences: &mut Vec<String>) {
    let known = KNOWN.iter().any(|(of, part, _)| *of == kind && path.contains(part));
    if known || CHANCE.iter().any(|end| path.ends_with(end)) {
        return;
    }
    match (theirs, ours) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeMap<_, _> = one.iter().chain(other).collect();
            for key in keys.into_keys() {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differ(kind, &path, at_key(theirs, key), at_key(ours, key), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differ(kind, &format!("{path}[{index}]"), one, other, differences);
            }
        }
        _ if theirs == ours => {}
        _ => differences.push(format!("{kind} {path}: the real server says {theirs}, ours {ours}")),
    }
}

fn at_key<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn differ_in_table(kind: &str, theirs: &Value, ours: &Value, differences: &mut Vec<String>) {
    let empty = Vec::new();
    let list = |value: &'_ Value, path: &str| at(value, path).as_array().unwrap_or(&empty).clone();
    let (columns, cells) = (list(theirs, "columnDefinitions"), list(theirs, "rows.0.cells"));
    let (our_columns, our_cells) = (list(ours, "columnDefinitions"), list(ours, "rows.0.cells"));
    for (index, column) in columns.iter().enumerate() {
        let our_column = our_columns.get(index).unwrap_or(&Value::Null);
        for field in ["name", "type", "format", "priority"] {
            differ(kind, &format!("column[{index}].{field}"), &column[field], &our_column[field], differences);
        }
        let name = column["name"].as_str().unwrap_or_default();
        let live = LIVE.iter().any(|(of, names)| *of == kind && names.contains(&name));
        // Ages differ by the second.
        if !live && !matches!(name, "Age" | "Created At" | "Last Seen" | "First Seen") {
            let our_cell = our_cells.get(index).unwrap_or(&Value::Null);
            differ(kind, &format!("cell {name:?}"), &cells[index], our_cell, differences);
        }
    }
    if our_columns.len() != columns.len() {
        differences.push(format!("{kind}: {} columns, ours {}", columns.len(), our_columns.len()));
    }
}
