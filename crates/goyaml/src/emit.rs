//! YAML text out of a tree, as go-yaml v2 writes it for kustomize and for Helm's `toYaml`.
//!
//! Both tools send the tree through JSON first, so a float without a fraction comes out as an integer.

mod letters;
mod order;
mod scalar;
mod writer;

use self::scalar::Shape;
use self::writer::{Context, Writer};
use crate::resolve::number::{format_g, format_json};
use crate::{Kind, Map, Value};

/// Keys up to this many bytes are written as `key:`, longer ones behind a `?`.
const MAX_SIMPLE_KEY: usize = 128;

/// Writes one document, keys in go-yaml's natural order, without a document marker.
pub fn emit(value: &Value) -> String {
    let mut writer = Writer::default();
    node(&mut writer, value, Context::default());
    writer.end_document();
    writer.finish()
}

/// Writes several documents with `---` lines between them.
pub fn emit_documents<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let documents: Vec<String> = values.into_iter().map(emit).collect();
    documents.join("---\n")
}

fn node(writer: &mut Writer, value: &Value, context: Context) {
    match value.kind() {
        Kind::Null => writer.scalar("null", Shape::plain(), context),
        Kind::Bool(value) => writer.scalar(if *value { "true" } else { "false" }, Shape::plain(), context),
        Kind::Int(value) => writer.scalar(&value.to_string(), Shape::plain(), context),
        Kind::Uint(value) => writer.scalar(&value.to_string(), Shape::plain(), context),
        Kind::Float(value) => writer.scalar(&float(*value), Shape::plain(), context),
        Kind::String(text) => {
            let text = scalar::through_json(text);
            writer.scalar(&text, Shape::of(&text), context);
        }
        Kind::List(items) if items.is_empty() => writer.empty_collection("[", "]"),
        Kind::List(items) => sequence(writer, items, context),
        Kind::Map(map) if map.is_empty() => writer.empty_collection("{", "}"),
        Kind::Map(map) => mapping(writer, map),
    }
}

/// A float as it comes out of JSON: an integer if it looks like one.
fn float(value: f64) -> String {
    let json = format_json(value);
    if value.is_finite() && (json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok()) {
        return if json == "-0" { "0".to_owned() } else { json };
    }
    format_g(value)
}

fn sequence(writer: &mut Writer, items: &[Value], context: Context) {
    let outer = writer.open_sequence(context);
    for item in items {
        writer.indicator_line("-");
        node(writer, item, Context::default());
    }
    writer.close(outer);
}

fn mapping(writer: &mut Writer, map: &Map) {
    let outer = writer.open_mapping();
    let entries = map.iter().map(|(key, value)| (scalar::through_json(key), value)).collect();
    for (key, value) in order::sort(entries) {
        entry(writer, &key, value);
    }
    writer.close(outer);
}

fn entry(writer: &mut Writer, key: &str, value: &Value) {
    let shape = Shape::of(key);
    let context = Context { mapping: true, ..Context::default() };
    if shape.is_multiline() || key.len() > MAX_SIMPLE_KEY {
        writer.indicator_line("?");
        writer.scalar(key, shape, context);
        writer.indicator_line(":");
    } else {
        writer.line();
        writer.scalar(key, shape, Context { simple_key: true, ..context });
        writer.indicator(":", writer::Gap::None);
    }
    node(writer, value, context);
}
