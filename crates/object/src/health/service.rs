//! Service: a load balancer has an address; the other types are current at once.

use goyaml::Value;

use super::Health;

pub(super) fn health(object: &Value) -> Option<Health> {
    if object.str_at(&["spec", "type"]) != Some("LoadBalancer") {
        return None;
    }
    let cluster_ip = object.str_at(&["spec", "clusterIP"]).unwrap_or("");
    if cluster_ip.is_empty() {
        return Some(Health::in_progress("waits for its cluster IP"));
    }
    None
}
