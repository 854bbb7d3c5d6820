//! Values as YAML text, without a tree in between.

use std::borrow::Cow;

use goyaml::{Emitter, Profile};

use super::convert::{MAX_DEPTH, MAX_NODES, base64, go_lossy};
use super::{Map, MapKind, Object, Value};

/// Writes a value as Helm's `toYaml` ([`Profile::ToYaml`]: what JSON has for it) or `toYamlPretty` ([`Profile::Pretty`]).
///
/// # Errors
/// Why Go cannot write it, in its words, or which limit it is over.
pub fn write(value: &Value, profile: Profile) -> Result<String, String> {
    let mut emitter = Emitter::new(profile);
    let mut tree = Tree { profile, depth: 0, nodes: MAX_NODES };
    tree.node(&mut emitter, value)?;
    let (text, refused) = emitter.finish();
    refused.map_or(Ok(text), |error| Err(error.to_string()))
}

struct Tree {
    profile: Profile,
    depth: usize,
    nodes: usize,
}

impl Tree {
    fn node(&mut self, emitter: &mut Emitter, value: &Value) -> Result<(), String> {
        if self.depth > MAX_DEPTH {
            return Err(format!("json: unsupported value: nested more than {MAX_DEPTH} levels deep"));
        }
        self.nodes = self.nodes.checked_sub(1).ok_or("json: unsupported value: too many nodes")?;
        if emitter.written() > crate::fmt::MAX_TEXT {
            return Err("the text is too large".to_owned());
        }
        let json = self.profile == Profile::ToYaml;
        match value {
            Value::None | Value::Nil => emitter.null(),
            Value::Bool(value) => emitter.bool(*value),
            Value::Int(value) | Value::Int64(value) => emitter.int(*value),
            Value::Uint64(value) => emitter.uint(*value),
            Value::Uint8(value) => emitter.uint(u64::from(*value)),
            Value::Float(value) if json && !value.is_finite() => {
                return Err(format!("json: unsupported value: {}", crate::fmt::float_text(*value)));
            }
            Value::Float(value) if value.is_finite() => emitter.float(*value),
            Value::Float(value) => emitter.word(infinite(*value)),
            Value::Complex(..) if json => return Err("json: unsupported type: complex128".to_owned()),
            Value::Complex(..) => return Err("cannot marshal type: complex128".to_owned()),
            Value::Text(text) => self.text(emitter, text),
            Value::Bytes(bytes) if json => emitter.text(&base64(bytes)),
            Value::Bytes(bytes) => emitter.list(bytes.iter(), |emitter, byte| {
                emitter.uint(u64::from(*byte));
                Ok::<(), String>(())
            })?,
            Value::List(list) if json && list.is_nil() => emitter.null(),
            Value::List(list) => {
                self.deeper(|tree| emitter.list(list.iter(), |emitter, item| tree.node(emitter, item)))?;
            }
            Value::Map(map) if json && map.kind() == MapKind::Nil => emitter.null(),
            Value::Map(map) => self.map(emitter, map)?,
            Value::Object(object) => self.object(emitter, &**object)?,
        }
        Ok(())
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), String> {
        self.depth += 1;
        let done = write(self);
        self.depth -= 1;
        done
    }

    fn text(&self, emitter: &mut Emitter, text: &[u8]) {
        match str::from_utf8(text) {
            Ok(text) => emitter.text(text),
            Err(_) if self.profile == Profile::ToYaml => emitter.text(&go_lossy(text)),
            Err(_) => emitter.binary(&in_lines(&base64(text))),
        }
    }

    fn map(&mut self, emitter: &mut Emitter, map: &Map) -> Result<(), String> {
        map.with(|entries| {
            let entries = entries.iter().map(|(key, value)| (text_of(key), value)).collect();
            self.deeper(|tree| emitter.map(entries, |emitter, value| tree.node(emitter, value)))
        })
    }

    fn object(&mut self, emitter: &mut Emitter, object: &dyn Object) -> Result<(), String> {
        if self.profile == Profile::ToYaml {
            return self.deeper(|tree| tree.node(emitter, &object.json()));
        }
        if object.type_name() == "time.Time" {
            emitter.word(&String::from_utf8_lossy(object.json().as_text().map_or(b"", |text| text)));
            return Ok(());
        }
        if let Some(plain) = object.underlying() {
            return self.deeper(|tree| tree.node(emitter, &plain));
        }
        let public = |name: &str| name.starts_with(|first: char| first.is_ascii_uppercase());
        let fields: Vec<_> = object.fields().into_iter().filter(|field| public(field.name)).collect();
        if fields.is_empty() {
            return self.deeper(|tree| tree.node(emitter, &object.json()));
        }
        let fields = fields.into_iter().map(|field| (field.name.to_lowercase().into(), field.value)).collect();
        self.deeper(|tree| emitter.map_as_given(fields, |emitter, value| tree.node(emitter, &value)))
    }
}

fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| go_lossy(bytes).into(), Cow::Borrowed)
}

fn infinite(value: f64) -> &'static str {
    match value {
        value if value.is_nan() => ".nan",
        value if value > 0.0 => ".inf",
        _ => "-.inf",
    }
}

/// As go-yaml breaks base64: lines of 70, a break behind each if there is more than one.
fn in_lines(base64: &str) -> String {
    const LINE: usize = 70;
    if base64.len() < LINE {
        return base64.to_owned();
    }
    let mut out = String::with_capacity(base64.len() + base64.len() / LINE + 1);
    for (number, character) in base64.chars().enumerate() {
        if number > 0 && number % LINE == 0 {
            out.push('\n');
        }
        out.push(character);
    }
    out.push('\n');
    out
}
