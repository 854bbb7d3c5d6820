//! The core group.

use goyaml::Value;

use super::cells::{NONE, Row, SHOWN, UNKNOWN, UNSET, joined, labels, shown, some};
use super::{AGE, Column, NAME, events, network, pods, storage};

pub(super) fn columns(resource: &str) -> Option<&'static [Column]> {
    Some(match resource {
        "pods" => pods::PODS,
        "services" => network::SERVICES,
        "events" => events::EVENTS,
        "persistentvolumes" => storage::VOLUMES,
        "persistentvolumeclaims" => storage::CLAIMS,
        "namespaces" => NAMESPACES,
        "configmaps" => CONFIG_MAPS,
        "secrets" => SECRETS,
        "serviceaccounts" => SERVICE_ACCOUNTS,
        "nodes" => NODES,
        "endpoints" => ENDPOINTS,
        "resourcequotas" => QUOTAS,
        "replicationcontrollers" => CONTROLLERS,
        "podtemplates" => TEMPLATES,
        "componentstatuses" => COMPONENTS,
        _ => return None,
    })
}

const NAMESPACES: &[Column] = &[NAME, Column::text("Status", |row| row.text("status.phase").into()), AGE];

const CONFIG_MAPS: &[Column] =
    &[NAME, Column::text("Data", |row| (row.count("data") + row.count("binaryData")).into()), AGE];

const SECRETS: &[Column] = &[
    NAME,
    Column::text("Type", |row| row.text("type").into()),
    Column::text("Data", |row| row.count("data").into()),
    AGE,
];

const SERVICE_ACCOUNTS: &[Column] = &[NAME, AGE];

const TEMPLATES: &[Column] = &[
    NAME,
    Column::text("Containers", |row| row.containers("template.spec").into()),
    Column::text("Images", |row| row.images("template.spec").into()),
    Column::text("Pod Labels", |row| labels(row.get("template.metadata.labels")).into()),
];

const CONTROLLERS: &[Column] = &[
    NAME,
    Column::number("Desired", |row| row.number("spec.replicas").into()),
    Column::number("Current", |row| row.number("status.replicas").into()),
    Column::number("Ready", |row| row.number("status.readyReplicas").into()),
    AGE,
    Column::text("Containers", |row| row.containers("spec.template.spec").into()).wide(),
    Column::text("Images", |row| row.images("spec.template.spec").into()).wide(),
    Column::text("Selector", |row| labels(row.get("spec.selector")).into()).wide(),
];

const NODES: &[Column] = &[
    NAME,
    Column::text("Status", |row| node_status(row).into()),
    Column::text("Roles", |row| node_roles(row).into()),
    AGE,
    Column::text("Version", |row| row.text("status.nodeInfo.kubeletVersion").into()),
    Column::text("Internal-IP", |row| node_address(row, "InternalIP").into()).wide(),
    Column::text("External-IP", |row| node_address(row, "ExternalIP").into()).wide(),
    Column::text("OS-Image", |row| row.text_or("status.nodeInfo.osImage", UNKNOWN).into()).wide(),
    Column::text("Kernel-Version", |row| kernel(row).into()).wide(),
    Column::text("Container-Runtime", |row| row.text_or("status.nodeInfo.containerRuntimeVersion", UNKNOWN).into())
        .wide(),
];

fn node_status(row: &Row<'_>) -> String {
    let known = row.list("status.conditions").iter().any(|condition| condition.str_at(&["type"]) == Some("Ready"));
    let ready = match (known, row.condition("Ready")) {
        (false, _) => "Unknown",
        (_, true) => "Ready",
        _ => "NotReady",
    };
    if row.flag("spec.unschedulable") { format!("{ready},SchedulingDisabled") } else { ready.into() }
}

fn node_roles(row: &Row<'_>) -> String {
    let labels = row.get("metadata.labels").and_then(Value::as_map).into_iter().flat_map(goyaml::Map::iter);
    let role = |(key, value): (&str, &Value)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(role.to_owned()),
        None if key == "kubernetes.io/role" => Some(shown(value)),
        None => None,
    };
    let mut roles: Vec<_> = labels.filter_map(role).filter(|role| !role.is_empty()).collect();
    roles.sort();
    roles.dedup();
    if roles.is_empty() { NONE.into() } else { roles.join(",") }
}

fn node_address<'a>(row: &Row<'a>, kind: &str) -> &'a str {
    let found = row.list("status.addresses").iter().find(|address| address.str_at(&["type"]) == Some(kind));
    found.and_then(|address| address.str_at(&["address"])).unwrap_or(NONE)
}

fn kernel(row: &Row<'_>) -> String {
    let version = row.text_or("status.nodeInfo.kernelVersion", UNKNOWN);
    match row.text("status.nodeInfo.architecture") {
        "" => version.to_owned(),
        architecture => format!("{version} ({architecture})"),
    }
}

const ENDPOINTS: &[Column] = &[NAME, Column::text("Endpoints", |row| endpoints(row).into()), AGE];

fn endpoints(row: &Row<'_>) -> String {
    let mut found = Vec::new();
    for subset in row.list("subsets") {
        let part = |name: &str| subset.get(name).and_then(Value::as_list).unwrap_or_default();
        let addresses = || part("addresses").iter().filter_map(|address| address.str_at(&["ip"]));
        if part("ports").is_empty() {
            found.extend(addresses().map(str::to_owned));
        }
        for port in part("ports").iter().filter_map(|port| port.get("port")) {
            found.extend(addresses().map(|ip| format!("{}:{}", bracketed(ip), shown(port))));
        }
    }
    if row.list("subsets").is_empty() { NONE.into() } else { some(&found, SHOWN) }
}

/// Addresses with colons need brackets before a port.
fn bracketed(ip: &str) -> String {
    if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() }
}

const QUOTAS: &[Column] = &[
    NAME,
    Column::text("Request", |row| quota(row, false).into()),
    Column::text("Limit", |row| quota(row, true).into()),
    AGE,
];

/// Used and allowed amounts; limits have a column of their own.
fn quota(row: &Row<'_>, limits: bool) -> String {
    let hard = row.get("status.hard").and_then(Value::as_map).into_iter().flat_map(goyaml::Map::sorted);
    let used = |name: &str| row.object.at(&["status", "used", name]).map_or_else(|| "0".to_owned(), shown);
    let kept = hard.filter(|(name, _)| name.starts_with("limits.") == limits);
    let amounts: Vec<_> = kept.map(|(name, hard)| format!("{name}: {}/{}", used(name), shown(hard))).collect();
    amounts.join(", ")
}

const COMPONENTS: &[Column] = &[
    NAME,
    Column::text("Status", |row| {
        component(row, |row| if row.condition("Healthy") { "Healthy" } else { "Unhealthy" }).into()
    }),
    Column::text("Message", |row| joined(row.list("conditions"), "message", "").into()),
    Column::text("Error", |row| joined(row.list("conditions"), "error", "").into()),
];

fn component(row: &Row<'_>, of: fn(&Row<'_>) -> &'static str) -> &'static str {
    if row.list("conditions").is_empty() { UNSET } else { of(row) }
}
