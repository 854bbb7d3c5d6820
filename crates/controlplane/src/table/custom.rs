//! Custom kinds: the columns of their definition, whose cells are simple `JSONPath` expressions.

use goyaml::{Kind, Map, Value};

use super::cells::{Row, shown};

/// Steps in one expression.
const MAX_STEPS: usize = 64;

/// A column of a custom kind.
#[derive(Clone, Debug)]
pub(super) struct Column {
    name: String,
    kind: String,
    format: String,
    description: String,
    priority: i64,
    path: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// Of a map the value under this key.
    Key(String),
    /// Of a list the item here, counted from the end when negative.
    Index(i64),
    /// Everything in a list or map.
    All,
    /// Items whose field is, or is not, this.
    Where(Vec<String>, bool, Value),
}

/// The columns of a definition, after the name; the age alone where it has none.
pub(super) fn columns(declared: &[Value]) -> Vec<Column> {
    let text = |name: &str, kind: &str, format: &str, path: &str| Column {
        name: name.into(),
        kind: kind.into(),
        format: format.into(),
        description: String::new(),
        priority: 0,
        path: parse(path),
    };
    let mut columns = vec![text("Name", "string", "name", ".metadata.name")];
    if declared.is_empty() {
        columns.push(text("Age", "date", "", ".metadata.creationTimestamp"));
    }
    for column in declared {
        let part = |field: &str| column.str_at(&[field]).unwrap_or_default();
        columns.push(Column {
            priority: column.get("priority").and_then(Value::as_i64).unwrap_or(0),
            description: part("description").to_owned(),
            ..text(part("name"), part("type"), part("format"), part("jsonPath"))
        });
    }
    columns
}

impl Column {
    pub(super) fn definition(&self) -> Value {
        let texts =
            [("name", &self.name), ("type", &self.kind), ("format", &self.format), ("description", &self.description)];
        let mut shown: Map = texts.into_iter().map(|(key, value)| (key, value.as_str())).collect();
        shown.insert("priority", self.priority);
        shown.into()
    }

    /// The first value the path finds, in the form of the column's type; null when there is none.
    pub(super) fn cell(&self, row: &Row<'_>) -> Value {
        let found = find(row.object, &self.path);
        let Some(first) = found.first() else {
            return Value::NULL;
        };
        match (self.kind.as_str(), first.kind()) {
            ("integer", Kind::Int(_) | Kind::Uint(_))
            | ("number", Kind::Int(_) | Kind::Uint(_) | Kind::Float(_))
            | ("boolean", Kind::Bool(_)) => (*first).clone(),
            (_, Kind::Null) | ("integer" | "number" | "boolean", _) => Value::NULL,
            ("date", Kind::String(time)) => row.since(time).into(),
            ("date", _) => "<invalid>".into(),
            _ => found.iter().map(|value| shown(value)).collect::<Vec<_>>().join(" ").into(),
        }
    }
}

fn find<'a>(object: &'a Value, path: &[Step]) -> Vec<&'a Value> {
    let mut found = vec![object];
    for step in path {
        found = found.into_iter().flat_map(|value| take(value, step)).collect();
    }
    found
}

fn take<'a>(value: &'a Value, step: &Step) -> Vec<&'a Value> {
    match step {
        Step::Key(key) => value.get(key).into_iter().collect(),
        Step::Index(index) => {
            let items = value.as_list().unwrap_or_default();
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let index = if *index < 0 { length + index } else { *index };
            usize::try_from(index).ok().and_then(|index| items.get(index)).into_iter().collect()
        }
        Step::All => match value.kind() {
            Kind::List(items) => items.iter().collect(),
            Kind::Map(map) => map.values().collect(),
            _ => Vec::new(),
        },
        Step::Where(field, equal, wanted) => {
            let holds = |item: &&Value| {
                let found = field.iter().try_fold(*item, |node, key| node.get(key));
                found.is_some_and(|found| (found == wanted) == *equal)
            };
            value.as_list().unwrap_or_default().iter().filter(holds).collect()
        }
    }
}

/// Reads a path such as `.status.conditions[?(@.type=="Ready")].status`; what is not understood finds nothing.
fn parse(path: &str) -> Vec<Step> {
    let inner = path.trim().trim_start_matches('{').trim_end_matches('}');
    let mut rest = inner.strip_prefix('$').unwrap_or(inner);
    let mut steps = Vec::new();
    while !rest.is_empty() && steps.len() < MAX_STEPS {
        let Some((step, after)) = parse_step(rest) else {
            return vec![Step::Index(i64::MAX)];
        };
        steps.extend(step);
        rest = after;
    }
    steps
}

fn parse_step(text: &str) -> Option<(Option<Step>, &str)> {
    if let Some(inside) = text.strip_prefix('[') {
        let (step, after) = if let Some(filter) = inside.strip_prefix("?(") {
            let (filter, after) = filter.split_once(")]")?;
            (parse_filter(filter)?, after)
        } else {
            let (bracket, after) = inside.split_once(']')?;
            (parse_bracket(bracket)?, after)
        };
        return Some((Some(step), after));
    }
    let text = text.strip_prefix('.').unwrap_or(text);
    let (key, after) = key(text);
    let step = match key.as_str() {
        "" => None,
        "*" => Some(Step::All),
        _ => Some(Step::Key(key)),
    };
    if step.is_none() && !after.starts_with(['[', '.']) && !after.is_empty() { None } else { Some((step, after)) }
}

/// A key up to the next step; a backslash takes a letter as it is.
fn key(text: &str) -> (String, &str) {
    let mut key = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => key.extend(letters.next().map(|(_, escaped)| escaped)),
            '.' | '[' => return (key, &text[at..]),
            _ => key.push(letter),
        }
    }
    (key, "")
}

fn parse_bracket(text: &str) -> Option<Step> {
    let quoted = text.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"']));
    match (quoted, text) {
        (Some(key), _) => Some(Step::Key(key.replace("\\.", "."))),
        (None, "*") => Some(Step::All),
        (None, number) => number.parse().ok().map(Step::Index),
    }
}

fn parse_filter(text: &str) -> Option<Step> {
    let (field, equal, wanted) = match (text.split_once("=="), text.split_once("!=")) {
        (Some((field, wanted)), _) => (field, true, wanted.trim()),
        (None, Some((field, wanted))) => (field, false, wanted.trim()),
        (None, None) => return None,
    };
    let field = field.trim().strip_prefix("@.")?.split('.').map(str::to_owned).collect();
    let quoted = wanted.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"']));
    let wanted = match quoted {
        Some(text) => text.into(),
        None => goyaml::json::parse(wanted.as_bytes()).ok()?,
    };
    Some(Step::Where(field, equal, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, kind: &str, expect: &str) {
        let object = r#"{"metadata":{"name":"x","annotations":{"a.b/c":"d"}},"spec":{"n":3,"on":true,"list":["a","b"]},
            "status":{"conditions":[{"type":"Synced","status":"True"},{"type":"Ready","status":"False","at":{"x":1}}]}}"#;
        let object = goyaml::json::parse(object.as_bytes()).unwrap();
        let declared = goyaml::json::parse(format!(r#"[{{"name":"C","type":"{kind}"}}]"#).as_bytes()).unwrap();
        let mut declared = declared.as_list().unwrap().to_vec();
        declared[0].set_at(&["jsonPath"], path);
        let cell = columns(&declared)[1].cell(&Row::new(&object, "2026-01-02T00:00:00Z".parse().unwrap()));
        assert_eq!(goyaml::json::to_string(&cell), expect, "{path}");
    }

    #[test]
    fn paths() {
        check(".status.conditions[?(@.type==\"Ready\")].status", "string", "\"False\"");
        check(".status.conditions[?(@.type=='Ready')].at.x", "integer", "1");
        check(".status.conditions[?(@.type!=\"Ready\")].status", "string", "\"True\"");
        check(".metadata.annotations.a\\.b/c", "string", "\"d\"");
        check(".metadata.annotations['a\\.b/c']", "string", "\"d\"");
        check("{.spec.list[*]}", "string", "\"a b\"");
        check(".spec.list[-1]", "string", "\"b\"");
        check(".spec.list", "string", "\"[\\\"a\\\",\\\"b\\\"]\"");
        check(".spec.n", "string", "\"3\"");
        check(".spec.on", "boolean", "true");
        check(".spec.on", "integer", "null");
        check(".spec.absent", "string", "null");
        check(".spec[?(", "string", "null");
    }
}
