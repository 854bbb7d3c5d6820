//! Scalars as they were written. Kustomize copies text; the tree holds values: `1.10` is the number 1.1 in it.
//!
//! What a value cannot hold is kept beside the tree, under the node's mark: the text of a number or a date that prints
//! otherwise, and that a text was put where a value of another type stands, which only the end of a build refuses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use goyaml::origin::Tracer;
use goyaml::{Dialect, Duplicates, Key, Kind, Map, ParseOptions, Pos, Profile, Value};

use crate::{folded, scalar};

/// Bits of a mark that say which note belongs to the node; the others are those of [`crate::shared`].
const NOTE_BITS: u32 = 18;

/// The part of a mark that notes leave to others.
pub(crate) const FREE_MARK: u32 = NOTE_BITS;

/// What is noted of a scalar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Note {
    /// The text that kustomize sees; `None` if it is what the value prints as.
    text: Option<Arc<str>>,
    /// Set if the text does not fit the type of the value that it was put in the place of.
    misfit: Option<Misfit>,
    /// Kustomize has given it no type: what it means shows only when it is written.
    bare: bool,
    /// The type of what is in quotes because something in quotes was there before. Written, it is text, if it does not need a
    /// tag to be of its type.
    quoted: Option<Type>,
    /// The number of what a replacement has put into a null.
    hidden: Option<u32>,
    /// The text stands in a folded block.
    folded: bool,
    /// A tag says that it is text.
    tagged: bool,
}

impl Note {
    fn of(text: &str) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }
}

/// The number of the note that says of a scalar that kustomize has given it no type, and nothing more. All tables have it.
const UNTYPED: u32 = 1;

/// How JSON writes the float below zero that is zero, which reads as a whole number.
const MINUS_ZERO: &str = "-0";

/// Those of what reads as nothing, by which names are called that all the same.
const UNTYPED_NULLS: [(u32, &str); 4] = [(2, "null"), (3, "~"), (4, "Null"), (5, "NULL")];

/// That of a text in a folded block.
const FOLDED: u32 = 6;

/// That of a text behind a tag that says so.
const TAGGED: u32 = 7;

/// A text in the place of a value of another type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Misfit {
    was: Type,
    by: Blame,
}

/// Where a change was asked for: file and line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Blame {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
}

/// Types that a text may fail to be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Type {
    Null,
    Bool,
    Int,
    Float,
    Date,
    /// Bytes in base64, behind a tag.
    Binary,
}

/// All notes by their numbers, which are the same in all builds that share files.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Table>);

#[derive(Debug)]
struct Table {
    notes: Vec<Note>,
    known: HashMap<Note, u32, RandomState>,
    has_misfits: bool,
    hidden: Vec<Map>,
}

impl Default for Table {
    fn default() -> Self {
        let untyped = Note { bare: true, ..Note::default() };
        let nulls = UNTYPED_NULLS.iter().map(|(_, word)| Note { bare: true, ..Note::of(word) });
        let folded = Note { folded: true, ..Note::default() };
        let tagged = Note { tagged: true, ..Note::default() };
        let notes: Vec<Note> = [untyped].into_iter().chain(nulls).chain([folded, tagged]).collect();
        let known = notes.iter().cloned().zip(UNTYPED..).collect();
        Self { notes, known, has_misfits: false, hidden: Vec::new() }
    }
}

impl Notes {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is less room left than a build may need.
    pub(crate) fn are_many(&self) -> bool {
        self.lock().notes.len() >> (NOTE_BITS - 1) > 0
    }

    fn of(&self, value: &Value) -> Option<Note> {
        let at = usize::try_from(noted_as(value)).ok()?.checked_sub(1)?;
        self.lock().notes.get(at).cloned()
    }

    /// The text of a scalar as it was written; empty for an empty field and for collections.
    pub(crate) fn text(&self, value: &Value) -> String {
        let written = self.of(value).and_then(|note| note.text);
        written.map_or_else(|| scalar::text(value), |written| String::from(&*written))
    }

    /// The text of a name or a namespace; none where it was put into a null, which it stays to kustomize.
    pub(crate) fn id_text(&self, value: &Value) -> String {
        let is_in_null = |note: Note| note.misfit.is_some_and(|misfit| misfit.was == Type::Null);
        if value.is_null() {
            scalar::id_text(value)
        } else if self.of(value).is_some_and(is_in_null) {
            String::new()
        } else {
            self.text(value)
        }
    }

    /// The number of a note; `None` if there are too many.
    fn number(&self, note: Note) -> Option<u32> {
        let mut table = self.lock();
        if let Some(at) = table.known.get(&note) {
            return Some(*at);
        }
        let at = u32::try_from(table.notes.len() + 1).ok().filter(|at| at >> NOTE_BITS == 0)?;
        table.has_misfits |= note.misfit.is_some();
        table.notes.push(note.clone());
        table.known.insert(note, at);
        Some(at)
    }
}

/// The texts that were read otherwise than their values print.
#[derive(Debug, Default)]
pub(crate) struct RawTexts {
    /// Where values come from.
    pub(crate) tracer: Tracer,
    notes: Arc<Notes>,
    /// Files that texts stand in, by the index that their positions carry.
    files: HashMap<u32, Arc<[u8]>>,
}

impl RawTexts {
    pub(crate) fn new(tracer: Tracer, notes: Arc<Notes>) -> Self {
        Self { tracer, notes, ..Self::default() }
    }

    /// The value, with a note of how it was written.
    pub(crate) fn noted(&self, value: Value, written: &str) -> Value {
        self.with_note(value, Note::of(written))
    }

    fn with_note(&self, value: Value, note: Note) -> Value {
        match self.notes.number(note) {
            Some(number) => with_number(value, number),
            None => value,
        }
    }

    /// How scalars were written.
    pub(crate) fn notes(&self) -> &Arc<Notes> {
        &self.notes
    }

    /// Keeps a file, so that it can be looked up how the texts inside of it are written. Only origins ask for that.
    pub(crate) fn keep(&mut self, source: u32, bytes: &Arc<[u8]>) {
        if self.tracer.is_on() {
            self.files.insert(source, bytes.clone());
        }
    }

    /// A file that texts stand in.
    pub(crate) fn file(&self, source: u32) -> Option<&[u8]> {
        self.files.get(&source).map(|bytes| &**bytes)
    }

    fn note(&self, value: &Value) -> Option<Note> {
        self.notes.of(value)
    }

    /// The text of a scalar as it was written; empty for an empty field and for collections.
    pub(crate) fn text(&self, value: &Value) -> String {
        self.notes.text(value)
    }

    /// The same, but empty for every null.
    pub(crate) fn text_unless_null(&self, value: &Value) -> String {
        if value.is_null() { String::new() } else { self.text(value) }
    }

    /// Whether kustomize takes the value for text: not what is a date or binary to its reader alone.
    pub(crate) fn is_text(&self, value: &Value) -> bool {
        value.as_str().is_some() && !matches!(self.type_of(value), Some(Type::Date | Type::Binary))
    }

    /// Whether the value has another type than text, be it that the text is none of it.
    pub(crate) fn is_typed(&self, value: &Value) -> bool {
        self.type_of(value).is_some()
    }

    /// The type of a scalar; `None` for text.
    fn type_of(&self, value: &Value) -> Option<Type> {
        match value.kind() {
            Kind::Null => Some(Type::Null),
            Kind::Bool(_) => Some(Type::Bool),
            Kind::Int(_) | Kind::Uint(_) => Some(Type::Int),
            Kind::Float(_) => Some(Type::Float),
            Kind::String(read) => {
                let note = self.note(value)?;
                if note.quoted.is_some() {
                    return note.quoted;
                }
                let of_text =
                    |text: Arc<str>| if plain(&text).as_str() == Some(read) { Type::Date } else { Type::Binary };
                note.misfit.map(|misfit| misfit.was).or_else(|| note.text.map(of_text))
            }
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// A scalar with another text, of the type it had. If the text is none of that type, the result is [broken].
    ///
    /// [broken]: Self::broken
    pub(crate) fn retyped(&self, node: &Value, text: &str, by: &Blame) -> Value {
        if self.is_untyped(node) {
            let value = if node.is_quoted() { untyped(Value::from(text)).with_quotes(true) } else { self.bare(text) };
            return value.with_pos(node.pos());
        }
        let Some(wanted) = self.type_of(node) else {
            return styled_as(Value::from(text).with_pos(node.pos()).with_quotes(node.is_quoted()), node);
        };
        let value = if wanted == Type::Binary { decoded(text).unwrap_or_default() } else { plain(text) };
        let is_date = |value: &Value| value.as_str().is_some_and(|read| read != text) || is_canonical_date(text);
        let fits = match (wanted, value.kind()) {
            (Type::Int, Kind::Int(_) | Kind::Uint(_))
            | (Type::Float, Kind::Float(_))
            | (Type::Bool, Kind::Bool(_))
            | (Type::Null, Kind::Null)
            | (Type::Binary, Kind::String(_)) => Some(value),
            (Type::Date, _) if is_date(&value) => Some(value),
            (Type::Float, Kind::Int(number)) => {
                #[expect(clippy::cast_precision_loss, reason = "as kustomize reads a number of this type")]
                let number = *number as f64;
                Some(Value::from(number))
            }
            _ => None,
        };
        if let Some(value) = fits.as_ref().filter(|_| self.note(node).is_some_and(|note| note.quoted.is_some())) {
            return self.quoted(text, wanted, value).with_pos(node.pos());
        }
        let misfit = if fits.is_none() { Some(Misfit { was: wanted, by: by.clone() }) } else { None };
        let value = fits.unwrap_or_else(|| Value::from(text)).with_pos(node.pos()).with_quotes(node.is_quoted());
        if misfit.is_none() && !matches!(wanted, Type::Date | Type::Binary) && scalar::text(&value) == text {
            return value;
        }
        self.with_note(value, Note { misfit, ..Note::of(text) })
    }

    /// A number or a switch in the place of a text in quotes: text when it is written, but until then what it was.
    pub(crate) fn in_quotes(&self, value: &Value) -> Value {
        let text = self.text(value);
        let quoted = match self.type_of(value) {
            Some(kind) => self.quoted(&text, kind, value),
            None => Value::from(text).with_quotes(true),
        };
        quoted.with_pos(value.pos())
    }

    fn quoted(&self, text: &str, kind: Type, value: &Value) -> Value {
        let note = Note { quoted: Some(kind), ..Note::default() };
        if self.type_of(&self.plain(text)) == Some(kind) {
            return self.with_note(Value::from(text), note).with_quotes(true);
        }
        // A type that the text does not have by itself is written.
        let text = (scalar::text(value) != text).then(|| text.into());
        self.with_note(value.clone(), Note { text, ..note }).with_quotes(true)
    }

    /// Whether a tag was written for the type of a scalar in quotes, which stays with what is put in its place.
    pub(crate) fn has_tag(&self, value: &Value) -> bool {
        is_tagged(value)
            || (value.is_quoted() && !self.is_text(value) && self.note(value).is_none_or(|note| note.quoted.is_none()))
    }

    /// What a text in quotes stands for that is a number or a switch until it is written.
    pub(crate) fn unquoted(&self, value: &Value) -> Option<Value> {
        self.note(value).filter(|_| value.as_str().is_some())?.quoted?;
        Some(self.plain(&self.text(value)).with_pos(value.pos()))
    }

    /// What a scalar without quotes means, with a note if it prints otherwise.
    pub(crate) fn plain(&self, text: &str) -> Value {
        let value = plain(text);
        if is_as_written(&value, text) { value } else { self.noted(value, text) }
    }

    /// The same of a text that kustomize has given no type.
    pub(crate) fn bare(&self, text: &str) -> Value {
        let value = plain(text);
        if is_as_written(&value, text) {
            return untyped(value);
        }
        self.with_note(value, Note { bare: true, ..Note::of(text) })
    }

    /// Whether the value is such a text.
    pub(crate) fn is_untyped(&self, value: &Value) -> bool {
        self.note(value).is_some_and(|note| note.bare)
    }

    /// Whether it is one that means something else than text.
    pub(crate) fn is_bare(&self, value: &Value) -> bool {
        !self.is_text(value) && self.is_untyped(value)
    }

    /// What an object becomes when it is written out and read again: each node its own, with nothing noted but nulls.
    pub(crate) fn rewrite(&self, node: &mut Value) {
        match node.kind() {
            Kind::Map(map) if map.keys().any(|key| key.pos().line == 0 && is_unreadable(key.as_str())) => {
                let read = Pos { line: node.pos().line.max(1), ..node.pos() };
                let entries = map.iter().map(|(key, child)| (Key::new(key, read), child.clone()));
                *node = Value::from(entries.collect::<Map>()).with_pos(node.pos());
                self.rewrite(node);
            }
            Kind::Map(_) => {
                node.as_map_mut().into_iter().flat_map(Map::iter_mut).for_each(|(_, child)| self.rewrite(child));
                *node = std::mem::take(node).with_flow(false);
            }
            Kind::List(_) => {
                node.as_list_mut().into_iter().flatten().for_each(|child| self.rewrite(child));
                *node = std::mem::take(node).with_flow(false);
            }
            Kind::Null => *node = self.noted(std::mem::take(node).with_mark(0), "null"),
            Kind::String(text) => {
                let is_quoted = goyaml::emit(&Value::from(text.clone())).starts_with(['"', '\'', '|', '>']);
                *node = std::mem::take(node).with_mark(0).with_quotes(is_quoted);
            }
            Kind::Float(number) if *number == 0.0 && number.is_sign_negative() => {
                *node = self.noted(Value::from(0_i64).with_pos(node.pos()), MINUS_ZERO);
            }
            _ => {
                let number = written_as_float(node).map_or_else(|| node.clone().with_mark(0), |text| self.plain(&text));
                *node = number.with_pos(node.pos()).with_quotes(false);
            }
        }
    }

    /// Makes of an object what it is when it was written: what is empty between braces becomes empty text, and folded
    /// blocks grow.
    pub(crate) fn as_written(&self, node: &mut Value) {
        if changes_when_written(node, false) {
            self.write_below(node, false);
        }
    }

    fn write_below(&self, node: &mut Value, in_flow: bool) {
        let in_flow = in_flow || node.is_flow();
        match node.kind() {
            Kind::Map(map) if map.values().any(|child| changes_when_written(child, in_flow)) => {
                let children = node.as_map_mut().into_iter().flat_map(Map::iter_mut);
                children.for_each(|(_, child)| self.write_below(child, in_flow));
            }
            Kind::List(items) if items.iter().any(|child| changes_when_written(child, in_flow)) => {
                node.as_list_mut().into_iter().flatten().for_each(|child| self.write_below(child, in_flow));
            }
            Kind::Null if changes_when_written(node, in_flow) => *node = self.tracer.same(Value::from(""), node),
            Kind::String(text) if changes_when_written(node, in_flow) => {
                let new = Value::from(folded::again(text)).with_pos(node.pos()).with_mark(node.mark());
                *node = without_note(new).with_quotes(true);
            }
            _ => {}
        }
    }

    /// Puts an entry into a null, where it shows only when something makes a map of the null.
    pub(crate) fn hide(&self, null: &mut Value, key: &str, child: Value) {
        let note = self.note(null).unwrap_or_default();
        let mut entries = self.hidden_in(null).unwrap_or_default();
        entries.insert(key, child);
        let mut table = self.notes.lock();
        table.hidden.push(entries);
        let number = u32::try_from(table.hidden.len()).ok();
        drop(table);
        *null = self.with_note(std::mem::take(null), Note { hidden: number, ..note });
    }

    /// What was put into a null.
    pub(crate) fn hidden_in(&self, null: &Value) -> Option<Map> {
        let at = self.note(null)?.hidden?;
        let at = usize::try_from(at).ok()?.checked_sub(1)?;
        self.notes.lock().hidden.get(at).cloned()
    }

    /// What is left of a null that a patch passes by: nothing of an empty field, and nothing of what was put into it.
    pub(crate) fn passed_null(&self, null: &Value) -> Option<Value> {
        match self.note(null) {
            Some(note) if note.hidden.is_some() => {
                note.text.is_some().then(|| self.with_note(null.clone(), Note { hidden: None, ..note }))
            }
            _ => is_kept_null(null).then(|| null.clone()),
        }
    }

    /// Whether anything was put into a null.
    pub(crate) fn hides(&self) -> bool {
        !self.notes.lock().hidden.is_empty()
    }

    /// Makes of annotations what they are when kustomize has taken its own away, for which it writes all anew: those in a null
    /// show, and none is in a folded block.
    pub(crate) fn renew_annotations(&self, object: &mut Value) {
        let annotations = object.at(&["metadata", "annotations"]);
        let is_hidden = self.hides() && annotations.is_some_and(|node| self.hidden_in(node).is_some());
        let is_in_block = annotations.and_then(Value::as_map).is_some_and(|map| map.values().any(is_folded));
        if !is_hidden && !is_in_block {
            return;
        }
        let metadata = object.as_map_mut().and_then(|map| map.get_mut("metadata"));
        let Some(annotations) = metadata.and_then(Value::as_map_mut).and_then(|map| map.get_mut("annotations")) else {
            return;
        };
        if let Some(hidden) = self.hidden_in(annotations) {
            *annotations = hidden.into();
        }
        for (_, entry) in annotations.as_map_mut().into_iter().flat_map(Map::iter_mut) {
            if is_folded(entry) {
                *entry = without_note(std::mem::take(entry)).with_quotes(true);
            }
        }
    }

    /// Whether a number or a switch was to be there, and there is none.
    pub(crate) fn is_no_number(&self, value: &Value) -> bool {
        let misfit = self.note(value).and_then(|note| note.misfit);
        misfit.is_some_and(|misfit| matches!(misfit.was, Type::Bool | Type::Int | Type::Float))
    }

    /// A text in an object that stands where a value of another type was, if there is one.
    pub(crate) fn broken(&self, object: &Value) -> Option<(Blame, String)> {
        if !self.notes.lock().has_misfits {
            return None;
        }
        self.broken_below(object)
    }

    fn broken_below(&self, node: &Value) -> Option<(Blame, String)> {
        match node.kind() {
            Kind::Map(map) => map.values().find_map(|child| self.broken_below(child)),
            Kind::List(items) => items.iter().find_map(|child| self.broken_below(child)),
            _ => {
                let Misfit { was, by } = self.note(node)?.misfit?;
                let text = self.text(node);
                let name = match was {
                    Type::Null => "null",
                    Type::Bool => "boolean",
                    Type::Int => "integer",
                    Type::Float => "number",
                    Type::Date => "date",
                    Type::Binary => "binary",
                };
                Some((by, format!("the field is of type {name}, and '{text}' is not")))
            }
        }
    }
}

/// The number of the note that a value carries; zero for none.
fn noted_as(value: &Value) -> u32 {
    value.mark() & ((1 << NOTE_BITS) - 1)
}

/// The value with the note of this number, and the rest of its mark.
fn with_number(value: Value, number: u32) -> Value {
    let free = value.mark() >> NOTE_BITS << NOTE_BITS;
    value.with_mark(free | number)
}

/// A scalar that kustomize has given no type: another text that is put there later has whatever type it looks like.
pub(crate) fn untyped(value: Value) -> Value {
    with_number(value, UNTYPED)
}

/// A key of a map in an object that kustomize writes without quotes, and cannot read again as text.
pub(crate) fn unreadable_key(object: &Value) -> Option<String> {
    let annotations = object.at(&["metadata", "annotations"]).and_then(Value::as_map);
    let rewritten = annotations.into_iter().flat_map(Map::keys).find(|key| is_unreadable(key.as_str()));
    rewritten.map(|key| key.as_str().to_owned()).or_else(|| unreadable_below(object))
}

fn unreadable_below(node: &Value) -> Option<String> {
    match node.kind() {
        Kind::Map(map) => {
            let made = map.keys().find(|key| key.pos().line == 0 && is_unreadable(key.as_str()));
            made.map(|key| key.as_str().to_owned()).or_else(|| map.values().find_map(unreadable_below))
        }
        Kind::List(items) => items.iter().find_map(unreadable_below),
        _ => None,
    }
}

fn is_unreadable(key: &str) -> bool {
    key.is_empty() || (may_mean_more(key) && read_plain(key, Dialect::V3).is_some())
}

/// What to say of such a key.
pub(crate) fn unreadable(key: &str) -> String {
    format!("the key '{key}' is no text where kustomize writes it: labels, annotations and data need other keys")
}

/// Whether the value is a null that was spelled out, which stays where an empty field goes.
pub(crate) fn is_spelled_null(value: &Value) -> bool {
    value.is_null() && noted_as(value) > UNTYPED
}

/// Whether kustomize takes the null for a scalar as any other, since it has no type.
pub(crate) fn is_no_null(value: &Value) -> bool {
    value.is_null() && (noted_as(value) == UNTYPED || is_untyped_null(value))
}

/// Whether the value is a null only when it is written: kustomize takes it for a text that reads `null`.
pub(crate) fn is_untyped_null(value: &Value) -> bool {
    untyped_null(value).is_some()
}

/// The text that kustomize takes such a null for.
pub(crate) fn untyped_null(value: &Value) -> Option<&'static str> {
    let (_, word) = UNTYPED_NULLS.iter().find(|(known, _)| *known == noted_as(value) && value.is_null())?;
    Some(word)
}

/// Whether the value is a null that a patch leaves: one that was spelled out, or an empty text without a type.
pub(crate) fn is_kept_null(value: &Value) -> bool {
    value.is_null() && noted_as(value) >= UNTYPED
}

/// A text as it is in a folded block.
pub(crate) fn folded(value: Value) -> Value {
    with_number(value, FOLDED)
}

/// A text behind a tag.
pub(crate) fn tagged(value: Value) -> Value {
    with_number(value, TAGGED)
}

/// Whether the value is such a text, which kustomize then puts into no quotes.
pub(crate) fn is_tagged(value: &Value) -> bool {
    noted_as(value) == TAGGED
}

fn is_folded(value: &Value) -> bool {
    value.as_str().is_some() && noted_as(value) == FOLDED
}

fn without_note(value: Value) -> Value {
    with_number(value, 0)
}

/// A text that takes the place of another: in a folded block or behind a tag where that was so, and nowhere else.
pub(crate) fn styled_as(value: Value, old: &Value) -> Value {
    let style = |value: &Value| match noted_as(value) {
        note @ (FOLDED | TAGGED) => Some(note),
        _ => None,
    };
    match (style(&value), style(old)) {
        (None, Some(FOLDED)) if is_plain_text(&value) => folded(value),
        (None, Some(TAGGED)) if is_plain_text(&value) => tagged(value),
        (Some(FOLDED), Some(TAGGED)) => tagged(value),
        (Some(TAGGED), Some(FOLDED)) => folded(value),
        (Some(_), None) => without_note(value),
        _ => value,
    }
}

/// Whether nothing is noted of a text.
pub(crate) fn is_plain_text(value: &Value) -> bool {
    value.as_str().is_some() && noted_as(value) == 0
}

/// Whether writing makes something else of a part of the node: of what is empty between braces, neither text nor a null that
/// was spelled out, and of folded blocks.
fn changes_when_written(node: &Value, in_flow: bool) -> bool {
    let in_flow = in_flow || node.is_flow();
    match node.kind() {
        Kind::Map(map) => map.values().any(|child| changes_when_written(child, in_flow)),
        Kind::List(items) => items.iter().any(|child| changes_when_written(child, in_flow)),
        Kind::Null => in_flow && !is_spelled_null(node),
        Kind::String(_) => !in_flow && is_folded(node),
        _ => false,
    }
}

/// Whole numbers below this one are written without an exponent wherever they have been.
const EXPONENT_FROM: u64 = 1_000_000;

/// How Go writes a number that it has read from JSON, where all are floats; `None` if that changes nothing.
fn written_as_float(value: &Value) -> Option<String> {
    let number = match value.kind() {
        Kind::Int(number) if number.unsigned_abs() < EXPONENT_FROM => return None,
        Kind::Int(_) | Kind::Uint(_) => scalar::text(value).parse().ok()?,
        Kind::Float(number) => *number,
        _ => return None,
    };
    let text = goyaml::emit_as(&Value::from(number), Profile::Pretty).ok()?;
    Some(text.trim_end().to_owned())
}

/// Whether a text without quotes is something else than text to a reader of YAML 1.1: also a list, a map or a comment.
pub(crate) fn is_other_in_yaml_1_1(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        // A byte order mark is passed over.
        return rest.is_empty() || is_other_in_yaml_1_1(rest);
    }
    let is_blank = |character: char| matches!(character, ' ' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let is_other = |read: Value| read.as_str().is_none();
    if (may_mean_more(text) && read_plain(text, Dialect::V2).is_some_and(is_other))
        || (!text.is_empty() && text.chars().all(is_blank))
    {
        return true;
    }
    let may_be_more =
        text.starts_with(['-', '?', '[', '{', '#', '!', '&']) || text.contains(": ") || text.ends_with(':');
    if !may_be_more || text.contains('\n') {
        return false;
    }
    let options = ParseOptions { duplicate_keys: Duplicates::LastWins, ..ParseOptions::sigs() };
    goyaml::parse_first(text, &options).is_ok_and(|read| read.is_none_or(|read| read.value.as_str().is_none()))
}

/// Whether kustomize writes a text that it sets in quotes or as a block.
pub(crate) fn is_written_in_quotes(text: &str) -> bool {
    text.contains('\n') || is_other_in_yaml_1_1(text)
}

/// A line of a text, counted from 1.
pub(crate) fn line(bytes: &[u8], number: u32) -> Option<&[u8]> {
    bytes.split(|byte| *byte == b'\n').nth(usize::try_from(number).ok()?.checked_sub(1)?)
}

/// A number that counts from 1 as one that counts from 0.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// What a scalar without quotes means.
pub(crate) fn plain(text: &str) -> Value {
    if text.is_empty() {
        return Value::NULL;
    }
    // What ends with a space is written in quotes.
    let read = if may_mean_more(text) && !text.ends_with(' ') { read_plain(text, Dialect::V3) } else { None };
    read.unwrap_or_else(|| Value::from(text))
}

/// Whether a value without quotes is known by itself, and prints as it was written.
pub(crate) fn is_as_written(value: &Value, written: &str) -> bool {
    scalar::text(value) == written && !(value.as_str().is_some() && is_canonical_date(written))
}

/// Whether a text is a date in the form that dates are printed in, so that nothing else tells it from other text.
fn is_canonical_date(text: &str) -> bool {
    let Some(time) = text.strip_suffix('Z').filter(|time| time.starts_with(|first: char| first.is_ascii_digit()))
    else {
        return false;
    };
    let in_other_words = plain(&format!("{time}+00:00"));
    in_other_words.as_str() == Some(text)
}

/// What stands behind a tag that says it is binary; `None` if it is no base64.
fn decoded(text: &str) -> Option<Value> {
    let tagged = format!("!!binary {}", goyaml::emit(&Value::from(text)));
    let read = goyaml::parse_first(&tagged, &ParseOptions::default()).ok()??;
    Some(read.value.with_pos(Pos::default()))
}

/// Words that mean something else than themselves.
const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

/// Whether a text could be a number, a date, a switch or nothing. Asked first, since few texts could.
fn may_mean_more(text: &str) -> bool {
    match text.bytes().next() {
        Some(first) if first.is_ascii_digit() || b"+-.~".contains(&first) => {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._:~ ".contains(&byte))
        }
        Some(first) if first.is_ascii_alphabetic() => {
            WORDS.iter().any(|word| word.eq_ignore_ascii_case(text.trim_end()))
        }
        _ => false,
    }
}

/// What a text without quotes is read as, if that is something else.
fn read_plain(text: &str, dialect: Dialect) -> Option<Value> {
    let options = ParseOptions { dialect, duplicate_keys: Duplicates::LastWins, ..ParseOptions::default() };
    let documents = goyaml::parse_documents(text, &options).unwrap_or_default();
    let [document] = documents.as_slice() else { return None };
    let is_same = document.value.as_str().is_some_and(|read| read == text);
    (scalar::is_scalar(&document.value) && !is_same).then(|| document.value.clone().with_pos(Pos::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars() {
        let check = |text: &str, expected: Value| assert_eq!(plain(text), expected, "{text}");
        check("5", Value::from(5_i64));
        check("-5", Value::from(-5_i64));
        check("true", Value::from(true));
        check("yes", Value::from("yes"));
        check("trailing ", Value::from("trailing "));
        check("true ", Value::from("true "));
        check("a: b", Value::from("a: b"));
        check("-", Value::from("-"));
        check("1.5.0", Value::from("1.5.0"));
        check("null", Value::NULL);
        check("", Value::NULL);
    }

    #[test]
    fn types_stay() {
        let raw = RawTexts::default();
        let check = |node: Value, text: &str, expected: Option<Value>| {
            let found = raw.retyped(&node, text, &by());
            let found = if raw.broken(&found).is_some() { None } else { Some(found) };
            assert_eq!(found, expected, "{node:?} {text}");
        };
        check(Value::from("a"), "5", Some(Value::from("5")));
        check(Value::from(1_i64), "5", Some(Value::from(5_i64)));
        check(Value::from(1_i64), "x", None);
        check(Value::from(1.5), "2", Some(Value::from(2.0)));
        check(Value::from(true), "yes", None);
        check(Value::NULL, "x", None);
    }

    #[test]
    fn other_than_text_in_yaml_1_1() {
        let check = |text: &str, expected| assert_eq!(is_other_in_yaml_1_1(text), expected, "{text:?}");
        for other in ["yes", "5", "0o17", "~", "null", "\u{2028}", " ", "- a", "a: b", "# c", "[a]"] {
            check(other, true);
        }
        for text in ["", "a", "trailing ", "true ish", "1:30", "2001-01-01", "\u{85}x", "a\nb"] {
            check(text, false);
        }
    }

    fn by() -> Blame {
        Blame { file: "kustomization.yaml".into(), line: 1 }
    }

    #[test]
    fn a_text_comes_through_several_hands() {
        let raw = RawTexts::default();
        let number = raw.retyped(&Value::from(0.5), "1.50", &by());
        assert_eq!((number.clone(), raw.text(&number)), (Value::from(1.5), "1.50".to_owned()));
        let broken = raw.retyped(&number, "1.50:x", &by());
        assert_eq!(raw.retyped(&broken, "2", &by()), Value::from(2.0));
    }
}
