//! `helmCharts`, `helmGlobals`, and their older form `helmChartInflationGenerator`.

use goyaml::{Map, Pos, Value};

use super::Text;
use super::decode::Faults;

/// An entry of `helmCharts`.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of kustomize")]
pub(crate) struct Chart {
    /// The field it is an entry of, or the kind of the plugin that it is.
    pub(crate) field: Text,
    pub(crate) name: Text,
    pub(crate) version: Text,
    pub(crate) repository: Text,
    pub(crate) release: Text,
    pub(crate) name_template: Text,
    pub(crate) namespace: Text,
    /// Instead of the chart's own `values.yaml`.
    pub(crate) values_file: Option<Text>,
    pub(crate) more_values: Vec<Text>,
    /// Values that stand in the kustomization; `None` for none.
    pub(crate) inline: Option<Value>,
    pub(crate) merge: Text,
    pub(crate) include_crds: bool,
    pub(crate) skip_hooks: bool,
    pub(crate) skip_tests: bool,
    pub(crate) api_versions: Vec<String>,
    pub(crate) kube_version: String,
    pub(crate) devel: bool,
    /// Where charts lie, if the entry says so itself.
    pub(crate) home: Option<Text>,
    pub(crate) line: u32,
}

/// Fields of an entry.
const FIELDS: &[&str] = &[
    "name",
    "version",
    "repo",
    "releaseName",
    "namespace",
    "additionalValuesFiles",
    "valuesFile",
    "valuesInline",
    "valuesMerge",
    "includeCRDs",
    "skipHooks",
    "apiVersions",
    "kubeVersion",
    "nameTemplate",
    "skipTests",
    "debug",
    "devel",
];

/// Fields of `helmGlobals`; a plugin has them beside its own.
const GLOBALS: &[&str] = &["chartHome", "configHome"];

/// Fields of an entry of `helmChartInflationGenerator`.
const OLD_FIELDS: &[&str] = &[
    "chartName",
    "chartVersion",
    "chartRepoUrl",
    "chartHome",
    "chartRepoName",
    "helmBin",
    "helmHome",
    "values",
    "valuesLocal",
    "valuesMerge",
    "releaseName",
    "releaseNamespace",
    "extraArgs",
];

/// Reads an entry of `helmCharts`.
pub(crate) fn chart(faults: &mut Faults, at: &str, value: &Value) -> Chart {
    let mut chart = Chart { line: value.pos().line, ..Chart::default() };
    for (name, value, _) in faults.fields(at, value, FIELDS) {
        field(faults, &mut chart, (at, name), value);
    }
    chart
}

/// Reads a plugin, which says for itself where charts lie.
pub(crate) fn plugin(faults: &mut Faults, value: &Value) -> Chart {
    let at = "HelmChartInflationGenerator";
    let mut chart = Chart { line: value.pos().line, ..Chart::default() };
    for (name, value, _) in faults.fields(at, value, &[FIELDS, GLOBALS].concat()) {
        match name {
            "chartHome" => chart.home = text(faults, (at, name), value),
            "configHome" => drop(text(faults, (at, name), value)),
            _ => field(faults, &mut chart, (at, name), value),
        }
    }
    chart
}

/// Reads `helmGlobals`: where charts lie. How Helm is configured has no part in a render.
pub(super) fn home(faults: &mut Faults, value: &Value) -> Option<Text> {
    let mut home = None;
    for (name, value, _) in faults.fields("helmGlobals", value, GLOBALS) {
        let text = text(faults, ("helmGlobals", name), value);
        if name == "chartHome" {
            home = text;
        }
    }
    home
}

/// Reads an entry of `helmChartInflationGenerator`. Kustomize takes no notice of its namespace, of the name that it gives
/// a repository, of Helm's place and of further arguments.
pub(super) fn old(faults: &mut Faults, at: &str, value: &Value) -> Chart {
    let mut chart = Chart { line: value.pos().line, ..Chart::default() };
    for (name, value, _) in faults.fields(at, value, OLD_FIELDS) {
        let place = (at, name);
        match name {
            "chartName" => chart.name = text(faults, place, value).unwrap_or_default(),
            "chartVersion" => chart.version = text(faults, place, value).unwrap_or_default(),
            "chartRepoUrl" => chart.repository = text(faults, place, value).unwrap_or_default(),
            "chartHome" => chart.home = text(faults, place, value),
            "values" => chart.values_file = text(faults, place, value),
            "valuesLocal" => chart.inline = inline(faults, place, value),
            "valuesMerge" => chart.merge = text(faults, place, value).unwrap_or_default(),
            "releaseName" => chart.release = text(faults, place, value).unwrap_or_default(),
            "extraArgs" => drop(faults.texts("extraArgs", value)),
            _ => drop(text(faults, place, value)),
        }
    }
    chart
}

fn field(faults: &mut Faults, chart: &mut Chart, place: (&str, &'static str), value: &Value) {
    let mut word = || text(faults, place, value).unwrap_or_default();
    match place.1 {
        "name" => chart.name = word(),
        "version" => chart.version = word(),
        "repo" => chart.repository = word(),
        "releaseName" => chart.release = word(),
        "nameTemplate" => chart.name_template = word(),
        "namespace" => chart.namespace = word(),
        "valuesMerge" => chart.merge = word(),
        "kubeVersion" => chart.kube_version = word().text,
        "valuesFile" => chart.values_file = text(faults, place, value),
        "valuesInline" => chart.inline = inline(faults, place, value),
        "additionalValuesFiles" => chart.more_values = faults.texts(place.1, value),
        "apiVersions" => chart.api_versions = faults.texts(place.1, value).into_iter().map(|text| text.text).collect(),
        _ => flag(faults, chart, place, value),
    }
}

fn flag(faults: &mut Faults, chart: &mut Chart, place: (&str, &'static str), value: &Value) {
    let flag = faults.flag(&format!("{}.{}", place.0, place.1), value);
    match place.1 {
        "includeCRDs" => chart.include_crds = flag,
        "skipHooks" => chart.skip_hooks = flag,
        "skipTests" => chart.skip_tests = flag,
        "devel" => chart.devel = flag,
        // What `debug` adds stands in errors only, and ours tell it anyway.
        _ => {}
    }
}

/// A text that says something.
fn text(faults: &mut Faults, (at, name): (&str, &str), value: &Value) -> Option<Text> {
    faults.text(&format!("{at}.{name}"), value).filter(|text| !text.is_empty())
}

/// Values in the kustomization, if there are any.
fn inline(faults: &mut Faults, (at, name): (&str, &str), value: &Value) -> Option<Value> {
    let map = faults.map(&format!("{at}.{name}"), value)?;
    (!Map::is_empty(map)).then(|| value.clone())
}

/// Says of entries which field they are of.
pub(super) fn of_field(charts: &mut [Chart], field: &str, pos: Pos) {
    for chart in charts {
        chart.field = Text { text: field.to_owned(), pos };
    }
}
