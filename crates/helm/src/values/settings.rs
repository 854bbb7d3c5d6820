//! The grammar of `--set` and its kin.

mod json;

use std::sync::Arc;

use goyaml::{Key, Kind, Map, Pos, Value};

use super::{ReadFile, Setting, merge};
use crate::HelmCompat;
use crate::text::{go_type, quoted, quoted_runes};

/// The largest index of a list.
pub const MAX_INDEX: usize = 65_536;
/// Names behind each other, `a.b.c`.
pub const MAX_NAME_LEVELS: usize = 30;
/// Indexes behind each other, `a[0][1]`. Helm has no such limit.
pub const MAX_NESTED_INDEXES: usize = 100;

/// Applies a setting to values. The error is in Helm's words.
pub(super) fn apply(
    setting: &Setting,
    values: &mut Value,
    source: u32,
    (read, compat): (ReadFile<'_>, HelmCompat),
) -> Result<(), String> {
    let text = setting.text();
    let (kind, what) = match setting {
        Setting::Set(_) => (Values::Typed, "--set"),
        Setting::SetString(_) => (Values::Text, "--set-string"),
        Setting::SetFile(_) => (Values::File(read), "--set-file"),
        Setting::SetLiteral(_) => (Values::Literal, "--set-literal"),
        Setting::SetJson(_) if text.trim().starts_with('{') && compat != HelmCompat::V3 => {
            let start = Pos { source, line: 1, column: 1 };
            let object = json::whole(text.trim(), start).filter(|value| value.as_map().is_some());
            let object = object.ok_or_else(|| format!("failed parsing --set-json data JSON: {text}"))?;
            merge(values, &object);
            return Ok(());
        }
        Setting::SetJson(_) => (Values::Json, "--set-json"),
    };
    let json = matches!(kind, Values::Json);
    let mut parser = Parser { text, at: 0, column: 1, kind, source, compat };
    let data = values.as_map_mut().ok_or("the values are not a map")?;
    parser.all(data).map_err(|message| {
        if json {
            format!("failed parsing --set-json data {text}")
        } else {
            format!("failed parsing {what} data: {message}")
        }
    })
}

/// How values are read.
enum Values<'r> {
    Typed,
    Text,
    File(ReadFile<'r>),
    Json,
    Literal,
}

/// Why reading stops.
enum Stop {
    /// The text ended where a name could start, or inside something that Helm then leaves as it was.
    End,
    /// In Helm's words.
    Fault(String),
}

type Step<T> = Result<T, Stop>;

fn fault<T>(message: impl Into<String>) -> Step<T> {
    Err(Stop::Fault(message.into()))
}

struct Parser<'t, 'r> {
    text: &'t str,
    at: usize,
    /// Of the next character, from 1.
    column: u32,
    kind: Values<'r>,
    source: u32,
    compat: HelmCompat,
}

impl<'t> Parser<'t, '_> {
    fn all(&mut self, data: &mut Map) -> Result<(), String> {
        loop {
            match self.key(data, 0) {
                Ok(()) => {}
                Err(Stop::End) => return Ok(()),
                Err(Stop::Fault(message)) => return Err(message),
            }
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.at += character.len_utf8();
        self.column = self.column.saturating_add(1);
        Some(character)
    }

    fn pos(&self) -> Pos {
        Pos { source: self.source, line: 1, column: self.column }
    }

    /// The text up to one of these characters, and which; none at the end.
    fn until(&mut self, stops: &str) -> (String, Option<char>) {
        let escapes = !matches!(self.kind, Values::Literal);
        let mut text = String::new();
        while let Some(character) = self.next() {
            if stops.contains(character) {
                return (text, Some(character));
            }
            if escapes && character == '\\' {
                let Some(meant) = self.next() else { break };
                text.push(meant);
            } else {
                text.push(character);
            }
        }
        (text, None)
    }

    /// One `name=value`, with what comes between.
    fn key(&mut self, data: &mut Map, level: usize) -> Step<()> {
        let pos = self.pos();
        let stops = if matches!(self.kind, Values::Literal) { "=[." } else { "=[,." };
        let (name, last) = self.until(stops);
        let key = Key::new(name.as_str(), pos);
        match last {
            None if name.is_empty() => Err(Stop::End),
            None => fault(format!("key {} has no value", quoted(&name))),
            Some('[') => self.indexed(data, key, level),
            Some('=') => self.assigned(data, key),
            Some(',') => fault(format!("key {} has no value (cannot end with ,)", quoted(&name))),
            Some(_) => self.nested(data, key, level + 1),
        }
    }

    fn indexed(&mut self, data: &mut Map, key: Key, level: usize) -> Step<()> {
        let index = self.index()?;
        let mut list = match data.get_mut(key.as_str()) {
            Some(old) => as_list(old)?,
            None => Vec::new(),
        };
        let done = self.item(&mut list, index, (level, 1));
        if !matches!(done, Err(Stop::Fault(_))) {
            let list = Value::new(Kind::List(Arc::new(list)), key.pos());
            set(data, key, list);
        }
        done
    }

    fn assigned(&mut self, data: &mut Map, key: Key) -> Step<()> {
        let pos = self.pos();
        match &self.kind {
            Values::Json => {
                let value = self.json()?;
                set(data, key, value);
                self.separator();
                Ok(())
            }
            Values::Literal => {
                let (text, _) = self.until("");
                set(data, key, Value::from(text).with_pos(pos));
                Ok(())
            }
            _ if self.rest().is_empty() => {
                set(data, key, Value::from("").with_pos(pos));
                Err(Stop::End)
            }
            _ => {
                let value = self.value(pos)?;
                set(data, key, value);
                Ok(())
            }
        }
    }

    fn nested(&mut self, data: &mut Map, key: Key, level: usize) -> Step<()> {
        if level > MAX_NAME_LEVELS {
            return fault(format!(
                "value name nested level is greater than maximum supported nested level of {MAX_NAME_LEVELS}"
            ));
        }
        let known = data.contains_key(key.as_str());
        let mut inner = match data.get_mut(key.as_str()) {
            Some(old) => as_map(old)?,
            None => Map::new(),
        };
        let done = self.key(&mut inner, level);
        if done.is_ok() && inner.is_empty() {
            return fault(format!("key map {} has no value", quoted(key.as_str())));
        }
        if known || !inner.is_empty() {
            let inner = Value::from(inner).with_pos(key.pos());
            set(data, key, inner);
        }
        done
    }

    /// The number before `]`.
    fn index(&mut self) -> Step<i64> {
        let (text, last) = self.until("]");
        if last.is_none() {
            // Helm 4 asks whether the end is among the causes.
            return if self.compat == HelmCompat::V3 { fault("error parsing index: EOF") } else { Err(Stop::End) };
        }
        number(&text)
            .map_err(|why| Stop::Fault(format!("error parsing index: strconv.Atoi: parsing {}: {why}", quoted(&text))))
    }

    /// What follows `[index]`.
    fn item(&mut self, list: &mut Vec<Value>, index: i64, (level, indexes): (usize, usize)) -> Step<()> {
        let Ok(place) = usize::try_from(index) else {
            return fault(format!("negative {index} index not allowed"));
        };
        if indexes > MAX_NESTED_INDEXES {
            return fault(format!("more than {MAX_NESTED_INDEXES} indexes behind each other"));
        }
        let start = self.pos();
        let (waste, stop) = self.until("[.=");
        if !waste.is_empty() {
            return fault(format!("unexpected data at end of array index: {}", quoted_runes(&waste)));
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => {
                let value = self.item_value()?;
                put(list, place, value)?;
                if matches!(self.kind, Values::Json) {
                    self.separator();
                }
                Ok(())
            }
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get_mut(place) {
                    Some(old) if !old.is_null() => as_list(old)?,
                    _ => Vec::new(),
                };
                let known = list.get(place).is_some_and(|old| !old.is_null());
                let done = self.item(&mut inner, next, (level, indexes + 1));
                put_done(list, place, (Value::new(Kind::List(Arc::new(inner)), start), known), done)
            }
            Some(_) => self.item_field(list, place, (level, start)),
        }
    }

    fn item_value(&mut self) -> Step<Value> {
        let pos = self.pos();
        match &self.kind {
            Values::Json => self.json(),
            Values::Literal => Ok(Value::from(self.until("").0).with_pos(pos)),
            _ if self.rest().is_empty() => Ok(Value::from("").with_pos(pos)),
            _ => self.value(pos),
        }
    }

    /// `[index].name=value`
    fn item_field(&mut self, list: &mut Vec<Value>, place: usize, (level, start): (usize, Pos)) -> Step<()> {
        let known = place < list.len();
        let mut inner = match list.get_mut(place) {
            Some(old) if old.as_map().is_some() => as_map(old)?,
            _ => Map::new(),
        };
        let done = self.key(&mut inner, level);
        put_done(list, place, (Value::from(inner).with_pos(start), known), done)
    }

    /// A value or a list in braces.
    fn value(&mut self, pos: Pos) -> Step<Value> {
        if !self.rest().starts_with('{') {
            let (text, _) = self.until(",");
            return self.scalar(text, pos);
        }
        self.next();
        let mut items = Vec::new();
        loop {
            let at = self.pos();
            let (text, last) = self.until(",}");
            let Some(last) = last else {
                return fault("list must terminate with '}'");
            };
            items.push(self.scalar(text, at)?);
            if last == '}' {
                if self.rest().starts_with(',') {
                    self.next();
                }
                return Ok(Value::new(Kind::List(Arc::new(items)), pos));
            }
        }
    }

    fn scalar(&self, text: String, pos: Pos) -> Step<Value> {
        let value: Value = match &self.kind {
            Values::Typed => typed(text),
            Values::File(read) => {
                let bytes = read(&text).map_err(Stop::Fault)?;
                let read = String::from_utf8(bytes).map_err(|_| {
                    Stop::Fault(format!("{text} is not UTF-8 text; encode it first, with base64 for instance"))
                })?;
                read.into()
            }
            _ => text.into(),
        };
        Ok(value.with_pos(pos))
    }

    /// The JSON value that comes next; null where there is none.
    fn json(&mut self) -> Step<Value> {
        let pos = self.pos();
        let blanks = self.rest().len() - self.rest().trim_start().len();
        let rest = &self.rest()[blanks..];
        if rest.is_empty() || rest.starts_with(',') {
            return Ok(Value::NULL.with_pos(pos));
        }
        let Some((value, length)) = json::leading(rest, pos) else {
            return fault("not JSON");
        };
        let end = self.at + blanks + length;
        while self.at < end {
            self.next();
        }
        Ok(value)
    }

    /// Skips blanks and one comma.
    fn separator(&mut self) {
        while let Some(character) = self.rest().chars().next() {
            if character != ',' && !character.is_whitespace() {
                return;
            }
            self.next();
            if character == ',' {
                return;
            }
        }
    }
}

/// A whole number as Go reads it, or why it is none: what comes first in the text counts.
fn number(text: &str) -> Result<i64, &'static str> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() {
        return Err("invalid syntax");
    }
    let mut value: u64 = 0;
    for byte in digits.bytes() {
        if !byte.is_ascii_digit() {
            return Err("invalid syntax");
        }
        let next = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(byte - b'0')));
        value = next.ok_or("value out of range")?;
    }
    text.parse().map_err(|_| "value out of range")
}

/// What a text looks like.
fn typed(text: String) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return true.into();
    }
    if text.eq_ignore_ascii_case("false") {
        return false.into();
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::NULL;
    }
    if text == "0" {
        return 0_i64.into();
    }
    match text.parse::<i64>() {
        Ok(number) if !text.starts_with('0') => number.into(),
        _ => text.into(),
    }
}

/// A nameless value goes nowhere.
fn set(data: &mut Map, key: Key, value: Value) {
    if !key.as_str().is_empty() {
        data.insert(key, value);
    }
}

/// Puts what became of an item. Of one that was read only in part, only what was there before is changed.
fn put_done(list: &mut Vec<Value>, place: usize, (inner, known): (Value, bool), done: Step<()>) -> Step<()> {
    match done {
        Ok(()) => put(list, place, inner),
        Err(stop) => {
            if known {
                list[place] = inner;
            }
            Err(stop)
        }
    }
}

fn put(list: &mut Vec<Value>, index: usize, value: Value) -> Step<()> {
    if index > MAX_INDEX {
        return fault(format!("index of {index} is greater than maximum supported index of {MAX_INDEX}"));
    }
    if list.len() <= index {
        list.resize(index + 1, Value::NULL);
    }
    list[index] = value;
    Ok(())
}

/// Takes a list out of its place.
fn as_list(value: &mut Value) -> Step<Vec<Value>> {
    match value.as_list_mut() {
        Some(items) => Ok(std::mem::take(items)),
        None => fault(not_of_type(value, "[]interface {}")),
    }
}

/// Takes a map out of its place.
fn as_map(value: &mut Value) -> Step<Map> {
    match value.as_map_mut() {
        Some(map) => Ok(std::mem::take(map)),
        None => fault(not_of_type(value, "map[string]interface {}")),
    }
}

fn not_of_type(value: &Value, wanted: &str) -> String {
    format!("unable to parse key: interface conversion: interface {{}} is {}, not {wanted}", go_type(value))
}
