//! The way of a value, read back from the table.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::{DERIVED, Derivation, Origins, SourceKind, Start, entry};
use crate::{Pos, Value};

/// Steps told of one value, those of its inputs counted; more would not be read.
pub const MAX_STEPS: usize = 10_000;

/// Levels of inputs of inputs that are told.
pub const MAX_NESTING: usize = 32;

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Path of the file, or what else messages call the text.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// Whether it is a file of the tree that was rendered.
    pub is_file: bool,
}

/// `apps/base/web.yaml:14`
impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.file, self.line)
    }
}

/// One step on the way of a value.
#[derive(Clone, Debug)]
pub struct Step {
    /// What made it, such as `replicas`; empty if it was read as it is.
    pub by: Cow<'static, str>,
    /// Where it was read, or where the step is asked for; `None` for what the tools do of themselves.
    pub place: Option<Place>,
    /// The value after the step.
    pub value: Value,
    /// Whether the step has a part in the value that came out in the end. If not, a later one replaced it.
    pub decides: bool,
    /// The ways of the other values that went into it.
    pub inputs: Vec<Vec<Self>>,
}

impl Origins {
    /// The way of a value from where it was first read. Empty if nothing is known of it.
    pub fn steps(&self, value: &Value) -> Vec<Step> {
        let mut left = MAX_STEPS;
        self.way(value, &mut left, 0)
    }

    /// The places that decide a value: change what stands at one of them and the value changes.
    pub fn places(&self, value: &Value) -> Vec<Place> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut todo = vec![value.pos()];
        while let Some(pos) = todo.pop() {
            if !seen.insert(pos) {
                continue;
            }
            match entry(&self.derivations, pos) {
                None => found.extend(self.place(pos)),
                Some(derivation) => {
                    todo.extend(derivation.inputs.iter().map(Value::pos));
                    todo.extend(derivation.before.as_ref().filter(|_| derivation.uses_before).map(Value::pos));
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// The place that a position names; `None` for a value that was made, not read.
    pub fn place(&self, pos: Pos) -> Option<Place> {
        let pos = self.read_at(pos);
        let at = usize::try_from(pos.source).ok()?.checked_sub(1)?;
        let source = self.sources.get(at).filter(|_| pos.line > 0)?;
        let (line, column) = match source.start {
            Start::After { lines, columns } => (pos.line.saturating_add(lines), pos.column.saturating_add(columns)),
            Start::At { line, column } => (line, column),
        };
        Some(Place { file: source.name.clone(), line, column, is_file: source.kind == SourceKind::File })
    }

    /// The position at which a value was read, whatever form it has taken since.
    fn read_at(&self, mut pos: Pos) -> Pos {
        while let Some(before) =
            entry(&self.derivations, pos).filter(|known| known.is_form()).and_then(Derivation::before)
        {
            pos = before.pos();
        }
        pos
    }

    /// The main line is walked in a loop, as it may have as many steps as there are patches; its inputs come after it, so
    /// that they cannot use up what is left for it.
    fn way(&self, value: &Value, left: &mut usize, depth: usize) -> Vec<Step> {
        let mut steps: Vec<(Step, Option<&Derivation>)> = Vec::new();
        let (mut value, mut decides) = (value.clone(), true);
        while *left > 0 {
            *left -= 1;
            let derivation = entry(&self.derivations, value.pos());
            let is_form = derivation.is_some_and(Derivation::is_form);
            let (by, at) = derivation.map_or((Cow::Borrowed(""), value.pos()), |known| (known.by.clone(), known.at));
            let place = self.place(at);
            if !is_form && (derivation.is_some() || place.is_some()) {
                steps.push((Step { by, place, value: value.clone(), decides, inputs: Vec::new() }, derivation));
            }
            decides &= derivation.is_some_and(|known| known.uses_before);
            let Some(before) = derivation.and_then(Derivation::before) else { break };
            // A new form is shown as it came out; how it was written does not matter.
            value = if is_form { value.with_pos(before.pos()) } else { before.clone() };
        }
        let told = |(step, derivation): (Step, Option<&Derivation>)| {
            let inputs = derivation.map_or_else(Vec::new, |derivation| self.inputs(derivation, left, depth));
            Step { inputs, ..step }
        };
        let mut steps: Vec<Step> = steps.into_iter().map(told).collect();
        steps.reverse();
        steps
    }

    fn inputs(&self, derivation: &Derivation, left: &mut usize, depth: usize) -> Vec<Vec<Step>> {
        if depth >= MAX_NESTING {
            return Vec::new();
        }
        // What stands where the step is asked for is told by the step itself.
        let is_read = |input: &Value| self.read_at(input.pos()).source != DERIVED;
        let told = |input: &&Value| input.pos() != derivation.at || !is_read(input);
        let ways = derivation.inputs.iter().filter(told).map(|input| self.way(input, left, depth + 1));
        ways.filter(|way| !way.is_empty()).collect()
    }
}

impl Derivation {
    fn before(&self) -> Option<&Value> {
        self.before.as_ref()
    }

    /// Nothing but a new form of the value.
    fn is_form(&self) -> bool {
        self.by.is_empty() && self.inputs.is_empty()
    }
}

/// `apps/base/web.yaml:14 (3)`, `replicas: in apps/kustomization.yaml:12 (8)`
impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.by, &self.place) {
            ("", Some(place)) => write!(out, "{place}"),
            (by, Some(place)) => write!(out, "{by}: in {place}"),
            (by, None) => write!(out, "{by}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Source, Tracer};
    use super::*;

    fn read(text: &str, source: u32) -> Value {
        let pos = Pos { source, line: 7, column: 3 };
        Value::from(text).with_pos(pos)
    }

    #[test]
    fn a_way_has_what_was_replaced_and_what_decides() {
        let tracer = Tracer::new(true);
        let [base, patch, own] =
            ["base.yaml", "patch.yaml", "kustomization.yaml"].map(|name| tracer.add(Source::file(name)));
        let patched = tracer.replace(Some(&read("web", base)), read("site", patch));
        let prefix = read("a-", own);
        let named =
            tracer.derive(Value::from("a-site"), || Derivation::by("namePrefix").of(&patched).asked_by(&prefix));
        let again = tracer.derive(named.clone(), || Derivation::by("namePrefix").of(&named).asked_by(&prefix));
        assert_eq!(again.pos(), named.pos());
        let origins = tracer.finish();
        let steps: Vec<(String, bool)> =
            origins.steps(&named).iter().map(|step| (step.to_string(), step.decides)).collect();
        let expected = [("base.yaml:7", false), ("patch.yaml:7", true), ("namePrefix: in kustomization.yaml:7", true)];
        assert_eq!(steps, expected.map(|(text, decides)| (text.to_owned(), decides)));
        let places: Vec<String> = origins.places(&named).iter().map(ToString::to_string).collect();
        assert_eq!(places, ["kustomization.yaml:7", "patch.yaml:7"]);
    }

    #[test]
    fn texts_inside_of_files_have_their_lines() {
        let tracer = Tracer::new(true);
        let file = Source::file("k.yaml");
        let block = tracer.add(Source { start: Start::After { lines: 10, columns: 4 }, ..file.clone() });
        let quoted = tracer.add(Source { start: Start::At { line: 5, column: 2 }, ..file });
        let origins = tracer.finish();
        let at = |source| origins.place(Pos { source, line: 7, column: 3 }).map(|place| (place.line, place.column));
        assert_eq!(at(block), Some((17, 7)));
        assert_eq!(at(quoted), Some((5, 2)));
        assert_eq!(at(99), None);
    }

    #[test]
    fn a_value_that_doubles_its_inputs_is_told_in_bounds() {
        let tracer = Tracer::new(true);
        let mut value = read("a", tracer.add(Source::file("a.yaml")));
        for _ in 0..200 {
            value = tracer.derive(Value::from("b"), || Derivation::by("vars").of(&value).with(&value));
        }
        let origins = tracer.finish();
        assert!(origins.steps(&value).len() <= 201);
        assert_eq!(origins.places(&value).len(), 1);
    }
}
