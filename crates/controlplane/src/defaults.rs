//! Defaults that the API fills in for built-in kinds: one file a group.

mod apps;
mod autoscaling;
mod batch;
pub(crate) mod cluster;
mod core;
mod flowcontrol;
mod networking;
mod others;
mod pod;

use goyaml::Value;

use crate::store::GroupResource;

/// Fills in the defaults of an object.
pub(crate) fn apply(resource: &GroupResource, object: &mut Value) {
    let name = &*resource.resource;
    match &*resource.group {
        "" => core::apply(name, object),
        "apps" => apps::apply(name, object),
        "batch" => batch::apply(name, object),
        "networking.k8s.io" => networking::apply(name, object),
        "autoscaling" => autoscaling::apply(object),
        "flowcontrol.apiserver.k8s.io" => flowcontrol::apply(name, object),
        group => others::apply(group, name, object),
    }
}

/// Sets a field that is missing or null.
fn missing(object: &mut Value, path: &[&str], value: impl Into<Value>) {
    if object.at(path).is_none_or(Value::is_null) {
        object.set_at(path, value);
    }
}

/// Sets a field that is missing, null or the empty text.
fn empty(object: &mut Value, path: &[&str], value: impl Into<Value>) {
    if object.at(path).is_none_or(|found| found.is_null() || found.as_str() == Some("")) {
        object.set_at(path, value);
    }
}

/// A child that is there.
fn child<'a>(object: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    object.as_map_mut()?.get_mut(key).filter(|child| !child.is_null())
}

/// The items of a list that is there.
fn items<'a>(object: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    child(object, key).and_then(Value::as_list_mut).into_iter().flatten()
}

/// A child that is made when it is missing.
fn made<'a>(object: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    missing(object, &[key], Value::empty_map());
    child(object, key)
}
