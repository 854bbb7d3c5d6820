//! The suffix of generated names, and base64 in lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::origin::scalars;
use goyaml::{Kind, Map, Value};
use sha2::{Digest, Sha256};

use crate::item::Item;
use crate::layout::Reread;
use crate::raw::RawTexts;
use crate::{layout, scalar};

/// Characters of base64 in one line.
const LINE: usize = 70;

/// Characters of a hash.
const HASH: usize = 10;

/// The suffix for the name of a generated object: it depends on its data, not on its name.
pub(crate) fn suffix(item: &Item, raw: &RawTexts) -> String {
    match hashed_whole(item) {
        Some(reread) => of_text(&layout::text(item, reread, raw)),
        None => of_data(&item.value, raw),
    }
}

/// What is hashed of an object that has become of another kind than those whose data is.
fn hashed_whole(item: &Item) -> Option<&Reread> {
    item.reread.as_deref().filter(|_| !["ConfigMap", "Secret"].contains(&&*item.gvk().kind))
}

fn of_text(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(HASH).map(digit).collect()
}

fn of_data(object: &Value, raw: &RawTexts) -> String {
    let is_secret = object.str_at(&["kind"]) == Some("Secret");
    let mut input = Map::new();
    input.insert("kind", if is_secret { "Secret" } else { "ConfigMap" });
    // kustomize looks the name up under a wrong path and finds nothing.
    input.insert("name", "");
    input.insert("data", object.get("data").map_or_else(|| Value::from(""), |data| hashed(data, raw)));
    let other = if is_secret { "stringData" } else { "binaryData" };
    if let Some(map) = object.get(other).filter(|value| value.as_map().is_some()) {
        input.insert(other, hashed(map, raw));
    }
    if is_secret {
        input.insert("type", object.get("type").map(scalar::text).unwrap_or_default());
    }
    of_text(&goyaml::json::to_go_string(&input.into()))
}

/// A field as kustomize hashes it: a scalar as text, and what is in a map by way of JSON, whose numbers are all floats.
fn hashed(field: &Value, raw: &RawTexts) -> Value {
    let is_whole = |value: &&Value| matches!(value.kind(), Kind::Int(_) | Kind::Uint(_));
    match field.kind() {
        Kind::Map(_) | Kind::List(_) if scalars(field).iter().any(is_whole) => with_floats(field),
        Kind::Map(_) | Kind::List(_) => field.clone(),
        _ => Value::from(raw.text(field)),
    }
}

fn with_floats(value: &Value) -> Value {
    match value.kind() {
        Kind::Map(map) => map.iter().map(|(key, value)| (key.to_owned(), with_floats(value))).collect(),
        Kind::List(items) => Value::from(items.iter().map(with_floats).collect::<Vec<_>>()),
        Kind::Int(_) | Kind::Uint(_) => {
            let number: Option<f64> = scalar::text(value).parse().ok();
            number.map_or_else(|| value.clone(), Value::from)
        }
        _ => value.clone(),
    }
}

/// The scalars that the suffix is made of.
pub(crate) fn inputs(item: &Item) -> Vec<&Value> {
    let object = &item.value;
    if hashed_whole(item).is_some() {
        return scalars(object).into_iter().collect();
    }
    let is_secret = object.str_at(&["kind"]) == Some("Secret");
    let fields: &[&str] = if is_secret { &["data", "stringData", "type"] } else { &["data", "binaryData"] };
    fields.iter().filter_map(|field| object.get(field)).flat_map(scalars).collect()
}

/// A hexadecimal digit in kustomize's alphabet, which cannot spell words.
fn digit(nibble: u8) -> char {
    char::from(b"gh2k456789mbcdtf"[usize::from(nibble)])
}

/// Base64, broken into lines if it is long.
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = next;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hash() {
        let object = goyaml::json::parse(br#"{"kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"b"}}"#);
        assert_eq!(of_data(&object.expect("a test's object is JSON"), &RawTexts::default()), "4h2mbtbbt6");
    }

    #[test]
    fn long_base64_is_broken() {
        assert!(!base64_lines(&[b'a'; 48]).contains('\n'));
        let long = base64_lines(&[b'a'; 60]);
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [70, 10]);
        assert!(long.ends_with('\n'));
    }
}
