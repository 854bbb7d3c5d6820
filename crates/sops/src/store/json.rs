//! JSON in the order of the text, written as Go's `encoding/json` writes it.

use std::cell::Cell;
use std::fmt;
use std::io::Read;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{form, syntax};
use crate::{Branch, Entry, Format, Item, Key, SopsError, Text, Value};

pub(super) fn load(text: &[u8]) -> Result<Vec<Branch>, SopsError> {
    let seen = Rc::new(Seen { line: Cell::new(1), last: Cell::default() });
    let mut reader = serde_json::Deserializer::from_reader(Lines { text, seen: Rc::clone(&seen) });
    let read = Seed(&seen).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    let value = read.map_err(|error| {
        let told = error.to_string();
        let why = told.split(" at line ").next().unwrap_or_default();
        syntax(Format::Json, u32::try_from(error.line()).unwrap_or(0), why)
    })?;
    match value {
        Value::Map(branch) => Ok(vec![branch]),
        other => {
            Err(syntax(Format::Json, 1, format!("the document is {}; only objects can be encrypted", other.kind())))
        }
    }
}

/// What was read so far.
struct Seen {
    line: Cell<u32>,
    /// The last three bytes.
    last: Cell<[u8; 3]>,
}

/// Notes what was read.
struct Lines<'a> {
    text: &'a [u8],
    seen: Rc<Seen>,
}

impl Read for Lines<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        // One byte at a time, which is how the parser asks, so that the line is the one it has come to.
        let (Some(to), Some((byte, rest))) = (into.first_mut(), self.text.split_first()) else {
            return Ok(0);
        };
        *to = *byte;
        self.text = rest;
        self.seen.line.set(self.seen.line.get() + u32::from(*byte == b'\n'));
        let [_, before, last] = self.seen.last.get();
        self.seen.last.set([before, last, *byte]);
        Ok(1)
    }
}

struct Seed<'s>(&'s Seen);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "Go reads integers beyond its own as floats, too")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // Go reads `-0` as the integer, the parser here as the float that `-0.0` is.
        if value == 0.0 && matches!(self.0.last.get(), [b'-', b'0', _]) {
            return Ok(Value::Int(0));
        }
        Ok(Value::Float(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(Seed(self.0))? {
            list.push(Entry { value, line: self.0.line.get() });
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut branch = Branch::new();
        while let Some(name) = access.next_key::<String>()? {
            let line = self.0.line.get();
            branch.push(Item::new(name, access.next_value_seed(Seed(self.0))?, line));
        }
        Ok(Value::Map(branch))
    }
}

pub(super) fn emit(branches: &[Branch], indent: Option<usize>) -> Result<Text, SopsError> {
    let mut writer = Writer { out: Text::default(), indent, depth: 0, unfit: None };
    writer.map(branches.first().map_or(&[], Vec::as_slice));
    writer.out.push(b'\n');
    writer.finish()
}

pub(super) fn emit_value(value: &Value, indent: Option<usize>) -> Result<Text, SopsError> {
    let mut writer = Writer { out: Text::default(), indent, depth: 0, unfit: None };
    writer.value(value);
    writer.finish()
}

struct Writer {
    out: Text,
    indent: Option<usize>,
    depth: usize,
    /// A number that JSON has no form for.
    unfit: Option<f64>,
}

impl Writer {
    fn finish(self) -> Result<Text, SopsError> {
        match self.unfit {
            Some(number) => Err(form(Format::Json, format!("it has no form for the number {number}"))),
            None => Ok(self.out),
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Comment(_) => self.out.extend_from_slice(b"null"),
            Value::Bool(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Int(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Float(value) if !value.is_finite() => self.unfit = Some(*value),
            Value::Float(value) => self.out.extend_from_slice(go_float(*value).as_bytes()),
            Value::Time(text) => self.text(text.as_bytes()),
            Value::Text(text) => self.text(text),
            Value::List(list) => self.list(list),
            Value::Map(branch) => self.map(branch),
        }
    }

    fn list(&mut self, list: &[Entry]) {
        let entries = list.iter().filter(|entry| !matches!(entry.value, Value::Comment(_)));
        self.collection((b'[', b']'), entries, |writer, entry| writer.value(&entry.value));
    }

    fn map(&mut self, branch: &[Item]) {
        let items = branch.iter().filter(|item| matches!(item.key, Key::Text(_)));
        self.collection((b'{', b'}'), items, |writer, item| {
            writer.text(item.name().unwrap_or_default().as_bytes());
            writer.out.extend_from_slice(b": ");
            writer.value(&item.value);
        });
    }

    fn collection<T>(&mut self, (open, close): (u8, u8), items: impl Iterator<Item = T>, each: impl Fn(&mut Self, T)) {
        self.out.push(open);
        self.depth += 1;
        let mut first = true;
        for item in items {
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.line();
            each(self, item);
        }
        self.depth -= 1;
        if !first {
            self.line();
        }
        self.out.push(close);
    }

    fn line(&mut self) {
        self.out.push(b'\n');
        let (columns, with) = self.indent.map_or((1, b'\t'), |columns| (columns, b' '));
        self.out.extend(std::iter::repeat_n(with, columns * self.depth));
    }

    fn text(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for chunk in text.utf8_chunks() {
            for character in chunk.valid().chars() {
                self.character(character);
            }
            for _ in chunk.invalid() {
                self.out.extend_from_slice(b"\\ufffd");
            }
        }
        self.out.push(b'"');
    }

    fn character(&mut self, character: char) {
        let short = match character {
            '"' | '\\' => character,
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\u{8}' => 'b',
            '\u{C}' => 'f',
            '\0'..='\u{1F}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let code = format!("\\u{:04x}", u32::from(character));
                return self.out.extend_from_slice(code.as_bytes());
            }
            _ => {
                let mut bytes = [0; 4];
                return self.out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
            }
        };
        let mut bytes = [0; 4];
        self.out.push(b'\\');
        self.out.extend_from_slice(short.encode_utf8(&mut bytes).as_bytes());
    }
}

/// A float as `encoding/json` writes it.
fn go_float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
            _ => text,
        };
    }
    format!("{value}")
}

/// A float as flat formats have it: Go's `FormatFloat(value, 'G', -1, 64)`, with a `.0` where it looked like an integer.
pub(super) fn go_float_upper(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        }
        .to_owned()
            + ".0";
    }
    let scientific = format!("{value:e}");
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    if value != 0.0 && !(-4..6).contains(&power) {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{digits}E{sign}{:02}", power.abs());
    }
    let text = format!("{value}");
    if text.contains('.') { text } else { text + ".0" }
}
