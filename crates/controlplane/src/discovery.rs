//! Discovery: which groups, versions and resources there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use goyaml::{Map, Value};
use http::header::{ACCEPT, ETAG, HeaderName, IF_NONE_MATCH, VARY};
use http::request::Parts;
use sha2::{Digest, Sha256};

use crate::crd::CustomVersion;
use crate::plane::ControlPlane;
use crate::registry::{Registry, Resource};
use crate::reply::Reply;
use crate::status::{ApiError, ApiResult};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// `GET /`
pub(crate) fn paths(plane: &ControlPlane) -> Reply {
    let mut paths = vec!["/api".to_owned(), "/api/v1".into(), "/apis".into()];
    for list in group_versions(&plane.registry()).keys().filter(|group_version| group_version.contains('/')) {
        paths.push(format!("/apis/{list}"));
    }
    paths.extend(["/healthz", "/livez", "/openapi/v3", "/readyz", "/version"].map(str::to_owned));
    let paths: Value = paths.into_iter().map(Value::from).collect();
    Reply::value(200, &[("paths", paths)].into_iter().collect())
}

/// `GET` below `/api` and `/apis`.
pub(crate) fn serve(plane: &ControlPlane, parts: &Parts) -> ApiResult<Reply> {
    let path = parts.uri.path().trim_end_matches('/');
    let accept = header(parts, &ACCEPT);
    let aggregated = matches!(path, "/api" | "/apis") && wants_aggregated(accept);
    let Document { json, tag } = document(plane, path, aggregated)?;
    let reply = if header(parts, &IF_NONE_MATCH) == tag {
        Reply::not_modified()
    } else if aggregated {
        Reply::new(200, AGGREGATED, crate::body::full(json))
    } else {
        Reply::json(200, json)
    };
    Ok(reply.header(ETAG, tag).header(VARY, "Accept"))
}

/// Documents kept; some paths lead to the same one.
const MAX_CACHED: usize = 512;

/// A document as it is sent.
#[derive(Clone, Debug)]
struct Document {
    json: Bytes,
    tag: String,
}

/// By path and whether all groups stand in one document.
type ByPath = BTreeMap<(String, bool), Document>;

/// The documents that were asked for since the served resources changed last.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    made: Mutex<(Arc<Registry>, ByPath)>,
}

fn document(plane: &ControlPlane, path: &str, aggregated: bool) -> ApiResult<Document> {
    let registry = plane.registry();
    let key = (path.to_owned(), aggregated);
    let lock = || plane.discovery().made.lock().unwrap_or_else(PoisonError::into_inner);
    {
        let mut made = lock();
        if !Arc::ptr_eq(&made.0, &registry) {
            // Holding the registry keeps it from being changed in place.
            *made = (registry, ByPath::new());
        } else if let Some(known) = made.1.get(&key) {
            return Ok(known.clone());
        }
    }
    let registry = plane.registry();
    let document = if aggregated { aggregate(plane, path)? } else { plain(plane, path)? };
    let json = Bytes::from(goyaml::json::to_string(&document));
    let document = Document { tag: format!("\"{}\"", hash(&json)), json };
    let mut made = lock();
    if Arc::ptr_eq(&made.0, &registry) && made.1.len() < MAX_CACHED {
        made.1.insert(key, document.clone());
    }
    Ok(document)
}

fn header<'a>(parts: &'a Parts, name: &HeaderName) -> &'a str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn wants_aggregated(accept: &str) -> bool {
    let mut parts = accept.split(',');
    parts.any(|part| part.contains("as=APIGroupDiscoveryList") && part.contains("v=v2") && !part.contains("v=v2beta1"))
}

/// Hexadecimal SHA-256 in capitals, as upstream writes hashes of documents.
pub(crate) fn hash(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    Sha256::digest(bytes).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

type GroupVersions = BTreeMap<String, Vec<Arc<Resource>>>;

fn group_versions(registry: &Registry) -> GroupVersions {
    let mut found = GroupVersions::new();
    for resource in registry.all() {
        found.entry(resource.api_version()).or_default().push(Arc::clone(resource));
    }
    found
}

/// The group versions that only custom definitions serve, by group.
fn custom_groups(registry: &Registry) -> BTreeMap<String, GroupVersions> {
    let mut groups: BTreeMap<String, GroupVersions> = BTreeMap::new();
    for (group_version, resources) in group_versions(registry) {
        let custom: Vec<_> = resources.into_iter().filter(|resource| resource.custom().is_some()).collect();
        if let Some(first) = custom.first() {
            groups.entry(first.name.group.to_string()).or_default().insert(group_version, custom);
        }
    }
    groups
}

fn recorded(plane: &ControlPlane, path: &str) -> ApiResult<Value> {
    plane.schemas().discovery(path).cloned().ok_or_else(ApiError::no_such_resource)
}

fn plain(plane: &ControlPlane, path: &str) -> ApiResult<Value> {
    let registry = plane.registry();
    match path {
        "/api" => {
            let mut versions = recorded(plane, path)?;
            versions.set_at(&["serverAddressByClientCIDRs"], Vec::<Value>::new());
            Ok(versions)
        }
        "/apis" => {
            let mut list = recorded(plane, path)?;
            let custom =
                custom_groups(&registry).into_iter().map(|(group, versions)| api_group(&group, versions.keys()));
            let custom: Vec<_> = custom.collect();
            list.as_map_mut()
                .and_then(|map| map.get_mut("groups")?.as_list_mut())
                .into_iter()
                .for_each(|groups| groups.extend(custom.clone()));
            Ok(list)
        }
        _ => match path.trim_start_matches("/apis/").trim_start_matches("/api/").split_once('/') {
            Some(_) => resource_list(plane, &registry, path),
            None if path.starts_with("/api/") => resource_list(plane, &registry, path),
            None => group(plane, &registry, path.trim_start_matches("/apis/")),
        },
    }
}

fn group(plane: &ControlPlane, registry: &Registry, group: &str) -> ApiResult<Value> {
    let list = recorded(plane, "/apis")?;
    let groups = list.get("groups").and_then(Value::as_list).unwrap_or_default();
    let found = groups.iter().find(|one| one.str_at(&["name"]) == Some(group)).cloned();
    let found = found.or_else(|| custom_groups(registry).get(group).map(|versions| api_group(group, versions.keys())));
    let mut found = found.ok_or_else(ApiError::no_such_resource)?;
    found.set_at(&["kind"], "APIGroup");
    found.set_at(&["apiVersion"], "v1");
    Ok(found)
}

fn api_group<'a>(group: &str, versions: impl Iterator<Item = &'a String>) -> Value {
    let entry = |group_version: &String| -> Value {
        let version = group_version.rsplit('/').next().unwrap_or_default();
        [("groupVersion", group_version.as_str()), ("version", version)].into_iter().collect()
    };
    let mut names: Vec<&String> = versions.collect();
    names.sort_by_key(|name| std::cmp::Reverse(priority(name)));
    let versions: Vec<_> = names.into_iter().map(entry).collect();
    let mut found: Map = [("name", group)].into_iter().collect();
    if let Some(first) = versions.first() {
        found.insert("preferredVersion", first.clone());
    }
    found.insert("versions", versions);
    found.into()
}

/// The order of versions: stable before beta before alpha, then the higher number.
fn priority(group_version: &str) -> (u8, u64, u64) {
    let version = group_version.rsplit('/').next().unwrap_or_default().trim_start_matches('v');
    let number = |text: &str| text.parse().unwrap_or(0);
    if let Some((major, minor)) = version.split_once("beta") {
        return (1, number(major), number(minor));
    }
    if let Some((major, minor)) = version.split_once("alpha") {
        return (0, number(major), number(minor));
    }
    (2, number(version), 0)
}

fn resource_list(plane: &ControlPlane, registry: &Registry, path: &str) -> ApiResult<Value> {
    let group_version = path.trim_start_matches("/apis/").trim_start_matches("/api/").to_owned();
    let mut found = group_versions(registry).remove(&group_version).unwrap_or_default();
    found.retain(|resource| resource.custom().is_some());
    let custom: Vec<Value> = found.iter().flat_map(|resource| custom_entries(resource)).collect();
    if let Some(recorded) = plane.schemas().discovery(path) {
        let mut list = recorded.clone();
        list.as_map_mut()
            .and_then(|map| map.get_mut("resources")?.as_list_mut())
            .into_iter()
            .for_each(|all| all.extend(custom.clone()));
        return Ok(list);
    }
    if custom.is_empty() {
        return Err(ApiError::no_such_resource());
    }
    let mut list: Map = [("kind", "APIResourceList"), ("apiVersion", "v1")].into_iter().collect();
    list.insert("groupVersion", group_version);
    list.insert("resources", custom);
    Ok(list.into())
}

fn names(custom: &CustomVersion, key: &str) -> Option<Value> {
    custom.names.get(key).filter(|list| list.as_list().is_some_and(|list| !list.is_empty())).cloned()
}

fn custom_entries(resource: &Resource) -> Vec<Value> {
    let Some(custom) = resource.custom() else {
        return Vec::new();
    };
    let entry = |name: String, singular: &str, kind: &str, verbs: &[String]| {
        let mut entry: Map = [("name", name.as_str()), ("singularName", singular)].into_iter().collect();
        entry.insert("namespaced", resource.namespaced);
        entry.insert("kind", kind);
        entry.insert("verbs", verbs.iter().map(|verb| Value::from(verb.as_str())).collect::<Value>());
        entry
    };
    let singular = custom.names.str_at(&["singular"]).unwrap_or_default();
    let plural = resource.name.resource.to_string();
    let mut main = entry(plural.clone(), singular, &resource.kind, &resource.verbs);
    for key in ["shortNames", "categories"] {
        if let Some(list) = names(custom, key) {
            main.insert(key, list);
        }
    }
    let sub = resource.subresources.iter().map(|(name, verbs)| {
        let mut sub =
            entry(format!("{plural}/{name}"), "", if name == "scale" { "Scale" } else { &resource.kind }, verbs);
        if name == "scale" {
            sub.insert("group", "autoscaling");
            sub.insert("version", "v1");
        }
        sub.into()
    });
    std::iter::once(main.into()).chain(sub).collect()
}

fn aggregate(plane: &ControlPlane, path: &str) -> ApiResult<Value> {
    let mut list = recorded(plane, &format!("aggregated:{path}"))?;
    if path == "/api" {
        return Ok(list);
    }
    let registry = plane.registry();
    let groups = custom_groups(&registry).into_iter().map(|(group, versions)| aggregated_group(&group, &versions));
    let groups: Vec<_> = groups.collect();
    list.as_map_mut()
        .and_then(|map| map.get_mut("items")?.as_list_mut())
        .into_iter()
        .for_each(|items| items.extend(groups.clone()));
    Ok(list)
}

fn aggregated_group(group: &str, versions: &GroupVersions) -> Value {
    let mut names: Vec<_> = versions.iter().collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(priority(name)));
    let version = |(group_version, resources): (&String, &Vec<Arc<Resource>>)| -> Value {
        let mut version = Map::new();
        version.insert("version", group_version.rsplit('/').next().unwrap_or_default());
        version.insert("resources", resources.iter().map(|resource| aggregated_resource(resource)).collect::<Value>());
        version.insert("freshness", "Current");
        version.into()
    };
    let mut found = Map::new();
    found.insert("metadata", [("name", group)].into_iter().collect::<Value>());
    found.insert("versions", names.into_iter().map(version).collect::<Value>());
    found.into()
}

fn aggregated_resource(resource: &Resource) -> Value {
    let kind = |group: &str, version: &str, kind: &str| -> Value {
        [("group", group), ("version", version), ("kind", kind)].into_iter().collect()
    };
    let verbs = |verbs: &[String]| verbs.iter().map(|verb| Value::from(verb.as_str())).collect::<Value>();
    let own = kind(&resource.name.group, &resource.version, &resource.kind);
    let mut found: Map = [("resource", &*resource.name.resource)].into_iter().collect();
    found.insert("responseKind", own.clone());
    found.insert("scope", if resource.namespaced { "Namespaced" } else { "Cluster" });
    if let Some(custom) = resource.custom() {
        found.insert("singularResource", custom.names.str_at(&["singular"]).unwrap_or_default());
        for key in ["shortNames", "categories"] {
            if let Some(list) = names(custom, key) {
                found.insert(key, list);
            }
        }
    }
    found.insert("verbs", verbs(&resource.verbs));
    let subresource = |(name, allowed): (&String, &Vec<String>)| -> Value {
        let mut sub: Map = [("subresource", name.as_str())].into_iter().collect();
        sub.insert("responseKind", if name == "scale" { kind("autoscaling", "v1", "Scale") } else { own.clone() });
        sub.insert("verbs", verbs(allowed));
        sub.into()
    };
    let subresources: Vec<_> = resource.subresources.iter().map(subresource).collect();
    if !subresources.is_empty() {
        found.insert("subresources", subresources);
    }
    found.into()
}
