//! Where an object comes from, and where each of its fields does.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use goyaml::origin::{Origins, Step};
use goyaml::{Kind, Value};

/// The place an object was read from and what changed it on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Path of the file inside its source; empty for an object that was made by hand.
    pub file: Arc<str>,
    /// Line where the object's document starts, from 1.
    pub line: u32,
    /// What touched the object afterwards, in order, such as `patch apps/prod/patch.yaml:7`.
    pub chain: Vec<Arc<str>>,
}

/// `apps/base/web.yaml:14`
impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.file, self.line)
    }
}

/// Characters of a value that are shown.
const MAX_SHOWN: usize = 60;

/// Inputs of one step that are told on their own; a hash may have hundreds.
const MAX_INPUTS: usize = 20;

/// Levels of inputs of inputs that are shown.
const MAX_LEVELS: usize = 4;

/// The way of one field, to be shown.
#[derive(Clone, Debug)]
pub struct FieldOrigin {
    steps: Vec<Step>,
    shows_values: bool,
}

impl FieldOrigin {
    /// The way of a field of an object. Of a Secret only the way is told, not the values.
    pub fn new(object: &Value, field: &Value, origins: &Origins) -> Self {
        Self { steps: origins.steps(field), shows_values: !crate::diff::is_secret(object) }
    }

    /// The steps, from the place where the value was first read.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The last step, which is what to look at first: `replicas: in apps/prod/kustomization.yaml:12`.
    pub fn last(&self) -> Option<String> {
        let step = self.steps.last()?;
        let first = step.inputs.first().filter(|_| step.place.is_none()).and_then(|way| way.last());
        Some(first.map_or_else(|| step.to_string(), |input| format!("{step}, with {input}")))
    }

    /// The steps as values: `by`, `file`, `line`, `column`, `value`, `decides` and `inputs`, which are ways again.
    pub fn to_value(&self) -> Value {
        way_value(&self.steps, self.shows_values, 0)
    }
}

fn way_value(way: &[Step], shows_values: bool, level: usize) -> Value {
    way.iter().map(|step| step_value(step, shows_values, level)).collect()
}

fn step_value(step: &Step, shows_values: bool, level: usize) -> Value {
    let mut fields: Vec<(&str, Value)> = Vec::new();
    if !step.by.is_empty() {
        fields.push(("by", (&*step.by).into()));
    }
    if let Some(place) = &step.place {
        let at = [("line", place.line), ("column", place.column)];
        fields.push(("file", (&*place.file).into()));
        fields.extend(at.map(|(name, number)| (name, i64::from(number).into())));
    }
    if shows_values {
        fields.push(("value", step.value.clone()));
    }
    fields.push(("decides", step.decides.into()));
    if !step.inputs.is_empty() && level < MAX_LEVELS {
        let shows_values = shows_values && !is_hash(step);
        fields.push(("inputs", step.inputs.iter().map(|way| way_value(way, shows_values, level + 1)).collect()));
    }
    fields.into_iter().collect()
}

/// Whether the inputs are data that only a hash is made of: of a Secret it must not be shown, and of others it need not.
fn is_hash(step: &Step) -> bool {
    matches!(&*step.by, "hash" | "HashTransformer")
}

fn write_way(out: &mut String, way: &[Step], shows_values: bool) {
    for (at, step) in way.iter().enumerate() {
        if at > 0 {
            out.push_str(" → ");
        }
        let _ = write!(out, "{step}");
        if shows_values {
            let _ = write!(out, " ({})", shown(&step.value));
        }
    }
}

/// What went into the steps beside the value itself, a line each.
fn write_inputs(out: &mut String, way: &[Step], shows_values: bool, level: usize) {
    if level >= MAX_LEVELS {
        return;
    }
    for step in way {
        let shows_values = shows_values && !is_hash(step);
        for input in step.inputs.iter().take(MAX_INPUTS) {
            let _ = write!(out, "\n{}with ", "  ".repeat(level + 1));
            write_way(out, input, shows_values);
            write_inputs(out, input, shows_values, level + 1);
        }
        if let Some(more) = step.inputs.len().checked_sub(MAX_INPUTS).filter(|more| *more > 0) {
            let _ = write!(out, "\n{}and {more} more", "  ".repeat(level + 1));
        }
    }
}

/// `apps/base/web.yaml:14 (3) → overlays/prod/patch.yaml:7 (6) → replicas: in overlays/prod/kustomization.yaml:12 (8)`,
/// and indented below it the ways of other values that went in.
impl fmt::Display for FieldOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_way(&mut text, &self.steps, self.shows_values);
        write_inputs(&mut text, &self.steps, self.shows_values, 0);
        out.write_str(&text)
    }
}

/// A value on a part of a line.
fn shown(value: &Value) -> String {
    let text = match value.kind() {
        Kind::Null => return "nothing".to_owned(),
        Kind::Map(_) | Kind::List(_) => return format!("a {}", value.kind_name()),
        _ => crate::diff::scalar_text(value),
    };
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(MAX_SHOWN).collect();
    if short.len() < text.trim_end().len() { format!("{short}…") } else { short }
}

/// An object as YAML, each field with a comment that tells where it comes from.
pub fn annotated(object: &Value, origins: &Origins) -> String {
    let text = goyaml::emit(object);
    let Ok(documents) = goyaml::parse_documents(&text, &goyaml::ParseOptions::default()) else { return text };
    let Some(document) = documents.first() else { return text };
    let mut notes = Notes { object, origins, starts: Vec::new(), ends: Vec::new() };
    notes.collect(&document.value, object);
    notes.write(&text)
}

/// The comments of one object.
struct Notes<'a> {
    object: &'a Value,
    origins: &'a Origins,
    /// Lines on which something starts.
    starts: Vec<usize>,
    /// Where scalars start, and what is to be said of them.
    ends: Vec<(usize, String)>,
}

impl Notes<'_> {
    /// Walks the text as it was read again, beside the object.
    fn collect(&mut self, read: &Value, own: &Value) {
        let line = |pos: goyaml::Pos| usize::try_from(pos.line).unwrap_or_default();
        match (read.kind(), own.kind()) {
            (Kind::Map(map), Kind::Map(_)) => {
                for (key, (name, child)) in map.keys().zip(map.iter()) {
                    self.starts.push(line(key.pos()));
                    let Some(own) = own.get(name) else { continue };
                    self.collect(child, own);
                }
            }
            (Kind::List(items), Kind::List(own)) => {
                for (child, own) in items.iter().zip(own.iter()) {
                    self.starts.push(line(child.pos()));
                    self.collect(child, own);
                }
            }
            (Kind::Map(_) | Kind::List(_), _) => {}
            _ => {
                let note = FieldOrigin::new(self.object, own, self.origins).last();
                self.ends.extend(note.map(|note| (line(read.pos()), note)));
            }
        }
    }

    fn write(mut self, text: &str) -> String {
        self.starts.sort_unstable();
        let lines: Vec<&str> = text.lines().collect();
        let mut comments = vec![String::new(); lines.len()];
        for (start, note) in &self.ends {
            let next = self.starts.iter().find(|line| *line > start).copied().unwrap_or(lines.len() + 1);
            let first = lines.get(start.wrapping_sub(1)).copied().unwrap_or_default();
            // Inside of a block a comment would be text: it stands behind the block's mark.
            let at = if is_block(first) { *start } else { next - 1 };
            if let Some(comment) = comments.get_mut(at.wrapping_sub(1)) {
                comment.clone_from(note);
            }
        }
        let mut out = String::with_capacity(text.len() * 2);
        for (line, comment) in lines.iter().zip(&comments) {
            out.push_str(line);
            if !comment.is_empty() {
                let _ = write!(out, " # {}", comment.replace(['\n', '\r'], " "));
            }
            out.push('\n');
        }
        out
    }
}

/// Whether a line ends with the mark of a block scalar: `key: |-`, `- >`.
fn is_block(line: &str) -> bool {
    let mark = line.rsplit(' ').next().unwrap_or_default();
    mark.starts_with(['|', '>']) && mark[1..].chars().all(|character| "+-123456789".contains(character))
}

#[cfg(test)]
mod tests {
    use goyaml::ParseOptions;
    use goyaml::origin::{Derivation, Source, Tracer};

    use super::*;

    /// A Deployment that a patch and the field `replicas` have changed.
    fn traced() -> (Value, Origins) {
        let tracer = Tracer::new(true);
        let read = |name: &str, text: &str| {
            let options = ParseOptions { source: tracer.add(Source::file(name)), ..ParseOptions::default() };
            goyaml::parse_documents(text, &options).expect("YAML").remove(0).value
        };
        let mut object = read(
            "base/web.yaml",
            "kind: Deployment\nspec:\n  replicas: 3\n  text: \"a\\nb\\n\"\n  long: |\n    a\n    b\n  words: >-\n    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen\n  items: [a, b]\n",
        );
        let patch = read("prod/patch.yaml", "spec: {replicas: 6}\n");
        let kustomization = read("prod/kustomization.yaml", "replicas:\n- name: web\n  count: 8\n");
        let count =
            kustomization.get("replicas").and_then(|list| list.as_list()?.first()?.get("count")).expect("it is there");
        let old = object.at(&["spec", "replicas"]).cloned().expect("it is there");
        let patched = tracer.replace(Some(&old), patch.at(&["spec", "replicas"]).cloned().expect("it is there"));
        let counted =
            tracer.derive(Value::from(8_i64), || Derivation::by("replicas").over(Some(&patched)).asked_by(count));
        object.set_at(&["spec", "replicas"], counted);
        (object, tracer.finish())
    }

    #[test]
    fn the_way_of_a_field_is_one_line() {
        let (object, origins) = traced();
        let field = object.at(&["spec", "replicas"]).expect("it is there");
        let origin = FieldOrigin::new(&object, field, &origins);
        let expected = "base/web.yaml:3 (3) → prod/patch.yaml:1 (6) → replicas: in prod/kustomization.yaml:3 (8)";
        assert_eq!(origin.to_string(), expected);
        let json = goyaml::json::to_string(&origin.to_value());
        assert!(
            json.contains(
                r#"{"by":"replicas","file":"prod/kustomization.yaml","line":3,"column":10,"value":8,"decides":true}"#
            ),
            "{json}"
        );
    }

    #[test]
    fn values_of_secrets_are_not_shown() {
        let (mut object, origins) = traced();
        object.set_at(&["kind"], "Secret");
        object.set_at(&["apiVersion"], "v1");
        let field = object.at(&["spec", "replicas"]).expect("it is there");
        let shown = FieldOrigin::new(&object, field, &origins).to_string();
        assert_eq!(shown, "base/web.yaml:3 → prod/patch.yaml:1 → replicas: in prod/kustomization.yaml:3");
    }

    #[test]
    fn comments_leave_the_object_as_it_is() {
        let (object, origins) = traced();
        let text = annotated(&object, &origins);
        let again = goyaml::parse_documents(&text, &ParseOptions::default()).expect("it is YAML").remove(0).value;
        assert_eq!(again, object);
        for line in [
            "kind: Deployment # base/web.yaml:1",
            "  - a # base/web.yaml:10",
            "  long: | # base/web.yaml:5",
            "  replicas: 8 # replicas: in prod/kustomization.yaml:3",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        assert!(text.lines().any(|line| line.ends_with("sixteen # base/web.yaml:8")), "{text}");
    }
}
