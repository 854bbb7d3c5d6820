//! Names, namespaces, labels and annotations.

use goyaml::{Map, Value};

use super::{forbidden, invalid, required, too_long};
use crate::registry::Resource;
use crate::status::Cause;

const MAX_LABEL: usize = 63;
const MAX_SUBDOMAIN: usize = 253;
const MAX_ANNOTATIONS: usize = 256 * 1024;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// Faults of the metadata.
pub(super) fn metadata(resource: &Resource, live: Option<&Value>, object: &Value) -> Vec<Cause> {
    let mut faults = Vec::new();
    let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
    if live.is_none() {
        check_name(resource, name, &mut faults);
    }
    labels(object, &["metadata", "labels"], "metadata.labels", &mut faults);
    annotations(object, &mut faults);
    if let Some(live) = live {
        check_finalizers(live, object, &mut faults);
    }
    faults
}

fn check_name(resource: &Resource, name: &str, faults: &mut Vec<Cause>) {
    if name.is_empty() {
        faults.push(required("metadata.name", "name or generateName is required"));
        return;
    }
    let (fits, limit, rule) = match (&*resource.name.group, &*resource.name.resource) {
        ("rbac.authorization.k8s.io", _) => {
            let fits = !matches!(name, "." | "..") && !name.contains(['/', '%']);
            (fits, usize::MAX, "may not contain '/' or '%'")
        }
        ("", "namespaces") => (is_label(name), MAX_LABEL, LABEL),
        ("", "services") => (is_label_1035(name), MAX_LABEL, LABEL_1035),
        _ => (is_subdomain(name), MAX_SUBDOMAIN, SUBDOMAIN),
    };
    if name.len() > limit {
        faults.push(invalid("metadata.name", &name.into(), &format!("must be no more than {limit} bytes")));
    }
    if !fits {
        faults.push(invalid("metadata.name", &name.into(), rule));
    }
}

fn is_middle(letter: u8) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-'
}

/// A lowercase RFC 1123 label, of any length.
pub(super) fn is_label(text: &str) -> bool {
    let ends =
        |letter: Option<&u8>| letter.is_some_and(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    text.bytes().all(is_middle) && ends(text.as_bytes().first()) && ends(text.as_bytes().last())
}

fn is_label_1035(text: &str) -> bool {
    is_label(text) && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_qualified_part(text: &str) -> bool {
    let ends = |letter: Option<&u8>| letter.is_some_and(u8::is_ascii_alphanumeric);
    let middle = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.');
    text.bytes().all(middle) && ends(text.as_bytes().first()) && ends(text.as_bytes().last())
}

/// Faults of a map of labels.
pub(super) fn labels(object: &Value, path: &[&str], field: &str, faults: &mut Vec<Cause>) {
    for (key, value) in object.at(path).and_then(Value::as_map).into_iter().flat_map(Map::iter) {
        qualified(key, field, faults);
        let text = value.as_str().unwrap_or_default();
        if text.len() > MAX_LABEL {
            faults.push(too_long(field, MAX_LABEL));
        } else if !text.is_empty() && !is_qualified_part(text) {
            faults.push(invalid(field, value, LABEL_VALUE));
        }
    }
}

fn qualified(key: &str, field: &str, faults: &mut Vec<Cause>) {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
        faults.push(invalid(field, &key.into(), &format!("prefix part {SUBDOMAIN}")));
    }
    if name.len() > MAX_LABEL {
        faults.push(invalid(field, &key.into(), "name part must be no more than 63 bytes"));
    } else if !is_qualified_part(name) {
        faults.push(invalid(field, &key.into(), QUALIFIED));
    }
}

fn annotations(object: &Value, faults: &mut Vec<Cause>) {
    let mut size = 0;
    for (key, value) in object.at(&["metadata", "annotations"]).and_then(Value::as_map).into_iter().flat_map(Map::iter)
    {
        qualified(&key.to_ascii_lowercase(), "metadata.annotations", faults);
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > MAX_ANNOTATIONS {
        faults.push(too_long("metadata.annotations", MAX_ANNOTATIONS));
    }
}

/// No finalizer can be added to an object that goes away.
fn check_finalizers(live: &Value, object: &Value, faults: &mut Vec<Cause>) {
    if live.at(&["metadata", "deletionTimestamp"]).is_none() {
        return;
    }
    let before = crate::metadata::finalizers(live);
    let added: Vec<_> = crate::metadata::finalizers(object).into_iter().filter(|one| !before.contains(one)).collect();
    if !added.is_empty() {
        let why =
            format!("no new finalizers can be added if the object is being deleted, found new finalizers {added:?}");
        faults.push(forbidden("metadata.finalizers", &why.replace("[\"", "[]string{\"").replace("\"]", "\"}")));
    }
}
