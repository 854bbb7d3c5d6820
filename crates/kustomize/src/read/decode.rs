//! Typed access to a map of a kustomization file, collecting what is wrong with it.
//!
//! Field names are compared as Go's JSON reader does: without regard to case.

use std::sync::Arc;

use goyaml::{Key, Map, Pos, Value};

use super::{Pair, Text};
use crate::BuildError;

/// Known fields that a hint lists; longer lists help nobody.
const MAX_NAMED: usize = 12;

/// Collects the faults of one file.
pub(crate) struct Faults {
    file: Arc<str>,
    pub(crate) errors: Vec<BuildError>,
    /// Lines of the file before the text that is read.
    offset: u32,
    /// Fields that are not known are passed over instead of told.
    is_lenient: bool,
}

impl Faults {
    pub(crate) fn new(file: &Arc<str>) -> Self {
        Self { file: file.clone(), errors: Vec::new(), offset: 0, is_lenient: false }
    }

    /// For texts that kustomize reads without looking for unknown fields.
    pub(crate) fn lenient(file: &Arc<str>, offset: u32) -> Self {
        Self { is_lenient: true, offset, ..Self::new(file) }
    }

    fn line(&self, line: u32) -> u32 {
        if line == 0 { 0 } else { line + self.offset }
    }

    /// Takes the faults out: nothing, or all of them.
    pub(crate) fn into_result<T>(self, value: T) -> Result<T, Vec<BuildError>> {
        if self.errors.is_empty() { Ok(value) } else { Err(self.errors) }
    }

    pub(crate) fn add(&mut self, line: u32, message: impl Into<String>) {
        self.errors.push(BuildError::new(&*self.file, self.line(line), message));
    }

    pub(crate) fn add_with_hint(&mut self, line: u32, message: impl Into<String>, hint: impl Into<String>) {
        self.errors.push(BuildError::new(&*self.file, self.line(line), message).hint(hint));
    }

    fn wrong(&mut self, at: &str, value: &Value, wanted: &str) {
        let message = format!("'{at}' should be {wanted}, not a {}", value.kind_name());
        let line = value.pos().line;
        if wanted.contains("text") && crate::scalar::is_scalar(value) {
            self.add_with_hint(line, message, "Put it in quotes.");
        } else {
            self.add(line, message);
        }
    }

    pub(crate) fn text(&mut self, at: &str, value: &Value) -> Option<Text> {
        if value.is_null() {
            return None;
        }
        if value.as_str().is_none() {
            self.wrong(at, value, "text");
        }
        value.as_str().map(|text| Text { text: text.to_owned(), pos: value.pos() })
    }

    /// A text, empty if it is missing or wrong.
    pub(crate) fn string(&mut self, at: &str, value: &Value) -> String {
        self.text(at, value).map(|text| text.text).unwrap_or_default()
    }

    pub(crate) fn flag(&mut self, at: &str, value: &Value) -> bool {
        if value.is_null() {
            return false;
        }
        value.as_bool().unwrap_or_else(|| {
            self.wrong(at, value, "true or false");
            false
        })
    }

    pub(crate) fn number(&mut self, at: &str, value: &Value) -> i64 {
        if value.is_null() {
            return 0;
        }
        value.as_i64().unwrap_or_else(|| {
            self.wrong(at, value, "a whole number");
            0
        })
    }

    pub(crate) fn list<'a>(&mut self, at: &str, value: &'a Value) -> &'a [Value] {
        if value.is_null() {
            return &[];
        }
        value.as_list().unwrap_or_else(|| {
            self.wrong(at, value, "a list");
            &[]
        })
    }

    pub(crate) fn texts(&mut self, at: &str, value: &Value) -> Vec<Text> {
        self.list(at, value).iter().filter_map(|item| self.text(at, item)).collect()
    }

    /// A map of texts, sorted by key.
    pub(crate) fn pairs(&mut self, at: &str, value: &Value) -> Vec<Pair> {
        let Some(map) = self.map(at, value) else { return Vec::new() };
        let mut pairs: Vec<Pair> = Vec::new();
        for (key, value) in map.iter() {
            let text = self.text(&format!("{at}.{key}"), value);
            pairs.push((key.to_owned(), text.unwrap_or_else(|| Text { text: String::new(), pos: value.pos() })));
        }
        pairs.sort_by(|left, right| left.0.cmp(&right.0));
        pairs
    }

    pub(crate) fn map<'a>(&mut self, at: &str, value: &'a Value) -> Option<&'a Map> {
        if value.is_null() {
            return None;
        }
        if value.as_map().is_none() {
            self.wrong(at, value, "a map");
        }
        value.as_map()
    }

    /// The entries of a map under their proper names; unknown ones are faults.
    pub(crate) fn fields<'a>(
        &mut self,
        at: &str,
        value: &'a Value,
        known: &[&'static str],
    ) -> Vec<(&'static str, &'a Value, Pos)> {
        let Some(map) = self.map(at, value) else { return Vec::new() };
        let mut fields = Vec::new();
        for (key, (_, value)) in map.keys().zip(map.iter()) {
            match known.iter().find(|name| name.eq_ignore_ascii_case(key.as_str())) {
                Some(name) => fields.push((*name, value, key.pos())),
                None if self.is_lenient => {}
                None => self.unknown(at, key, known),
            }
        }
        fields
    }

    fn unknown(&mut self, at: &str, key: &Key, known: &[&'static str]) {
        let name = key.as_str();
        let place = if at.is_empty() { "a kustomization".to_owned() } else { format!("'{at}'") };
        let message = format!("unknown field '{name}' in {place}");
        let hint = match nearest(name, known) {
            Some(near) => format!("Did you mean '{near}'?"),
            None if known.len() > MAX_NAMED => "Kustomize has no such field.".to_owned(),
            None => format!("Known fields: {}.", known.join(", ")),
        };
        self.add_with_hint(key.pos().line, message, hint);
    }
}

/// The known name that is nearest to a misspelt one, if any is near.
fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let distance = |candidate: &&&'static str| edits(&lower, &candidate.to_ascii_lowercase());
    let best = known.iter().min_by_key(distance)?;
    (distance(&best) <= (name.chars().count() / 3).max(1)).then_some(best)
}

/// How many characters must be put in, taken out or changed to make one text of the other.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, character) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in right.iter().enumerate() {
            let change = diagonal + usize::from(character != *other);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_find_their_neighbour() {
        let known = ["resources", "namespace", "namePrefix", "patches"];
        assert_eq!(nearest("resource", &known), Some("resources"));
        assert_eq!(nearest("nameprefx", &known), Some("namePrefix"));
        assert_eq!(nearest("charts", &known), None);
    }
}
