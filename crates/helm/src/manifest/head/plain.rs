//! Heads of documents that are written as nearly all are: in block style, with scalars that end where their line does.
//!
//! To go over the lines is many times faster than to make a tree of them. Whatever is not certain to be read by the YAML
//! reader in the same way and without an error (tags, anchors, tabs, scalars over several lines, unusual keys and what
//! not) is left to it.

use std::sync::Arc;

use super::Head;
use super::lines::Lines;
use super::scalar::{self, Scalar};

/// The head of a document; `None` where only the YAML reader can tell.
pub(super) fn read(text: &str) -> Option<Head> {
    if !is_usual(text) {
        return None;
    }
    let mut reader = Reader::new(text);
    while let Some((column, line)) = reader.lines.next()? {
        reader.node(column, line)?;
    }
    Some(reader.head)
}

/// Whether all characters are such as a YAML text may have, and none but `\n` ends a line.
fn is_usual(text: &str) -> bool {
    let printable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    // Without a way out in between, which lets many bytes be looked at at once.
    let all_printable = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & printable(byte));
    let beyond = |letter: char| {
        letter >= '\u{A0}' && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
    };
    let usual = |letter: char| u8::try_from(letter).is_ok_and(|byte| printable(&byte)) || beyond(letter);
    text.as_bytes().chunks(256).all(all_printable) || text.chars().all(usual)
}

/// Collections within collections; more are left to the YAML reader.
const MAX_DEPTH: usize = 64;

/// A list or map that nodes still may belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Open {
    column: usize,
    is_list: bool,
}

/// Which part of the head the last key belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Metadata,
    Annotations,
    Other,
}

struct Reader<'t> {
    lines: Lines<'t>,
    open: Vec<Open>,
    /// Whether the last node is empty so far, so that what stands deeper belongs to it.
    fillable: bool,
    part: Part,
    has_metadata: bool,
    has_annotations: bool,
    head: Head,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            lines: Lines::new(text),
            open: Vec::with_capacity(8),
            fillable: false,
            part: Part::Other,
            has_metadata: false,
            has_annotations: false,
            head: Head::default(),
        }
    }

    /// A node that starts in this column and takes the rest of its line, if not more.
    fn node(&mut self, column: usize, line: &'t [u8]) -> Option<()> {
        let Some(item) = scalar::item(line) else {
            let Some((key, value)) = scalar::entry(line) else { return self.alone(column, line) };
            self.enter(Open { column, is_list: false })?;
            let value = self.value(value)?;
            return self.entry(key, &value);
        };
        self.enter(Open { column, is_list: true })?;
        self.fillable = true;
        if scalar::item(item).is_some() || scalar::entry(item).is_some() {
            return self.node(column + line.len() - item.len(), item);
        }
        self.value(item).map(drop)
    }

    /// What fills a node from a line of its own.
    fn alone(&mut self, column: usize, line: &'t [u8]) -> Option<()> {
        let is_below = self.open.last().is_some_and(|open| open.column < column);
        if !self.fillable || !is_below || self.wants_map() && !line.starts_with(b"{}") {
            return None;
        }
        matches!(self.value(line)?, Scalar::Collection).then_some(())
    }

    /// Goes to the collection that a node is a part of, which may start with it.
    fn enter(&mut self, wanted: Open) -> Option<()> {
        let Open { column, is_list } = wanted;
        while let Some(open) = self.open.last() {
            // A key ends the list whose items stand below the key before it.
            if open.column < column || open.column == column && (is_list || !open.is_list) {
                break;
            }
            // Nothing stands left of the outermost map.
            if self.open.len() == 1 {
                return None;
            }
            self.open.pop();
            self.fillable = false;
        }
        match self.open.last() {
            Some(open) if *open == wanted => {}
            Some(open) if open.column < column || is_list => {
                if !self.fillable || self.open.len() >= MAX_DEPTH || is_list && self.wants_map() {
                    return None;
                }
                self.open.push(wanted);
            }
            None if !is_list => self.open.push(wanted),
            _ => return None,
        }
        self.fillable = false;
        Some(())
    }

    /// Whether what would start now is the metadata or the annotations.
    fn wants_map(&self) -> bool {
        matches!((self.open.len(), self.part), (1, Part::Metadata) | (2, Part::Annotations))
    }

    /// A value as far as its line tells of it, with all lines of a block scalar.
    fn value(&mut self, text: &'t [u8]) -> Option<Scalar<'t>> {
        let value = scalar::read(text)?;
        self.fillable = matches!(value, Scalar::Nothing);
        if matches!(value, Scalar::Block) {
            let column = self.open.last().map_or(0, |open| open.column);
            self.lines.skip_block(column)?;
        }
        Some(value)
    }

    /// Takes what belongs to the head.
    fn entry(&mut self, key: &[u8], value: &Scalar<'t>) -> Option<()> {
        match (self.open.len(), self.part) {
            (1, _) => self.of_document(key, value),
            (2, Part::Metadata | Part::Annotations) => self.of_metadata(key, value),
            (3, Part::Annotations) => self.of_annotations(key, value),
            _ => Some(()),
        }
    }

    fn of_document(&mut self, key: &[u8], value: &Scalar<'t>) -> Option<()> {
        self.part = Part::Other;
        match key {
            b"apiVersion" => set(&mut self.head.api_version, value),
            b"kind" => set(&mut self.head.kind, value),
            b"metadata" if matches!(value, Scalar::Nothing) && !self.has_metadata => {
                self.part = Part::Metadata;
                self.has_metadata = true;
                Some(())
            }
            _ => is_other(key, &["apiVersion", "kind", "metadata"]),
        }
    }

    fn of_metadata(&mut self, key: &[u8], value: &Scalar<'t>) -> Option<()> {
        self.part = Part::Metadata;
        match key {
            b"name" => set(&mut self.head.name, value),
            b"annotations" if matches!(value, Scalar::Nothing) && !self.has_annotations => {
                self.part = Part::Annotations;
                self.has_annotations = true;
                Some(())
            }
            _ => is_other(key, &["name", "annotations"]),
        }
    }

    fn of_annotations(&mut self, key: &[u8], value: &Scalar<'t>) -> Option<()> {
        let key = str::from_utf8(key).ok()?;
        if !Head::is_read(key) {
            return matches!(value, Scalar::Text(_) | Scalar::Other | Scalar::Block).then_some(());
        }
        let known = self.head.annotations.insert(key.to_owned(), text(value)?.to_owned());
        known.is_none().then_some(())
    }
}

/// Sets a text that is not set yet.
fn set(place: &mut Arc<str>, value: &Scalar<'_>) -> Option<()> {
    if !place.is_empty() {
        return None;
    }
    *place = text(value)?.into();
    Some(())
}

fn text<'t>(value: &Scalar<'t>) -> Option<&'t str> {
    match value {
        Scalar::Text(text) => str::from_utf8(text).ok(),
        _ => None,
    }
}

/// Whether a key is none of these, in whatever case.
fn is_other(key: &[u8], known: &[&str]) -> Option<()> {
    let found = known.iter().any(|known| key.eq_ignore_ascii_case(known.as_bytes()));
    (!found).then_some(())
}
