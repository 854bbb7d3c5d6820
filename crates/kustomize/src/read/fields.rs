//! The fields of a kustomization file, one after another.

use std::sync::Arc;

use goyaml::{Pos, Value};

use super::charts::{self, Chart};
use super::decode::Faults;
use super::{
    Generator, GeneratorOptions, Image, Kustomization, Labels, Patch, Replicas, Sort, Text, Var, replacements,
};
use crate::BuildError;
use crate::selector::{self, Selector};
use crate::table::fields::FieldSpec;

/// Fields of a kustomization.
const KNOWN: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replicas",
    "replacements",
    "vars",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "configurations",
    "crds",
    "openapi",
    "generators",
    "transformers",
    "validators",
    "sortOptions",
    "buildMetadata",
    "helmCharts",
    "helmGlobals",
    "helmChartInflationGenerator",
];

/// The only version of the API that kustomize 5 has built in.
const OPEN_API_VERSION: &str = "v1.21.2";

/// Reads the fields of a kustomization.
pub(super) fn read(file: &Arc<str>, value: &Value) -> Result<Kustomization, Vec<BuildError>> {
    let mut faults = Faults::new(file);
    let mut result = Kustomization::default();
    let (mut kind, mut api_version) = (String::new(), None);
    let mut charts = ChartFields::default();
    for (name, value, at) in faults.fields("", value, KNOWN) {
        match name {
            "kind" => kind = faults.string(name, value),
            "apiVersion" => api_version = faults.text(name, value),
            "helmCharts" | "helmGlobals" | "helmChartInflationGenerator" => {
                charts_field(&mut faults, &mut charts, (name, at), value);
            }
            "configMapGenerator" => result.config_maps = generators(&mut faults, (name, at), value),
            "secretGenerator" => result.secrets = generators(&mut faults, (name, at), value),
            _ => field(&mut faults, &mut result, name, value),
        }
    }
    (result.charts, result.chart_home) = charts.together();
    result.is_component = kind == "Component";
    if !["", "Kustomization", "Component"].contains(&kind.as_str()) {
        faults.add(value.get("kind").map_or(0, |kind| kind.pos().line), "kind should be Kustomization or Component");
    } else if let Some(version) = api_version.filter(|version| !version.text.is_empty()) {
        let (kind, wanted) = if result.is_component {
            ("Component", "kustomize.config.k8s.io/v1alpha1")
        } else {
            ("Kustomization", "kustomize.config.k8s.io/v1beta1")
        };
        if version.text != wanted {
            faults.add_with_hint(
                version.line(),
                format!("apiVersion for {kind} should be {wanted}"),
                flux_hint(&version.text),
            );
        }
    }
    if faults.errors.is_empty() { Ok(result) } else { Err(faults.errors) }
}

fn flux_hint(api_version: &str) -> String {
    if api_version.starts_with("kustomize.toolkit.fluxcd.io/") {
        "This is a Flux Kustomization: give its file another name than kustomization.yaml.".to_owned()
    } else {
        "Correct it or leave it out.".to_owned()
    }
}

/// What the three fields about charts say.
#[derive(Default)]
struct ChartFields {
    charts: Vec<Chart>,
    old: Vec<Chart>,
    /// Whether there is `helmGlobals`.
    has_globals: bool,
    /// Its `chartHome`.
    home: Option<Text>,
}

impl ChartFields {
    /// All charts, and where they lie: the old form says so only where there is no `helmGlobals`, its last entry first.
    fn together(self) -> (Vec<Chart>, Option<Text>) {
        let old_home = self.old.iter().rev().find_map(|chart| chart.home.clone());
        let of_old = self.old.into_iter().map(|chart| Chart { home: None, ..chart });
        (self.charts.into_iter().chain(of_old).collect(), if self.has_globals { self.home } else { old_home })
    }
}

fn charts_field(faults: &mut Faults, fields: &mut ChartFields, field: (&'static str, Pos), value: &Value) {
    match field.0 {
        "helmGlobals" => {
            fields.has_globals = !value.is_null();
            fields.home = charts::home(faults, value);
        }
        "helmCharts" => fields.charts = chart_entries(faults, field, value, charts::chart),
        _ => fields.old = chart_entries(faults, field, value, charts::old),
    }
}

fn chart_entries(
    faults: &mut Faults,
    field: (&'static str, Pos),
    value: &Value,
    read: fn(&mut Faults, &str, &Value) -> Chart,
) -> Vec<Chart> {
    let mut found = items(faults, field.0, value, read);
    charts::of_field(&mut found, field.0, field.1);
    found
}

fn field(faults: &mut Faults, result: &mut Kustomization, name: &'static str, value: &Value) {
    match name {
        "resources" => result.resources.splice(0..0, faults.texts(name, value)).for_each(drop),
        "bases" => {
            let bases = faults.texts(name, value);
            result.bases = bases.len();
            result.resources.extend(bases);
        }
        "components" => result.components = faults.texts(name, value),
        "namespace" => result.namespace = faults.text(name, value).filter(|text| !text.text.is_empty()),
        "namePrefix" => result.name_prefix = faults.text(name, value).filter(|text| !text.text.is_empty()),
        "nameSuffix" => result.name_suffix = faults.text(name, value).filter(|text| !text.text.is_empty()),
        "commonLabels" => result.common_labels = faults.pairs(name, value),
        "labels" => result.labels = items(faults, name, value, labels),
        "commonAnnotations" => result.common_annotations = faults.pairs(name, value),
        "patchesStrategicMerge" => result.patches_strategic_merge = faults.texts(name, value),
        "patchesJson6902" => result.patches_json = items(faults, name, value, patch),
        "patches" => result.patches = items(faults, name, value, patch),
        "images" => result.images.splice(0..0, items(faults, name, value, image)).for_each(drop),
        "imageTags" => result.images.extend(items(faults, name, value, image)),
        "replicas" => result.replicas = items(faults, name, value, replicas),
        "generatorOptions" => {
            result.generator_options = (!value.is_null()).then(|| generator_options(faults, name, value));
        }
        "replacements" => result.replacements = items(faults, name, value, replacements::field),
        "vars" => result.vars = items(faults, name, value, var),
        "configurations" => result.configurations = faults.texts(name, value),
        "crds" => result.crds = faults.texts(name, value),
        "openapi" => open_api(faults, result, value),
        "generators" => result.generator_plugins = faults.texts(name, value),
        "transformers" => result.transformer_plugins = faults.texts(name, value),
        "validators" => result.validator_plugins = faults.texts(name, value),
        "sortOptions" => result.sort = sort(faults, value),
        "buildMetadata" => build_metadata(faults, result, value),
        _ => {}
    }
}

pub(crate) fn items<T>(
    faults: &mut Faults,
    name: &str,
    value: &Value,
    read: fn(&mut Faults, &str, &Value) -> T,
) -> Vec<T> {
    faults.list(name, value).iter().map(|item| read(faults, name, item)).collect()
}

fn build_metadata(faults: &mut Faults, result: &mut Kustomization, value: &Value) {
    for option in faults.texts("buildMetadata", value) {
        match option.text.as_str() {
            "originAnnotations" | "managedByLabel" | "transformerAnnotations" => result.build_metadata.push(option),
            other => {
                let hint = "Known are originAnnotations, managedByLabel and transformerAnnotations.";
                faults.add_with_hint(option.line(), format!("buildMetadata: unknown option '{other}'"), hint);
            }
        }
    }
}

fn labels(faults: &mut Faults, at: &str, value: &Value) -> Labels {
    let mut result = Labels { line: value.pos().line, ..Labels::default() };
    for (name, value, _) in faults.fields(at, value, &["pairs", "includeSelectors", "includeTemplates", "fields"]) {
        match name {
            "pairs" => result.pairs = faults.pairs("labels.pairs", value),
            "includeSelectors" => result.include_selectors = faults.flag("labels.includeSelectors", value),
            "includeTemplates" => result.include_templates = faults.flag("labels.includeTemplates", value),
            _ => result.fields = field_specs(faults, "labels.fields", value),
        }
    }
    result
}

/// A list of fields of kinds.
pub(crate) fn field_specs(faults: &mut Faults, at: &str, value: &Value) -> Vec<FieldSpec> {
    items(faults, at, value, field_spec)
}

fn field_spec(faults: &mut Faults, at: &str, value: &Value) -> FieldSpec {
    let (mut group, mut version, mut kind, mut path, mut create) = Default::default();
    for (name, value, _) in faults.fields(at, value, &["group", "version", "kind", "path", "create"]) {
        let at = format!("{at}.{name}");
        match name {
            "group" => group = faults.string(&at, value),
            "version" => version = faults.string(&at, value),
            "kind" => kind = faults.string(&at, value),
            "path" => path = faults.string(&at, value),
            _ => create = faults.flag(&at, value),
        }
    }
    FieldSpec::new([group.into(), version.into(), kind.into()], path, create)
}

fn open_api(faults: &mut Faults, result: &mut Kustomization, value: &Value) {
    let mut version = None;
    for (name, value) in faults.map("openapi", value).into_iter().flat_map(goyaml::Map::iter) {
        match name {
            "path" => result.open_api_path = faults.text("openapi.path", value),
            "version" => version = faults.text("openapi.version", value),
            _ => {}
        }
    }
    let Some(version) = version else { return };
    result.wants_built_in_schema = !version.text.is_empty();
    if result.open_api_path.is_some() {
        faults.add(version.line(), "builtin version and custom schema provided, cannot use both");
    } else if ![OPEN_API_VERSION, ""].contains(&version.text.as_str()) {
        let message = format!("the specified OpenAPI version is not built in: '{}'", version.text);
        faults.add_with_hint(version.line(), message, format!("Built in is {OPEN_API_VERSION}."));
    }
}

fn var(faults: &mut Faults, at: &str, value: &Value) -> Var {
    let mut result =
        Var { pos: value.pos(), field_path: replacements::DEFAULT_FIELD_PATH.to_owned(), ..Var::default() };
    for (name, value, _) in faults.fields(at, value, &["name", "objref", "fieldref"]) {
        match name {
            "name" => result.name = faults.string("vars.name", value),
            "objref" => object_reference(faults, &mut result, value),
            _ => {
                for (_, value, _) in faults.fields("vars.fieldref", value, &["fieldPath"]) {
                    let path = faults.string("vars.fieldref.fieldPath", value);
                    if !path.is_empty() {
                        result.field_path = path;
                    }
                }
            }
        }
    }
    result
}

fn object_reference(faults: &mut Faults, var: &mut Var, value: &Value) {
    let known = ["apiVersion", "group", "version", "kind", "name", "namespace"];
    let mut api_version = String::new();
    for (name, value, _) in faults.fields("vars.objref", value, &known) {
        let text = faults.string(&format!("vars.objref.{name}"), value);
        match name {
            "apiVersion" => api_version = text,
            "group" => var.group = text,
            "version" => var.version = text,
            "kind" => var.kind = text,
            "name" => var.object = text,
            _ => var.namespace = text,
        }
    }
    match api_version.split('/').collect::<Vec<_>>().as_slice() {
        [""] => {}
        [version] => (*version).clone_into(&mut var.version),
        [group, version] => {
            (*group).clone_into(&mut var.group);
            (*version).clone_into(&mut var.version);
        }
        _ => {}
    }
}

pub(crate) fn patch(faults: &mut Faults, at: &str, value: &Value) -> Patch {
    let mut result = Patch { line: value.pos().line, pos: value.pos(), ..Patch::default() };
    for (name, value, key) in faults.fields(at, value, &["path", "patch", "target", "options"]) {
        match name {
            "path" => result.path = faults.text("path", value).filter(|text| !text.text.is_empty()),
            "patch" => {
                let text = faults.text("patch", value).filter(|text| !text.text.trim().is_empty());
                // The text of a block scalar starts on the line after its marker.
                result.offset = text.as_ref().map_or(0, |text| {
                    if text.text.contains('\n') { text.line() } else { text.line().saturating_sub(1) }
                });
                result.inline = text;
            }
            "target" => target(faults, &mut result, value),
            _ => options(faults, &mut result, value, key.line),
        }
    }
    match (&result.path, &result.inline) {
        (None, None) => faults.add(result.line, format!("must specify one of patch and path in an entry of '{at}'")),
        (Some(_), Some(_)) => {
            faults.add(result.line, format!("patch and path can't be set at the same time in an entry of '{at}'"));
        }
        _ => {}
    }
    result
}

fn options(faults: &mut Faults, result: &mut Patch, value: &Value, line: u32) {
    for (name, value) in faults.map("options", value).into_iter().flat_map(goyaml::Map::iter) {
        let flag = faults.flag(&format!("options.{name}"), value);
        match name {
            "allowNameChange" => result.allow_name_change = flag,
            "allowKindChange" => result.allow_kind_change = flag,
            other => {
                let message = format!("unknown patch option '{other}'");
                faults.add_with_hint(line, message, "Known are allowNameChange and allowKindChange.");
            }
        }
    }
}

fn target(faults: &mut Faults, patch: &mut Patch, value: &Value) {
    if !value.is_null() {
        let (selector, has_name) = selector(faults, value);
        patch.target = Some(selector);
        patch.target_has_name = has_name;
    }
}

/// Which objects are meant, and whether their name is among what is said.
pub(crate) fn selector(faults: &mut Faults, value: &Value) -> (Selector, bool) {
    let mut has_name = false;
    let known = ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
    let mut selector = Selector::default();
    for (name, value, key) in faults.fields("target", value, &known) {
        let (text, line) = (faults.string(&format!("target.{name}"), value), key.line);
        if name.ends_with("Selector") {
            match selector::requirements(&text) {
                Ok(requirements) if name == "labelSelector" => selector.labels = requirements,
                Ok(requirements) => selector.annotations = requirements,
                Err(message) => faults.add(line, message),
            }
            continue;
        }
        has_name |= name == "name" && !text.is_empty();
        let regex = selector::anchored(&text).unwrap_or_else(|message| {
            faults.add(line, format!("target.{name}: {message}"));
            None
        });
        match name {
            "group" => selector.group = regex,
            "version" => selector.version = regex,
            "kind" => selector.kind = regex,
            "name" => selector.name = regex,
            _ => selector.namespace = regex,
        }
    }
    (selector, has_name)
}

pub(crate) fn image(faults: &mut Faults, at: &str, value: &Value) -> Image {
    let mut result = Image { line: value.pos().line, ..Image::default() };
    for (name, value, _) in faults.fields(at, value, &["name", "newName", "newTag", "tagSuffix", "digest"]) {
        let text = faults.text(&format!("images.{name}"), value).unwrap_or_default();
        match name {
            "name" => result.name = text.text,
            "newName" => result.new_name = text,
            "newTag" => result.new_tag = text,
            "tagSuffix" => result.tag_suffix = text,
            _ => result.digest = text,
        }
    }
    result
}

pub(crate) fn replicas(faults: &mut Faults, at: &str, value: &Value) -> Replicas {
    let mut result = Replicas { line: value.pos().line, ..Replicas::default() };
    for (name, value, _) in faults.fields(at, value, &["name", "count"]) {
        if name == "name" {
            result.name = faults.string("replicas.name", value);
        } else {
            result.count = faults.number("replicas.count", value);
            result.count_at = value.pos();
        }
    }
    result
}

/// The entries of a field of generators; `field` is its name and where that stands.
fn generators(faults: &mut Faults, field: (&'static str, Pos), value: &Value) -> Vec<Generator> {
    let mut found = items(faults, field.0, value, generator);
    for generator in &mut found {
        generator.field = Text { text: field.0.to_owned(), pos: field.1 };
    }
    found
}

pub(crate) fn generator(faults: &mut Faults, at: &str, value: &Value) -> Generator {
    let is_secret = at == "secretGenerator";
    let mut known = vec!["name", "namespace", "behavior", "literals", "files", "envs", "env", "options"];
    if is_secret {
        known.push("type");
    }
    let mut result = Generator { line: value.pos().line, ..Generator::default() };
    let mut env = None;
    for (name, value, _) in faults.fields(at, value, &known) {
        match name {
            "name" => result.name = faults.text("name", value).unwrap_or_default(),
            "namespace" => result.namespace = faults.text("namespace", value).unwrap_or_default(),
            // What is neither replace nor merge creates, whatever it says.
            "behavior" => result.behavior = faults.string("behavior", value),
            "type" => result.kind = faults.text("type", value).unwrap_or_default(),
            "literals" => result.literals = faults.texts("literals", value),
            "files" => result.files = faults.texts("files", value),
            "envs" => result.envs = faults.texts("envs", value),
            "env" => env = faults.text("env", value).filter(|text| !text.text.is_empty()),
            _ => result.options = generator_options(faults, "options", value),
        }
    }
    result.envs.extend(env);
    if result.name.is_empty() {
        faults.add(result.line, format!("an entry of '{at}' lacks 'name'"));
    }
    result
}

fn generator_options(faults: &mut Faults, at: &str, value: &Value) -> GeneratorOptions {
    let mut result = GeneratorOptions::default();
    for (name, value, _) in faults.fields(at, value, &["labels", "annotations", "disableNameSuffixHash", "immutable"]) {
        let at = format!("{at}.{name}");
        match name {
            "labels" => result.labels = faults.pairs(&at, value),
            "annotations" => result.annotations = faults.pairs(&at, value),
            "disableNameSuffixHash" => result.disable_name_suffix_hash = faults.flag(&at, value),
            _ => result.immutable = faults.flag(&at, value).then(|| value.clone()),
        }
    }
    result
}

fn sort(faults: &mut Faults, value: &Value) -> Option<Sort> {
    let (mut order, mut lists, mut at) = (String::new(), None, value.pos().line);
    for (name, value, key) in faults.fields("sortOptions", value, &["order", "legacySortOptions"]) {
        if name == "order" {
            order = faults.string("sortOptions.order", value);
            at = key.line;
        } else if !value.is_null() {
            lists = Some(legacy_lists(faults, value));
        }
    }
    match order.as_str() {
        "legacy" => Some(Sort::Legacy(lists)),
        "fifo" if lists.is_none() => Some(Sort::Fifo),
        "fifo" => {
            faults.add(at, "sortOptions.legacySortOptions is set, but the order is fifo");
            None
        }
        _ if value.is_null() => None,
        other => {
            faults.add(at, format!("sortOptions.order should be fifo or legacy, not '{other}'"));
            None
        }
    }
}

fn legacy_lists(faults: &mut Faults, value: &Value) -> (Vec<String>, Vec<String>) {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for (name, value, _) in faults.fields("legacySortOptions", value, &["orderFirst", "orderLast"]) {
        let kinds = faults.texts(name, value).into_iter().map(|text| text.text).collect();
        if name == "orderFirst" {
            first = kinds;
        } else {
            last = kinds;
        }
    }
    (first, last)
}
