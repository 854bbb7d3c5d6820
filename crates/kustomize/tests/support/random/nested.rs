//! Values built out of paths such as those of `fieldSpecs`.

use std::collections::BTreeMap;

/// Lists whose items have a name, and that name.
const NAMED: &[(&str, &str)] = &[
    ("containers", "main"),
    ("initContainers", "main"),
    ("ephemeralContainers", "main"),
    ("volumes", "v"),
    ("env", "V"),
    ("webhooks", "a.example.org"),
];

/// A value that grows path by path.
pub(crate) enum Nested {
    Leaf(String),
    Map(BTreeMap<String, Self>),
    List(Box<Self>),
}

impl Nested {
    pub(crate) fn new() -> Self {
        Self::Map(BTreeMap::new())
    }

    /// Puts a text at a path. `[]` behind a key makes a list with one item; `~1` in a key is a slash.
    pub(crate) fn put(&mut self, path: &str, text: &str) {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let key = first.strip_suffix("[]").unwrap_or(first);
        let child = self.child(&key.replace("~1", "/"));
        let child = if key == first { child } else { child.item(key) };
        if rest.is_empty() {
            *child = Self::Leaf(text.to_owned());
        } else {
            child.put(rest, text);
        }
    }

    fn child(&mut self, key: &str) -> &mut Self {
        if !matches!(self, Self::Map(_)) {
            *self = Self::new();
        }
        let Self::Map(map) = self else { unreachable!("it has been made a map") };
        map.entry(key.to_owned()).or_insert_with(Self::new)
    }

    fn item(&mut self, key: &str) -> &mut Self {
        if !matches!(self, Self::List(_)) {
            let mut item = Self::new();
            if let Some((_, name)) = NAMED.iter().find(|(list, _)| *list == key) {
                item.put("name", name);
            }
            *self = Self::List(Box::new(item));
        }
        let Self::List(item) = self else { unreachable!("it has been made a list") };
        item
    }

    /// Takes away what stands at a key.
    pub(crate) fn cut(&mut self, key: &str) -> Option<String> {
        let Self::Map(map) = self else { return None };
        map.remove(key).map(|value| value.flow())
    }

    /// The value between braces.
    pub(crate) fn flow(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::List(item) => format!("[{}]", item.flow()),
            Self::Map(map) => {
                let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key}: {}", value.flow())).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// The value as the lines of a document.
    pub(crate) fn lines(&self) -> String {
        match self {
            Self::Map(map) => {
                map.iter().flat_map(|(key, value)| [key.as_str().to_owned(), format!(": {}\n", value.flow())]).collect()
            }
            other => format!("{}\n", other.flow()),
        }
    }
}
