//! Sections of `name = value` lines, as the INI library of sops reads and writes them.

use std::collections::HashMap;

use super::{flat_text, form, syntax};
use crate::{Branch, Comment, Format, Item, Key, SopsError, Text, Value};

/// The section of what stands before the first heading.
const DEFAULT: &str = "DEFAULT";
/// What stands between a name and its value.
const DELIMITERS: [char; 2] = ['=', ':'];

pub(super) fn load(text: &[u8]) -> Result<Vec<Branch>, SopsError> {
    let text = std::str::from_utf8(text).map_err(|_| syntax(Format::Ini, 0, "the text is not UTF-8"))?;
    let mut reader = Reader::new(text.strip_prefix('\u{FEFF}').unwrap_or(text));
    reader.read()?;
    Ok(vec![reader.sections.into_iter().map(Section::into_item).collect()])
}

#[derive(Default)]
struct Section {
    name: String,
    comment: String,
    line: u32,
    keys: Vec<(String, String, String, u32)>,
    /// Where each name stands among the keys.
    places: HashMap<String, usize>,
}

impl Section {
    fn set(&mut self, name: String, value: String, comment: &str, line: u32) {
        let comment = comment.trim().to_owned();
        let next = self.keys.len();
        let place = *self.places.entry(name.clone()).or_insert(next);
        if place == next {
            self.keys.push((name, value, comment, line));
        } else {
            self.keys[place] = (name, value, comment, line);
        }
    }

    fn into_item(self) -> Item {
        let mut items = Branch::new();
        let comment = |text: &str, line| {
            let mark = text.chars().next().filter(|mark| matches!(mark, ';' | '#'));
            let text = mark.map_or(text, |mark| text.trim_start_matches([mark, ' ']));
            Item::comment(Comment::new(text), line)
        };
        if !self.comment.is_empty() {
            items.push(comment(&self.comment, self.line));
        }
        for (name, value, note, line) in self.keys {
            items.push(Item::new(name, Value::text(value), line));
            if !note.is_empty() {
                items.push(comment(&note, line));
            }
        }
        Item::new(self.name, Value::Map(items), self.line)
    }
}

struct Reader<'a> {
    lines: std::str::SplitInclusive<'a, char>,
    line: u32,
    sections: Vec<Section>,
    /// Comments that wait for their section or key.
    comment: String,
    /// Keys named `-` of the section, which are numbered.
    counted: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let sections = vec![Section { name: DEFAULT.to_owned(), line: 1, ..Section::default() }];
        Self { lines: text.split_inclusive('\n'), line: 0, sections, comment: String::new(), counted: 1 }
    }

    fn next(&mut self) -> Option<&'a str> {
        self.line += 1;
        self.lines.next()
    }

    fn read(&mut self) -> Result<(), SopsError> {
        while let Some(line) = self.next() {
            let line = line.trim_start();
            if line.is_empty() {
                continue;
            }
            if line.starts_with(['#', ';']) {
                self.comment.push_str(line);
            } else if line.starts_with('[') {
                self.section(line)?;
            } else {
                self.key(line)?;
            }
        }
        Ok(())
    }

    fn section(&mut self, line: &str) -> Result<(), SopsError> {
        let end = line.rfind(']').ok_or_else(|| syntax(Format::Ini, self.line, "the heading has no `]`"))?;
        let name = line[1..end].to_owned();
        if name.is_empty() {
            return Err(syntax(Format::Ini, self.line, "the heading is empty"));
        }
        if let Some(at) = line[end..].find(['#', ';']) {
            self.comment.push_str(&line[end + at..]);
        }
        let comment = std::mem::take(&mut self.comment).trim().to_owned();
        self.counted = 1;
        self.sections.push(Section { name, comment, line: self.line, ..Section::default() });
        Ok(())
    }

    fn key(&mut self, line: &str) -> Result<(), SopsError> {
        let number = self.line;
        let (mut name, rest) = self.name(line)?;
        if name == "-" {
            name = format!("#{}", self.counted);
            self.counted += 1;
        }
        if name.is_empty() {
            return Err(syntax(Format::Ini, number, "the name is empty"));
        }
        let value = self.value(rest)?;
        let comment = std::mem::take(&mut self.comment);
        if let Some(section) = self.sections.last_mut() {
            section.set(name, value, &comment, number);
        }
        Ok(())
    }

    fn name<'l>(&self, line: &'l str) -> Result<(String, &'l str), SopsError> {
        let wrong = |why: &str| syntax(Format::Ini, self.line, why);
        let quote = match line.as_bytes() {
            [b'"', b'"', b'"', ..] if line.len() > 6 => "\"\"\"",
            [b'"', ..] => "\"",
            [b'`', ..] => "`",
            _ => "",
        };
        let body = &line[quote.len()..];
        let end = if quote.is_empty() {
            0
        } else {
            body.find(quote).ok_or_else(|| wrong("the name's quote is not closed"))?
        };
        let at = body[end..].find(DELIMITERS).ok_or_else(|| wrong("the line has no `=`"))?;
        if quote.is_empty() && at == 0 {
            return Err(wrong("the name is empty"));
        }
        let name = if quote.is_empty() { &body[..at] } else { &body[..end] };
        Ok((name.trim().to_owned(), &body[end + at + 1..]))
    }

    fn value(&mut self, rest: &str) -> Result<String, SopsError> {
        let line = rest.trim_start();
        let quote = if line.len() > 3 && line.starts_with("\"\"\"") {
            "\"\"\""
        } else if line.starts_with('`') {
            "`"
        } else {
            ""
        };
        if !quote.is_empty() {
            let body = &line[quote.len()..];
            return match body.rfind(quote) {
                Some(end) => Ok(body[..end].to_owned()),
                None => self.quoted_lines(body, quote),
            };
        }
        let line = line.trim();
        if let Some(start) = line.strip_suffix('\\') {
            return Ok(self.continued(start));
        }
        let at = line.find(['#', ';']);
        if let Some(at) = at {
            self.comment.push_str(&line[at..]);
        }
        let value = at.map_or(line, |at| line[..at].trim());
        Ok(unquoted(value).to_owned())
    }

    fn quoted_lines(&mut self, first: &str, quote: &str) -> Result<String, SopsError> {
        let start = self.line;
        let mut value = first.to_owned();
        while let Some(next) = self.next() {
            match next.rfind(quote) {
                Some(end) if next[end + quote.len()..].trim_end_matches(['\r', '\n']).trim().ends_with('\\') => {}
                Some(end) => {
                    value.push_str(&next[..end]);
                    if let Some(at) = next[end..].find(['#', ';']) {
                        self.comment.push_str(next[end + at..].trim());
                    }
                    return Ok(value);
                }
                None => {}
            }
            value.push_str(next);
        }
        Err(syntax(Format::Ini, start, "the value's quote is not closed"))
    }

    fn continued(&mut self, start: &str) -> String {
        let mut value = start.to_owned();
        while let Some(next) = self.next().map(str::trim).filter(|next| !next.is_empty()) {
            value.push_str(next);
            if !value.ends_with('\\') {
                break;
            }
            value.pop();
        }
        value
    }
}

fn unquoted(value: &str) -> &str {
    for quote in ['\'', '"'] {
        let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return inner;
        }
    }
    value
}

pub(super) fn emit(branches: &[Branch]) -> Result<Text, SopsError> {
    let items: Vec<&Item> = branches.iter().flatten().filter(|item| item.name().is_some()).collect();
    let mut out = Text::default();
    for (at, item) in items.iter().enumerate() {
        let name = item.name().unwrap_or_default();
        let Value::Map(entries) = &item.value else {
            return Err(form(Format::Ini, format!("the value of {name} is not a map of names and values")));
        };
        let (heading, keys) = arranged(entries)?;
        if let Some(comment) = heading {
            write_comment(comment, false, &mut out);
        }
        if at > 0 || !name.eq_ignore_ascii_case(DEFAULT) {
            out.extend_from_slice(format!("[{name}]\n").as_bytes());
        } else if keys.is_empty() {
            continue;
        }
        let width = keys.iter().map(|key| quoted_width(key.name)).max().unwrap_or(0);
        for key in &keys {
            write_key(key, width, &mut out);
        }
        if at + 1 < items.len() {
            out.push(b'\n');
        }
    }
    Ok(out)
}

/// A key with the comment above it.
struct Written<'a> {
    name: &'a str,
    value: Text,
    comment: Option<&'a Comment>,
}

/// The comment of a section, and its keys: of keys that are there twice the last counts.
fn arranged(entries: &Branch) -> Result<(Option<&Comment>, Vec<Written<'_>>), SopsError> {
    let mut heading = None;
    let mut keys: Vec<Written<'_>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut last: Option<usize> = None;
    for (at, item) in entries.iter().enumerate() {
        match &item.key {
            Key::Comment(comment) if at == 0 => heading = Some(comment),
            Key::Comment(comment) => {
                if let Some(key) = last.and_then(|last| keys.get_mut(last)) {
                    key.comment = Some(comment);
                }
            }
            Key::Text(name) => {
                if matches!(item.value, Value::List(_) | Value::Map(_)) {
                    return Err(form(Format::Ini, format!("the value of {name} is a list or a map")));
                }
                let value = flat_text(&item.value);
                let next = keys.len();
                let place = *places.entry(name).or_insert(next);
                if place == next {
                    keys.push(Written { name, value, comment: None });
                } else {
                    keys[place].value = value;
                }
                last = Some(place);
            }
        }
    }
    Ok((heading, keys))
}

fn write_comment(comment: &Comment, trims: bool, out: &mut Text) {
    let text = String::from_utf8_lossy(&comment.text);
    for line in text.split('\n').filter(|_| !text.is_empty()) {
        let mark = line.chars().next().filter(|mark| matches!(mark, '#' | ';'));
        let written = match mark {
            Some(mark) => format!("{mark} {}\n", line[1..].trim()),
            None => format!("; {}\n", if trims { line.trim() } else { line }),
        };
        out.extend_from_slice(written.as_bytes());
    }
}

fn needs_tick(name: &str) -> bool {
    name.contains('"') || name.contains(DELIMITERS)
}

fn quoted_width(name: &str) -> usize {
    let quotes = if needs_tick(name) {
        2
    } else if name.contains('`') {
        6
    } else {
        0
    };
    name.len() + quotes
}

fn write_key(key: &Written<'_>, width: usize, out: &mut Text) {
    if let Some(comment) = key.comment {
        write_comment(comment, true, out);
    }
    let name = match key.name {
        name if needs_tick(name) => format!("`{name}`"),
        name if name.contains('`') => format!("\"\"\"{name}\"\"\""),
        name => name.to_owned(),
    };
    let value = &key.value;
    let has = |bytes: &[u8]| value.iter().any(|byte| bytes.contains(byte));
    let quote: &[u8] = if has(b"\n`") {
        b"\"\"\""
    } else if has(b"#;") {
        b"`"
    } else if value.trim_ascii().len() != value.len() {
        b"\""
    } else {
        b""
    };
    out.extend_from_slice(name.as_bytes());
    out.extend(std::iter::repeat_n(b' ', width.saturating_sub(name.len())));
    for part in [b" = ", quote, value, quote, b"\n"] {
        out.extend_from_slice(part);
    }
}
