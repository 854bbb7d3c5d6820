//! Strategic merge patch on the server's side: lists are merged by the key that the schema names; `$patch`,
//! `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…` are directives.
//!
//! Upstream walks a patch in random order; here the order is the patch's. Where upstream panics (maps in a list without a
//! merge key) there is an error or the obvious result. With duplicates in a live list of scalars, upstream's order depends
//! on the spare capacity of a Go slice; here it does not.

mod lists;
mod lookup;

use goyaml::{Kind, Map, Value};

use crate::go_text;
use crate::schema::{Schema, Type, TypeId};

/// Key of the directive that replaces or deletes what it stands in.
const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ORDER: &str = "$setElementOrder";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";

/// A patch that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategicError {
    /// A directive is not of its form: answer 400.
    #[error("{0}")]
    Format(&'static str),
    /// A list of lists: answer 422.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// Anything else: answer 500, as the API server does.
    #[error("{0}")]
    Other(String),
}

const BAD_PRIMITIVE_LIST: StrategicError = StrategicError::Format("invalid patch format of primitive list");
const BAD_RETAIN_KEYS: StrategicError = StrategicError::Format("invalid patch format of retainKeys");
const BAD_ORDER: StrategicError = StrategicError::Format("invalid patch format of setElementOrder list");

type Outcome<T> = Result<T, StrategicError>;

/// The original with the patch laid over it.
pub fn apply(of: Type<'_>, original: &Value, patch: &Value) -> Outcome<Value> {
    let (Some(original), Some(patch)) = (original.as_map(), patch.as_map()) else {
        return Err(StrategicError::Other("a strategic merge patch and what it is for must be objects".to_owned()));
    };
    Ok(Merge { schema: of.schema }.map(original.clone(), patch.clone(), of.id)?.into())
}

struct Merge<'a> {
    schema: &'a Schema,
}

impl Merge<'_> {
    fn map(&self, mut original: Map, mut patch: Map, of: TypeId) -> Outcome<Map> {
        if let Some(directive) = patch.get(PATCH).cloned() {
            return match directive.as_str() {
                Some("replace") => {
                    patch.remove(PATCH);
                    Ok(patch)
                }
                Some("delete") => Ok(Map::new()),
                _ => Err(bad_patch_type(&directive, &patch)),
            };
        }
        retain_keys(&mut original, &mut patch)?;
        self.ordered_lists(&mut original, &mut patch, of)?;
        for (key, value) in patch.iter() {
            self.entry(&mut original, key, value, of)?;
        }
        Ok(original)
    }

    fn entry(&self, original: &mut Map, key: &str, value: &Value, of: TypeId) -> Outcome<()> {
        let deletes = key.starts_with(DELETE_FROM);
        let key = if deletes { directive_target(key, DELETE_FROM, BAD_PRIMITIVE_LIST)? } else { key };
        if value.is_null() {
            original.remove(key);
            return Ok(());
        }
        let present = original.get(key).map(Value::kind);
        let merged: Value = match (present, value.kind()) {
            (Some(Kind::Map(present)), Kind::Map(patch)) => {
                let (sub, rule) = lookup::field(self.schema, of, key)?;
                if rule.replace { value.clone() } else { self.map((**present).clone(), (**patch).clone(), sub)?.into() }
            }
            (Some(Kind::List(present)), Kind::List(patch)) => {
                let element = lookup::list(self.schema, of, key)?;
                if element.rule.merge || deletes {
                    self.merge_lists(present, patch, &element, deletes)?.into()
                } else {
                    value.clone()
                }
            }
            _ if deletes => return Ok(()),
            (present, _) => {
                let same_type = original.get(key).is_some_and(|present| type_of(present) == type_of(value));
                let new = if present.is_some() && same_type { value.clone() } else { without_nulls(value) };
                let Some(new) = without_directives(&new) else {
                    original.remove(key);
                    return Ok(());
                };
                new
            }
        };
        original.insert(key, merged);
        Ok(())
    }
}

/// The Go type of a value, as far as merging tells them apart.
fn type_of(value: &Value) -> &'static str {
    go_text::type_name(value)
}

/// The field that a directive such as `$setElementOrder/containers` is about.
fn directive_target<'k>(key: &'k str, prefix: &str, error: StrategicError) -> Outcome<&'k str> {
    match key.split_once('/') {
        Some((found, target)) if found == prefix => Ok(target),
        _ => Err(error),
    }
}

/// Clears what the list of keys to retain does not name; the patch may set nothing else.
fn retain_keys(original: &mut Map, patch: &mut Map) -> Outcome<()> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let keys = keys.as_list().ok_or(BAD_RETAIN_KEYS)?;
    let retained = |key: &str| keys.iter().any(|kept| kept.as_str() == Some(key));
    let directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !directive(key) && !retained(key)) {
        return Err(BAD_RETAIN_KEYS);
    }
    original.retain(|key, _| retained(key));
    Ok(())
}

/// A value that is new to the object, without its null entries.
fn without_nulls(value: &Value) -> Value {
    match value.kind() {
        Kind::Map(map) => {
            map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Kind::List(items) => items.iter().map(without_nulls).collect(),
        _ => value.clone(),
    }
}

/// A value that is new to the object, without the maps that are directives; `None` if it is one itself.
fn without_directives(value: &Value) -> Option<Value> {
    match value.kind() {
        Kind::Map(map) if map.contains_key(PATCH) => None,
        Kind::Map(map) => Some(map.iter().filter_map(|(key, value)| Some((key, without_directives(value)?))).collect()),
        Kind::List(items) => Some(items.iter().filter_map(without_directives).collect()),
        _ => Some(value.clone()),
    }
}

fn bad_patch_type(directive: &Value, map: &Map) -> StrategicError {
    let map = go_text::plain(&map.clone().into());
    StrategicError::Other(format!("unknown patch type: {} in map: {map}", go_text::plain(directive)))
}

fn bad_type(expected: &str, actual: &Value) -> StrategicError {
    let actual = if actual.is_null() { "%!s(<nil>)" } else { type_of(actual) };
    StrategicError::Other(format!("expected a {expected}, but received a {actual}"))
}
