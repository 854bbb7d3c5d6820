//! Errors in the shape that Helm's validator gives them.
//!
//! Our validator lists errors one by one, each with its way through the schema. Helm's has one error for a schema with
//! several wrong keywords ("validation failed"), one for `allOf`, and leaves out those that a wrong type makes moot.

use std::collections::BTreeMap;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;

use super::words::{self, quote};

/// One schema that was applied to one value.
#[derive(Default)]
pub(super) struct Node {
    place: String,
    /// By rank, as Helm's validator comes to them.
    own: Vec<(u8, Problem)>,
    /// Missing properties; where one of the value's properties asks for them, by that one.
    missing: BTreeMap<Option<String>, Vec<String>>,
    below: BTreeMap<(u8, String), Below>,
}

/// Schemas below a keyword.
struct Below {
    wrap: Wrap,
    nodes: BTreeMap<usize, Node>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrap {
    /// Their errors are those of the schema above.
    None,
    /// One error, that is only shown if it has several causes.
    Reference,
    AllOf,
}

/// An error with those that it consists of.
struct Problem {
    place: String,
    words: String,
    causes: Vec<Self>,
    /// Several errors of one schema.
    group: bool,
    /// Shown only if it has not just one cause.
    reference: bool,
}

/// A step from a schema to one below it.
struct Step {
    rank: u8,
    key: String,
    wrap: Wrap,
    index: usize,
    /// Segments of the way through the schema.
    segments: usize,
    /// Whether it goes into the value.
    inward: bool,
}

/// From here on what comes first hides the rest.
const EXCLUSIVE: u8 = 4;
const REQUIRED: u8 = 13;
const DEPENDENT: u8 = 14;

impl Node {
    /// Adds an error whose way starts behind so many segments.
    pub(super) fn add(&mut self, error: &ValidationError<'_>, skip: usize, schema: &Json) {
        let way = segments(error.evaluation_path().as_str());
        let inside = segments(error.instance_path().as_str());
        let done = segments(&self.place).len();
        self.put(error, (&way, skip), (&inside, done), schema);
    }

    fn put(&mut self, error: &ValidationError<'_>, way: (&[String], usize), inside: (&[String], usize), schema: &Json) {
        let rest = &way.0[way.1.min(way.0.len())..];
        let Some(step) = step(rest, &inside.0[inside.1.min(inside.0.len())..]) else {
            return self.keep(error, way.0.len(), schema);
        };
        let deeper = inside.1 + usize::from(step.inward);
        let place: String = inside.0[..deeper.min(inside.0.len())].iter().map(|part| pointer(part)).collect();
        let below = || Below { wrap: step.wrap, nodes: BTreeMap::new() };
        let below = self.below.entry((step.rank, step.key)).or_insert_with(below);
        let node = below.nodes.entry(step.index).or_insert_with(|| Self { place, ..Self::default() });
        node.put(error, (way.0, way.1 + step.segments), (inside.0, deeper), schema);
    }

    /// Keeps an error of this schema itself, whose way has so many segments.
    fn keep(&mut self, error: &ValidationError<'_>, length: usize, schema: &Json) {
        let place = self.place.clone();
        match error.kind() {
            Kind::Required { property } => {
                let name = property.as_str().map_or_else(|| property.to_string(), str::to_owned);
                self.missing.entry(owner(schema, error, &name)).or_default().push(name);
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                let (rank, words) = words::of(error);
                let causes = context.iter().filter_map(|branch| self.branch(branch, length, schema)).collect();
                self.own.push((rank, Problem::new(place, words, causes)));
            }
            Kind::PropertyNames { error: inner } => {
                // Names are checked for themselves, apart from where they stand.
                let (rank, words) = words::of(error);
                let cause = Problem::new(String::new(), words::of(inner).1, Vec::new());
                self.own.push((rank, Problem::new(String::new(), words, vec![cause])));
            }
            Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    let place = format!("{place}{}", pointer(name));
                    self.own.push((70, Problem::new(place, "false schema".to_owned(), Vec::new())));
                }
            }
            _ => {
                let (rank, words) = words::of(error);
                self.own.push((rank, Problem::new(place, words, Vec::new())));
            }
        }
    }

    /// What is wrong in one branch of `anyOf` or `oneOf`, whose errors have the whole way before them.
    fn branch(&self, errors: &[ValidationError<'_>], length: usize, schema: &Json) -> Option<Problem> {
        let mut node = Self { place: self.place.clone(), ..Self::default() };
        for error in errors {
            node.add(error, length + 1, schema);
        }
        node.problem()
    }

    /// All errors as one, `None` if there are none.
    fn problem(self) -> Option<Problem> {
        let place = self.place.clone();
        let mut problems = self.problems();
        match problems.len() {
            0 => None,
            1 => problems.pop(),
            _ => Some(Problem { group: true, ..Problem::new(place, "validation failed".to_owned(), problems) }),
        }
    }

    fn problems(mut self) -> Vec<Problem> {
        self.own.sort_by_key(|(rank, _)| *rank);
        if self.own.first().is_some_and(|(rank, _)| *rank < EXCLUSIVE) {
            self.own.truncate(1);
            return self.own.into_iter().map(|(_, problem)| problem).collect();
        }
        let mut all: Vec<(u8, Problem)> = self.own;
        for (owner, names) in &self.missing {
            let rank = if owner.is_some() { DEPENDENT } else { REQUIRED };
            let words = words::missing(names, owner.as_deref());
            all.push((rank, Problem::new(self.place.clone(), words, Vec::new())));
        }
        for ((rank, _), below) in self.below {
            let problems = below.nodes.into_values().filter_map(Self::problem);
            match below.wrap {
                Wrap::None => all.extend(problems.map(|problem| (rank, problem))),
                Wrap::AllOf => {
                    let causes = problems.collect();
                    all.push((rank, Problem::new(self.place.clone(), "'allOf' failed".to_owned(), causes)));
                }
                Wrap::Reference => all.extend(problems.map(|problem| (rank, referred(problem)))),
            }
        }
        all.sort_by_key(|(rank, _)| *rank);
        all.into_iter().map(|(_, problem)| problem).collect()
    }

    /// Helm's text, a line for each error.
    pub(super) fn report(self) -> String {
        let mut lines = Vec::new();
        match self.problem() {
            Some(problem) if problem.group => problem.causes.iter().for_each(|cause| cause.show(0, &mut lines)),
            Some(problem) => problem.show(0, &mut lines),
            None => {}
        }
        lines.join("\n")
    }
}

fn referred(problem: Problem) -> Problem {
    let place = problem.place.clone();
    let causes = if problem.group { problem.causes } else { vec![problem] };
    Problem { reference: true, ..Problem::new(place, "validation failed".to_owned(), causes) }
}

impl Problem {
    fn new(place: String, words: String, causes: Vec<Self>) -> Self {
        Self { place, words, causes, group: false, reference: false }
    }

    fn show(&self, indent: usize, lines: &mut Vec<String>) {
        let hidden = self.reference && self.causes.len() == 1;
        let mut below = indent;
        if !hidden {
            lines.push(format!("{}- at {}: {}", "  ".repeat(indent), quote(&self.place), self.words));
            below += 1;
        }
        for cause in &self.causes {
            cause.show(below, lines);
        }
    }
}

/// The property that asks for a missing one in `dependencies` or `dependentRequired`.
fn owner(schema: &Json, error: &ValidationError<'_>, name: &str) -> Option<String> {
    let lists = schema.pointer(error.schema_path().as_str())?.as_object()?;
    let instance = error.instance().as_object()?;
    let asks = |names: &Json| names.as_array().is_some_and(|names| names.iter().any(|known| known == name));
    let (owner, _) = lists.iter().find(|(owner, names)| instance.contains_key(*owner) && asks(names))?;
    Some(owner.clone())
}

/// The step that a way begins with; `None` where it ends with a keyword of the schema itself.
fn step(way: &[String], inside: &[String]) -> Option<Step> {
    let keyword = way.first()?.as_str();
    let (rank, named, inward, wrap) = match keyword {
        "properties" | "patternProperties" => (15, true, true, Wrap::None),
        "additionalProperties" => (15, false, true, Wrap::None),
        "unevaluatedProperties" | "unevaluatedItems" => (70, false, true, Wrap::None),
        "dependencies" => (14, true, false, Wrap::None),
        "dependentSchemas" => (18, true, false, Wrap::None),
        "items" => (23, way.get(1).is_some_and(|next| next.parse::<usize>().is_ok()), true, Wrap::None),
        "prefixItems" => (23, true, true, Wrap::None),
        "additionalItems" => (23, false, true, Wrap::None),
        "$ref" => (10, false, false, Wrap::Reference),
        "$recursiveRef" => (50, false, false, Wrap::Reference),
        "$dynamicRef" => (51, false, false, Wrap::Reference),
        "allOf" => (61, true, false, Wrap::AllOf),
        "then" | "else" => (64, false, false, Wrap::None),
        _ => return None,
    };
    let segments = 1 + usize::from(named);
    // A keyword that ends the way is itself what is wrong, but for a schema `false`.
    if way.len() < segments || way.len() == segments && (!inward || inside.is_empty()) {
        return None;
    }
    let name = if inward {
        inside.first()?.clone()
    } else {
        way.get(1).filter(|_| named && wrap == Wrap::None).cloned().unwrap_or_default()
    };
    let number = |text: Option<&String>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
    let (key, index) = match (wrap, inward, rank) {
        (Wrap::AllOf, ..) => (String::new(), number(way.get(1))),
        (_, true, 23) => (String::new(), number(inside.first())),
        _ => (format!("{name} {keyword} {}", way.get(1).filter(|_| named).map_or("", String::as_str)), 0),
    };
    Some(Step { rank, key, wrap, index, segments, inward })
}

/// The parts of a JSON pointer.
fn segments(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

fn pointer(part: &str) -> String {
    format!("/{}", part.replace('~', "~0").replace('/', "~1"))
}
