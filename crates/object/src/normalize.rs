//! Manifests in the form that is applied.

use goyaml::Value;

/// Makes a manifest ready for a server-side apply, as Flux does: `stringData` of a Secret goes into `data` (the server
/// would keep its fields under a name that is never read back), ports get the protocol that is part of their key, the
/// status goes except that of a `CustomResourceDefinition`, and what only the server writes goes.
pub fn for_apply(object: &mut Value) {
    fold_string_data(object);
    name_protocols(object);
    let is_definition = object.str_at(&["kind"]) == Some("CustomResourceDefinition");
    let Some(map) = object.as_map_mut() else { return };
    if !is_definition {
        map.remove("status");
    }
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_map_mut) {
        for name in ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"] {
            metadata.remove(name);
        }
    }
}

fn fold_string_data(object: &mut Value) {
    if !crate::diff::is_secret(object) {
        return;
    }
    let Some(plain) = object.as_map_mut().and_then(|map| map.remove("stringData")) else { return };
    let Some(plain) = plain.as_map().filter(|plain| !plain.is_empty()) else { return };
    let Some(data) = object.child_map_mut("data") else { return };
    for (key, value) in plain.iter() {
        data.insert(key, crate::base64::encode(crate::diff::scalar_text(value).as_bytes()));
    }
}

/// Ports are told apart by number and protocol; one without a protocol is TCP.
fn name_protocols(object: &mut Value) {
    let kind = object.str_at(&["kind"]).unwrap_or("");
    let pod: &[&str] = match (object.str_at(&["apiVersion"]).unwrap_or(""), kind) {
        ("v1", "Service") => return name_ports(at_mut(object, &["spec", "ports"])),
        ("v1", "Pod") => &["spec"],
        ("v1", "ReplicationController")
        | ("apps/v1", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch/v1", "Job") => &["spec", "template", "spec"],
        ("batch/v1", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return,
    };
    for list in ["initContainers", "containers"] {
        let path: Vec<&str> = pod.iter().copied().chain([list]).collect();
        let containers = at_mut(object, &path).and_then(Value::as_list_mut);
        for container in containers.into_iter().flatten() {
            name_ports(at_mut(container, &["ports"]));
        }
    }
}

fn at_mut<'a>(object: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(object, |node, key| node.as_map_mut()?.get_mut(key))
}

fn name_ports(ports: Option<&mut Value>) {
    for port in ports.and_then(Value::as_list_mut).into_iter().flatten() {
        if let Some(port) = port.as_map_mut()
            && port.get("protocol").is_none_or(|protocol| protocol.is_null() || protocol.as_str() == Some(""))
        {
            port.insert("protocol", "TCP");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) {
        let mut value = goyaml::json::parse(before.as_bytes()).expect("JSON");
        for_apply(&mut value);
        assert_eq!(goyaml::json::to_string(&value), after);
    }

    #[test]
    fn string_data_is_encoded() {
        check(
            r#"{"apiVersion":"v1","kind":"Secret","data":{"a":"eA==","b":"eA=="},"stringData":{"b":"secret","c":""}}"#,
            r#"{"apiVersion":"v1","kind":"Secret","data":{"a":"eA==","b":"c2VjcmV0","c":""}}"#,
        );
        check(
            r#"{"apiVersion":"my.io/v1","kind":"Secret","stringData":{"b":"x"}}"#,
            r#"{"apiVersion":"my.io/v1","kind":"Secret","stringData":{"b":"x"}}"#,
        );
    }

    #[test]
    fn ports_get_their_protocol() {
        check(
            r#"{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80},{"port":53,"protocol":"UDP"}]}}"#,
            r#"{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}}"#,
        );
        check(
            r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"ports":[{"containerPort":80}]},{}]}}"#,
            r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"ports":[{"containerPort":80,"protocol":"TCP"}]},{}]}}"#,
        );
        check(
            r#"{"apiVersion":"a.io/v1","kind":"Service","spec":{"ports":[{"port":80}]}}"#,
            r#"{"apiVersion":"a.io/v1","kind":"Service","spec":{"ports":[{"port":80}]}}"#,
        );
    }

    #[test]
    fn what_the_server_writes_goes() {
        check(
            r#"{"kind":"Pod","metadata":{"name":"a","creationTimestamp":null,"uid":"u"},"status":{}}"#,
            r#"{"kind":"Pod","metadata":{"name":"a"}}"#,
        );
    }
}
