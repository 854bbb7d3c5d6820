//! TOML in and out. `toToml` lays tables out as `BurntSushi`'s library does: sorted, plain keys first, inner tables indented
//! by two.

use std::fmt::Write;

use toml::{Table, Value as Toml};

use super::dates::parse_time;
use super::json::trouble;
use crate::exec::Context;
use crate::registry::Type::{Any, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::{MAX_DEPTH, Value, go_lossy};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

#[derive(Default)]
struct Writer {
    out: String,
}

type Done = Result<(), String>;

fn is_table(value: &Value) -> bool {
    matches!(value, Value::Map(_))
}

/// Whether a list is written as tables, one after the other.
fn is_tables(value: &Value) -> Result<bool, String> {
    let Value::List(list) = value else { return Ok(false) };
    if list.iter().any(Value::is_nil) {
        return Err("toml: cannot encode array with nil element".to_owned());
    }
    Ok(!list.is_empty() && list.iter().all(is_table))
}

fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                // Writing into a String does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

fn key_text(key: &[u8]) -> String {
    let key = go_lossy(key);
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { key } else { quoted(&key) }
}

impl Writer {
    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, path: &[String]) {
        self.out.push_str(&"  ".repeat(path.len().saturating_sub(1)));
    }

    fn entry(&mut self, path: &mut Vec<String>, value: &Value) -> Done {
        if path.len() > MAX_DEPTH || self.out.len() > crate::fmt::MAX_TEXT {
            return Err("the value is too large or nested too deeply".to_owned());
        }
        if is_table(value) {
            return self.table(path, value);
        }
        if is_tables(value)? {
            return self.tables(path, value);
        }
        if let Some(key) = path.last() {
            let key = key.clone();
            self.indent(path);
            self.out.push_str(&key);
            self.out.push_str(" = ");
        }
        self.element(value, path.len())?;
        if !path.is_empty() {
            self.newline();
        }
        Ok(())
    }

    fn table(&mut self, path: &mut Vec<String>, value: &Value) -> Done {
        if path.len() == 1 {
            self.newline();
        }
        if !path.is_empty() {
            self.indent(path);
            let _ = write!(self.out, "[{}]", path.join("."));
            self.newline();
        }
        self.entries(path, value)
    }

    fn tables(&mut self, path: &mut Vec<String>, value: &Value) -> Done {
        if path.is_empty() {
            return Err("toml: top-level values must be Go maps or structs".to_owned());
        }
        let Value::List(list) = value else { return Ok(()) };
        for item in list.iter() {
            self.newline();
            self.indent(path);
            let _ = write!(self.out, "[[{}]]", path.join("."));
            self.newline();
            self.entries(path, item)?;
        }
        Ok(())
    }

    fn entries(&mut self, path: &mut Vec<String>, value: &Value) -> Done {
        let Value::Map(map) = value else { return Ok(()) };
        let entries = map.entries();
        for inner in [false, true] {
            for (key, value) in entries.iter().filter(|(_, value)| !value.is_nil()) {
                if (is_table(value) || is_tables(value)?) != inner {
                    continue;
                }
                path.push(key_text(key));
                self.entry(path, value)?;
                path.pop();
            }
        }
        Ok(())
    }

    /// A value behind `=`.
    fn element(&mut self, value: &Value, depth: usize) -> Done {
        if depth > MAX_DEPTH || self.out.len() > crate::fmt::MAX_TEXT {
            return Err("the value is too large or nested too deeply".to_owned());
        }
        match value {
            Value::Text(text) => self.out.push_str(&quoted(&go_lossy(text))),
            Value::Bool(_) | Value::Int(_) | Value::Int64(_) | Value::Uint64(_) | Value::Uint8(_) => {
                let _ = write!(self.out, "{value:?}");
            }
            Value::Float(number) => {
                let text = crate::fmt::float_text(*number);
                let text = text.to_ascii_lowercase().trim_start_matches('+').to_owned();
                self.out.push_str(&text);
                if number.is_finite() && !text.contains(['.', 'e']) {
                    self.out.push_str(".0");
                }
            }
            Value::List(list) => {
                is_tables(value)?;
                self.out.push('[');
                for (number, item) in list.iter().enumerate() {
                    self.comma(number);
                    self.element(item, depth + 1)?;
                }
                self.out.push(']');
            }
            Value::Map(map) => {
                self.out.push('{');
                let entries = map.entries();
                for (number, (key, item)) in entries.iter().filter(|(_, item)| !item.is_nil()).enumerate() {
                    self.comma(number);
                    let _ = write!(self.out, "{} = ", key_text(key));
                    self.element(item, depth + 1)?;
                }
                self.out.push('}');
            }
            Value::Object(object) => self.out.push_str(&quoted(&go_lossy(&object.print()))),
            Value::None | Value::Nil => return Err("unsupported type for key '': invalid".to_owned()),
            other => return Err(format!("unsupported type: {}", other.kind().name())),
        }
        Ok(())
    }

    fn comma(&mut self, number: usize) {
        if number > 0 {
            self.out.push_str(", ");
        }
    }
}

/// What cannot be written gives the words of the error.
fn to_toml(_: Cx, args: &[Value]) -> Outcome {
    if args[0].is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    let mut writer = Writer::default();
    Ok(match writer.entry(&mut Vec::new(), &args[0]) {
        Ok(()) => writer.out.into(),
        Err(message) => message.into(),
    })
}

/// Always a map, with the trouble under `Error`.
fn from_toml(_: Cx, args: &[Value]) -> Outcome {
    Ok(match args.str(0).parse::<Table>() {
        Ok(table) => map(&table),
        Err(error) => trouble(&format!("toml: {}", error.message())),
    })
}

fn map(table: &Table) -> Value {
    Value::Map(table.iter().map(|(key, value)| (key, read(value))).collect())
}

fn read(value: &Toml) -> Value {
    match value {
        Toml::String(text) => text.as_str().into(),
        Toml::Integer(number) => Value::Int64(*number),
        Toml::Float(number) => Value::Float(*number),
        Toml::Boolean(truth) => (*truth).into(),
        Toml::Datetime(time) => moment(&time.to_string()),
        Toml::Array(items) => Value::list(items.iter().map(read).collect()),
        Toml::Table(table) => map(table),
    }
}

/// A time; what is missing of it is Go's: the year 0, midnight, UTC.
fn moment(text: &str) -> Value {
    let layouts = ["2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02", "15:04:05"];
    let time = layouts.iter().find_map(|layout| parse_time(layout, text));
    time.unwrap_or_else(|| text.into())
}

/// Helm's functions.
pub(super) const TABLE: &[Function] = &[fixed("toToml", &[Any], to_toml), fixed("fromToml", &[Text], from_toml)];
