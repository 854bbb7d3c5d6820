//! What cells are made of: fields of one object, and the ways in which lists, labels and times are written.

use goyaml::{Kind, Map, Value};
use jiff::Timestamp;

/// Items of a list that are shown before "more".
pub(super) const SHOWN: usize = 3;
pub(super) const NONE: &str = "<none>";
pub(super) const UNSET: &str = "<unset>";
pub(super) const UNKNOWN: &str = "<unknown>";

/// One object, and when it is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) object: &'a Value,
    now: Timestamp,
}

impl<'a> Row<'a> {
    pub(super) fn new(object: &'a Value, now: Timestamp) -> Self {
        Self { object, now }
    }

    /// The field at a path with dots.
    pub(super) fn get(&self, path: &str) -> Option<&'a Value> {
        path.split('.').try_fold(self.object, |node, key| node.get(key)).filter(|found| !found.is_null())
    }

    /// Its text, or nothing.
    pub(super) fn text(&self, path: &str) -> &'a str {
        self.get(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its text, or another one where it is missing or empty.
    pub(super) fn text_or(&self, path: &str, otherwise: &'a str) -> &'a str {
        Some(self.text(path)).filter(|text| !text.is_empty()).unwrap_or(otherwise)
    }

    /// Its number, or 0.
    pub(super) fn number(&self, path: &str) -> i64 {
        self.get(path).and_then(Value::as_i64).unwrap_or(0)
    }

    /// Its number or text as text, or another one where it is missing.
    pub(super) fn shown_or(&self, path: &str, otherwise: &str) -> String {
        self.get(path).map_or_else(|| otherwise.to_owned(), shown)
    }

    pub(super) fn flag(&self, path: &str) -> bool {
        self.get(path).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn list(&self, path: &str) -> &'a [Value] {
        self.get(path).and_then(Value::as_list).unwrap_or_default()
    }

    /// How many items or entries.
    pub(super) fn count(&self, path: &str) -> i64 {
        let entries = self.get(path).and_then(Value::as_map).map_or(0, Map::len);
        i64::try_from(entries + self.list(path).len()).unwrap_or(i64::MAX)
    }

    pub(super) fn name(&self) -> &'a str {
        self.text("metadata.name")
    }

    pub(super) fn deleting(&self) -> bool {
        self.get("metadata.deletionTimestamp").is_some()
    }

    /// How long ago the object was made.
    pub(super) fn age(&self) -> String {
        self.since(self.text("metadata.creationTimestamp"))
    }

    /// How long ago a time was.
    pub(super) fn since(&self, time: &str) -> String {
        time.parse::<Timestamp>()
            .map_or_else(|_| UNKNOWN.to_owned(), |time| human(self.now.as_second() - time.as_second()))
    }

    /// Seconds from one time to another, which is now where it is missing.
    pub(super) fn between(&self, from: &str, to: &str) -> Option<String> {
        let from: Timestamp = from.parse().ok()?;
        let to = to.parse().unwrap_or(self.now);
        Some(human(to.as_second() - from.as_second()))
    }

    /// Whether a condition of this type is true.
    pub(super) fn condition(&self, kind: &str) -> bool {
        let of_kind = |condition: &&Value| condition.str_at(&["type"]) == Some(kind);
        let found = self.list("status.conditions").iter().find(of_kind);
        found.is_some_and(|condition| condition.str_at(&["status"]) == Some("True"))
    }

    /// The names of the containers of a pod's spec at a path.
    pub(super) fn containers(&self, spec: &str) -> String {
        joined(self.list(&format!("{spec}.containers")), "name", ",")
    }

    /// Their images.
    pub(super) fn images(&self, spec: &str) -> String {
        joined(self.list(&format!("{spec}.containers")), "image", ",")
    }
}

/// Text, numbers and truth as text.
pub(super) fn shown(value: &Value) -> String {
    match value.kind() {
        Kind::String(text) => text.to_string(),
        Kind::Null => String::new(),
        _ => goyaml::json::to_string(value),
    }
}

/// One field of every item.
pub(super) fn joined(items: &[Value], field: &str, separator: &str) -> String {
    let texts: Vec<_> = items.iter().filter_map(|item| item.str_at(&[field])).collect();
    texts.join(separator)
}

/// Texts of a list.
pub(super) fn texts(items: &[Value]) -> Vec<&str> {
    items.iter().filter_map(Value::as_str).collect()
}

/// The first few, and how many more there are.
pub(super) fn some(items: &[String], limit: usize) -> String {
    let first = items[..items.len().min(limit)].join(",");
    if items.len() > limit { format!("{first} + {} more...", items.len() - limit) } else { first }
}

/// Labels as `a=b,c=d`, sorted.
pub(super) fn labels(labels: Option<&Value>) -> String {
    let pairs: Vec<_> = labels
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(Map::sorted)
        .map(|(key, value)| format!("{key}={}", shown(value)))
        .collect();
    if pairs.is_empty() { NONE.into() } else { pairs.join(",") }
}

/// A label selector as text, sorted by key; `<none>` when it selects everything.
pub(super) fn selector(selector: Option<&Value>) -> String {
    let written = selector_terms(selector);
    if written.is_empty() { NONE.into() } else { written }
}

/// The same, and nothing when it selects everything.
pub(super) fn selector_terms(selector: Option<&Value>) -> String {
    let part = |name: &str| selector.and_then(|selector| selector.get(name));
    let equal = part("matchLabels").and_then(Value::as_map).into_iter().flat_map(Map::iter);
    let mut terms: Vec<(String, String)> =
        equal.map(|(key, value)| (key.to_owned(), format!("{key}={}", shown(value)))).collect();
    for expression in part("matchExpressions").and_then(Value::as_list).unwrap_or_default() {
        let key = expression.str_at(&["key"]).unwrap_or_default();
        let mut values = texts(expression.get("values").and_then(Value::as_list).unwrap_or_default());
        values.sort_unstable();
        let term = match expression.str_at(&["operator"]).unwrap_or_default() {
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            operator => format!("{key} {} ({})", operator.to_lowercase(), values.join(",")),
        };
        terms.push((key.to_owned(), term));
    }
    terms.sort();
    terms.into_iter().map(|(_, term)| term).collect::<Vec<_>>().join(",")
}

/// A span of time as kubectl prints it: two units while it is short, one later.
pub(super) fn human(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let pair = |large: i64, large_unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large}{large_unit}"),
        _ => format!("{large}{large_unit}{small}{small_unit}"),
    };
    match seconds {
        ..-1 => "<invalid>".into(),
        -1 | 0 => "0s".into(),
        1..120 => format!("{seconds}s"),
        _ if minutes < 10 => pair(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => pair(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 192 => pair(days, "d", hours % 24, "h"),
        _ if days < 730 => format!("{days}d"),
        _ if days < 2920 => pair(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}
