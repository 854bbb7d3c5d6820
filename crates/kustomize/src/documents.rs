//! Objects out of the text of one file: several documents, `List`s taken apart, metadata checked.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::sync::Arc;

use goyaml::{Document, Kind, Map, ParseOptions, Pos, Value};

use crate::BuildError;
use crate::limit::MAX_LISTS;
use crate::raw::{self, RawTexts};
use crate::{scalar, shared};

/// A text and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Path of the file.
    pub(crate) file: Arc<str>,
    /// Index that positions of this text carry.
    pub(crate) index: u32,
    /// Line of the file before the first line of the text; more than 0 for text inside a kustomization.
    pub(crate) offset: u32,
}

impl Source {
    fn error(&self, line: u32, message: impl Into<String>) -> BuildError {
        let line = if line == 0 { 0 } else { line + self.offset };
        BuildError::new(&*self.file, line, message)
    }
}

/// One object of a text.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) value: Value,
    /// Line in the file.
    pub(crate) line: u32,
}

/// Reads the objects of a text. All that is wrong is told at once.
pub(crate) fn read(bytes: &[u8], source: &Source, raw: &RawTexts) -> Result<Vec<Manifest>, Vec<BuildError>> {
    read_parsed(parse(bytes, source)?, bytes, source, raw)
}

/// The same with the documents of the text, which were parsed before.
pub(crate) fn read_parsed(
    documents: Vec<Document>,
    bytes: &[u8],
    source: &Source,
    raw: &RawTexts,
) -> Result<Vec<Manifest>, Vec<BuildError>> {
    let documents = noted(documents, bytes, source, raw)?;
    let alone = documents.len() == 1;
    let mut queue = VecDeque::new();
    for Manifest { mut value, line } in documents {
        settle(&mut value, raw);
        if alone && is_wrapper(&value) {
            queue.extend(items_of(&value, source));
        } else {
            queue.push_back(Manifest { value, line });
        }
    }
    flatten(queue, source)
}

/// The same with the objects of a patch, whose annotations keep their types: so they come to where else they stand.
pub(crate) fn read_patch(bytes: &[u8], source: &Source, raw: &RawTexts) -> Result<Vec<Manifest>, Vec<BuildError>> {
    let documents = noted(parse(bytes, source)?, bytes, source, raw)?;
    let queue = match documents.as_slice() {
        [alone] if is_wrapper(&alone.value) => items_of(&alone.value, source).into(),
        _ => documents.into(),
    };
    flatten(queue, source)
}

/// The text of a file as it is parsed.
fn text_of<'a>(bytes: &'a [u8], source: &Source) -> Result<Cow<'a, str>, Vec<BuildError>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        vec![
            source
                .error(line, "the file is not UTF-8 text")
                .hint("Only text files can be listed under resources or patches."),
        ]
    })?;
    let text = if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    Ok(if text.contains("\n...") { Cow::Owned(without_ends(&text)) } else { text })
}

/// The documents of a text. It needs nothing of the build, so that texts can be parsed beside each other.
pub(crate) fn parse(bytes: &[u8], source: &Source) -> Result<Vec<Document>, Vec<BuildError>> {
    let text = text_of(bytes, source)?;
    let options = ParseOptions { source: source.index, ..ParseOptions::default() };
    goyaml::parse_documents(&text, &options).map_err(|errors| {
        let fault = |error: &goyaml::YamlError| {
            // Text inside a kustomization is indented there by nobody knows how much.
            let column = if source.offset == 0 { error.pos.column } else { 0 };
            source.error(error.pos.line, error.message.clone()).at_column(column)
        };
        errors.iter().map(fault).collect()
    })
}

/// Documents with what has to be noted of them.
fn noted(
    documents: Vec<Document>,
    bytes: &[u8],
    source: &Source,
    raw: &RawTexts,
) -> Result<Vec<Manifest>, Vec<BuildError>> {
    let text = text_of(bytes, source)?;
    let lines = Lines::new(&text);
    let noted = |document: Document| {
        let mut value = document.value;
        lines.note(&mut value, raw);
        Manifest { value, line: document.pos.line + source.offset }
    };
    Ok(documents.into_iter().map(noted).collect())
}

/// Makes annotations the text that was written.
pub(crate) fn settle(object: &mut Value, raw: &RawTexts) {
    let path = ["metadata", "annotations"];
    if object.at(&path).is_none_or(is_text_map) {
        return;
    }
    let metadata = object.as_map_mut().and_then(|map| map.get_mut("metadata"));
    let annotations = metadata.and_then(Value::as_map_mut).and_then(|map| map.get_mut("annotations"));
    for (_, entry) in annotations.and_then(Value::as_map_mut).into_iter().flat_map(Map::iter_mut) {
        if entry.as_str().is_none() && scalar::is_scalar(entry) && !entry.is_null() {
            *entry = shared::in_place_of(entry, Value::from(raw.text(entry)).with_pos(entry.pos()));
        }
    }
}

/// The text without what stands behind the end of a document: kustomize reads on where the next one is started.
fn without_ends(text: &str) -> String {
    let (mut has_ended, mut kept) = (false, String::with_capacity(text.len()));
    for line in text.split_inclusive('\n') {
        let is_end = line.strip_prefix("...").is_some_and(|rest| rest.trim_start() != rest || rest.is_empty());
        let is_behind = has_ended && !line.starts_with("---");
        has_ended = is_behind || is_end;
        // The end itself stays: an empty line in its place would be one of the text before it.
        kept.push_str(if is_behind { "\n" } else { line });
    }
    kept
}

/// Notes in a document of this text the nulls that were written, and the scalars that print otherwise than they were.
pub(crate) fn note(value: &mut Value, text: &str, raw: &RawTexts) {
    Lines::new(text).note(value, raw);
}

/// A lone `List` or `ResourceList`, whose items stand in its place.
fn is_wrapper(value: &Value) -> bool {
    let kind = value.str_at(&["kind"]);
    matches!(kind, Some("List" | "ResourceList"))
        && (value.get("items").is_some() || value.get("functionConfig").is_some())
}

fn items_of(list: &Value, source: &Source) -> Vec<Manifest> {
    let items = list.get("items").and_then(Value::as_list).unwrap_or_default();
    items.iter().map(|item| Manifest { value: item.clone(), line: item.pos().line + source.offset }).collect()
}

/// Puts the items of every `…List` behind the other objects of the text, as kustomize does.
fn flatten(mut queue: VecDeque<Manifest>, source: &Source) -> Result<Vec<Manifest>, Vec<BuildError>> {
    let (mut found, mut errors, mut lists) = (Vec::new(), Vec::new(), 0);
    while let Some(manifest) = queue.pop_front() {
        if is_nothing(&manifest.value) {
            continue;
        }
        if let Err(message) = check(&manifest.value) {
            errors.push(source.error(manifest.line - source.offset, message).hint(NOT_AN_OBJECT));
            continue;
        }
        let is_list = manifest.value.str_at(&["kind"]).is_some_and(|kind| kind.ends_with("List"));
        match manifest.value.get("items").filter(|_| is_list) {
            None => found.push(manifest),
            Some(items) if items.is_null() => {}
            Some(items) if items.as_list().is_none() => {
                let message = format!("'items' of a list should be a list, not a {}", items.kind_name());
                errors.push(source.error(items.pos().line, message));
            }
            Some(_) => {
                lists += 1;
                if lists > MAX_LISTS {
                    errors.push(source.error(0, format!("more than {MAX_LISTS} lists in one file")));
                    break;
                }
                queue.extend(items_of(&manifest.value, source));
            }
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

const NOT_AN_OBJECT: &str = "Every document listed under resources or patches must be a Kubernetes object with apiVersion, kind and metadata.name.";

fn is_nothing(value: &Value) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::Map(map) => map.is_empty(),
        Kind::List(items) => items.is_empty(),
        _ => false,
    }
}

fn check(value: &Value) -> Result<(), String> {
    if value.as_map().is_none() {
        return Err(format!("a {} is no Kubernetes object", value.kind_name()));
    }
    let kind = value.get("kind").map(scalar::text).unwrap_or_default();
    if kind.is_empty() {
        return Err("missing kind in object".to_owned());
    }
    let name = value.at(&["metadata", "name"]).map(scalar::text).unwrap_or_default();
    if name.is_empty() && !kind.ends_with("List") {
        return Err(format!("missing metadata.name in object of kind {kind}"));
    }
    Ok(())
}

/// Before a text that is read out of base64.
const BINARY: &str = "!!binary";

/// Before a text that would be something else without.
const TEXT: &str = "!!str";

/// Before a text in quotes that is a date all the same.
const DATE: &str = "!!timestamp";

/// The lines of a text, to look up how a scalar was written.
struct Lines<'a> {
    text: &'a str,
    has_binary: bool,
    has_folded: bool,
    has_tags: bool,
    /// Where they start; looked for when the first one is asked for.
    starts: OnceCell<Vec<usize>>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            has_binary: text.contains(BINARY),
            has_folded: may_fold(text),
            has_tags: text.contains(TEXT) || text.contains(DATE),
            starts: OnceCell::new(),
        }
    }

    fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            if self.text.is_ascii() {
                let breaks = memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1);
                return std::iter::once(0).chain(breaks).collect();
            }
            let breaks = self.text.match_indices(is_break).map(|(at, found)| at + found.len());
            std::iter::once(0).chain(breaks).collect()
        })
    }

    /// The text from a position to the end of its line.
    fn rest_of_line(&self, pos: Pos) -> &'a str {
        let line = pos.line.checked_sub(1).and_then(|line| usize::try_from(line).ok());
        let from = line.and_then(|line| self.starts().get(line..)).unwrap_or_default();
        let line = match from {
            [] => return "",
            [start] => &self.text[*start..],
            [start, next, ..] => self.text[*start..*next].trim_end_matches(is_break),
        };
        let column = usize::try_from(pos.column.saturating_sub(1)).unwrap_or(usize::MAX);
        if line.is_ascii() {
            return line.get(column..).unwrap_or_default();
        }
        line.char_indices().nth(column).map_or("", |(at, _)| &line[at..])
    }

    /// Notes the scalars that print otherwise than they were written, and the nulls that were written at all.
    fn note(&self, value: &mut Value, raw: &RawTexts) {
        match value.kind() {
            Kind::Map(map) if self.has_binary || map.values().any(|child| self.may_be_noted(child)) => {
                let children = value.as_map_mut().into_iter().flat_map(Map::iter_mut);
                children.for_each(|(_, child)| self.note(child, raw));
            }
            Kind::List(items) if self.has_binary || items.iter().any(|child| self.may_be_noted(child)) => {
                value.as_list_mut().into_iter().flatten().for_each(|child| self.note(child, raw));
            }
            Kind::Map(_) | Kind::List(_) => {}
            Kind::Null => {
                if let Some(word) = self.spelled_null(value.pos()) {
                    *value = raw.noted(std::mem::take(value), word);
                }
            }
            Kind::String(_) if self.has_binary && self.rest_of_line(value.pos()).starts_with(BINARY) => {
                let written = self.plain_scalar(value);
                *value = raw.noted(std::mem::take(value), written[BINARY.len()..].trim_start());
            }
            Kind::String(_) if self.has_tags && self.rest_of_line(value.pos()).starts_with(TEXT) => {
                let is_block = self.rest_of_line(value.pos())[TEXT.len()..].trim_start().starts_with(['|', '>']);
                if !is_block {
                    *value = raw::tagged(std::mem::take(value));
                }
            }
            Kind::String(_) if value.is_quoted() => {
                if self.has_folded && self.rest_of_line(value.pos()).starts_with('>') {
                    *value = raw::folded(std::mem::take(value));
                } else if self.has_tags && self.rest_of_line(value.pos()).starts_with(DATE) {
                    let written = self.plain_scalar(value);
                    let written = without_tag(&written).trim_matches(['"', '\'']);
                    *value = raw.noted(std::mem::take(value), written);
                }
            }
            Kind::String(text) if !may_be_date(text) => {}
            Kind::Bool(flag) if self.rest_of_line(value.pos()).starts_with(if *flag { "true" } else { "false" }) => {}
            _ if !self.may_be_noted(value) => {}
            _ => {
                let written = self.plain_scalar(value);
                let written = without_tag(&written);
                if !written.starts_with(['"', '\'', '*', '!', '|', '>', '&']) && !raw::is_as_written(value, written) {
                    *value = raw.noted(std::mem::take(value), written);
                }
            }
        }
    }

    /// Whether the node may have to be noted, or holds others: of what is text, only dates are read as something else, and
    /// folded blocks are written as such.
    fn may_be_noted(&self, value: &Value) -> bool {
        match value.kind() {
            Kind::String(_) if self.has_tags => true,
            Kind::String(_) if value.is_quoted() => self.has_folded,
            Kind::String(text) => may_be_date(text),
            _ => true,
        }
    }

    fn spelled_null(&self, pos: Pos) -> Option<&'static str> {
        let rest = self.rest_of_line(pos);
        ["null", "Null", "NULL", "~"].into_iter().find(|word| rest.starts_with(word))
    }

    /// A plain scalar as it was written.
    fn plain_scalar(&self, value: &Value) -> String {
        let rest = self.rest_of_line(value.pos());
        let end = rest.find(" #").unwrap_or(rest.len());
        let written = rest[..end].split([',', '}', ']']).next().unwrap_or_default().trim();
        if written.is_empty() { scalar::text(value) } else { written.to_owned() }
    }
}

/// A scalar without the tag before it.
fn without_tag(written: &str) -> &str {
    let tagged = written.strip_prefix("!!").and_then(|rest| rest.split_once(' '));
    tagged.map_or(written, |(_, rest)| rest.trim_start())
}

/// Whether a text could be a date as dates are printed.
fn may_be_date(text: &str) -> bool {
    text.ends_with('Z') && text.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether the parser counts a new line behind the character.
fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_text_map(value: &Value) -> bool {
    value.as_map().is_none_or(|map| map.values().all(|value| value.as_str().is_some()))
}

/// Whether a text may hold folded blocks.
fn may_fold(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'>', bytes).any(|at| {
        let starts = at == 0 || bytes[at - 1].is_ascii_whitespace();
        starts && bytes.get(at + 1).is_some_and(|next| b"-+ \r\n".contains(next) || next.is_ascii_digit())
    })
}
