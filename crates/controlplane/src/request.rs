//! What a request asks for: path, verb and options.

mod query;

use http::Method;

pub(crate) use query::Query;

/// The target of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A resource, one of its objects or a part of one.
    Resource(ResourcePath),
    /// Anything else: discovery, health, schemas.
    Other,
}

/// The parts of a resource path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourcePath {
    /// `apps/v1`, or `v1` for the core group.
    pub(crate) group_version: String,
    /// Namespace; empty when the path names none.
    pub(crate) namespace: String,
    /// Plural name.
    pub(crate) resource: String,
    /// Name; empty for collections.
    pub(crate) name: String,
    /// What follows the name, joined by `/`.
    pub(crate) subresource: String,
    /// Whether the path has the old prefix `/watch/`.
    pub(crate) watch: bool,
}

/// Takes a path apart.
pub(crate) fn parse_path(path: &str) -> Target {
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(query::decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (group_version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ((*version).to_owned(), rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (format!("{group}/{version}"), rest),
        _ => return Target::Other,
    };
    let (watch, rest) = match rest {
        ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
        _ => (false, rest),
    };
    let place = |namespace: &str, rest: &[&str]| ResourcePath {
        group_version: group_version.clone(),
        namespace: namespace.to_owned(),
        resource: rest.first().copied().unwrap_or_default().to_owned(),
        name: rest.get(1).copied().unwrap_or_default().to_owned(),
        subresource: rest.get(2..).unwrap_or_default().join("/"),
        watch,
    };
    Target::Resource(match rest {
        ["namespaces", _, "status" | "finalize"] => place("", rest),
        ["namespaces", namespace, inside @ ..] if !inside.is_empty() => place(namespace, inside),
        _ => place("", rest),
    })
}

/// The verb as audit logs name it.
pub(crate) fn verb(method: &Method, path: &ResourcePath, query: &Query) -> Option<&'static str> {
    let watch = path.watch || query.flag("watch");
    Some(match (method.as_str(), path.name.is_empty()) {
        ("GET" | "HEAD", _) if watch && path.subresource.is_empty() => "watch",
        ("GET" | "HEAD", true) => "list",
        ("GET" | "HEAD", false) => "get",
        ("POST", _) => "create",
        ("PUT", false) => "update",
        ("PATCH", false) => "patch",
        ("DELETE", false) => "delete",
        ("DELETE", true) => "deletecollection",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: [&str; 5]) {
        let Target::Resource(found) = parse_path(path) else {
            panic!("{path} is no resource");
        };
        let found = [&found.group_version, &found.namespace, &found.resource, &found.name, &found.subresource];
        assert_eq!(found.map(String::as_str), expect, "{path}");
    }

    #[test]
    fn paths() {
        check("/api/v1/namespaces/a/pods/b/log", ["v1", "a", "pods", "b", "log"]);
        check("/api/v1/namespaces/a", ["v1", "", "namespaces", "a", ""]);
        check("/api/v1/namespaces/a/status", ["v1", "", "namespaces", "a", "status"]);
        check("/apis/apps/v1/deployments", ["apps/v1", "", "deployments", "", ""]);
        check("/apis/apps/v1/namespaces/x/deployments/y/scale", ["apps/v1", "x", "deployments", "y", "scale"]);
        check("/api/v1/nodes/n%2Dx", ["v1", "", "nodes", "n-x", ""]);
        assert_eq!(parse_path("/apis/apps/v1"), Target::Other);
        assert_eq!(parse_path("/healthz"), Target::Other);
    }
}
