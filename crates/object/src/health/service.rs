//! Service: a load balancer has an address; the other types are current at once.

use goyaml::Value;

use super::{Health, generic};

pub(super) fn health(object: &Value) -> Health {
    if object.str_at(&["spec", "type"]) != Some("LoadBalancer") {
        return generic::current();
    }
    let cluster_ip = object.str_at(&["spec", "clusterIP"]).unwrap_or("");
    if cluster_ip.is_empty() {
        return Health::in_progress("waits for its cluster IP");
    }
    generic::current()
}
