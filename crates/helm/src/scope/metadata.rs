//! `.Chart`: a map in Helm 4, a struct in Helm 3.

use std::sync::Arc;

use gotemplate::{Fields, Map, MapKind, Text, Value};

use super::structure::Struct;
use crate::compat::HelmCompat;
use crate::metadata::{Dependency, Maintainer, Metadata};
use crate::scope::template_value;

/// The value of `.Chart` for a chart.
pub(super) fn value(metadata: &Arc<Metadata>, root: bool, compat: HelmCompat) -> Value {
    let shown = Shown { metadata: Arc::clone(metadata), root };
    if compat == HelmCompat::V3 {
        let type_name = "struct { chart.Metadata; IsRoot bool }";
        return Struct::later(type_name, move || of_fields(type_name, shown.fields(Shape::Struct)));
    }
    Map::of_fields(MapKind::Any, shown).into()
}

/// A chart's metadata, with whether it is the chart at the top.
struct Shown {
    metadata: Arc<Metadata>,
    root: bool,
}

impl Shown {
    fn fields(&self, shape: Shape) -> Vec<Field> {
        let mut fields = fields(&self.metadata, shape);
        fields.push(("IsRoot", "IsRoot", self.root.into()));
        fields
    }
}

impl Fields for Shown {
    fn plain(&self, key: &[u8]) -> Option<Value> {
        let text = match key {
            b"Name" => &self.metadata.name,
            b"Version" => &self.metadata.version,
            b"AppVersion" => &self.metadata.app_version,
            _ => return None,
        };
        Some(text.as_str().into())
    }

    fn entries(&self) -> Vec<(Text, Value)> {
        self.fields(Shape::Map).into_iter().map(|(name, _, value)| (name.as_bytes().into(), value)).collect()
    }
}

/// A field by its names in Go and JSON.
type Field = (&'static str, &'static str, Value);

fn of_fields(type_name: &'static str, fields: Vec<Field>) -> Struct {
    fields.into_iter().fold(Struct::new(type_name), |all, (name, json, value)| all.optional(name, json, value))
}

/// What a Go struct becomes.
#[derive(Clone, Copy)]
enum Shape {
    Map,
    Struct,
}

impl Shape {
    fn value(self, type_name: &'static str, fields: Vec<Field>) -> Value {
        match self {
            Self::Map => fields.into_iter().map(|(name, _, value)| (name, value)).collect::<Map>().into(),
            Self::Struct => of_fields(type_name, fields).value(),
        }
    }

    fn texts(self, items: &[String]) -> Value {
        match self {
            Self::Map => Value::list(items.iter().map(|item| item.as_str().into()).collect()),
            Self::Struct => Value::texts(items),
        }
    }
}

fn fields(metadata: &Metadata, shape: Shape) -> Vec<Field> {
    let text = |text: &str| Value::from(text);
    let annotations = metadata.annotations.iter();
    let annotations = annotations.map(|(key, note)| (key.as_bytes().into(), text(note)));
    let maintainers = metadata.maintainers.iter().map(|who| maintainer(who, shape)).collect();
    let dependencies = metadata.dependencies.iter().map(|needed| dependency(needed, shape)).collect();
    vec![
        ("Name", "name", text(&metadata.name)),
        ("Home", "home", text(&metadata.home)),
        ("Sources", "sources", shape.texts(&metadata.sources)),
        ("Version", "version", text(&metadata.version)),
        ("Description", "description", text(&metadata.description)),
        ("Keywords", "keywords", shape.texts(&metadata.keywords)),
        ("Maintainers", "maintainers", Value::list(maintainers)),
        ("Icon", "icon", text(&metadata.icon)),
        ("APIVersion", "apiVersion", text(&metadata.api_version)),
        ("Condition", "condition", text(&metadata.condition)),
        ("Tags", "tags", text(&metadata.tags)),
        ("AppVersion", "appVersion", text(&metadata.app_version)),
        ("Deprecated", "deprecated", metadata.deprecated.into()),
        ("Annotations", "annotations", Map::of(MapKind::Text, annotations).into()),
        ("KubeVersion", "kubeVersion", text(&metadata.kube_version)),
        ("Dependencies", "dependencies", Value::list(dependencies)),
        ("Type", "type", text(&metadata.chart_type)),
    ]
}

fn maintainer(who: &Maintainer, shape: Shape) -> Value {
    let fields = [("Name", "name", &who.name), ("Email", "email", &who.email), ("URL", "url", &who.url)];
    shape.value("*chart.Maintainer", fields.map(|(name, json, text)| (name, json, text.as_str().into())).to_vec())
}

fn dependency(needed: &Dependency, shape: Shape) -> Value {
    let imports = Value::list(needed.import_values.iter().map(template_value).collect());
    let fields = vec![
        ("Name", "name", needed.name.as_str().into()),
        ("Version", "version", needed.version.as_str().into()),
        ("Repository", "repository", needed.repository.as_str().into()),
        ("Condition", "condition", needed.condition.as_str().into()),
        ("Tags", "tags", shape.texts(&needed.tags)),
        ("Enabled", "enabled", needed.enabled.into()),
        ("ImportValues", "import-values", imports),
        ("Alias", "alias", needed.alias.as_str().into()),
    ];
    shape.value("*chart.Dependency", fields)
}
