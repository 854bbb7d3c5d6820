//! YAML text out of a tree, in the ways that the tools of the Go world write it: see [`Profile`].
//!
//! An [`Emitter`] takes the nodes one after the other, so that trees of other crates are written without a copy.

mod letters;
mod order;
pub(crate) mod scalar;
pub(crate) mod writer;

use std::borrow::Cow;
use std::convert::Infallible;

use self::scalar::Shape;
use self::writer::{Context, Writer};
use crate::resolve::number::{format_g, format_json, short_integer};
use crate::{Dialect, Kind, Value, parallel};

/// Keys up to this many bytes are written as `key:`, longer ones behind a `?`.
pub(crate) const MAX_SIMPLE_KEY: usize = 128;

/// Characters of a key in JSON, quotes and escapes counted, that the YAML reader behind `sigs.k8s.io/yaml` lets pass.
const MAX_JSON_KEY: usize = 1024;

/// The one line break that Go's JSON leaves as it is.
const NEXT_LINE: char = '\u{85}';

/// Which writer of the Go world is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// `sigs.k8s.io/yaml` over go-yaml v2, as Helm's `toYaml` and kustomize write: keys in natural order, sequences not indented
    /// under their key, long text folded. Values go through JSON first, so a float without a fraction comes out as an integer.
    #[default]
    ToYaml,
    /// go-yaml v3 with two spaces, as Helm's `toYamlPretty` writes: sequences indented, nothing folded, floats as Go prints them.
    Pretty,
    /// go-yaml v3 with compact sequences and keys in the order of the tree, as kyaml (post-renderers) writes nodes without style.
    Compact,
}

impl Profile {
    fn dialect(self) -> Dialect {
        if self == Self::ToYaml { Dialect::V2 } else { Dialect::V3 }
    }
}

/// Why Go's tools cannot write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// The value goes through JSON, whose reader takes control characters only as escapes.
    #[error("error converting JSON to YAML: yaml: control characters are not allowed")]
    ControlCharacters,
    /// The value goes through JSON, whose reader looks for the end of a key on one line and not for ever.
    #[error("error converting JSON to YAML: yaml: did not find expected ',' or '}}'")]
    LongKey,
    /// The value goes through JSON, where U+0085 stands as it is: to the reader it ends a line, and what follows is the mark
    /// of a document.
    #[error("yaml: line {line}: found unexpected document indicator")]
    DocumentIndicator {
        /// Line of the JSON, from 1.
        line: u32,
    },
}

/// Writes one document, keys in go-yaml's natural order, without a document marker.
///
/// What `sigs.k8s.io/yaml` cannot write ([`EmitError`]) is written nevertheless, in its style.
pub fn emit(value: &Value) -> String {
    let mut emitter = Emitter::new(Profile::ToYaml);
    let Ok(()) = node(&mut emitter, value);
    emitter.finish().0
}

/// Writes one document as the tool of the profile does.
///
/// # Errors
/// What that tool cannot write.
pub fn emit_as(value: &Value, profile: Profile) -> Result<String, EmitError> {
    let mut emitter = Emitter::new(profile);
    let Ok(()) = node(&mut emitter, value);
    let (text, refused) = emitter.finish();
    refused.map_or(Ok(text), Err)
}

/// Documents that are worth a thread of their own.
const DOCUMENTS_OF_A_THREAD: usize = 32;

/// Writes several documents with `---` lines between them, many of them on all cores.
pub fn emit_documents<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let values: Vec<&Value> = values.into_iter().collect();
    parallel::map(&values, DOCUMENTS_OF_A_THREAD, |value| emit(value)).join("---\n")
}

fn node(emitter: &mut Emitter, value: &Value) -> Result<(), Infallible> {
    match value.kind() {
        Kind::Null => emitter.null(),
        Kind::Bool(value) => emitter.bool(*value),
        Kind::Int(value) => emitter.int(*value),
        Kind::Uint(value) => emitter.uint(*value),
        Kind::Float(value) => emitter.float(*value),
        Kind::String(text) => emitter.text(text),
        Kind::List(items) => emitter.list(items.iter(), node)?,
        Kind::Map(map) => emitter.map(map.iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect(), node)?,
    }
    Ok(())
}

/// Writes one document, node by node.
#[derive(Debug)]
pub struct Emitter {
    writer: Writer,
    profile: Profile,
    context: Context,
    refused: Option<EmitError>,
    /// Line breaks that the JSON of what was written would have.
    lines: u32,
}

impl Emitter {
    /// An emitter at the start of a document.
    pub fn new(profile: Profile) -> Self {
        let writer = Writer::new(profile != Profile::Pretty, profile == Profile::ToYaml);
        Self { writer, profile, context: Context::default(), refused: None, lines: 0 }
    }

    /// Ends the document: its text, and why the tool of the profile would not have written it.
    pub fn finish(mut self) -> (String, Option<EmitError>) {
        self.writer.end_document();
        (self.writer.finish(), self.refused)
    }

    /// Bytes written so far.
    pub fn written(&self) -> usize {
        self.writer.len()
    }

    /// Writes a null.
    pub fn null(&mut self) {
        self.word("null");
    }

    /// Writes a boolean.
    pub fn bool(&mut self, value: bool) {
        self.word(if value { "true" } else { "false" });
    }

    /// Writes an integer.
    pub fn int(&mut self, value: i64) {
        self.word(itoa::Buffer::new().format(value));
    }

    /// Writes an integer.
    pub fn uint(&mut self, value: u64) {
        self.word(itoa::Buffer::new().format(value));
    }

    /// Writes a float.
    pub fn float(&mut self, value: f64) {
        let text = match self.profile {
            Profile::ToYaml => match short_integer(value) {
                Some(whole) => return self.int(whole),
                None => float_through_json(value),
            },
            Profile::Pretty | Profile::Compact => format_g(value),
        };
        self.word(&text);
    }

    /// Writes text that stands for itself: a time, or a number in the form it was found in.
    pub fn word(&mut self, text: &str) {
        self.writer.scalar(text, Shape::plain(), self.context);
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        if scalar::is_visible(text.as_bytes()) {
            return self.writer.scalar(text, Shape::of_visible(text, self.profile.dialect()), self.context);
        }
        if self.profile == Profile::ToYaml {
            self.check_text(text);
            let text = scalar::through_json(text);
            return self.writer.scalar(&text, Shape::of(&text, Dialect::V2), self.context);
        }
        self.writer.scalar(text, Shape::of(text, Dialect::V3), self.context);
    }

    /// Writes base64 as `!!binary`, which go-yaml v3 makes of a string that is not UTF-8.
    pub fn binary(&mut self, base64: &str) {
        self.writer.tag("!!binary");
        self.writer.scalar(base64, Shape::of(base64, self.profile.dialect()), self.context);
    }

    /// Writes a list, each item by the function.
    ///
    /// # Errors
    /// The function's own.
    pub fn list<T, E>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> Result<(), E>,
    ) -> Result<(), E> {
        if items.len() == 0 {
            self.writer.empty_collection("[", "]");
            return Ok(());
        }
        let outer = self.writer.open_sequence(self.context);
        for item in items {
            self.writer.indicator_line("-");
            self.context = Context::default();
            each(self, item)?;
        }
        self.writer.close(outer);
        Ok(())
    }

    /// Writes a map, each value by the function; the keys are put into the order of the profile.
    ///
    /// # Errors
    /// The function's own.
    pub fn map<V: Copy, E>(
        &mut self,
        entries: Vec<(Cow<'_, str>, V)>,
        mut each: impl FnMut(&mut Self, V) -> Result<(), E>,
    ) -> Result<(), E> {
        if entries.is_empty() {
            self.writer.empty_collection("{", "}");
            return Ok(());
        }
        let entries = self.ordered(entries);
        self.map_as_given(entries, &mut each)
    }

    /// Writes a map that is not empty, each value by the function, in the order given: the fields of a struct.
    ///
    /// # Errors
    /// The function's own.
    pub fn map_as_given<V, E>(
        &mut self,
        entries: Vec<(Cow<'_, str>, V)>,
        mut each: impl FnMut(&mut Self, V) -> Result<(), E>,
    ) -> Result<(), E> {
        let outer = self.writer.open_mapping();
        for (key, value) in entries {
            self.key(&key);
            each(self, value)?;
        }
        self.writer.close(outer);
        Ok(())
    }

    fn ordered<'k, V: Copy>(&mut self, mut entries: Vec<(Cow<'k, str>, V)>) -> Vec<(Cow<'k, str>, V)> {
        match self.profile {
            Profile::Compact => entries,
            Profile::Pretty => order::sort(entries, Dialect::V3),
            Profile::ToYaml => {
                for (key, _) in &mut entries {
                    self.check_key(key);
                    if !key.is_ascii()
                        && let Cow::Owned(read) = scalar::through_json(key)
                    {
                        *key = Cow::Owned(read);
                    }
                }
                order::sort(entries, Dialect::V2)
            }
        }
    }

    /// Writes a key with its colon; what comes next is its value.
    fn key(&mut self, key: &str) {
        let shape = Shape::of(key, self.profile.dialect());
        let context = Context { mapping: true, ..Context::default() };
        if shape.is_multiline() || key.len() > MAX_SIMPLE_KEY {
            self.writer.indicator_line("?");
            self.writer.scalar(key, shape, context);
            self.writer.indicator_line(":");
        } else {
            self.writer.line();
            self.writer.scalar(key, shape, Context { simple_key: true, ..context });
            self.writer.indicator(":", writer::Gap::None);
        }
        self.context = context;
    }

    fn check_text(&mut self, text: &str) {
        if scalar::unreadable_in_json(text) {
            self.refused.get_or_insert(EmitError::ControlCharacters);
        }
        if text.contains(NEXT_LINE) {
            self.check_lines(text);
        }
    }

    fn check_lines(&mut self, text: &str) {
        for (at, _) in text.match_indices(NEXT_LINE) {
            self.lines += 1;
            let behind = &text[at + NEXT_LINE.len_utf8()..];
            let ends = behind.strip_prefix("---").or_else(|| behind.strip_prefix("..."));
            if ends.is_some_and(|rest| rest.starts_with([' ', NEXT_LINE])) {
                self.refused.get_or_insert(EmitError::DocumentIndicator { line: self.lines + 1 });
            }
        }
    }

    fn check_key(&mut self, key: &str) {
        if key.len() <= MAX_JSON_KEY / 6 && scalar::is_visible(key.as_bytes()) {
            return;
        }
        self.check_text(key);
        if key.contains('\u{85}') || key.len() > MAX_JSON_KEY / 6 && scalar::length_in_json(key) > MAX_JSON_KEY {
            self.refused.get_or_insert(EmitError::LongKey);
        }
    }
}

/// A float as it comes out of JSON: an integer if it looks like one.
fn float_through_json(value: f64) -> String {
    if value.fract() == 0.0 {
        let json = format_json(value);
        if json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok() {
            return if json == "-0" { "0".to_owned() } else { json };
        }
    }
    format_g(value)
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let bits = part.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - part.len()));
        for digit in 0..4 {
            let shown = digit <= part.len();
            text.push(if shown { char::from(DIGITS[bits >> (18 - 6 * digit) & 63]) } else { '=' });
        }
    }
    text
}
