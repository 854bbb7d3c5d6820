//! Addresses of pages.

use std::fmt::Write as _;

use engine::{Name, SourceName};
use object::ObjectKey;

/// Stands for the core group in addresses.
pub(crate) const CORE: &str = "core";
/// Stands for no namespace in addresses.
pub(crate) const NO_NAMESPACE: &str = "-";

/// The page of a delivery.
pub(crate) fn delivery(name: &Name) -> String {
    format!("/deliveries/{}/{}", encode(&name.namespace), encode(&name.name))
}

/// The page of a source.
pub(crate) fn source(name: &SourceName) -> String {
    format!("/sources/{}/{}/{}", name.kind.as_str(), encode(&name.namespace), encode(&name.name))
}

/// The page of an object.
pub(crate) fn object(key: &ObjectKey, version: &str) -> String {
    let group = if key.group.is_empty() { CORE } else { &key.group };
    let namespace = if key.namespace.is_empty() { NO_NAMESPACE } else { &key.namespace };
    let parts = [group, version, &key.kind, namespace, &key.name].map(encode);
    format!("/objects/{}", parts.join("/"))
}

/// Percent-encodes what is not plain in a part of a path or in a query's value.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_objects() {
        let key = |group: &str, kind: &str, namespace: &str, name: &str| ObjectKey {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        };
        for (key, expect) in [
            (key("apps", "Deployment", "web", "front"), "/objects/apps/v1/Deployment/web/front"),
            (key("", "Namespace", "", "web"), "/objects/core/v1/Namespace/-/web"),
            (
                key("r.k8s.io", "ClusterRole", "", "system:a/ä"),
                "/objects/r.k8s.io/v1/ClusterRole/-/system%3Aa%2F%C3%A4",
            ),
        ] {
            assert_eq!(object(&key, "v1"), expect);
        }
    }
}
