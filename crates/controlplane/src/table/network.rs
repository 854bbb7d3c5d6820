//! Services and what leads to them.

use goyaml::Value;

use super::cells::{NONE, Row, SHOWN, UNKNOWN, UNSET, labels, selector, shown, some, texts};
use super::{AGE, Column, NAME};

pub(super) fn columns(resource: &str) -> Option<&'static [Column]> {
    Some(match resource {
        "ingresses" => INGRESSES,
        "ingressclasses" => INGRESS_CLASSES,
        "networkpolicies" => POLICIES,
        "endpointslices" => SLICES,
        "servicecidrs" => SERVICE_CIDRS,
        "ipaddresses" => ADDRESSES,
        _ => return None,
    })
}

pub(super) const SERVICES: &[Column] = &[
    NAME,
    Column::text("Type", |row| row.text("spec.type").into()),
    Column::text("Cluster-IP", |row| cluster_ip(row).into()),
    Column::text("External-IP", |row| external_ip(row).into()),
    Column::text("Port(s)", |row| ports(row).into()),
    AGE,
    Column::text("Selector", |row| labels(row.get("spec.selector")).into()).wide(),
];

fn cluster_ip<'a>(row: &Row<'a>) -> &'a str {
    texts(row.list("spec.clusterIPs")).first().copied().unwrap_or(NONE)
}

fn external_ip(row: &Row<'_>) -> String {
    let mut addresses = match row.text("spec.type") {
        "ClusterIP" | "NodePort" => Vec::new(),
        "LoadBalancer" => load_balancer(row),
        "ExternalName" => return row.text("spec.externalName").into(),
        _ => return UNKNOWN.into(),
    };
    addresses.extend(texts(row.list("spec.externalIPs")));
    match (addresses.is_empty(), row.text("spec.type")) {
        (true, "LoadBalancer") => "<pending>".into(),
        (true, _) => NONE.into(),
        (false, _) => addresses.join(","),
    }
}

/// Addresses or host names, sorted.
fn load_balancer<'a>(row: &Row<'a>) -> Vec<&'a str> {
    let address = |entry: &'a Value| {
        let ip = entry.str_at(&["ip"]).filter(|ip| !ip.is_empty());
        ip.or_else(|| entry.str_at(&["hostname"]).filter(|name| !name.is_empty()))
    };
    let mut found: Vec<_> = row.list("status.loadBalancer.ingress").iter().filter_map(address).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn ports(row: &Row<'_>) -> String {
    let port = |port: &Value| {
        let field = |name: &str| port.get(name).map(shown).unwrap_or_default();
        match port.get("nodePort").and_then(Value::as_i64) {
            Some(node) if node > 0 => format!("{}:{node}/{}", field("port"), field("protocol")),
            _ => format!("{}/{}", field("port"), field("protocol")),
        }
    };
    let ports: Vec<_> = row.list("spec.ports").iter().map(port).collect();
    if ports.is_empty() { NONE.into() } else { ports.join(",") }
}

const INGRESSES: &[Column] = &[
    NAME,
    Column::text("Class", |row| row.text_or("spec.ingressClassName", NONE).into()),
    Column::text("Hosts", |row| hosts(row).into()),
    Column::text("Address", |row| load_balancer(row).join(",").into()),
    Column::text("Ports", |row| if row.list("spec.tls").is_empty() { "80".into() } else { "80, 443".into() }),
    AGE,
];

fn hosts(row: &Row<'_>) -> String {
    let rules = row.list("spec.rules");
    let named: Vec<_> =
        rules.iter().filter_map(|rule| rule.str_at(&["host"])).filter(|host| !host.is_empty()).collect();
    let first = named[..named.len().min(SHOWN)].join(",");
    match named.len() {
        0 => "*".into(),
        SHOWN.. if rules.len() > SHOWN => format!("{first} + {} more...", rules.len() - SHOWN),
        _ => first,
    }
}

const INGRESS_CLASSES: &[Column] = &[
    Column::text("Name", |row| default_marked(row, "ingressclass.kubernetes.io/is-default-class").into()).named(),
    Column::text("Controller", |row| row.text("spec.controller").into()),
    Column::text("Parameters", |row| parameters(row).into()),
    AGE,
];

/// The name, marked where an annotation makes it the default.
pub(super) fn default_marked(row: &Row<'_>, annotation: &str) -> String {
    let is_default = row.object.str_at(&["metadata", "annotations", annotation]) == Some("true");
    if is_default { format!("{} (default)", row.name()) } else { row.name().to_owned() }
}

fn parameters(row: &Row<'_>) -> String {
    if row.get("spec.parameters").is_none() {
        return NONE.into();
    }
    let group = row.get("spec.parameters.apiGroup").map(|group| format!(".{}", shown(group))).unwrap_or_default();
    format!("{}{group}/{}", row.text("spec.parameters.kind"), row.text("spec.parameters.name"))
}

const POLICIES: &[Column] =
    &[NAME, Column::text("Pod-Selector", |row| selector(row.get("spec.podSelector")).into()), AGE];

const SLICES: &[Column] = &[
    NAME,
    Column::text("AddressType", |row| row.text("addressType").into()),
    Column::text("Ports", |row| slice_ports(row).into()),
    Column::text("Endpoints", |row| slice_endpoints(row).into()),
    AGE,
];

fn slice_ports(row: &Row<'_>) -> String {
    let port = |port: &Value| port.get("port").or_else(|| port.get("name")).map_or_else(|| "*".to_owned(), shown);
    unset_if_empty(some(&row.list("ports").iter().map(port).collect::<Vec<_>>(), SHOWN))
}

fn slice_endpoints(row: &Row<'_>) -> String {
    let addresses = |endpoint: &Value| -> Vec<String> {
        texts(endpoint.get("addresses").and_then(Value::as_list).unwrap_or_default())
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    unset_if_empty(some(&row.list("endpoints").iter().flat_map(addresses).collect::<Vec<_>>(), SHOWN))
}

fn unset_if_empty(text: String) -> String {
    if text.is_empty() { UNSET.into() } else { text }
}

const SERVICE_CIDRS: &[Column] =
    &[NAME, Column::text("CIDRs", |row| texts(row.list("spec.cidrs")).join(",").into()), AGE];

const ADDRESSES: &[Column] = &[NAME, Column::text("ParentRef", |row| parent(row).into())];

fn parent(row: &Row<'_>) -> String {
    if row.get("spec.parentRef").is_none() {
        return NONE.into();
    }
    let part = |name: &str| row.text(&format!("spec.parentRef.{name}"));
    let resource = if part("group").is_empty() {
        part("resource").to_owned()
    } else {
        format!("{}.{}", part("resource"), part("group"))
    };
    let place = if part("namespace").is_empty() { String::new() } else { format!("/{}", part("namespace")) };
    format!("{}{place}/{}", resource.to_lowercase(), part("name"))
}
