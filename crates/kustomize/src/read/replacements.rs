//! The form of `replacements`.

use goyaml::Value;

use super::decode::Faults;
use super::fields::items;
use super::{Text, parse_as};
use crate::BuildError;
use crate::documents;
use crate::selector::{self, Requirement};

/// The field that is meant where none is named.
pub(crate) const DEFAULT_FIELD_PATH: &str = "metadata.name";

/// An entry of `replacements`: a file of them, or one itself.
#[derive(Clone, Debug)]
pub(crate) enum ReplacementField {
    Path(Text),
    Inline(Box<Replacement>),
}

/// A value and the fields it is put into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replacement {
    pub(crate) source: Option<Source>,
    pub(crate) source_value: Option<Text>,
    /// `None` if the field is missing.
    pub(crate) targets: Option<Vec<Target>>,
    pub(crate) line: u32,
}

/// The field a value is taken from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) object: ObjectSelector,
    pub(crate) field_path: String,
    pub(crate) options: FieldOptions,
    pub(crate) line: u32,
}

/// The fields a value is put into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    /// `None` if the field is missing.
    pub(crate) select: Option<ObjectSelector>,
    pub(crate) reject: Vec<ObjectSelector>,
    /// Each with its line.
    pub(crate) field_paths: Vec<Text>,
    pub(crate) options: FieldOptions,
    pub(crate) line: u32,
}

/// How a field is read or written.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

/// Which objects are meant; a part that is empty accepts all.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectSelector {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) labels: Vec<Requirement>,
    pub(crate) annotations: Vec<Requirement>,
}

/// Reads an entry of `replacements`.
pub(crate) fn field(faults: &mut Faults, at: &str, value: &Value) -> ReplacementField {
    let mut path = None;
    let replacement = one(faults, at, value, &mut path);
    let Some(path) = path.filter(|path| !path.text.is_empty()) else {
        return ReplacementField::Inline(Box::new(replacement));
    };
    if replacement.source.is_some() || replacement.targets.as_ref().is_some_and(|targets| !targets.is_empty()) {
        faults.add(path.line(), "cannot specify both path and inline replacement");
    }
    ReplacementField::Path(path)
}

/// Reads a file that an entry names: one replacement, or a list of them.
pub(crate) fn file(source: &documents::Source, bytes: &[u8]) -> Result<Vec<Replacement>, Vec<BuildError>> {
    let value = parse_as(source.index, &source.file, bytes)?;
    let mut faults = Faults::lenient(&source.file, 0);
    let found = if value.as_list().is_some() {
        items(&mut faults, "replacements", &value, |faults, at, value| one(faults, at, value, &mut None))
    } else if value.as_map().is_some() {
        vec![one(&mut faults, "replacements", &value, &mut None)]
    } else {
        faults.add(value.pos().line.max(1), "a file of replacements holds one replacement or a list of them");
        Vec::new()
    };
    faults.into_result(found)
}

pub(crate) fn one(faults: &mut Faults, at: &str, value: &Value, path: &mut Option<Text>) -> Replacement {
    let mut result = Replacement { line: value.pos().line, ..Replacement::default() };
    for (name, value, _) in faults.fields(at, value, &["path", "source", "sourceValue", "targets"]) {
        match name {
            "path" => *path = faults.text("replacements.path", value),
            "source" if value.is_null() => {}
            "source" => result.source = Some(source(faults, value)),
            "sourceValue" => result.source_value = faults.text("replacements.sourceValue", value),
            _ if value.is_null() => {}
            _ => result.targets = Some(items(faults, "replacements.targets", value, target)),
        }
    }
    result
}

const OBJECT: [&str; 5] = ["group", "version", "kind", "name", "namespace"];

fn source(faults: &mut Faults, value: &Value) -> Source {
    let mut result = Source { field_path: DEFAULT_FIELD_PATH.to_owned(), line: value.pos().line, ..Source::default() };
    let known: Vec<&'static str> = OBJECT.into_iter().chain(["fieldPath", "options"]).collect();
    for (name, value, key) in faults.fields("source", value, &known) {
        match name {
            "fieldPath" => {
                let path = faults.string("source.fieldPath", value);
                if !path.is_empty() {
                    result.field_path = path;
                    result.line = key.line;
                }
            }
            "options" => result.options = options(faults, value),
            _ => result.object.set(faults, name, value),
        }
    }
    result
}

fn target(faults: &mut Faults, _: &str, value: &Value) -> Target {
    let mut result = Target { line: value.pos().line, ..Target::default() };
    for (name, value, _) in faults.fields("targets", value, &["select", "reject", "fieldPaths", "options"]) {
        match name {
            "select" if value.is_null() => {}
            "select" => result.select = Some(object(faults, "select", value)),
            "reject" => result.reject = items(faults, "reject", value, object),
            "fieldPaths" => result.field_paths = faults.texts("fieldPaths", value),
            _ => result.options = options(faults, value),
        }
    }
    if result.field_paths.is_empty() {
        result.field_paths.push(Text { text: DEFAULT_FIELD_PATH.to_owned(), pos: value.pos() });
    }
    result
}

fn object(faults: &mut Faults, at: &str, value: &Value) -> ObjectSelector {
    let mut result = ObjectSelector::default();
    let known: Vec<&'static str> = OBJECT.into_iter().chain(["labelSelector", "annotationSelector"]).collect();
    for (name, value, _) in faults.fields(at, value, &known) {
        result.set(faults, name, value);
    }
    result
}

fn options(faults: &mut Faults, value: &Value) -> FieldOptions {
    let mut result = FieldOptions::default();
    for (name, value, _) in faults.fields("options", value, &["delimiter", "index", "encoding", "create"]) {
        match name {
            "delimiter" => result.delimiter = faults.string("options.delimiter", value),
            "index" => result.index = faults.number("options.index", value),
            "create" => result.create = faults.flag("options.create", value),
            // Kustomize knows the name, but does nothing with it.
            _ => {
                faults.string("options.encoding", value);
            }
        }
    }
    result
}

impl ObjectSelector {
    fn set(&mut self, faults: &mut Faults, name: &str, value: &Value) {
        let text = faults.string(name, value);
        match name {
            "group" => self.group = text,
            "version" => self.version = text,
            "kind" => self.kind = text,
            "name" => self.name = text,
            "namespace" => self.namespace = text,
            _ => match selector::requirements(&text) {
                Ok(requirements) if name == "labelSelector" => self.labels = requirements,
                Ok(requirements) => self.annotations = requirements,
                Err(message) => faults.add(value.pos().line, message),
            },
        }
    }
}
