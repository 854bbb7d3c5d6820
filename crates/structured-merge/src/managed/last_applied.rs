//! `kubectl`'s annotation with what client-side apply last sent, when its objects are taken over by server-side apply.

use goyaml::Value;

use super::{Actor, ApplyError, Conflicts, Entries, Manager};
use crate::field_set::FieldSet;
use crate::go_text;
use crate::typed::Duplicates;

const ANNOTATION: [&str; 3] = ["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"];
/// The only manager for which the annotation counts.
const KUBECTL: &str = "kubectl";
/// How many bytes all annotations of an object may have together.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// Applies; for `kubectl`, fields that the annotation shows as its own do not conflict, and the annotation is kept true.
pub(super) fn apply(
    endpoint: &Manager<'_>,
    live: &Value,
    config: &Value,
    managed: Entries,
    (actor, force): (&Actor<'_>, bool),
) -> Result<(Value, Entries), ApplyError> {
    if actor.manager != KUBECTL {
        return endpoint.merge(live, config, managed, (actor, force));
    }
    let first = endpoint.merge(live, config, managed.clone(), (actor, force));
    let (mut object, entries) = match (first, allowed(endpoint, live)) {
        (Err(ApplyError::Conflict(conflicts)), Some(permitted)) => {
            if !conflicts.fields().difference(&permitted).is_empty() {
                let rest = conflicts.0.into_iter().filter(|conflict| !permitted.contains(&conflict.path));
                return Err(ApplyError::Conflict(Conflicts(rest.collect())));
            }
            endpoint.merge(live, config, managed, (actor, true))?
        }
        (other, _) => other?,
    };
    if object.str_at(&ANNOTATION).is_some_and(|text| !text.is_empty()) {
        set(&mut object, config);
    }
    Ok((object, entries))
}

/// The fields of the annotation that the live object still has with the same values.
fn allowed(endpoint: &Manager<'_>, live: &Value) -> Option<FieldSet> {
    let text = live.str_at(&ANNOTATION).filter(|text| !text.is_empty())?;
    endpoint.of.validate(live, Duplicates::Refuse).ok()?;
    let last = goyaml::json::parse(text.as_bytes()).ok()?;
    if last.str_at(&["apiVersion"]) != Some(&endpoint.gvk.api_version()) {
        return None;
    }
    endpoint.of.validate(&last, Duplicates::Refuse).ok()?;
    let change = endpoint.of.compare(&last, live);
    let set = endpoint.of.field_set(&last);
    Some(set.difference(&change.modified).difference(&change.added).difference(&change.removed))
}

fn set(object: &mut Value, config: &Value) {
    let mut config = config.clone();
    config.remove_at(&ANNOTATION);
    if config.at(&ANNOTATION[..2]).is_some_and(Value::is_null) {
        config.remove_at(&ANNOTATION[..2]);
    }
    let mut text = String::new();
    go_text::write_json(&mut text, &config);
    text.push('\n');
    object.set_at(&ANNOTATION, text);
    let annotations = object.at(&ANNOTATION[..2]).and_then(Value::as_map);
    let size: usize = annotations
        .into_iter()
        .flat_map(goyaml::Map::iter)
        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
        .sum();
    if size > ANNOTATIONS_LIMIT {
        object.remove_at(&ANNOTATION);
    }
}
