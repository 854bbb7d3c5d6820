//! YAML as Helm reads it: through `sigs.k8s.io/yaml`, one document of a text or several merged.

use std::borrow::Cow;
use std::sync::Arc;

use goyaml::{Kind, ParseOptions, Pos, Value};
use memchr::memmem;

use crate::HelmCompat;
use crate::values::merge;

/// What is wrong with a text, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YamlFault {
    /// Line of the text, from 1.
    pub(crate) line: u32,
    /// Helm's words.
    pub(crate) message: String,
}

impl YamlFault {
    fn new(line: u32, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// A text without the mark that some editors put before it.
pub(crate) fn without_bom(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data)
}

/// The first document of a text, null if it is empty; the rest is not looked at.
pub(crate) fn first_document(data: &[u8], source: u32) -> Result<Value, Vec<YamlFault>> {
    let text = text_of(data)?;
    let mut faults = Vec::new();
    let value = read(&text, source, 0, &mut faults);
    if faults.is_empty() { Ok(value) } else { Err(faults) }
}

/// The values of a file: always a map, with floats for all numbers. Helm 4 merges the documents of the text.
pub(crate) fn values(data: &[u8], source: u32, compat: HelmCompat) -> Result<Value, Vec<YamlFault>> {
    let text = text_of(data)?;
    let (parts, wrong) =
        if compat == HelmCompat::V3 { (vec![Part { text: &text, lines_before: 0 }], None) } else { parts(&text) };
    let mut faults = Vec::new();
    let mut all = Value::empty_map();
    for part in parts {
        let mut value = read(part.text, source, part.lines_before, &mut faults);
        match value.kind() {
            Kind::Null => continue,
            Kind::Map(_) => {}
            _ => {
                faults.push(YamlFault::new(part.lines_before + 1, mismatch(&value, "map[string]interface {}")));
                continue;
            }
        }
        settle(&mut value, part.lines_before);
        if all.as_map().is_some_and(goyaml::Map::is_empty) {
            all = value;
        } else {
            merge(&mut all, &value);
        }
    }
    faults.extend(wrong);
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

/// Makes floats of all numbers, as Go's JSON reader does.
pub(crate) fn floats(value: &mut Value) {
    settle(value, 0);
}

/// Go's words for a value of the wrong kind.
pub(crate) fn mismatch(value: &Value, wanted: &str) -> String {
    let kind = json_kind(value);
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type {wanted}"
    )
}

/// A value's kind in the words of Go's JSON reader.
pub(crate) fn json_kind(value: &Value) -> &'static str {
    match value.kind() {
        Kind::Null => "null",
        Kind::Bool(_) => "bool",
        Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => "number",
        Kind::String(_) => "string",
        Kind::List(_) => "array",
        Kind::Map(_) => "object",
    }
}

/// Whether both are one map, be it an empty one, or the same scalar: maps of the same content are not looked into.
pub(crate) fn is_same(one: &Value, other: &Value) -> bool {
    match (one.kind(), other.kind()) {
        (Kind::Map(one), Kind::Map(other)) => Arc::ptr_eq(one, other) || one.is_empty() && other.is_empty(),
        (one, other) => one == other,
    }
}

/// A field as Go's JSON reader finds it: exact, or whatever the case of its letters.
pub(crate) fn field<'v>(map: &'v Value, name: &str) -> Option<&'v Value> {
    let map = map.as_map()?;
    map.get(name).or_else(|| {
        let same = |(key, value): (&str, &'v Value)| key.eq_ignore_ascii_case(name).then_some(value);
        map.iter().find_map(same)
    })
}

fn text_of(data: &[u8]) -> Result<Cow<'_, str>, Vec<YamlFault>> {
    match std::str::from_utf8(without_bom(data)) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            let before = &data[..error.valid_up_to().min(data.len())];
            let line = before.split(|byte| *byte == b'\n').count();
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            let message = "error converting YAML to JSON: yaml: invalid UTF-8: save the file as UTF-8";
            Err(vec![YamlFault::new(line, message)])
        }
    }
}

/// Reads one document whose text starts behind so many lines of its file.
fn read(text: &str, source: u32, lines_before: u32, faults: &mut Vec<YamlFault>) -> Value {
    let options = ParseOptions { source, ..ParseOptions::sigs() };
    match goyaml::parse_first(text, &options) {
        Ok(document) => document.map_or(Value::NULL, |document| document.value),
        Err(errors) => {
            faults.extend(errors.into_iter().map(|error| {
                let line = error.pos.line + lines_before;
                // What the step to JSON does not like carries no line in Go.
                let place =
                    if error.message.starts_with("json: ") { String::new() } else { format!("yaml: line {line}: ") };
                YamlFault { line, message: format!("error converting YAML to JSON: {place}{}", error.message) }
            }));
            Value::NULL
        }
    }
}

/// Makes floats of all numbers and moves lines to where the document stands in its file.
fn settle(value: &mut Value, lines_before: u32) {
    let number = match value.kind() {
        #[expect(clippy::cast_precision_loss, reason = "Go reads every number of a values file as the nearest float64")]
        Kind::Int(number) => Some(*number as f64),
        #[expect(clippy::cast_precision_loss, reason = "Go reads every number of a values file as the nearest float64")]
        Kind::Uint(number) => Some(*number as f64),
        _ => None,
    };
    let pos = Pos { line: value.pos().line + lines_before, ..value.pos() };
    if let Some(number) = number {
        *value = Value::new(Kind::Float(number), pos);
        return;
    }
    if lines_before > 0 {
        *value = std::mem::take(value).with_pos(pos);
    }
    if let Some(items) = value.as_list_mut() {
        for item in items {
            settle(item, lines_before);
        }
    } else if let Some(map) = value.as_map_mut() {
        for (_, item) in map.iter_mut() {
            settle(item, lines_before);
        }
    }
}

/// A document in its text.
struct Part<'a> {
    text: &'a str,
    lines_before: u32,
}

/// The documents of a text as Kubernetes' reader cuts them: at lines that start with `---`. It stops at one that goes on.
fn parts(text: &str) -> (Vec<Part<'_>>, Option<YamlFault>) {
    let mut parts = Vec::new();
    let (mut start, mut lines_before) = (0, 0);
    let (mut counted, mut number) = (0, 0);
    for offset in separators(text) {
        number += lines(&text[counted..offset]);
        counted = offset;
        let line = text[offset..].split_inclusive('\n').next().unwrap_or_default();
        let rest = line[SEPARATOR.len()..].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let message = format!("error reading yaml document: invalid Yaml document separator: {rest}");
            return (parts, Some(YamlFault::new(number + 1, message)));
        }
        // A separator with nothing before it belongs to what follows.
        if offset > start {
            parts.push(Part { text: &text[start..offset], lines_before });
            start = offset + line.len();
            lines_before = number + 1;
        }
    }
    if start < text.len() {
        parts.push(Part { text: &text[start..], lines_before });
    }
    (parts, None)
}

const SEPARATOR: &str = "---";

/// Where lines start with a separator.
fn separators(text: &str) -> impl Iterator<Item = usize> {
    let first = text.starts_with(SEPARATOR).then_some(0);
    first.into_iter().chain(memmem::find_iter(text.as_bytes(), b"\n---").map(|at| at + 1))
}

fn lines(text: &str) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}
