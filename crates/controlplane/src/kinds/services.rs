//! Addresses and ports of services.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use goyaml::Value;

use crate::call::Call;
use crate::metadata;
use crate::status::{ApiError, ApiResult};
use crate::store::GroupResource;

/// First address of the service network 10.96.0.0/16; the first one is the API's own.
const NETWORK: u32 = u32::from_be_bytes([10, 96, 0, 0]);
const ADDRESSES: u32 = 1 << 16;
/// Reserved at the start and the end of the network.
const RESERVED: u32 = 16;
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

/// What a changed service leaves out stays as it was given.
pub(super) fn keep_allocated(live: &Value, object: &mut Value) {
    let external = |value: &Value| value.str_at(&["spec", "type"]) == Some("ExternalName");
    if external(object) || external(live) {
        return;
    }
    for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let missing = object.at(&["spec", key]).is_none_or(|value| value.is_null() || value.as_str() == Some(""));
        if let Some(value) = live.at(&["spec", key]).filter(|_| missing) {
            object.set_at(&["spec", key], value.clone());
        }
    }
    let ports = live.at(&["spec", "ports"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    if !wants_node_ports(object) {
        return;
    }
    let changed =
        object.as_map_mut().and_then(|map| map.get_mut("spec")?.as_map_mut()?.get_mut("ports")?.as_list_mut());
    for port in changed.into_iter().flatten().filter(|port| node_port(port) == 0) {
        let same = |other: &&Value| other.get("port") == port.get("port") && protocol(other) == protocol(port);
        if let Some(number) = ports.iter().find(same).map(node_port).filter(|number| *number > 0) {
            port.set_at(&["nodePort"], number);
        }
    }
}

fn protocol(port: &Value) -> &str {
    port.str_at(&["protocol"]).unwrap_or("TCP")
}

fn node_port(port: &Value) -> i64 {
    port.get("nodePort").and_then(Value::as_i64).unwrap_or(0)
}

fn wants_node_ports(object: &Value) -> bool {
    matches!(object.str_at(&["spec", "type"]), Some("NodePort" | "LoadBalancer"))
}

/// Gives a service its address and node ports.
pub(super) fn allocate(call: &Call, live: Option<&Value>, object: &mut Value) -> ApiResult<()> {
    if object.str_at(&["spec", "type"]) == Some("ExternalName") {
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] {
            object.remove_at(&["spec", key]);
        }
        return Ok(());
    }
    let (services, _) = call.plane.store().list(&GroupResource::new("", "services"), None);
    let own = object.str_at(&["metadata", "uid"]).unwrap_or_default().to_owned();
    let others: Vec<_> = services.iter().filter(|one| one.value.str_at(&["metadata", "uid"]) != Some(&own)).collect();
    let taken: HashSet<_> = others.iter().filter_map(|one| one.value.str_at(&["spec", "clusterIP"])).collect();
    let asked = object.str_at(&["spec", "clusterIP"]).unwrap_or_default().to_owned();
    let address = match asked.as_str() {
        "" => free_address(&taken)?,
        "None" => asked,
        _ if live.is_none() && taken.contains(asked.as_str()) => {
            let why = "failed to allocate IP: provided IP is already allocated";
            let fault = crate::validate::invalid("spec.clusterIPs", &vec![Value::from(asked.as_str())].into(), why);
            return Err(call.invalid(Call::name_of(object), vec![fault]));
        }
        _ => asked,
    };
    object.set_at(&["spec", "clusterIP"], address.as_str());
    object.set_at(&["spec", "clusterIPs"], vec![Value::from(address)]);
    let ports = others.iter().filter_map(|one| one.value.at(&["spec", "ports"])?.as_list()).flatten().map(node_port);
    allocate_ports(ports.filter(|port| *port > 0).collect(), object)
}

fn free_address(taken: &HashSet<&str>) -> ApiResult<String> {
    let span = ADDRESSES - 2 * RESERVED;
    let start = u32::from_be_bytes(metadata::random::<4>()) % span;
    let address = |step: u32| Ipv4Addr::from(NETWORK + RESERVED + (start + step) % span).to_string();
    let free = (0..span).map(address).find(|address| !taken.contains(address.as_str()));
    free.ok_or_else(|| ApiError::internal("failed to allocate a serviceIP: range is full"))
}

fn allocate_ports(mut taken: HashSet<i64>, object: &mut Value) -> ApiResult<()> {
    let wanted = wants_node_ports(object)
        && object.at(&["spec", "allocateLoadBalancerNodePorts"]).and_then(Value::as_bool) != Some(false);
    let ports = object.as_map_mut().and_then(|map| map.get_mut("spec")?.as_map_mut()?.get_mut("ports")?.as_list_mut());
    for port in ports.into_iter().flatten() {
        if !wanted {
            if node_port(port) > 0 {
                port.remove_at(&["nodePort"]);
            }
            continue;
        }
        let number = match node_port(port) {
            0 => NODE_PORTS.into_iter().find(|number| !taken.contains(number)),
            asked => Some(asked),
        };
        let number = number.ok_or_else(|| ApiError::internal("failed to allocate a nodePort: range is full"))?;
        taken.insert(number);
        port.set_at(&["nodePort"], number);
    }
    Ok(())
}
