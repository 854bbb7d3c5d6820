//! JSON in and out, as Go's `encoding/json` writes it: sorted keys, `<`, `>`, `&` escaped unless it is raw.

use crate::error::Fault;
use crate::exec::Context;
use crate::registry::Type::{Any, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::syntax::unquote::decode;
use crate::value::{List, ListKind, MAX_DEPTH, Map, MapKind, Object, Value, from_yaml};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    escape_html: bool,
    indent: bool,
    depth: usize,
}

fn written(cx: Cx, value: &Value, escape_html: bool, indent: bool) -> Outcome {
    cx.text(|out| Writer { out, escape_html, indent, depth: 0 }.value(value))
}

/// What cannot be written is nothing.
fn or_nothing(written: Outcome) -> Outcome {
    Ok(written.unwrap_or_else(|_| "".into()))
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) -> Result<(), String> {
        if self.depth > MAX_DEPTH || self.out.len() > crate::fmt::MAX_TEXT {
            return Err("json: unsupported value: too large or nested too deeply".to_owned());
        }
        match value {
            Value::None | Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Bool(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::Int(value) | Value::Int64(value) => self.integer(*value),
            Value::Uint64(value) => self.integer(*value),
            Value::Uint8(value) => self.integer(*value),
            Value::Float(value) if !value.is_finite() => {
                return Err(format!("json: unsupported value: {}", crate::fmt::float_text(*value)));
            }
            Value::Float(value) => self.out.extend_from_slice(goyaml::format_json(*value).as_bytes()),
            Value::Complex(..) => return Err("json: unsupported type: complex128".to_owned()),
            Value::Text(text) => self.text(text),
            Value::Bytes(bytes) => {
                use base64::Engine;
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                self.text(text.as_bytes());
            }
            Value::List(list) if list.is_nil() => self.out.extend_from_slice(b"null"),
            Value::List(list) => self.collection(b'[', b']', list.iter(), Self::value)?,
            Value::Map(map) if map.kind() == MapKind::Nil => self.out.extend_from_slice(b"null"),
            Value::Map(map) => map.with(|entries| {
                self.collection(b'{', b'}', entries.iter(), |writer, (key, value)| {
                    writer.text(key);
                    writer.out.extend_from_slice(if writer.indent { b": " } else { b":" });
                    writer.value(value)
                })
            })?,
            Value::Object(object) => self.object(&**object)?,
        }
        Ok(())
    }

    /// Structs keep the order of their fields, where maps are sorted.
    fn object(&mut self, object: &dyn Object) -> Result<(), String> {
        let fields: Vec<_> = object.fields().into_iter().filter_map(|field| Some((field.json?, field.value))).collect();
        if fields.is_empty() {
            return self.value(&object.json());
        }
        self.collection(b'{', b'}', fields.into_iter(), |writer, (key, value)| {
            writer.text(key.as_bytes());
            writer.out.extend_from_slice(if writer.indent { b": " } else { b":" });
            writer.value(&value)
        })
    }

    fn collection<T>(
        &mut self,
        open: u8,
        close: u8,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), String>,
    ) -> Result<(), String> {
        self.out.push(open);
        let empty = items.len() == 0;
        self.depth += 1;
        for (number, item) in items.enumerate() {
            if number > 0 {
                self.out.push(b',');
            }
            self.line();
            write(self, item)?;
        }
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push(close);
        Ok(())
    }

    fn integer(&mut self, value: impl itoa::Integer) {
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    fn line(&mut self) {
        if self.indent {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * self.depth, b' ');
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.out.push(b'"');
        let mut rest = text;
        loop {
            let usual = rest.iter().position(|byte| !is_usual(*byte)).unwrap_or(rest.len());
            self.out.extend_from_slice(&rest[..usual]);
            rest = &rest[usual..];
            let Some(&first) = rest.first() else { break };
            let (character, length) = decode(rest);
            match character {
                '"' => self.out.extend_from_slice(b"\\\""),
                '\\' => self.out.extend_from_slice(b"\\\\"),
                '\n' => self.out.extend_from_slice(b"\\n"),
                '\r' => self.out.extend_from_slice(b"\\r"),
                '\t' => self.out.extend_from_slice(b"\\t"),
                '\u{8}' => self.out.extend_from_slice(b"\\b"),
                '\u{c}' => self.out.extend_from_slice(b"\\f"),
                '<' | '>' | '&' if self.escape_html => self.code(character),
                '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => self.code(character),
                _ if length == 1 && first >= 0x80 => self.out.extend_from_slice(b"\\ufffd"),
                _ => self.out.extend_from_slice(&rest[..length]),
            }
            rest = &rest[length..];
        }
        self.out.push(b'"');
    }

    fn code(&mut self, character: char) {
        self.out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
    }
}

/// Whether a byte of a text stands for itself, however it is written.
fn is_usual(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&')
}

fn to_json(cx: Cx, args: &[Value]) -> Outcome {
    or_nothing(written(cx, &args[0], true, false))
}

fn must_to_json(cx: Cx, args: &[Value]) -> Outcome {
    written(cx, &args[0], true, false)
}

fn to_pretty_json(cx: Cx, args: &[Value]) -> Outcome {
    or_nothing(written(cx, &args[0], true, true))
}

fn must_to_pretty_json(cx: Cx, args: &[Value]) -> Outcome {
    written(cx, &args[0], true, true)
}

fn to_raw_json(cx: Cx, args: &[Value]) -> Outcome {
    written(cx, &args[0], false, false)
}

fn read(text: &[u8]) -> Result<Value, Fault> {
    match goyaml::json::parse(text) {
        Ok(tree) => Ok(from_yaml(&tree)),
        Err(error) => Err(super::json_syntax::words(text).unwrap_or_else(|| error.to_string()).into()),
    }
}

fn from_json(_: Cx, args: &[Value]) -> Outcome {
    Ok(read(args.text(0)).unwrap_or(Value::Nil))
}

fn must_from_json(_: Cx, args: &[Value]) -> Outcome {
    read(args.text(0))
}

/// Helm's: always a map, with the trouble under `Error`.
fn from_json_map(_: Cx, args: &[Value]) -> Outcome {
    Ok(match read(args.text(0)) {
        Ok(value @ Value::Map(_)) => value,
        Ok(Value::Nil) => Map::new(MapKind::Nil).into(),
        Ok(other) => trouble(&format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            json_kind(&other)
        )),
        Err(fault) => trouble(&fault.message),
    })
}

/// Helm's: always a list, with the trouble as its one item.
fn from_json_array(_: Cx, args: &[Value]) -> Outcome {
    Ok(match read(args.text(0)) {
        Ok(value @ Value::List(_)) => value,
        Ok(Value::Nil) => Value::List(List::nil(ListKind::Any)),
        Ok(other) => {
            let words = format!("json: cannot unmarshal {} into Go value of type []interface {{}}", json_kind(&other));
            Value::list(vec![words.into()])
        }
        Err(fault) => Value::list(vec![fault.message.into()]),
    })
}

pub(super) fn trouble(message: &str) -> Value {
    let map = Map::own(MapKind::Any);
    map.put("Error", message);
    map.into()
}

pub(super) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::Text(_) => "string",
        Value::Bool(_) => "bool",
        _ => "number",
    }
}

/// Sprig's functions.
pub(super) const TABLE: &[Function] = &[
    fixed("toJson", &[Any], to_json),
    fixed("mustToJson", &[Any], must_to_json),
    fixed("toPrettyJson", &[Any], to_pretty_json),
    fixed("mustToPrettyJson", &[Any], must_to_pretty_json),
    fixed("toRawJson", &[Any], to_raw_json),
    fixed("mustToRawJson", &[Any], to_raw_json),
    fixed("fromJson", &[Text], from_json),
    fixed("mustFromJson", &[Text], must_from_json),
];

/// Helm's functions.
pub(super) const HELM: &[Function] =
    &[fixed("fromJson", &[Text], from_json_map), fixed("fromJsonArray", &[Text], from_json_array)];
