//! The configuration of a `ValueAddTransformer`.

use goyaml::{Pos, Value};

use super::{Action, Configured, Loader, Outcome, Place};
use crate::path;
use crate::read::decode::Faults;
use crate::read::{Text, fields, parse_as};
use crate::selector::Selector;

/// One target of a `ValueAddTransformer`.
#[derive(Debug)]
pub(crate) struct AddValue {
    pub(crate) value: Text,
    /// `None` for all objects.
    pub(crate) selector: Option<Selector>,
    pub(crate) field_path: String,
    /// Where the value goes in a path, from 1; 0 replaces the field.
    pub(crate) position: i64,
}

impl Loader<'_> {
    pub(super) fn add_value(&mut self, place: Place<'_>, configured: &Configured) -> Outcome {
        let (mut faults, found) = configured.fields(&["value", "targets", "targetFilePath"]);
        let (mut text, mut targets, mut shared) = (Text::default(), Vec::new(), None);
        for (name, value) in found {
            match name {
                "value" => {
                    faults.string(name, value).trim().clone_into(&mut text.text);
                    text.pos = value.pos();
                }
                "targets" => targets = fields::items(&mut faults, name, value, target),
                _ => shared = faults.text(name, value).filter(|path| !path.text.is_empty()),
            }
        }
        if text.is_empty() {
            path::base_name(place.dir).clone_into(&mut text.text);
            // What names no value asks for this one.
            text.pos = configured.value.get("kind").map_or_else(Pos::default, Value::pos);
        }
        let mut is_read = true;
        if let Some(path) = &shared {
            let line = path.line() + configured.offset;
            let read = self.shared_targets(Place { file: &configured.file, line, ..place }, path);
            is_read = read.is_some();
            targets.extend(read.unwrap_or_default());
        }
        if targets.is_empty() && is_read {
            faults.add(configured.line_in_text(), "must specify at least one target");
        }
        for target in &mut targets {
            target.value.clone_from(&text);
        }
        faults.into_result(Action::AddValue(targets))
    }

    /// The targets of a file that several transformers share; `None` if it cannot be read, which was told.
    fn shared_targets(&mut self, place: Place<'_>, named: &Text) -> Option<Vec<AddValue>> {
        let (file, bytes) = self.content(place, &named.text)?;
        let source = self.source(&file.into());
        let read = parse_as(source.index, &source.file, &bytes).and_then(|value| {
            let mut faults = Faults::lenient(&source.file, 0);
            let mut targets = Vec::new();
            for (name, value, _) in faults.fields("", &value, &["targets"]) {
                targets = fields::items(&mut faults, name, value, target);
            }
            faults.into_result(targets)
        });
        read.map_err(|errors| self.fail_all(errors)).ok()
    }
}

fn target(faults: &mut Faults, at: &str, value: &Value) -> AddValue {
    let mut result = AddValue { value: Text::default(), selector: None, field_path: String::new(), position: 0 };
    for (name, value, key) in faults.fields(at, value, &["selector", "fieldPath", "filePathPosition"]) {
        match name {
            "selector" if value.is_null() => {}
            "selector" => result.selector = Some(fields::selector(faults, value).0),
            "fieldPath" => result.field_path = faults.string(name, value),
            _ => {
                result.position = faults.number(name, value);
                if result.position < 0 {
                    faults.add(key.line, "filePathPosition cannot be negative");
                }
            }
        }
    }
    if result.field_path.is_empty() {
        faults.add(value.pos().line, "fieldPath cannot be empty");
    }
    result
}
