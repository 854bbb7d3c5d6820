//! The document of custom kinds, with what kubectl looks for: types, paths, and which patches they take.

use std::sync::Arc;

use goyaml::{Map, Value};

use crate::registry::Resource;

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const PATCHES: [&str; 3] =
    ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];

/// The document of these resources of one group version; `known` has the types of metadata.
pub(super) fn document(resources: &[Arc<Resource>], known: &Value) -> Value {
    let mut schemas = Map::new();
    let known = known.at(&["components", "schemas"]).and_then(Value::as_map);
    for (name, schema) in known.into_iter().flat_map(Map::iter).filter(|(name, _)| name.starts_with(META)) {
        schemas.insert(name, schema.clone());
    }
    let mut paths = Map::new();
    for resource in resources {
        let name = schema_name(resource);
        schemas.insert(name.as_str(), schema(resource));
        schemas.insert(format!("{name}List"), list_schema(resource, &name));
        add_paths(&mut paths, resource, &name);
    }
    let mut document: Map = [("openapi", "3.0.0")].into_iter().collect();
    document.insert("info", [("title", "Kubernetes"), ("version", "v1.36")].into_iter().collect::<Value>());
    document.insert("paths", paths);
    document.insert("components", [("schemas", Value::from(schemas))].into_iter().collect::<Value>());
    document.into()
}

/// `com.example.stable.v1.CronTab`
fn schema_name(resource: &Resource) -> String {
    let mut parts: Vec<&str> = resource.name.group.split('.').rev().collect();
    parts.extend([resource.version.as_str(), resource.kind.as_str()]);
    parts.join(".")
}

fn reference(name: &str) -> Value {
    [("$ref", format!("#/components/schemas/{name}"))].into_iter().collect()
}

fn gvk(resource: &Resource, kind: &str) -> Value {
    [("group", &*resource.name.group), ("kind", kind), ("version", resource.version.as_str())].into_iter().collect()
}

fn schema(resource: &Resource) -> Value {
    let own = resource.custom().and_then(|custom| custom.schema.clone());
    let mut schema = own.unwrap_or_else(|| [("type", "object")].into_iter().collect());
    let text: Value = [("type", "string")].into_iter().collect();
    schema.set_at(&["properties", "apiVersion"], text.clone());
    schema.set_at(&["properties", "kind"], text);
    let metadata: Value = [("allOf", vec![reference(&format!("{META}ObjectMeta"))])].into_iter().collect();
    schema.set_at(&["properties", "metadata"], metadata);
    schema.set_at(&["x-kubernetes-group-version-kind"], vec![gvk(resource, &resource.kind)]);
    schema
}

fn list_schema(resource: &Resource, name: &str) -> Value {
    let mut schema: Value = [("type", "object")].into_iter().collect();
    for key in ["apiVersion", "kind"] {
        schema.set_at(&["properties", key, "type"], "string");
    }
    schema.set_at(&["properties", "items", "type"], "array");
    schema.set_at(&["properties", "items", "items"], reference(name));
    schema.set_at(&["properties", "metadata"], reference(&format!("{META}ListMeta")));
    schema.set_at(&["required"], vec![Value::from("items")]);
    schema.set_at(&["x-kubernetes-group-version-kind"], vec![gvk(resource, &resource.list_kind)]);
    schema
}

fn add_paths(paths: &mut Map, resource: &Resource, name: &str) {
    let base = format!("/apis/{}", resource.api_version());
    let plural = &resource.name.resource;
    let collection = if resource.namespaced {
        format!("{base}/namespaces/{{namespace}}/{plural}")
    } else {
        format!("{base}/{plural}")
    };
    let mut whole = Map::new();
    whole.insert("get", operation(resource, &format!("{name}List"), ("list", &[])));
    whole.insert("post", operation(resource, name, ("post", &["application/json", "application/yaml"])));
    paths.insert(collection.as_str(), whole);
    let one = |paths: &mut Map, path: String| {
        let mut one = Map::new();
        one.insert("get", operation(resource, name, ("get", &[])));
        one.insert("put", operation(resource, name, ("put", &["application/json", "application/yaml"])));
        one.insert("patch", operation(resource, name, ("patch", &PATCHES)));
        one.insert("delete", operation(resource, name, ("delete", &["*/*"])));
        paths.insert(path, one);
    };
    one(paths, format!("{collection}/{{name}}"));
    if resource.has_status() {
        one(paths, format!("{collection}/{{name}}/status"));
    }
}

fn operation(resource: &Resource, name: &str, (action, bodies): (&str, &[&str])) -> Value {
    let content = |types: &[&str], schema: &Value| -> Value {
        let of = |one: &&str| ((*one).to_owned(), [("schema", schema.clone())].into_iter().collect::<Value>());
        types.iter().map(of).collect::<Map>().into()
    };
    let parameter = |name: &str| -> Value {
        let mut parameter: Value = [("name", name), ("in", "query")].into_iter().collect();
        parameter.set_at(&["schema", "type"], "string");
        parameter
    };
    let mut operation = Value::empty_map();
    let names = ["dryRun", "fieldManager", "fieldValidation"];
    if !bodies.is_empty() {
        operation.set_at(&["parameters"], names.map(parameter).to_vec());
        let patch = format!("{META}Patch");
        let body = if action == "patch" { reference(&patch) } else { reference(name) };
        operation.set_at(&["requestBody", "content"], content(bodies, &body));
    }
    operation.set_at(&["responses", "200", "content"], content(&["application/json"], &reference(name)));
    operation.set_at(&["x-kubernetes-action"], action);
    operation.set_at(&["x-kubernetes-group-version-kind"], gvk(resource, &resource.kind));
    operation
}
