//! What the templates of each chart see as their dot.

mod capabilities;
mod metadata;
mod structure;

use std::cmp::Reverse;
use std::sync::{Arc, LazyLock};

use gotemplate::{Map, MapKind, Text, Value};
use goyaml::Kind as Yaml;

use crate::chart::{Chart, ChartFile};
use crate::files::Files;
use crate::options::{ReleaseOptions, RenderOptions};

/// A template of the tree of charts.
#[derive(Debug)]
pub(crate) struct Template {
    /// Its name and path: `chart/charts/child/templates/file.yaml`.
    pub(crate) path: Arc<str>,
    /// Its text.
    pub(crate) text: Arc<[u8]>,
    /// `.Template.BasePath`
    pub(crate) base: Arc<str>,
    /// The number of its chart among those of a [`View`].
    pub(crate) chart: usize,
}

/// All templates of a chart and its dependencies, in the order in which they are read and run: the deepest first, those
/// of the same depth by name from the end.
pub(crate) fn templates(chart: &Chart) -> Vec<Template> {
    let mut found = Vec::new();
    collect(chart, chart.name(), (&mut 0, &mut found));
    let depth = |path: &str| memchr::memchr_iter(b'/', path.as_bytes()).count();
    // Of two templates with one path the later one counts.
    found.reverse();
    found.sort_by_cached_key(|template| Reverse((depth(&template.path), Arc::clone(&template.path))));
    found.dedup_by(|later, earlier| later.path == earlier.path);
    found
}

/// Numbers the charts as [`Walk::chart`] goes over them.
fn collect(chart: &Chart, path: &str, (charts, found): (&mut usize, &mut Vec<Template>)) {
    let number = *charts;
    *charts += 1;
    for child in &chart.dependencies {
        collect(child, &format!("{path}/charts/{}", child.name()), (charts, found));
    }
    let base: Arc<str> = format!("{path}/templates").into();
    let own = own_templates(chart, path);
    let template = |(path, text)| Template { path, text: Arc::clone(text), base: Arc::clone(&base), chart: number };
    found.extend(own.map(template));
}

/// The templates of a chart itself, by their paths, and their texts.
pub(crate) fn own_templates<'c>(chart: &'c Chart, path: &str) -> impl Iterator<Item = (Arc<str>, &'c Arc<[u8]>)> {
    let own = chart.templates.iter().filter(|template| counts(chart, template));
    own.map(move |template| (format!("{path}/{}", template.name).into(), template.data.bytes()))
}

/// What the templates of a chart and of those below it see, as values of one thread.
pub(crate) struct View {
    /// The values at the top.
    pub(crate) values: Value,
    /// By the numbers of the charts.
    dots: Vec<Map>,
}

impl View {
    /// A view of a chart with its coalesced values.
    pub(crate) fn new(chart: &Chart, values: &goyaml::Value, options: &RenderOptions) -> Self {
        let values = template_value(values);
        let mut walk = Walk {
            options,
            release: release(&options.release),
            capabilities: capabilities::value(&options.capabilities),
            found: Vec::new(),
        };
        let top = values.as_map().cloned().unwrap_or_default();
        walk.chart(chart, &top.as_kind(MapKind::Values), true);
        Self { values, dots: walk.found }
    }

    /// The same view for another release, as nobody has used it.
    pub(crate) fn of_release(self, options: &ReleaseOptions) -> Self {
        let release = release(options);
        for dot in &self.dots {
            dot.remove(&TEMPLATE);
            dot.put("Release", release.clone());
        }
        self
    }

    /// What a template is run over, which sees this of itself. The type is another one than that of the same map in `.Subcharts`,
    /// so that nothing is taken for its output that another chart made of it with the same map.
    pub(crate) fn dot(&self, template: &Template, place: &Map) -> Value {
        let dot = &self.dots[template.chart];
        dot.insert(Text::clone(&TEMPLATE), place.clone().into());
        Value::Map(dot.as_kind(MapKind::Values))
    }
}

/// `.Release`
fn release(options: &ReleaseOptions) -> Value {
    let values = [
        options.name.as_str().into(),
        options.namespace.as_str().into(),
        options.upgrade.into(),
        (!options.upgrade).into(),
        Value::Int(options.revision),
        "Helm".into(),
    ];
    RELEASE.with(values).into()
}

/// Names that the maps of all renders have in common.
struct Names<const N: usize>(LazyLock<[Text; N]>);

static RELEASE: Names<6> =
    Names(LazyLock::new(|| texts(["Name", "Namespace", "IsUpgrade", "IsInstall", "Revision", "Service"])));
static SCOPE: Names<6> =
    Names(LazyLock::new(|| texts(["Chart", "Files", "Release", "Capabilities", "Values", "Subcharts"])));

/// The name of what a template sees of itself.
static TEMPLATE: LazyLock<Text> = LazyLock::new(|| "Template".as_bytes().into());

fn texts<const N: usize>(names: [&str; N]) -> [Text; N] {
    names.map(|name| name.as_bytes().into())
}

impl<const N: usize> Names<N> {
    /// A map of these names with their values.
    fn with(&self, values: [Value; N]) -> Map {
        Map::of(MapKind::Any, self.0.iter().cloned().zip(values))
    }
}

struct Walk<'a> {
    options: &'a RenderOptions,
    release: Value,
    capabilities: Value,
    found: Vec<Map>,
}

impl Walk<'_> {
    fn chart(&mut self, chart: &Chart, values: &Map, root: bool) -> Map {
        let subcharts = Map::default();
        let scope = SCOPE.with([
            metadata::value(&chart.metadata, root, self.options.compat),
            Files::value(&chart.files),
            self.release.clone(),
            self.capabilities.clone(),
            values.clone().into(),
            subcharts.clone().into(),
        ]);
        self.found.push(scope.clone());
        for child in &chart.dependencies {
            let name = child.name();
            let inner = self.chart(child, &table(values, name), false);
            subcharts.put(name, inner);
        }
        scope
    }
}

/// A library lends its partials only.
fn counts(chart: &Chart, template: &ChartFile) -> bool {
    !chart.is_library() || is_partial(&template.name)
}

/// Whether a file is only there to be included.
pub(crate) fn is_partial(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with('_'))
}

/// Whether a file is what is told after an installation, and no manifest.
pub(crate) fn is_notes(path: &str) -> bool {
    path.ends_with("NOTES.txt")
}

/// The values of a subchart: the same map that its parent sees under its name, whose dots lead deeper.
fn table(values: &Map, name: &str) -> Map {
    let mut map = values.clone();
    for key in name.split('.') {
        match map.get(key.as_bytes()) {
            Some(Value::Map(inner)) => map = inner,
            _ => return Map::new(MapKind::Values),
        }
    }
    map.as_kind(MapKind::Values)
}

/// Values as templates see them. Unlike in files, whose numbers are floats when they come here, integers are those of
/// `--set` and stay what they are.
pub(crate) fn template_value(value: &goyaml::Value) -> Value {
    gotemplate::given(value, |scalar| match scalar.kind() {
        Yaml::Int(value) => Value::Int64(*value),
        _ => gotemplate::from_yaml(scalar),
    })
}
