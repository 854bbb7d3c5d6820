//! From the tree of `Chart.yaml` to its fields.

use std::collections::BTreeMap;

use goyaml::{Kind, Pos, Value};

use super::{Dependency, Maintainer, Metadata};
use crate::yaml::{field, json_kind};

/// A field of the wrong kind.
#[derive(Debug)]
pub(crate) struct WrongKind {
    pub(crate) pos: Pos,
    /// Helm's words.
    pub(crate) message: String,
}

/// Fields, what is wrong with them, and where those stand that validation may find wrong.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub(crate) metadata: Metadata,
    pub(crate) faults: Vec<WrongKind>,
    /// Places of the fields, by name in lower case.
    pub(crate) places: BTreeMap<String, Pos>,
    /// Places of null items of `maintainers` and `dependencies`.
    pub(crate) null_maintainers: Vec<Pos>,
    pub(crate) null_dependencies: Vec<Pos>,
}

/// Reads the fields of `Chart.yaml`.
pub(crate) fn decode(root: &Value) -> Decoded {
    let mut reader = Reader { decoded: Decoded::default() };
    reader.metadata(root);
    reader.decoded
}

/// Reads a list of dependencies out of a map that has one: a lock file.
pub(crate) fn decode_dependencies(root: &Value) -> (Vec<Dependency>, Vec<WrongKind>) {
    let mut reader = Reader { decoded: Decoded::default() };
    if let Some(list) = field(root, "dependencies") {
        reader.dependencies(list, "Lock");
    }
    (reader.decoded.metadata.dependencies, reader.decoded.faults)
}

struct Reader {
    decoded: Decoded,
}

impl Reader {
    fn metadata(&mut self, root: &Value) {
        match root.kind() {
            Kind::Map(_) => {}
            Kind::Null => return,
            _ => return self.wrong(root, "Go value of type loader.chartBase"),
        }
        if let Some(map) = root.as_map() {
            for key in map.keys() {
                self.decoded.places.insert(key.as_str().to_lowercase(), key.pos());
            }
        }
        let at = |name: &str| format!("Go struct field Metadata.{name} of type");
        let mut text = |name: &str| field(root, name).map_or_else(String::new, |value| self.text(value, &at(name)));
        let mut metadata = Metadata {
            name: text("name"),
            home: text("home"),
            version: text("version"),
            description: text("description"),
            icon: text("icon"),
            api_version: text("apiVersion"),
            condition: text("condition"),
            tags: text("tags"),
            app_version: text("appVersion"),
            kube_version: text("kubeVersion"),
            chart_type: text("type"),
            ..Metadata::default()
        };
        metadata.sources = self.texts(root, "sources", &at("sources"));
        metadata.keywords = self.texts(root, "keywords", &at("keywords"));
        metadata.deprecated = self.truth(root, "deprecated", &at("deprecated"));
        metadata.annotations = self.annotations(root, &at("annotations"));
        metadata.maintainers = self.maintainers(root);
        self.decoded.metadata = metadata;
        if let Some(list) = field(root, "dependencies") {
            self.dependencies(list, "Metadata");
        }
    }

    fn wrong(&mut self, value: &Value, wanted: &str) {
        let kind = json_kind(value);
        let message =
            format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into {wanted}");
        self.decoded.faults.push(WrongKind { pos: value.pos(), message });
    }

    fn text(&mut self, value: &Value, at: &str) -> String {
        match value.kind() {
            Kind::Null => String::new(),
            Kind::Bool(value) => value.to_string(),
            Kind::Int(number) => number.to_string(),
            Kind::Uint(number) => number.to_string(),
            Kind::Float(number) => short_float(*number),
            Kind::String(text) => text.to_string(),
            Kind::List(_) | Kind::Map(_) => {
                self.wrong(value, &format!("{at} string"));
                String::new()
            }
        }
    }

    fn truth(&mut self, parent: &Value, name: &str, at: &str) -> bool {
        let Some(value) = field(parent, name) else {
            return false;
        };
        match value.kind() {
            Kind::Null => false,
            Kind::Bool(value) => *value,
            _ => {
                self.wrong(value, &format!("{at} bool"));
                false
            }
        }
    }

    /// The items of a list, `None` if there is none or something else.
    fn items<'v>(&mut self, value: &'v Value, at: &str) -> Option<&'v [Value]> {
        match value.kind() {
            Kind::Null => None,
            Kind::List(items) => Some(items),
            _ => {
                self.wrong(value, at);
                None
            }
        }
    }

    fn texts(&mut self, parent: &Value, name: &str, at: &str) -> Vec<String> {
        let Some(value) = field(parent, name) else {
            return Vec::new();
        };
        let items = self.items(value, &format!("{at} []string")).unwrap_or_default();
        items.iter().map(|item| self.text(item, at)).collect()
    }

    fn annotations(&mut self, root: &Value, at: &str) -> BTreeMap<String, String> {
        let Some(value) = field(root, "annotations") else {
            return BTreeMap::new();
        };
        match value.kind() {
            Kind::Null => BTreeMap::new(),
            Kind::Map(map) => map.iter().map(|(name, text)| (name.to_owned(), self.text(text, at))).collect(),
            _ => {
                self.wrong(value, &format!("{at} map[string]string"));
                BTreeMap::new()
            }
        }
    }

    fn maintainers(&mut self, root: &Value) -> Vec<Maintainer> {
        let at = "Go struct field Metadata.maintainers of type";
        let Some(items) =
            field(root, "maintainers").and_then(|value| self.items(value, &format!("{at} []*v2.Maintainer")))
        else {
            return Vec::new();
        };
        let mut maintainers = Vec::with_capacity(items.len());
        for item in items {
            match item.kind() {
                Kind::Null => self.decoded.null_maintainers.push(item.pos()),
                Kind::Map(_) => maintainers.push(self.maintainer(item)),
                _ => self.wrong(item, &format!("{at} v2.Maintainer")),
            }
        }
        maintainers
    }

    fn maintainer(&mut self, item: &Value) -> Maintainer {
        let mut text = |name: &str| {
            let at = format!("Go struct field Maintainer.maintainers.{name} of type");
            field(item, name).map_or_else(String::new, |value| self.text(value, &at))
        };
        Maintainer { name: text("name"), email: text("email"), url: text("url") }
    }

    fn dependencies(&mut self, list: &Value, owner: &str) {
        let at = format!("Go struct field {owner}.dependencies of type");
        let Some(items) = self.items(list, &format!("{at} []*v2.Dependency")) else {
            return;
        };
        let mut dependencies = Vec::with_capacity(items.len());
        for item in items {
            match item.kind() {
                Kind::Null => self.decoded.null_dependencies.push(item.pos()),
                Kind::Map(_) => dependencies.push(self.dependency(item)),
                _ => self.wrong(item, &format!("{at} v2.Dependency")),
            }
        }
        self.decoded.metadata.dependencies = dependencies;
        self.decoded.metadata.declares_dependencies = true;
    }

    fn dependency(&mut self, item: &Value) -> Dependency {
        let at = |name: &str| format!("Go struct field Dependency.dependencies.{name} of type");
        let mut text = |name: &str| field(item, name).map_or_else(String::new, |value| self.text(value, &at(name)));
        let mut dependency = Dependency {
            name: text("name"),
            version: text("version"),
            repository: text("repository"),
            condition: text("condition"),
            alias: text("alias"),
            pos: item.pos(),
            ..Dependency::default()
        };
        dependency.tags = self.texts(item, "tags", &at("tags"));
        dependency.enabled = self.truth(item, "enabled", &at("enabled"));
        if let Some(value) = field(item, "import-values") {
            let wanted = format!("{} []interface {{}}", at("import-values"));
            dependency.import_values = self.items(value, &wanted).unwrap_or_default().to_vec();
        }
        dependency
    }
}

/// A float as text the way `sigs.k8s.io/yaml` makes it: with the digits of a float of half the size.
#[expect(clippy::cast_possible_truncation, reason = "the Go library formats with 32 bits")]
fn short_float(number: f64) -> String {
    let scientific = format!("{:e}", number as f32);
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{}", number as f32),
    }
}
